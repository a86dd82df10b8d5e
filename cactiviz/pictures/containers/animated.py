"""PNG, GIF and WebP: the first frame of what may be an animation."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from cactiviz.pictures.containers.contents import (
    MAX_BLOCK_BYTES,
    MAX_PARTS,
    Contents,
    Damaged,
    Overloaded,
)

_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf", b"IDAT", b"IEND"}


def png(data: bytes) -> Contents:
    """The chunks that the first frame needs; frames are counted by their headers.

    The still picture of an animation need not be one of its frames: if its data come before any
    frame's header, programs that know of animations never show it.
    """
    kept, frames, at, view = [memoryview(data)[:8]], 0, 8, memoryview(data)
    first, still, white, animated = b"", False, 0, False
    film: list[bytes | memoryview] = []
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        part = view[at : at + 12 + length]
        small = kind in (b"IDAT", b"fdAT") or length <= MAX_BLOCK_BYTES
        if kind in _PNG_KEPT and small and (kind != b"iCCP" or _is_sound(part)):
            kept.append(part)
        if kind == b"acTL" and not still:
            animated = True
        elif kind == b"fcTL":
            first = first or bytes(part[8:34])
            frames += 1
        elif kind == b"IDAT" and not frames:
            still = True
        elif kind == b"fdAT" and frames == 1 and still:
            film.append(part[12:-4])
        elif kind == b"sBIT" and 0 < length <= 4:
            white = 2 ** max(part[8 : 8 + length]) - 1
        at += 12 + length
        if kind == b"IEND":
            break
    else:
        raise Overloaded
    halved = data[24:26] in (b"\x10\2", b"\x10\4", b"\x10\6")  # colour or alpha, of 16 bits
    plain = Contents(b"".join(kept), max(frames, 1), white=white, halved=halved)
    return _first_of(plain, kept, first, film) if animated and film and len(first) == 26 else plain


def _first_of(
    still: Contents, kept: list[memoryview], control: bytes, film: list[bytes | memoryview]
) -> Contents:
    """An animation's first frame as a picture, and where it lies on its canvas."""
    head = bytes(kept[1][8:21])
    across, down = struct.unpack_from(">2I", head)
    width, height, left, top = struct.unpack_from(">4I", control, 4)
    inside = 0 < width <= across - left and 0 < height <= down - top
    if bytes(kept[1][4:8]) != b"IHDR" or not inside:
        return still
    before = [bytes(p) for p in kept[2:] if bytes(p[4:8]) not in (b"IDAT", b"IEND")]
    sized = _chunk(b"IHDR", struct.pack(">II", width, height) + head[8:])
    parts = (bytes(kept[0]), sized, *before, _chunk(b"IDAT", b"".join(film)), _chunk(b"IEND", b""))
    canvas = None if (width, height) == (across, down) else (across, down, left, top)
    return replace(still, data=b"".join(parts), size=(across, down), canvas=canvas)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _is_sound(profile: memoryview) -> bool:
    """Whether a profile's chunk can be unpacked, to no more than Pillow takes."""
    _, _, packed = bytes(profile[8:-4]).partition(b"\0")
    try:
        return len(zlib.decompressobj().decompress(packed[1:], 1024**2)) < 1024**2
    except zlib.error:
        return False


def gif(data: bytes) -> Contents:
    """The first image with its palette and transparent colour, and where it lies."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (6 << (flags & 7) if flags & 128 else 0)
    palette, control, image, frames, budget = data[13:at], b"", b"", 0, MAX_PARTS
    while at < len(data) and data[at] in (0x21, 0x2C) and budget > 0:
        start, is_image, budget = at, data[at] == 0x2C, budget - 1
        if is_image:
            frames += 1
            local = data[at + 9] if at + 9 < len(data) else 0
            at += 11 + (6 << (local & 7) if local & 128 else 0)
        else:
            at += 2
        while at < len(data) and data[at] and budget > 0:
            at += data[at] + 1
            budget -= 1
        at += 1
        if not is_image and data[start + 1] == 0xF9 and not frames:
            control = data[start:at]
        elif is_image and frames == 1:
            image = data[start:at]
            if budget <= 0:
                break
    if budget <= 0 and not image:
        raise Overloaded
    if not image:
        raise Damaged
    left, top, columns, rows = struct.unpack_from("<HHHH", image, 1)
    width, height = max(width, left + columns), max(height, top + rows)
    head = data[:6] + struct.pack("<HH", columns, rows) + data[10:13] + palette
    image = image[:1] + bytes(4) + image[5:]
    canvas = None if (columns, rows) == (width, height) else (width, height, left, top)
    return Contents(head + control + image + b";", frames, (width, height), canvas=canvas)


def webp(data: bytes) -> Contents:
    """The canvas' size, for which the decoder reserves memory at once; or a first frame on it."""
    size = None
    if data[12:16] == b"VP8X":
        size = _three(data, 24) + 1, _three(data, 27) + 1
        if data[20] & 2:
            return _webp_frame(data, size)
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif data[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        size = (width & 0x3FFF, height & 0x3FFF)
    return Contents(data, size=size)


def _webp_frame(data: bytes, size: tuple[int, int]) -> Contents:
    """The first frame alone where it is smaller than the canvas, which decoders leave black."""
    at, frames, profile, frame = 30, 0, b"", b""
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sL", data, at)
        if kind == b"ICCP" and length <= MAX_BLOCK_BYTES:
            profile = data[at : at + 8 + length + length % 2]
        elif kind == b"ANMF":
            frame = frame or data[at + 8 : at + 8 + length]
            frames += 1
        at += 8 + length + length % 2
    else:
        raise Overloaded
    whole = Contents(data, max(frames, 1), size)
    if len(frame) < 24:
        return whole
    left, top = 2 * _three(frame, 0), 2 * _three(frame, 3)
    width, height = _three(frame, 6) + 1, _three(frame, 9) + 1
    if (width, height) == size or left + width > size[0] or top + height > size[1]:
        return whole
    flags = (0 if frame[16:20] == b"VP8 " else 16) | (32 if profile else 0)
    head = struct.pack("<4sLB3x", b"VP8X", 10, flags) + frame[6:12]
    body = b"WEBP" + head + profile + frame[16:]
    file = b"RIFF" + struct.pack("<L", len(body)) + body
    return replace(whole, data=file, canvas=(*size, left, top))


def _three(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
