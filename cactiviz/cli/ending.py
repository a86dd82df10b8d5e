"""How a command ends: its exit code, and one sentence for whatever went wrong."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from cactiviz.cli import stopping
from cactiviz.errors import CactivizError, OutputPlaceError, RecipeError
from cactiviz.interrupts import SIGNALLED, Raising

WRONG_USAGE = 2


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
        with stopping.raising(heard):
            try:
                return work()
            finally:
                sys.stdout.flush()  # at Python's own end it is too late to say what went wrong
    except stopping.Stopped as error:
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
