"""How much sessions may upload: Streamlit keeps each file in memory until its session ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


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
    last_seen: float = 0.0


class Uploads:
    """Keeps count of uploads by session and file; safe to call from threads.

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
            others = {name: size for name, size in held.files.items() if name != file}
            if len(others) >= self._quota.files_of_session:
                return "This page holds too many files already; remove some, or reload it."
            if sum(others.values()) + size_bytes > self._quota.bytes_of_session:
                return "There is no more room for the files of this page; remove some first."
            total = sum(sum(one.files.values()) for one in self._held.values())
            if total - held.files.get(file, 0) + size_bytes > self._quota.bytes_of_all:
                return "Others hold all the room for files at the moment; please try again later."
            held.files[file] = size_bytes
            held.last_seen = self._clock()
            self._held[session] = held
            return ""

    def drop(self, session: str, file: str) -> None:
        """A file was removed, or didn't come."""
        with self._lock:
            if held := self._held.get(session):
                held.files.pop(file, None)

    def held_bytes(self) -> int:
        """Of all sessions."""
        with self._lock:
            self._forget_ended()
            return sum(sum(one.files.values()) for one in self._held.values())

    def _forget_ended(self) -> None:
        now = self._clock()
        for session, held in list(self._held.items()):
            if self._is_active(session):
                held.last_seen = now
            elif now - held.last_seen > self._kept_seconds:
                del self._held[session]
