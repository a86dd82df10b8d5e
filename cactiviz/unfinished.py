"""Temporary files and folders beside their targets, removed even after a crash.

A program that is killed can't clear up. So whoever writes holds a lock, which the system takes
back with the program; the next one to write in the same place removes what nobody holds.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can't be removed anyway
    _flock = None
else:
    _flock = fcntl.flock

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
