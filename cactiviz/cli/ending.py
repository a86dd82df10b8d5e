"""How a command ends: its exit code, one sentence for what went wrong, Ctrl+C and SIGTERM."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO

from cactiviz.errors import CactivizError, Cancelled, OutputPlaceError, RecipeError
from cactiviz.interrupts import SIGNALLED, Raising, Terminated, is_ours

WRONG_USAGE = 2
_AGAIN_SECONDS = 1.0  # a terminal and its shell may both pass one and the same Ctrl+C on


def ended_well(work: Callable[[], int]) -> int:
    """Do a command's work, and turn every exception that a person may meet into a sentence.

    Mistakes of the program itself (a ``TypeError``, say) keep their traceback; with Python's
    ``-X dev`` so does an exception of the system.

    Args:
        work: Gives the exit code.

    Returns:
        That exit code; 2 for wrong usage; 130 after Ctrl+C and 143 after a request to end, as
        shells count; else 1 with a sentence on standard error.
    """
    _mend_streams()
    heard = Raising()
    try:
        with _heard({signal.SIGINT: heard, signal.SIGTERM: heard}, ours=True):
            try:
                return work()
            finally:
                sys.stdout.flush()  # at Python's own end it is too late to say what went wrong
    except Stopped as error:
        _say(str(error))
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:
        if heard.number is not None or isinstance(error, KeyboardInterrupt):
            # A library in whose midst the interrupt came up may have made this error of it.
            _settle(sys.stdout)
            _say("Stopped.")
            return SIGNALLED + (heard.number or signal.SIGINT)
        return _said(error)


def _said(error: Exception) -> int:
    """Say what went wrong; returns the exit code.

    Raises:
        Exception: The same, if it is a mistake of the program itself.
    """
    if isinstance(error, CactivizError):
        _say(str(error))
        return WRONG_USAGE if isinstance(error, OutputPlaceError | RecipeError) else 1
    if isinstance(error, BrokenPipeError):  # whoever read our output has enough, as `head` does
        _settle(sys.stdout)
        return 1
    if sys.flags.dev_mode or not isinstance(error, OSError | RuntimeError | MemoryError):
        raise error
    _settle(sys.stdout)
    _say(in_words(error))
    return 1


def in_words(error: Exception) -> str:
    """One sentence for an exception of the system.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "a.png"))
    "The file a.png can't be used: no such file or directory."
    >>> in_words(OSError(28, "No space left on device"))
    'The system refused: no space left on device.'
    """
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return (
            "There isn't enough memory for this; choose smaller panels, fewer dots an inch, or a "
            "smaller network."
        )
    if isinstance(error, OSError):
        reason = error.strerror or (str(error).splitlines() or ["unknown reason"])[0]
        reason = reason[:1].lower() + reason[1:].rstrip(".")
        if error.filename is not None and not isinstance(error.filename, int):
            return f"The file {os.fsdecode(error.filename)} can't be used: {reason}."
        return f"The system refused: {reason}."
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return f"This stopped on an error that nobody foresaw: {reason}."


def _mend_streams() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper):  # a terminal may not know a name's letters
            stream.reconfigure(errors="backslashreplace")


def _say(sentence: str) -> None:
    with suppress(OSError):
        print(sentence, file=sys.stderr)
    _settle(sys.stderr)


def _settle(stream: TextIO) -> None:
    """Forget what a stream can't take: Python would try again at its end, and complain."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


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
