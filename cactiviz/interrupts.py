"""Handlers of Ctrl+C and SIGTERM, also while the command loads its libraries."""

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
    """SIGTERM was received; handled like Ctrl+C."""


class Raising:
    """Signal handler that raises an exception and records the signal.

    The record is needed since a library may turn the exception into another one.

    Attributes:
        number: Number of the last signal; None before the first.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Remember the signal and raise."""
        self.number = number
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Context in which Ctrl+C and SIGTERM end the process at once.

    For the command's start only: an exception may be swallowed by a library that is being imported,
    and no work has begun that could be left half done.
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
    """Whether a handler is Python's default or one of this module's."""
    usual = (signal.SIG_DFL, signal.default_int_handler, ends_early)
    return handler in usual or isinstance(handler, Raising)


def ends_early(number: int, _: FrameType | None) -> None:
    """Print "Stopped." and end the process."""
    os.write(2, b"Stopped.\n")
    os._exit(SIGNALLED + number)
