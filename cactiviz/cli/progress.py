"""How work of minutes reports itself while a command runs."""

from __future__ import annotations

import sys
import time

from cactiviz.types import Report

_SECONDS_BETWEEN_LINES = 10.0


def long_reporter() -> Report:
    """One line written over and over on a terminal; elsewhere a line every ten seconds."""
    return _Rewritten() if sys.stderr.isatty() else _Lines()


class _Rewritten:
    def __call__(self, what: str, done: int, total: int | None) -> None:
        end = "\n" if done == total else ""
        print(f"\r\x1b[K{what} ({_amount(done, total)})", end=end, file=sys.stderr, flush=True)


class _Lines:
    def __init__(self) -> None:
        self._last = -_SECONDS_BETWEEN_LINES

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if done == total or now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            print(f"{what} ({_amount(done, total)})", file=sys.stderr, flush=True)


def _amount(done: int, total: int | None) -> str:
    """How far it is; a total that was passed was none.

    >>> _amount(3, 4), _amount(5, 4), _amount(5, None)
    ('3 of 4', '5', '5')
    """
    if total is not None and done > total:
        total = None
    return f"{done} of {total}" if total is not None else str(done)
