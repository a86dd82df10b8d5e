"""The work of an animation: results computed one by one beside the page, kept for the session."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from cactiviz.batch.animation import Animation, SharedScale
from cactiviz.batch.collect import Collector, PictureRef
from cactiviz.batch.store import StoredExplanation, ask
from cactiviz.errors import BusyError, CactivizError, Cancelled
from cactiviz.models import LoadedModel
from cactiviz.recipes.request import Request, Style
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network, Runner
from cactiviz.types import Cancel, Picture
from cactiviz.ui import texts
from cactiviz.ui.networks import catalog as networks

MOST_PICTURES = 200  #: In the app; the command line has no limit.
_log = logging.getLogger(__name__)
_AT_HAND_BYTES = 32 * 2**20  # of results; the others are read from the disk
#: As long as for places in the queue: a page in the background is asked once a minute.
_FORGOTTEN_SECONDS = 90
_STEP_SECONDS = 0.2  # between two looks whether to stop
_ROOM_SECONDS = 0.5  # after which a full queue is asked again


@dataclass(frozen=True)
class Plan:
    """What an animation is made of; equal plans have the same frames.

    Attributes:
        pictures: In the order of the frames.
        networks: Each with what tells its weights.
        question: What each is asked of each picture.
        place: The folder of the user's own that pictures are in, which their names don't tell.
    """

    pictures: tuple[PictureRef, ...]
    networks: tuple[Network, ...]
    question: Request
    place: str = ""

    @property
    def total(self) -> int:
        """How many answers there are to be."""
        return len(self.pictures) * len(self.networks)


class Work(Collector):
    """Collects what a plan asks in a thread beside the page, through the device's queue.

    The first picture is put to all networks at once, for a whole frame to be seen; then network
    by network, so that each is in memory once.

    Args:
        plan: What is wanted.
        runner: The device's.
        folder: Where results are kept; what is there already isn't asked again.
        full: Whether so many more bytes have no room there.
    """

    def __init__(
        self, plan: Plan, runner: Runner, folder: Path, full: Callable[[int], bool]
    ) -> None:
        def check_room(size: int) -> None:
            if full(size):
                raise CactivizError(texts.FILM_NO_ROOM)

        request = replace(
            plan.question,
            networks=tuple(
                networks.told(n.checkpoint) if n.checkpoint else n.name for n in plan.networks
            ),
            device=str(runner.device),
        )
        self._queued = _Queued(plan, runner)
        super().__init__(
            plan.pictures,
            request,
            folder,
            self._queued,
            cached_bytes=_AT_HAND_BYTES,
            check_room=check_room,
        )
        self.plan = plan
        self.at = (0, 0)  #: Which picture is asked about, and which network.
        self.held = False  #: It was stopped by hand.
        self.problem = ""  #: Why nothing goes on, or empty.
        self.complete = 0  #: So many of the first pictures have all results.
        self.first_frame = threading.Event()
        self._shared_scale = SharedScale(self)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._seen = time.monotonic()

    @property
    def ahead(self) -> int | None:
        """Other jobs in the queue before it; None where even the queue is full."""
        return self._queued.ahead

    @property
    def running(self) -> bool:
        """Whether it is going on."""
        thread = self._thread
        return thread is not None and thread.is_alive() and not self._stop.is_set()

    @property
    def finished(self) -> bool:
        """Whether all that can come is there."""
        return self.done >= self.plan.total

    def go_on(self) -> None:
        """Begin, or go on after a stop, unless it is at work or there is nothing left."""
        self.seen()
        if self.running or self.finished or not self.plan.total:
            return
        before, self._stop, self.problem = self._thread, threading.Event(), ""
        self._thread = threading.Thread(
            target=self._run, args=(self._stop, before), name="animation", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is computed stays."""
        self._stop.set()

    def seen(self) -> None:
        """Somebody is looking at it; what nobody looks at stops after a while."""
        self._seen = time.monotonic()

    def view(self, style: Style) -> Animation:
        """The frames as they can be painted by now."""
        return Animation(self, style, self._shared_scale)

    def _run(self, stop: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        try:
            self._go_through(stop)
        except Cancelled:
            pass
        except CactivizError as error:
            self.problem = str(error)
        except Exception:
            _log.exception("An animation failed")
            self.problem = texts.FILM_WENT_WRONG
        finally:
            stop.set()
            self.first_frame.set()

    def _go_through(self, stop: threading.Event) -> None:
        places, rest = range(len(self.names)), range(1, len(self.sequence))
        order = [(0, place) for place in places] + [(i, place) for place in places for i in rest]
        for pair in self.collect(order, stop):
            self._note_done()
            if time.monotonic() - self._seen > _FORGOTTEN_SECONDS:
                raise Cancelled("Stopped.")
            self.at = pair
        self._note_done()

    def _note_done(self) -> None:
        """A picture that the last network was asked about is complete."""
        index, place = self.at
        if self.done and place == len(self.names) - 1:
            self.complete = max(self.complete, index + 1)
            self.first_frame.set()


class _Queued:
    """Asks through the device's queue: one job at a time, so that others never wait for more."""

    def __init__(self, plan: Plan, runner: Runner) -> None:
        self.remarks: list[str] = []
        self.ahead: int | None = 0
        self._plan, self._runner = plan, runner

    def key(self, place: int) -> str:
        """Store key of a network."""
        return repr(self._plan.networks[place])

    def ask(self, place: int, picture: Picture, cancel: Cancel | None) -> list[StoredExplanation]:
        """Wait for a place in the queue, and for the result.

        Raises:
            Cancelled: ``cancel`` was set.
            CactivizError: As for ``load_model`` and ``explain``.
        """
        stop, question = cast(threading.Event, cancel), self._plan.question

        def work(model: LoadedModel, cancel: Cancel) -> list[StoredExplanation]:
            return ask(model, picture, question, cancel)

        key = ("animate", picture.key, question)
        ticket: Ticket[list[StoredExplanation]] | None = None
        try:
            while True:
                if stop.is_set():
                    raise Cancelled("Stopped.")
                try:
                    job = self._runner.ask(self._plan.networks[place], key, work)
                except BusyError:
                    self.ahead = None
                    stop.wait(_ROOM_SECONDS)
                    continue
                if not isinstance(job, Ticket):
                    return job
                ticket, self.ahead = job, job.ahead()
                while not stop.is_set():
                    try:
                        return ticket.result(_STEP_SECONDS)
                    except TimeoutError:
                        self.ahead = ticket.ahead()
        finally:
            if ticket is not None:
                ticket.give_back()
