"""Decides which files are pictures, by the name's ending or else by content.

One list for folders, zips, animations and uploads. A listed ending is enough to be listed; that
such a file is a picture shows when it is opened. Any other file is looked into.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from cactiviz.pictures.decode import kind_of

#: Of pictures, in small letters; upper case counts as well.
ENDINGS = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"),
)
#: Of files that hold other files.
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
#: So many of a file's first bytes tell what it is.
BEGINNING = 256

# Two letters are all that begins these kinds, and so do many texts; what follows must fit too.
_STRICTER = {
    "BMP": re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL),
    "PPM": re.compile(rb"P[1-6]\s+(#|\d)"),
}


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's.

    >>> is_picture("cat/IMG_1.JPG"), is_picture("scan.jfif"), is_picture("notes.txt")
    (True, True, False)
    """
    return PurePosixPath(name).suffix.lower() in ENDINGS


def is_archive(name: str) -> bool:
    """Whether a file's name ends as that of a zip or its like.

    >>> is_archive("train.ZIP"), is_archive("train.csv")
    (True, False)
    """
    return PurePosixPath(name).suffix.lower() in ARCHIVES


def begins_as_picture(name: str, beginning: bytes) -> bool:
    """Whether a file of another ending is a picture by its first bytes.

    TIFF counts only in a file without an ending: whole families of other formats, such as cameras'
    raw files, begin as TIFF does.

    Args:
        name: The file's.
        beginning: Its first bytes, :data:`BEGINNING` or all.

    >>> begins_as_picture("IMG_1", b"GIF89a"), begins_as_picture("README", b"BMW is a make of car")
    (True, False)
    """
    kind = kind_of(beginning)
    if kind == "TIFF" and PurePosixPath(name).suffix:
        return False
    stricter = _STRICTER.get(kind)
    return bool(kind) and (stricter is None or stricter.match(beginning) is not None)
