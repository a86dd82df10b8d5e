"""How many sessions there may be and how much they upload, and an end for those that are gone.

Streamlit keeps a session that was cut off for two minutes, for its page may come back. After that
it ends it only when yet another one is cut off; until then its uploads stay in memory, and so do
the handles of its event loop. So it is ended here, by the same function, shortly before. Each file
that is uploaded it keeps in memory until the session ends.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import streamlit as st
from streamlit import runtime

try:
    resource: Any = importlib.import_module("resource")
except ImportError:  # Windows counts no handles
    resource = None

#: Sessions at once, whether their page is connected or may still come back.
MOST_SESSIONS = 200
#: Handles that a session may need: its connection, three of its event loop, the folders of what it
#: brought and made, and one of somebody who has gone and may come back.
_HANDLES_EACH = 8
_HANDLES_OF_ALL = 150
#: Free handles, below which nobody more is let in: where none is left, a server answers with errors
#: or not at all, so the last ones are kept for those that are here already.
_HANDLES_RESERVED = 32
_LISTS_OF_HANDLES = ("/proc/self/fd", "/dev/fd")  # of Linux, of macOS
_BEFORE_SECONDS = 5.0  # the server would have forgotten it
_LEAST_KEPT_SECONDS = 1.0
#: After the end of a session, in which a file of another one that is being fetched gets through.
_AFTER_SECONDS = 10.0
#: Between two looks of the collector at everything while somebody is here: they hold up all pages.
_COLLECT_SECONDS = 300.0
#: So much room must be left for the app to be of use: a picture of the largest size has it.
LEAST_ROOM_BYTES = 50 * 2**20


class Sessions:
    """Counts sessions, and ends those that were cut off.

    Its methods are called in the server's event loop, but for :meth:`note`.

    Args:
        most: Sessions at once; as many as the handles of this process allow if not given.
        clock: Seconds that only grow.
    """

    def __init__(
        self, most: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        kept = float(st.get_option("server.disconnectedSessionTTL")) - _BEFORE_SECONDS
        self.kept_seconds = max(kept, _LEAST_KEPT_SECONDS)
        self.most = _as_handles_allow() if most is None else most
        self._clock = clock
        self._connected = 0
        self._known: set[str] = set()
        self._cut_off: dict[str, float] = {}  # known ones -> since when, the first the oldest
        self._lock = threading.Lock()
        self._hears = False
        self._tidying = False
        self._collected = clock()

    def note(self, session: str) -> None:
        """There is such a session; from any thread."""
        with self._lock:
            self._known.add(session)

    def end_upload(self, session: str) -> None:
        """Forget an upload whose session ended meanwhile: nothing else would ever do so."""
        with self._lock:
            there = session in self._known
        if not there and not self.is_active(session) and runtime.exists():
            runtime.get_instance().uploaded_file_mgr.remove_session_files(session)

    @property
    def full(self) -> bool:
        """Whether no more come in."""
        return self._connected >= self.most or few_handles_left()

    def make_room(self) -> bool:
        """End those whose page is gone, as far as one more needs it; whether there is room."""
        self._look()
        while self._cut_off and (
            self._connected + len(self._cut_off) >= self.most or few_handles_left()
        ):
            self._end(next(iter(self._cut_off)))
        return not self.full

    @contextmanager
    def connection(self) -> Iterator[bool]:
        """A page's connection; yields whether there is room for it."""
        self._hear_of_all()
        admitted = self.make_room()
        self._connected += admitted
        try:
            yield admitted
        finally:
            self._connected -= admitted
            self._look()
            loop = asyncio.get_running_loop()
            loop.call_later(self.kept_seconds, self.end_those_gone)

    def is_active(self, session: str) -> bool:
        """Whether a session's page is connected."""
        return runtime.exists() and runtime.get_instance().is_active_session(session)

    def end_those_gone(self) -> None:
        """End each session whose page has been gone for long enough."""
        self._look()
        long_ago = self._clock() - self.kept_seconds
        for session in [session for session, since in self._cut_off.items() if since <= long_ago]:
            self._end(session)

    def _hear_of_all(self) -> None:
        """Have each session noted as soon as there is one.

        One that is cut off before its page was run has its handles, too, and may have uploads.
        Streamlit tells nobody of it; so the runtime's public function that makes sessions is
        wrapped. Without it, sessions would be known by :meth:`note` alone.
        """
        if self._hears or not runtime.exists():
            return
        self._hears = True
        server = runtime.get_instance()
        connect: Callable[..., str] | None = getattr(server, "connect_session", None)
        if connect is None:
            return

        @wraps(connect)
        def connect_and_note(*args: Any, **kwargs: Any) -> str:
            session = connect(*args, **kwargs)
            self.note(session)
            return session

        setattr(server, connect.__name__, connect_and_note)

    def _look(self) -> None:
        """See which sessions have been cut off, and which have come back."""
        with self._lock:
            known = list(self._known)
        for session in known:
            if self.is_active(session):
                self._cut_off.pop(session, None)
            else:
                self._cut_off.setdefault(session, self._clock())

    def _end(self, session: str) -> None:
        self._cut_off.pop(session, None)
        with self._lock:
            self._known.discard(session)
        if not runtime.exists():
            return
        runtime.get_instance().close_session(session)
        if not self._tidying:
            self._tidying = True
            asyncio.get_running_loop().call_later(_AFTER_SECONDS, self._tidy)

    def _tidy(self) -> None:
        """See that nothing is left of the sessions that have ended.

        Streamlit marks a download as left over when its session ends, and deletes it when it looks
        for left ones the next time, which is in some other session's next run, or never.

        The collector doesn't look at what was there when networks were loaded last
        (:func:`cactiviz.runtime.runner.spare_the_collector`), sessions of that time among it, whose
        handles stay open until it does.
        """
        self._tidying = False
        if runtime.exists():
            runtime.get_instance().media_file_mgr.remove_orphaned_files()
        since = self._clock() - self._collected
        if not self._connected or since > _COLLECT_SECONDS or few_handles_left():
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._collected = self._clock()


