"""Animated WebP writer that holds one frame in memory.

Pillow encodes each frame; the container is written by hand, since Pillow's keeps all frames.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import IO

from PIL import Image

from cactiviz.rendering.formats.metadata import xmp
from cactiviz.rendering.formats.quantize import Pixels

_QUALITY = 80
_METHOD = 2  # of packing, 0 to 6: less is larger, more takes twice the time
_ANIMATED, _HAS_XMP = 0x02, 0x04
_NO_BLENDING = 0x02


def write_webp(
    file: IO[bytes],
    frames: Iterable[Pixels],
    *,
    seconds: float = 1.0,
    loop: int = 0,
    recipe: str = "",
) -> int:
    """Write frames of one size; return their number.

    Args:
        file: Seekable binary file.
        frames: uint8 (H, W, 3), each side at most 16,383.
        seconds: Duration of each frame, rounded to milliseconds.
        loop: Number of repetitions; 0 for ever.
        recipe: Embedded in the file as XMP.
    """
    start = file.tell()
    count = 0
    for frame in frames:
        height, width = frame.shape[:2]
        size = _three(width - 1) + _three(height - 1)
        if not count:
            flags = _ANIMATED | (_HAS_XMP if recipe else 0)
            file.write(b"RIFF\0\0\0\0WEBP")
            file.write(_chunk(b"VP8X", struct.pack("<I", flags) + size))
            file.write(_chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, loop)))
        place = _three(0) + _three(0) + size
        head = place + _three(round(1000 * seconds)) + bytes([_NO_BLENDING])
        still = io.BytesIO()
        Image.fromarray(frame).save(still, "WEBP", quality=_QUALITY, method=_METHOD)
        # Without the container's twelve bytes.
        file.write(_chunk(b"ANMF", head + still.getvalue()[12:]))
        count += 1
    if recipe and count:
        file.write(_chunk(b"XMP ", xmp(recipe)))
    end = file.tell()
    file.seek(start + 4)
    file.write(struct.pack("<I", end - start - 8))
    file.seek(end)
    return count


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
