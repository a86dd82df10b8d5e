"""Reads files and pipes with a bound, and writes files whole or not at all.

>>> read_stream(os.devnull, 100)
b''
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cactiviz.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can't be removed anyway
    _flock = None
else:
    _flock = fcntl.flock

_PIECE = 1 << 16
_NO_WRITER_SECONDS = 0.5  # a writer that waits for a reader comes within moments
_PAUSE_SECONDS = 0.01


def read_stream(path: str | os.PathLike[str], limit: int) -> bytes:
    """Up to ``limit`` bytes from a pipe or a device.

    It is waited for as long as somebody has the pipe open for writing.

    Raises:
        TimeoutError: Nobody writes to the pipe.
        OSError: It can't be read.
    """
    match = re.fullmatch(r"/dev/(?:stdin|fd/(\d+))|/proc/self/fd/(\d+)", os.fspath(path))
    if match is not None:  # open already: by its name it may belong to another user, or be a socket
        descriptor = os.dup(int(match[1] or match[2] or 0))
    else:  # without the flag a pipe without a writer would be waited for in the opening
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
    data = bytearray()
    begun = time.monotonic()
    try:
        while len(data) < limit:
            try:
                piece = os.read(descriptor, min(_PIECE, limit - len(data)))
            except BlockingIOError:  # somebody will write, but hasn't yet
                select.select([descriptor], [], [])
                continue
            if not piece and (data or os.fspath(path).startswith(("/dev/", "/proc/"))):
                break
            if not piece:  # nobody has opened the pipe for writing
                if time.monotonic() - begun > _NO_WRITER_SECONDS:
                    raise TimeoutError(f"nobody writes to {path}")
                time.sleep(_PAUSE_SECONDS)
            data += piece
    finally:
        os.close(descriptor)
    return bytes(data)


#: Behind a dot and the name that it is to have; no other program's files are called so.
MARK = ".cv_"


@contextlib.contextmanager
def unfinished_file(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file beside another, to be written and given its name before the block ends.

    Args:
        target: What it is to become.

    Raises:
        OSError: It can't be made.
    """
    clear(target)
    file = _held_file(target)
    with file:
        try:
            yield file.file, Path(file.name)
        finally:
            with contextlib.suppress(OSError):
                if _flock is None:
                    file.close()
                os.unlink(file.name)


@contextlib.contextmanager
def unfinished_folder(target: Path) -> Iterator[Path]:
    """A folder beside a file or folder, to be filled; it is gone after the block.

    Args:
        target: What it, or something in it, is to become.

    Raises:
        OSError: It can't be made.
    """
    clear(target)
    path = Path(tempfile.mkdtemp(dir=target.parent, prefix=_prefix(target)))
    held: int | None = None
    try:
        if _flock is not None:
            held = os.open(path, os.O_RDONLY)
            _hold(held)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if held is not None:
            os.close(held)


def clear(target: Path) -> None:
    """Remove what killed programs left beside a target; what is being written stays."""
    ours = re.compile(re.escape(_prefix(target)) + r"\w{8}")
    try:
        names = [name for name in os.listdir(target.parent) if ours.fullmatch(name)]
    except OSError:
        return  # whoever writes there will say so
    for name in names:
        path = target.parent / name
        with contextlib.suppress(OSError):
            _remove_unless_held(path)


def _held_file(target: Path) -> Any:
    while True:
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - the caller closes it
            dir=target.parent, prefix=_prefix(target), delete=False
        )
        _hold(file.fileno())
        if os.path.exists(file.name):  # else another cleared it before it was held
            return file
        file.close()


def _prefix(target: Path) -> str:
    return f".{target.name}{MARK}"


def _hold(descriptor: int) -> None:
    if _flock is not None:
        with contextlib.suppress(OSError):  # a file system without locks
            _flock(descriptor, fcntl.LOCK_EX)


def _remove_unless_held(path: Path) -> None:
    """Remove what no running program writes; where that can't be known, it stays.

    Raises:
        OSError: It is being written, or can't be removed.
    """
    if _flock is None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    finally:
        os.close(descriptor)


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
            with _opened_for_writing(path) as stream:
                yield stream
            return
        target = Path(os.path.realpath(path))
        with unfinished_file(target) as (file, temporary):
            begun = True
            yield file
            file.flush() if os.name != "nt" else file.close()
            os.umask(mask := os.umask(0o022))
            os.chmod(temporary, 0o666 & ~mask)  # a temporary file is its owner's alone
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


def _opened_for_writing(path: str | os.PathLike[str]) -> IO[bytes]:
    descriptor = _descriptor(path)
    if descriptor is None:
        return open(path, "wb")
    for printed in (sys.stdout, sys.stderr):  # what was printed before comes before
        printed.flush()
    # Opened by its name, a file that is printed to would be emptied, and written over.
    return os.fdopen(os.dup(descriptor), "wb")
