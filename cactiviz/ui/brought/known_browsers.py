"""What belongs to which browser, by the random word that only this browser knows."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_WORD = re.compile(r"[0-9a-f]{32}")  # 128 bits; as browser_word.js makes it


class KnownBrowsers(Generic[T]):
    """What each browser has here; any thread may ask.

    Whoever has a browser's word has what that browser brought, so the word itself is kept nowhere:
    only a digest of it, which is of no use to anybody who could read it.

    Args:
        is_over: Whether something is gone, and is to be forgotten.

    >>> known = KnownBrowsers(lambda what: False)
    >>> known.add("0" * 32, "a picture"), known.find("0" * 32), known.find("1" * 32)
    (True, 'a picture', None)
    """

    def __init__(self, is_over: Callable[[T], bool]) -> None:
        self._is_over = is_over
        self._kept: dict[str, T] = {}
        self._lock = threading.Lock()

    def add(self, word: str, what: T) -> bool:
        """Remember what belongs to a browser, unless the word is none or has something already."""
        if not is_word(word):
            return False
        with self._lock:
            self._forget_what_is_over()
            return self._kept.setdefault(_digest(word), what) is what

    def find(self, word: str) -> T | None:
        """What belongs to the browser of this word, or None."""
        if not is_word(word):
            return None
        digest = _digest(word)
        with self._lock:
            self._forget_what_is_over()
            found = [w for known, w in self._kept.items() if secrets.compare_digest(known, digest)]
        return found[0] if found else None

    def __contains__(self, what: object) -> bool:
        """Whether a browser can come back to it."""
        with self._lock:
            return any(kept is what for kept in self._kept.values())

    def _forget_what_is_over(self) -> None:
        for digest in [digest for digest, what in self._kept.items() if self._is_over(what)]:
            del self._kept[digest]


def is_word(text: object) -> bool:
    """Whether it could be a browser's word.

    >>> is_word("0123456789abcdef" * 2), is_word("0123456789ABCDEF" * 2), is_word(None)
    (True, False, False)
    """
    return isinstance(text, str) and _WORD.fullmatch(text) is not None


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
