"""What Ctrl+C and a request to end (SIGTERM) do while a command is at work."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from cactiviz.errors import Cancelled
from cactiviz.interrupts import SIGNALLED, Raising, Terminated, is_ours

_AGAIN_SECONDS = 1.0  # a terminal and its shell may both pass one and the same Ctrl+C on


class Stopped(Cancelled):
    """A command ended well before all was done, since a signal asked for it.

    Args:
        sentence: What is left to say.
        number: The signal's.
    """

    def __init__(self, sentence: str, number: int) -> None:
        super().__init__(sentence)
        self.exit_code = SIGNALLED + number


class Stop(threading.Event):
    """Set when a signal asks for the end.

    Attributes:
        number: The signal's; Ctrl+C's before there was one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.number = int(signal.SIGINT)


@contextmanager
def raising(heard: Raising) -> Iterator[None]:
    """Within the block both signals come up as an exception, unless somebody else hears them.

    Args:
        heard: Hears them.
    """
    with _heard({signal.SIGINT: heard, signal.SIGTERM: heard}, ours=True):
        yield


@contextmanager
def asking(word: str = "") -> Iterator[Stop]:
    """Within the block the first signal asks for the end; one more, a second later, ends the work.

    Args:
        word: Printed when it is asked for.
    """
    stop, asked = Stop(), 0.0

    def ask(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if stop.is_set():
            if time.monotonic() - asked > _AGAIN_SECONDS:
                raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
            return
        asked, stop.number = time.monotonic(), number
        stop.set()
        if word:
            with suppress(OSError):
                print(f"\n{word}", file=sys.stderr)

    with _heard({signal.SIGINT: ask, signal.SIGTERM: ask}):
        yield stop


@contextmanager
def _heard(
    handlers: dict[signal.Signals, Callable[..., Any]], ours: bool = False
) -> Iterator[None]:
    """Hear signals, and give them back; in a thread they can't be heard.

    Args:
        handlers: What hears each.
        ours: Only those that nobody else has asked for.
    """
    before: dict[signal.Signals, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for name, handler in handlers.items():
                was = signal.getsignal(name)
                if not ours or is_ours(was):
                    before[name] = was
                    signal.signal(name, handler)
        yield
    finally:
        for name, was in before.items():
            signal.signal(name, was)
