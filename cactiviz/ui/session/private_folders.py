"""Folders for what sessions bring and make, which don't outlive their server, however it ends.

Each is itself locked for as long as its process lives: the system lets go of a lock even if the
process is killed. The next server deletes those that nobody holds any more.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import stat
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import finalize

import streamlit as st

try:
    fcntl: Any = importlib.import_module("fcntl")
except ImportError:  # Windows can't lock a folder; there a process's number is all there is
    fcntl = None

_NAMES = re.compile(r"cactiviz-(?:own|film)-(?:(\d{1,9})-)?\w+")
#: Folders of versions that said no process.
_LONG_UNUSED_SECONDS = 24 * 3600
_ATTEMPTS = 5
_LEASE_KEY = "own lease"
#: Given to a session that was cut off, beyond the time for which Streamlit keeps it.
_GRACE_SECONDS = 15


class PrivateFolder:
    """A new, empty folder that only its owner may look into; it takes one handle.

    Args:
        kind: ``own`` or ``film``.

    Attributes:
        path: Where it is.
    """

    def __init__(self, kind: str) -> None:
        for _ in range(_ATTEMPTS):
            self.path = Path(tempfile.mkdtemp(prefix=f"cactiviz-{kind}-{os.getpid()}-"))
            with suppress(OSError):
                self._lock = _lock(self.path)
                if self.path.is_dir():
                    return
            # Another server that started just now took it for a left one.
        raise OSError("No temporary folder stays.")

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        _unlock(self._lock)
        self._lock = None


class SessionFolder:
    """A private folder that sessions use, deleted a while after the last of them has gone.

    Any thread may call its methods.

    Args:
        kind: As for :class:`PrivateFolder`.
        clock: Monotonic seconds.

    Attributes:
        path: The folder.
        number: Unique among all folders of the server.
        closed: Whether it is deleted.
        left_at: When the last session went, by ``clock``; None while one is here.
    """

    def __init__(self, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        private = PrivateFolder(kind)
        self.path = private.path
        self.number = uuid.uuid4().hex
        self.closed = False
        self.left_at: float | None = None
        self._remove = finalize(self, private.remove)  # at the latest when Python ends
        self._clock = clock
        self._sessions: set[str] = set()
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()

    def close(self) -> None:
        """Delete everything."""
        self.closed = True
        self._remove()

    def stay(self, session: str = "") -> None:
        """A session is here, or has come back."""
        with self._lock:
            self._sessions.add(session)
            self.left_at = None
            self._stop_timer()

    def leave(self, session: str, seconds: float) -> None:
        """A session has gone; if it was the last one, the end comes in so many seconds."""
        with self._lock:
            self._sessions.discard(session)
            if not self._sessions:
                self.leave_in(seconds)

    def leave_in(self, seconds: float) -> None:
        """No session is here any more, and the end comes in so many seconds."""
        with self._lock:
            self._stop_timer()
            self._sessions.clear()
            self.left_at = self._clock()
            self._timer = threading.Timer(seconds, self.close_if_left)
            self._timer.daemon = True
            self._timer.start()

    def close_if_left(self, for_seconds: float = 0.0) -> bool:
        """Close it if nobody was here for so long; returns whether it was so."""
        with self._lock:
            gone = self.left_at is not None and self._clock() - self.left_at >= for_seconds
            if gone:
                self._stop_timer()
                self.close()
            return gone

    def kept_seconds(self) -> float:
        """For how long somebody may come back to it after its last session was cut off."""
        return 0.0

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


Folder = TypeVar("Folder", bound=SessionFolder)


def leased(folder: Folder) -> Folder:
    """Note that this session uses a folder, until its connection breaks."""
    session = str(st.session_state.setdefault(_LEASE_KEY, uuid.uuid4().hex))
    _lease(folder.number, session, folder)
    return folder


@dataclass(frozen=True)
class _Lease:
    """That a session uses a folder."""

    session: str
    folder: SessionFolder


def _cut_off(lease: _Lease) -> None:
    away = int(st.get_option("server.disconnectedSessionTTL")) + _GRACE_SECONDS
    lease.folder.leave(lease.session, max(away, lease.folder.kept_seconds()))


# Streamlit releases it as soon as the connection breaks, but a telephone's breaks often. Where a
# browser has brought something, a fragment runs now and then (see address/own.py), and a page with
# such a fragment asks for a run when it is connected again; that run makes the lease anew.
@st.cache_resource(scope="session", on_release=_cut_off, show_spinner=False)
def _lease(number: str, session: str, _folder: SessionFolder) -> _Lease:
    _folder.stay(session)
    return _Lease(session, _folder)


def remove_left_behind() -> list[str]:
    """Delete what servers left that were killed; returns the names of what is gone.

    Only folders of this user's are, and no link is followed.
    """
    gone = []
    with suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir()):
            with suppress(OSError):
                if _is_left(entry):
                    shutil.rmtree(entry.path)
                    gone.append(entry.name)
    return gone


def _is_left(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of an app's of this user, whose process lives no more.

    Raises:
        OSError: Another process holds it.
    """
    named = _NAMES.fullmatch(entry.name)
    if named is None:
        return False
    about = entry.stat(follow_symlinks=False)
    own = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    if not (own and stat.S_ISDIR(about.st_mode)):
        return False
    _unlock(_lock(Path(entry.path)))
    if named[1] is None:
        return time.time() - _last_changed(Path(entry.path)) > _LONG_UNUSED_SECONDS
    return not _lives_since(int(named[1]), about.st_mtime)  # an older version may hold no lock


def _lock(folder: Path) -> int | None:
    """Lock a folder, where the system can.

    Raises:
        OSError: Another process holds it, or it is none, or a link.
    """
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _lives_since(process: int, moment: float) -> bool:
    """Whether a process lives that was there at a moment, in seconds since 1970.

    A number may have been given anew, to a process that began later.
    """
    if os.name == "nt":
        return True  # nobody can be asked without ending it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):  # none, or another user's
        return False
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        state, ticks = fields[0], int(fields[19])
        boot = float(Path("/proc/stat").read_text().partition("btime ")[2].split()[0])
    except (OSError, ValueError, IndexError):
        return True
    if state in "ZX":  # it has ended, and nobody has taken note of it yet
        return False
    return boot + ticks / os.sysconf("SC_CLK_TCK") <= moment + 1


def _last_changed(folder: Path) -> float:
    inside = (path.lstat().st_mtime for path in folder.rglob("*"))
    return max([folder.lstat().st_mtime, *inside])
