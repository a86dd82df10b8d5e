"""What Ctrl+C does while the command loads its libraries, which takes seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_INTERRUPTED = 130  # what a shell makes of a program that Ctrl+C ended


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Within the block Ctrl+C ends the process at once, with one word.

    An exception wouldn't do: it may come up in the midst of a library's own loading, which
    swallows it or makes another of it. Nothing is in work yet that could be left half done.

    Not for a program that only imports this package.
    """
    if not _hears_interrupts():
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _hears_interrupts() -> bool:
    """Whether Ctrl+C would raise here: not in a thread, nor where others have asked for it."""
    here = threading.current_thread() is threading.main_thread()
    return here and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _end(_: int, __: FrameType | None) -> None:
    os.write(2, b"Stopped.\n")
    os._exit(_INTERRUPTED)
