"""An animation's file, written beside the page; and a session's folder, gone with it."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import uuid
import zipfile
from itertools import islice
from pathlib import Path

import streamlit as st

from cactiviz.batch.animation import Animation
from cactiviz.errors import CactivizError, Cancelled
from cactiviz.recipes.style import Style
from cactiviz.rendering.formats import write_animation
from cactiviz.ui import texts
from cactiviz.ui.animate.work import Plan, Work
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.private_folders import SessionFolder, leased

FORMATS = ("gif", "webp", "mp4", "zip")
PREVIEW_FRAMES = 60  #: So many of the first ones play on the page.
_log = logging.getLogger(__name__)
_MOST_BYTES = 2**30  # of one session's answers
_FREE_BYTES = 2**30  # left on the disk
_MOST_FILES = 8
_writing = threading.Semaphore(1)  # of the server: writing keeps a core busy


class Making:
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
        self._files: dict[tuple[Style, str], Making] = {}

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

    def made(self, style: Style, ending: str) -> Making | None:
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
        self._files[style, ending] = Making(self.work.view(style), path, most)

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
