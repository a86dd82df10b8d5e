"""The answers of an animation: asked for one by one beside the page, and kept for the session."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cactiviz.batch.animation import Animation
from cactiviz.batch.sequence import PictureRef, PictureSequence
from cactiviz.batch.shared_scale import SharedScale
from cactiviz.batch.store import ResultStore, StoredExplanation, ask
from cactiviz.errors import BusyError, CactivizError, Cancelled
from cactiviz.models import LoadedModel
from cactiviz.recipes.request import Request
from cactiviz.recipes.style import Style
from cactiviz.runtime.memory import size_bytes
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network, Runner
from cactiviz.types import Cancel, Picture
from cactiviz.ui import texts
from cactiviz.ui.networks import catalog as networks

MOST_PICTURES = 200  #: In the app; the command line has no limit.
_log = logging.getLogger(__name__)
_AT_HAND_BYTES = 32 * 2**20  # of answers; the others are read from the disk
#: As long as for places in the queue: a page in the background is asked once a minute.
_FORGOTTEN_SECONDS = 90
_STEP_SECONDS = 0.2  # between two looks whether to stop
_ROOM_SECONDS = 0.5  # after which a full queue is asked again


@dataclass(frozen=True)
class Plan:
    """What an animation is made of; equal plans have the same frames.

    Attributes:
        shots: The pictures, in order.
        networks: Each with what tells its weights.
        question: What each is asked of each picture.
        place: The folder of the user's own that pictures are in, which their names don't tell.
    """

    shots: tuple[PictureRef, ...]
    networks: tuple[Network, ...]
    question: Request
    place: str = ""

    @property
    def total(self) -> int:
        """How many answers there are to be."""
        return len(self.shots) * len(self.networks)


class Work:
    """Puts a plan's question, picture by picture, into the device's queue.

    One question stands in the queue at a time, so that others never wait for more than that one.
    The first picture is put to all networks at once, for a whole frame to be seen; then network
    by network, so that each is in memory once.

    Args:
        plan: What is wanted.
        runner: The device's.
        folder: Where answers are kept; what is there already isn't asked again.
        full: Whether so many more bytes have no room there.
    """

    def __init__(
        self, plan: Plan, runner: Runner, folder: Path, full: Callable[[int], bool]
    ) -> None:
        self.plan, self.reel = plan, PictureSequence(plan.shots)
        self.names = tuple(network.name for network in plan.networks)
        self.request = replace(
            plan.question,
            networks=tuple(
                networks.told(n.checkpoint) if n.checkpoint else n.name for n in plan.networks
            ),
            device=str(runner.device),
        )
        self.done = 0  #: Answers that are there, or are known not to come.
        self.at = (0, 0)  #: Which picture is asked about, and which network.
        self.ahead: int | None = 0  #: Other jobs before it; None where even the queue is full.
        self.failures: dict[str, str] = {}  #: A network's name -> why it says nothing.
        self.held = False  #: It was stopped by hand.
        self.problem = ""  #: Why nothing goes on, or empty.
        self.complete = 0  #: So many of the first pictures have all answers.
        self.first_frame = threading.Event()
        self._runner, self._full = runner, full
        self._kept = ResultStore(folder, plan.question)
        self._full_values = SharedScale(self)
        self._at_hand: dict[tuple[int, int], list[StoredExplanation]] = {}
        self._at_hand_bytes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._seen = time.monotonic()

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

    def said(self, index: int, place: int) -> list[StoredExplanation]:
        """What a network (by its place) said of a picture (by its place), if it is known."""
        with self._lock:
            if (index, place) in self._at_hand:
                return self._at_hand[index, place]
        key = self.reel.key(index)
        found = self._kept.get(repr(self.plan.networks[place]), key) if key else None
        return self._remember(index, place, found) if found else []

    def view(self, style: Style) -> Animation:
        """The frames as they can be painted by now."""
        return Animation(self, style, self._full_values)

    def _remember(
        self, index: int, place: int, answers: list[StoredExplanation]
    ) -> list[StoredExplanation]:
        with self._lock:
            size = size_bytes(answers)
            if self._at_hand_bytes + size <= _AT_HAND_BYTES:
                self._at_hand[index, place] = answers
                self._at_hand_bytes += size
        return answers

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
        places, rest = range(len(self.plan.networks)), range(1, len(self.plan.shots))
        order = [(0, place) for place in places] + [(i, place) for place in places for i in rest]
        self.done, last = 0, places[-1]
        for index, place in order:
            if stop.is_set() or time.monotonic() - self._seen > _FORGOTTEN_SECONDS:
                raise Cancelled("Stopped.")
            self.at = (index, place)
            picture = self.reel.open(index)
            if picture is not None and self.plan.networks[place].name not in self.failures:
                self._answer(index, place, picture, stop)
            self.done += 1
            if place == last:
                self.complete = max(self.complete, index + 1)
                self.first_frame.set()

    def _answer(self, index: int, place: int, picture: Picture, stop: threading.Event) -> None:
        network = self.plan.networks[place]
        if self.said(index, place):
            return
        try:
            answers = self._ask(network, picture, stop)
        except Cancelled:
            raise
        except CactivizError as error:
            self.failures[network.name] = str(error)
            return
        if self._full(size_bytes(answers)):
            raise CactivizError(texts.FILM_NO_ROOM)
        self._kept.put(repr(network), picture.key, answers)
        self._remember(index, place, answers)

    def _ask(
        self, network: Network, picture: Picture, stop: threading.Event
    ) -> list[StoredExplanation]:
        question = self.plan.question

        def work(model: LoadedModel, cancel: Cancel) -> list[StoredExplanation]:
            return ask(model, picture, question, cancel)

        key = ("animate", picture.key, question)
        ticket: Ticket[list[StoredExplanation]] | None = None
        try:
            while True:
                if stop.is_set():
                    raise Cancelled("Stopped.")
                try:
                    found = self._runner.ask(network, key, work)
                except BusyError:
                    self.ahead = None
                    stop.wait(_ROOM_SECONDS)
                    continue
                if not isinstance(found, Ticket):
                    return found
                ticket, self.ahead = found, found.ahead()
                while not stop.is_set():
                    try:
                        return ticket.result(_STEP_SECONDS)
                    except TimeoutError:
                        self.ahead = ticket.ahead()
        finally:
            if ticket is not None:
                ticket.give_back()
