"""Writes files atomically: under a temporary name, renamed once complete."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cactiviz.errors import OutputError
from cactiviz.unfinished import unfinished_file


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing; it appears under its name only if the block succeeds.

    A link stays one, and a device or a pipe is written to as it is; ``/dev/stdout`` is what this
    program prints to, whatever that is.

    Raises:
        OutputError: The folder isn't there or can't be written, or the disk is full.
    """
    target = Path(path)
    begun = False
    try:
        if is_stream(path):
            with _opened(path) as stream:
                yield stream
            return
        target = Path(os.path.realpath(path))
        with unfinished_file(target) as (file, temporary):
            begun = True
            yield file
            file.flush() if os.name != "nt" else file.close()
            os.chmod(temporary, 0o666 & ~_umask())  # a temporary file is its owner's alone
            os.replace(temporary, target)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise OutputError(f"The file {target} can't be written: {reason}.") from error
    except ValueError as error:
        if begun:
            raise  # out of the block
        raise OutputError(f"The file {str(target)!r} has a name that can't be one.") from error


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a device, a pipe or the standard output, which can't be replaced.

    >>> is_stream("/dev/stdout"), is_stream("picture.png")
    (True, False)
    """
    if _descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def folder_of_export(path: str | os.PathLike[str]) -> Path | None:
    """The folder that a file is written into; None for a device or a pipe.

    >>> folder_of_export("/dev/stdout"), folder_of_export("results/report.html").name
    (None, 'results')
    """
    return None if is_stream(path) else Path(os.path.abspath(path)).parent


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """The number of the open file that such a path as ``/dev/stdout`` names."""
    match = re.fullmatch(r"/dev/(stdout|stderr|fd/(\d+))|/proc/self/fd/(\d+)", os.fspath(path))
    if match is None:
        return None
    number = match[2] or match[3]
    return int(number) if number else {"stdout": 1, "stderr": 2}[match[1]]


def _opened(path: str | os.PathLike[str]) -> IO[bytes]:
    descriptor = _descriptor(path)
    if descriptor is None:
        return open(path, "wb")
    for printed in (sys.stdout, sys.stderr):  # what was printed before comes before
        printed.flush()
    # Opened by its name, a file that is printed to would be emptied, and written over.
    return os.fdopen(os.dup(descriptor), "wb")


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
