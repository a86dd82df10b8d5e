"""Reads pipes and devices such as ``/dev/stdin`` once, up to a limit, with a timeout.

>>> read_stream(os.devnull, 100)
b''
"""

from __future__ import annotations

import os
import re
import select
import time

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
    descriptor = _open(os.fspath(path))
    data = bytearray()
    begun = time.monotonic()
    try:
        while len(data) < limit:
            try:
                piece = os.read(descriptor, min(_PIECE, limit - len(data)))
            except BlockingIOError:  # somebody will write, but hasn't yet
                select.select([descriptor], [], [])
                continue
            if not piece and (data or not _is_named_pipe(path)):
                break
            if not piece:  # nobody has opened the pipe for writing
                if time.monotonic() - begun > _NO_WRITER_SECONDS:
                    raise TimeoutError(f"nobody writes to {path}")
                time.sleep(_PAUSE_SECONDS)
            data += piece
    finally:
        os.close(descriptor)
    return bytes(data)


def _open(path: str) -> int:
    match = re.fullmatch(r"/dev/(?:stdin|fd/(\d+))|/proc/self/fd/(\d+)", path)
    if match is not None:  # open already: by its name it may belong to another user, or be a socket
        return os.dup(int(match[1] or match[2] or 0))
    # Otherwise a pipe without a writer would be waited for in the opening.
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))


def _is_named_pipe(path: str | os.PathLike[str]) -> bool:
    return not os.fspath(path).startswith(("/dev/", "/proc/"))
