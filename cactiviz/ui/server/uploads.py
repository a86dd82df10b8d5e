"""How much sessions may upload: Streamlit keeps each file in memory until its session ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: So much room must be left for the app to be of use: a picture of the largest size has it.
LEAST_ROOM_BYTES = 50 * 2**20


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
