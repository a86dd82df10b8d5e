"""Whether what a command is to write can be written: asked before its work, not after."""

from __future__ import annotations

import os
from pathlib import Path

from cactiviz.errors import OutputError, OutputPlaceError
from cactiviz.files import is_stream

_LONGEST_NAME = 240  # bytes; a temporary name needs some of the usual 255
#: Ending of a sheet -> Pillow's name of its format.
SHEET_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP"}


def path(text: str) -> Path:
    """A path of which a leading ``~`` or ``~USER`` is written out, where there is such a home.

    >>> path("results/a.png").as_posix(), path("~no such user/a.png").as_posix()
    ('results/a.png', '~no such user/a.png')
    """
    return Path(os.path.expanduser(text))


def check_outputs(*paths: Path | None) -> None:
    """Refuse before the work what can't be written after it.

    Raises:
        OutputError: A folder isn't there or is read-only, or a name is too long.
    """
    for path in paths:
        if path is None or is_stream(path):
            continue
        folder = Path(os.path.realpath(path)).parent  # of what a link leads to
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder; name a file in it.")
        if not os.path.isdir(folder):
            raise OutputError(f"The file {path} can't be written: there is no such folder.")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"The file {path} can't be written: its folder is read-only.")
        if len(os.fsencode(path.name)) > _LONGEST_NAME:
            raise OutputError(f"The name {path.name[:20]}… is too long for a file.")


def check_results(path: Path | None, ending: str) -> None:
    """Refuse a file of results under the name of another kind of file, of a picture say.

    A device or a pipe may have any name.

    Raises:
        OutputPlaceError: The name ends otherwise.
    """
    if path is None or path.suffix.lower() == ending or is_stream(path):
        return
    raise OutputPlaceError(f"The file {path.name} must end in {ending}, as what is written there.")


def sheet_format(path: Path) -> str:
    """Pillow's name of the format that a sheet's ending asks for.

    Raises:
        OutputError: It is none of those there are.
    """
    if path.suffix.lower() not in SHEET_FORMATS:
        raise OutputError(f"The sheet {path.name} must end in {', '.join(SHEET_FORMATS)}.")
    return SHEET_FORMATS[path.suffix.lower()]
