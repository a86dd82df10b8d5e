"""How many sessions there may be, and an end for those whose page is gone.

Streamlit keeps a session that was cut off for two minutes, for its page may come back. After that
it ends it only when yet another one is cut off; until then its uploads stay in memory, and so do
the handles of its event loop. So it is ended here, by the same function, shortly before.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit import runtime

#: Sessions at once, whether their page is connected or may still come back.
MOST_SESSIONS = 200
#: Handles that a session may need: its connection, its event loop, files that it reads.
_HANDLES_EACH = 6
_HANDLES_OF_ALL = 150
_BEFORE_SECONDS = 5.0  # the server would have forgotten it
_LEAST_KEPT_SECONDS = 1.0


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

    def note(self, session: str) -> None:
        """A session's page is being run; from any thread."""
        with self._lock:
            self._known.add(session)

    @property
    def full(self) -> bool:
        """Whether no more come in; first those go whose page is gone."""
        self._look()
        while self._cut_off and self._connected + len(self._cut_off) >= self.most:
            self._end(next(iter(self._cut_off)))
        return self._connected >= self.most

    @contextmanager
    def connection(self) -> Iterator[bool]:
        """A page's connection; yields whether there is room for it."""
        admitted = not self.full
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
        for session in [one for one, since in self._cut_off.items() if since <= long_ago]:
            self._end(session)

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
        if runtime.exists():
            runtime.get_instance().close_session(session)


def _as_handles_allow() -> int:
    """Ask the system for all the handles that it gives; returns for how many sessions they do."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows counts no handles
        return MOST_SESSIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return MOST_SESSIONS
    return max(2, min(MOST_SESSIONS, (int(soft) - _HANDLES_OF_ALL) // _HANDLES_EACH))
