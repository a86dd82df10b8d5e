"""Animated GIF writer that holds one frame in memory.

By hand, since Pillow's writer keeps all frames and quantises with visible bands.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import IO

import numpy as np
from PIL import Image

from cactiviz.rendering.formats.quantize import Pixels, quantise

_EXTENSION, _LABEL_TIMES, _LABEL_COMMENT, _LABEL_LOOP = 0x21, 0xF9, 0xFE, 0xFF
_LEAVE_IN_PLACE = 1 << 2  # what a frame doesn't touch stays from the one before
_TABLE_OF_256 = 0x87  # a frame of its own palette, 2^(7+1) colours
_FRAME_HEAD = (_EXTENSION, _LABEL_TIMES, 4, _LEAVE_IN_PLACE)


def write_gif(
    file: IO[bytes],
    frames: Iterable[Pixels],
    *,
    seconds: float = 1.0,
    loop: int = 0,
    comment: str = "",
) -> int:
    """Write frames of one size; return their number.

    Each frame has its own palette and stores only the rectangle that differs from the one before.
    Equal frames give equal bytes.

    Args:
        file: Writable binary file.
        frames: uint8 (H, W, 3), each side at most 65,535.
        seconds: Duration of each frame, rounded to hundredths.
        loop: Number of repetitions; 0 for ever.
        comment: Text stored as the file's comment.

    Raises:
        ValueError: Frames of different sizes.
    """
    before: Pixels | None = None
    count = 0
    for frame in frames:
        if before is None:
            file.write(_beginning(frame.shape[1], frame.shape[0], loop, comment))
            top, left, part = 0, 0, frame
        else:
            if frame.shape != before.shape:
                raise ValueError(f"frames of {before.shape} and {frame.shape} in one animation")
            top, left, part = _changed(before, frame)
        indices, palette = quantise(np.ascontiguousarray(part))
        hundredths = round(100 * seconds)
        file.write(struct.pack("<BBBBHBB", *_FRAME_HEAD, hundredths, 0, 0))
        file.write(struct.pack("<BHHHHB", 0x2C, left, top, *indices.shape[::-1], _TABLE_OF_256))
        file.write(palette.tobytes() + _packed(indices, palette))
        before = frame
        count += 1
    if count:
        file.write(b";")
    return count


def _beginning(width: int, height: int, loop: int, comment: str) -> bytes:
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x70, 0, 0)
    again = b""
    if loop != 1:  # the number says how often it is repeated after the first time
        times = struct.pack("<BHB", 1, max(loop - 1, 0), 0)
        again = bytes([_EXTENSION, _LABEL_LOOP, 11]) + b"NETSCAPE2.0\x03" + times
    note = b""
    if comment:
        note = bytes([_EXTENSION, _LABEL_COMMENT]) + _blocks(comment.encode())
    return screen + again + note


def _blocks(data: bytes) -> bytes:
    """Data in blocks of at most 255 bytes, each with its length before it; a 0 ends them."""
    pieces = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"


def _changed(before: Pixels, frame: Pixels) -> tuple[int, int, Pixels]:
    """Top, left and content of the rectangle that differs; of equal frames one pixel."""
    differs = (before != frame).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0, 0, frame[:1, :1]
    top, left = int(rows[0]), int(columns[0])
    return top, left, frame[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]


def _packed(indices: Pixels, palette: Pixels) -> bytes:
    """The image data (LZW in blocks), taken out of a still GIF that Pillow writes."""
    image = Image.fromarray(indices, "L")
    image.putpalette(palette.tobytes())
    still = io.BytesIO()
    image.save(still, "GIF", optimize=False, interlace=False)
    data = still.getvalue()
    # Header, 13 bytes; its palette of 256; extensions if any; the image's place, 10 bytes.
    at = 13 + 3 * 256
    while data[at] == _EXTENSION:
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    if data[10] & 0x87 != 0x87 or data[at] != 0x2C or data[at + 9] & 0x80:
        raise RuntimeError("Pillow writes GIFs in another way now")
    return data[at + 10 : -1]
