"""Which sessions use a thing, and its end a while after the last of them has gone."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable


class Shared(ABC):
    """A thing that several sessions use; any thread may tell of them.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.left_at: float | None = None  #: When the last session went; None while one is here.
        self._clock = clock
        self._sessions: set[str] = set()
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()

    @abstractmethod
    def close(self) -> None:
        """End it. Nobody can come back meanwhile, if it ends since nobody is here."""

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
        """End it if nobody was here for so long; returns whether it was so."""
        with self._lock:
            gone = self.left_at is not None and self._clock() - self.left_at >= for_seconds
            if gone:
                self._stop_timer()
                self.close()
            return gone

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
