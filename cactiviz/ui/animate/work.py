"""An animation's results and files, made beside the page and kept for the session."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import cast

import streamlit as st

from cactiviz.batch.animation import Animation, SharedScale
from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PictureRef
from cactiviz.batch.store import StoredExplanation, ask
from cactiviz.errors import BusyError, CactivizError, Cancelled
from cactiviz.models import LoadedModel
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.formats import write_animation
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network, Runner
from cactiviz.types import Cancel, Picture
from cactiviz.ui.animate import texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.private_folders import SessionFolder, leased

FORMATS = ("gif", "webp", "mp4", "zip")
PREVIEW_FRAMES = 60  #: So many of the first ones play on the page.
MOST_PICTURES = 200  #: In the app; the command line has no limit.
_log = logging.getLogger(__name__)
_AT_HAND_BYTES = 32 * 2**20  # of results; the others are read from the disk
#: As long as for places in the queue: a page in the background is asked once a minute.
_FORGOTTEN_SECONDS = 90
_STEP_SECONDS = 0.2  # between two looks whether to stop
_ROOM_SECONDS = 0.5  # after which a full queue is asked again
_MOST_BYTES = 2**30  # of one session's answers
_FREE_BYTES = 2**30  # left on the disk
_MOST_FILES = 8
_writing = threading.Semaphore(1)  # of the server: writing keeps a core busy


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
                catalog.shareable(n.checkpoint) if n.checkpoint else n.name for n in plan.networks
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
        self.held, self.problem = False, ""
        if self.running or self.finished or not self.plan.total:
            return
        before, self._stop = self._thread, threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stop, before), name="animation", daemon=True
        )
        self._thread.start()

    def hold(self) -> None:
        """Stop until somebody lets it go on."""
        self.held = True
        self.stop()

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


class AnimationFile:
    """One file on its way.

    Args:
        film: What is written.
        path: Ending in one of :data:`FORMATS`.
        most: Frames at most; None for all.
    """

    def __init__(self, film: Animation, path: Path, most: int | None = None) -> None:
        self.path, self.most = path, most
        self.done, self.total = 0, 0  #: Frames.
        self.sentence = ""  #: Why there is none, or empty.
        self.size_bytes = 0
        self.cancel = threading.Event()
        self.ended = threading.Event()
        self._film = film
        threading.Thread(target=self._run, name="animation file", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether the file is there."""
        return self.ended.is_set() and bool(self.size_bytes)

    def data(self) -> bytes:
        """The file."""
        return self.path.read_bytes()

    def _run(self) -> None:
        try:
            while not _writing.acquire(timeout=0.1):
                if self.cancel.is_set():
                    return
            try:
                self._write()
            finally:
                _writing.release()
            self.size_bytes = self.path.stat().st_size
        except Cancelled:
            pass
        except CactivizError as error:
            self.sentence = str(error).replace(f"{self.path.parent}/", "")
        except Exception:
            _log.exception("A file couldn't be written")
            self.sentence = texts.FILM_NOT_WRITTEN
        finally:
            self.ended.set()

    def _write(self) -> None:
        film, path = self._film, self.path
        if path.suffix == ".zip":
            folder = path.with_suffix("")
            try:
                film.write(folder, report=self._note, cancel=self.cancel)
                # PNGs are packed already; a ZIP knows no time before 1980, a clock may be there.
                with zipfile.ZipFile(path, "w", strict_timestamps=False) as archive:
                    for file in sorted(folder.iterdir()):
                        archive.write(file, file.name)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return
        frames = film.frames(report=self._note, cancel=self.cancel)
        write_animation(
            path,
            islice(frames, self.most),
            seconds=film.style.seconds,
            loop=film.style.loop,
            recipe=json.dumps(film.recipe(), sort_keys=True),
        )

    def _note(self, stage: str, done: int, total: int | None) -> None:
        self.total = min(total or 0, self.most or total or 0)
        self.done = min(done, self.total)


class AnimationFolder(SessionFolder):
    """What one session has computed and made for its animations."""

    def __init__(self) -> None:
        super().__init__("film")
        self.work: Work | None = None
        self.painted: tuple[object, str] | None = None  #: The still that was painted last.
        self._answers_bytes = 0
        self._files: dict[tuple[Style, str], AnimationFile] = {}

    def work_on(self, plan: Plan) -> Work:
        """The work on a plan, begun if it is another than before."""
        if self.work is None or self.work.plan != plan:
            self.pause()
            for making in self._files.values():
                making.path.unlink(missing_ok=True)
            self._files, self.painted = {}, None
            if self._answers_bytes > _MOST_BYTES // 2:  # room for those of the new plan
                shutil.rmtree(self.path / "answers", ignore_errors=True)
                self._answers_bytes = 0
            self.work = Work(plan, polling.runner(), self.path / "answers", self._full)
            self.work.go_on()
        return self.work

    def made(self, style: Style, ending: str) -> AnimationFile | None:
        """The file of this look, whole or on its way; None if there is none."""
        making = self._files.get((style, ending))
        return None if making is None or making.cancel.is_set() else making

    def make(self, style: Style, ending: str, most: int | None = None) -> None:
        """Begin to write a file; those of other looks that are on their way are stopped."""
        assert self.work is not None
        self.stop_making(style)
        for old in list(self._files)[: max(0, len(self._files) - _MOST_FILES)]:
            self._files.pop(old).path.unlink(missing_ok=True)
        suffix = ending.removeprefix("preview ")
        path = self.path / f"{uuid.uuid4().hex}.{suffix}"
        self._files[style, ending] = AnimationFile(self.work.view(style), path, most)

    def stop_making(self, but: Style | None = None) -> None:
        """Stop writing files, but those of one look."""
        for (style, _), making in self._files.items():
            if style != but and not making.ended.is_set():
                making.cancel.set()

    def pause(self) -> None:
        """Nobody looks at it now: stop whatever goes on."""
        if self.work is not None:
            self.work.stop()
        self.stop_making()

    def close(self) -> None:
        """Stop whatever goes on, and delete everything."""
        self.pause()
        super().close()

    def _full(self, more_bytes: int) -> bool:
        """Whether there is no room for so many more bytes of answers."""
        self._answers_bytes += more_bytes
        free = shutil.disk_usage(self.path).free
        return self._answers_bytes > _MOST_BYTES or free - more_bytes < _FREE_BYTES


def session_folder() -> AnimationFolder:
    """This session's folder, a new one if need be."""
    folder: AnimationFolder | None = st.session_state.get(state.FILM)
    if folder is None or folder.closed:
        folder = st.session_state[state.FILM] = AnimationFolder()
    return leased(folder)


def leave() -> None:
    """Another page is shown: nobody waits for the animation now."""
    folder: AnimationFolder | None = st.session_state.get(state.FILM)
    if folder is not None:
        folder.pause()
