"""One way to write a file: under a temporary name, renamed once it is whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cactiviz.errors import OutputError


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to write; it appears under its name only if the block ends well.

    A link stays one, and a device or a pipe is written to as it is.

    Raises:
        OutputError: The folder isn't there or can't be written, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    temporary = ""
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                yield device
            return
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = file.name
            yield file.file
        os.chmod(temporary, 0o666 & ~_umask())  # a temporary file is its owner's alone
        os.replace(temporary, target)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise OutputError(f"The file {target} can't be written: {reason}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