def _as_handles_allow() -> int:
    """Ask the system for all the handles that it gives; returns for how many sessions they do."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = limit_of_handles()
    if most is None:
        return MOST_SESSIONS
    return max(2, min(MOST_SESSIONS, (most - _HANDLES_OF_ALL) // _HANDLES_EACH))


def limit_of_handles() -> int | None:
    """How many handles (open files, connections) there may be; None where that isn't counted."""
    if resource is None:
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else int(soft)


def handles_in_use() -> int | None:
    """How many there are; None where the system has no list of them."""
    for place in _LISTS_OF_HANDLES:
        try:
            return len(os.listdir(place)) - 1  # the list itself was one
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                return limit_of_handles()
    return None


def few_handles_left() -> bool:
    """Whether fewer than :data:`_HANDLES_HANDLES_RESERVED` are left."""
    most, now = limit_of_handles(), handles_in_use()
    return most is not None and now is not None and most - now < _HANDLES_RESERVED


@dataclass(frozen=True)
class Quota:
    """Limits on what is uploaded.

    Attributes:
        bytes_of_session: Of all files of one session.
        bytes_of_all: Of all files of all sessions.
        files_of_session: How many files of one session.
    """

    bytes_of_session: int
    bytes_of_all: int
    files_of_session: int = 300


@dataclass
class _Held:
    files: dict[str, int] = field(default_factory=dict)
    coming: dict[str, int] = field(default_factory=dict)
    last_seen: float = 0.0

    def bytes(self) -> int:
        return sum(self.files.values()) + sum(self.coming.values())


class Uploads:
    """Keeps count of uploads by session and file; safe to call from threads.

    A file counts from its first byte on. One that it replaces counts until the new one is whole,
    and stays if that one doesn't come.

    Args:
        quota: The limits.
        is_active: Whether a session is connected.
        kept_seconds: How long the server keeps a session that was cut off.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        quota: Quota,
        is_active: Callable[[str], bool],
        kept_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quota, self._is_active, self._clock = quota, is_active, clock
        self._kept_seconds = kept_seconds
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def take(self, session: str, file: str, size_bytes: int) -> str:
        """Count a file before it is received; returns why it is refused, or nothing.

        Args:
            session: The session's id.
            file: The upload's id; one that is there already is replaced.
            size_bytes: As the request says; what it says is what the server will accept.
        """
        with self._lock:
            self._forget_ended()
            held = self._held.get(session, _Held())
            if file in held.coming:
                return "This file is on its way already."
            if len({*held.files, *held.coming} - {file}) >= self._quota.files_of_session:
                return "This page holds too many files already; remove some, or reload it."
            more = size_bytes - held.files.get(file, 0)
            if held.bytes() + more > self._quota.bytes_of_session:
                return "There is no more room for the files of this page; remove some first."
            if self._total() + more > self._quota.bytes_of_all:
                return "Others hold all the room for files at the moment; please try again later."
            held.coming[file] = size_bytes
            held.last_seen = self._clock()
            self._held[session] = held
            return ""

    def settle(self, session: str, file: str, came: bool) -> None:
        """A file that was taken is whole, or didn't come; then one that it replaces stays."""
        with self._lock:
            if held := self._held.get(session):
                size_bytes = held.coming.pop(file, 0)
                if came:
                    held.files[file] = size_bytes

    def drop(self, session: str, file: str) -> None:
        """A file was removed."""
        with self._lock:
            if held := self._held.get(session):
                held.files.pop(file, None)

    def held_bytes(self) -> int:
        """Of all sessions."""
        with self._lock:
            self._forget_ended()
            return self._total()

    @property
    def full(self) -> bool:
        """Whether not even one picture has room."""
        return self.held_bytes() > self._quota.bytes_of_all - LEAST_ROOM_BYTES

    def _total(self) -> int:
        return sum(held.bytes() for held in self._held.values())

    def _forget_ended(self) -> None:
        now = self._clock()
        for session, held in list(self._held.items()):
            if held.coming or self._is_active(session):
                held.last_seen = now
            elif now - held.last_seen > self._kept_seconds:
                del self._held[session]
