"""How many sessions there are, and an end for those whose page is gone."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit import runtime

#: Connections at once; each page that is open has one.
MOST_CONNECTIONS = 100
#: Handles that a connection may need: its own, its session's loop, and files being read.
_HANDLES_EACH = 8
_HANDLES_OF_ALL = 120
_LOOK_SECONDS = 15
_GRACE_SECONDS = 5


class Sessions:
    """Counts connections; ends sessions that were cut off, once the server would.

    Streamlit keeps a session that was cut off for some time, for the page may come back. Then it
    only ends it when another session is cut off, so that its files and handles stay.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.kept_seconds = float(st.get_option("server.disconnectedSessionTTL")) + _GRACE_SECONDS
        self.most = min(MOST_CONNECTIONS, _raise_handles())
        self._clock = clock
        self._open = 0
        self._lock = threading.Lock()
        self._left: dict[str, float] = {}

    @property
    def full(self) -> bool:
        """Whether no more come in."""
        return self._open >= self.most

    @contextmanager
    def connection(self) -> Iterator[bool]:
        """A page's connection; yields whether there is room for it."""
        with self._lock:
            admitted = not self.full
            self._open += admitted
        try:
            yield admitted
        finally:
            with self._lock:
                self._open -= admitted

    def is_active(self, session: str) -> bool:
        """Whether a session's page is connected."""
        return runtime.exists() and runtime.get_instance().is_active_session(session)


def _raise_handles() -> int:
    """Ask for as many handles as the system gives; returns for how many connections they do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, (soft - _HANDLES_OF_ALL) // _HANDLES_EACH)
