"""Strips picture files to what their first frame needs, before any decoder sees them.

It walks over a file's structure without decoding: it leaves out what no pixel depends on (comments,
thumbnails, maker notes, further frames), computes the memory and work that the rest needs, and
refuses what would take minutes. By hand, since libraries read a file's structure only while they
decode it. A truncated part is left as it is: finding damage is the decoder's business.
"""

from __future__ import annotations

import struct

from cactiviz.pictures.containers.animated import gif, png, webp
from cactiviz.pictures.containers.contents import (
    MAX_BLOCK_BYTES,
    Contents,
    Damaged,
    Layout,
    OtherKind,
    Overloaded,
)
from cactiviz.pictures.containers.foreign import foreign
from cactiviz.pictures.containers.still import avif, bmp, jpeg, jpeg2000, ppm
from cactiviz.pictures.containers.tiff import tiff

__all__ = ["MAX_BLOCK_BYTES", "Contents", "Damaged", "Layout", "OtherKind", "Overloaded"]
__all__ += ["brands", "contents", "foreign"]

_WALKS = {"JPEG": jpeg, "PNG": png, "GIF": gif, "TIFF": tiff, "WEBP": webp, "BMP": bmp}
_WALKS |= {"JPEG2000": jpeg2000, "PPM": ppm, "AVIF": avif}


def contents(kind: str, data: bytes) -> Contents:
    """Walk over a file of this kind, named as Pillow does.

    Raises:
        Damaged: It isn't a file of this kind.
        OtherKind: It is, in a variety that nothing here reads.
        Overloaded: It would take too long.

    >>> contents("GIF", b"GIF89a")
    Traceback (most recent call last):
    cactiviz.pictures.containers.contents.Damaged
    """
    try:
        return _WALKS[kind](data) if kind in _WALKS else Contents(data)
    except (struct.error, IndexError, ZeroDivisionError) as error:  # the end came too early
        raise Damaged from error


def brands(data: bytes) -> set[bytes]:
    """What a file of the HEIF family says that it is; empty for other files."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
