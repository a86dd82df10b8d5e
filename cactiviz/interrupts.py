"""What ends the command while it loads its libraries, which takes seconds: one word."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What a shell adds to a signal's number where the signal ended a program.
SIGNALLED = 128


class Terminated(KeyboardInterrupt):
    """The system, or whoever started the command, asks it to end: cleaned up as after Ctrl+C."""


class Raising:
    """Hears a signal: raises what stands for it, and remembers it.

    A library in whose midst the exception comes up may make another one of it.

    Attributes:
        number: The signal's; None before there was one.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Remember the signal and raise."""
        self.number = number
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Within the block Ctrl+C, or a request to end, ends the process at once, with one word.

    An exception wouldn't do: it may come up in the midst of a library's own loading, which
    swallows it or makes another of it. Nothing is in work yet that could be left half done.

    Not for a program that only imports this package.
    """
    here = threading.current_thread() is threading.main_thread()
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    heard = {name: was for name, was in handlers.items() if here and is_ours(was)}
    for name in heard:
        signal.signal(name, ends_early)
    try:
        yield
    finally:
        for name, was in heard.items():
            if signal.getsignal(name) is ends_early:
                signal.signal(name, was)


def is_ours(handler: object) -> bool:
    """Whether nobody but this module, or Python itself, hears a signal by this handler."""
    usual = (signal.SIG_DFL, signal.default_int_handler, ends_early)
    return handler in usual or isinstance(handler, Raising)


def ends_early(number: int, _: FrameType | None) -> None:
    """Say one word and end the process."""
    os.write(2, b"Stopped.\n")
    os._exit(SIGNALLED + number)
