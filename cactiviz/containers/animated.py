"""PNG, GIF and WebP: the first frame of what may be an animation."""

from __future__ import annotations

import struct
import zlib

from cactiviz.containers.parts import MAX_BLOCK_BYTES, MAX_PARTS, Contents, Damaged, Overloaded

_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf", b"IDAT", b"IEND"}


def png(data: bytes) -> Contents:
    """The chunks that the still picture needs; frames are counted by their headers."""
    kept, frames, at, view = [memoryview(data)[:8]], 0, 8, memoryview(data)
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        part = view[at : at + 12 + length]
        small = kind == b"IDAT" or length <= MAX_BLOCK_BYTES
        if kind in _PNG_KEPT and small and (kind != b"iCCP" or _is_sound(part)):
            kept.append(part)
        frames += kind == b"fcTL"
        at += 12 + length
        if kind == b"IEND":
            break
    else:
        raise Overloaded
    return Contents(b"".join(kept), max(frames, 1))


def _is_sound(profile: memoryview) -> bool:
    """Whether a profile's chunk can be unpacked, to no more than Pillow takes."""
    _, _, packed = bytes(profile[8:-4]).partition(b"\0")
    try:
        return len(zlib.decompressobj().decompress(packed[1:], 1024**2)) < 1024**2
    except zlib.error:
        return False


def gif(data: bytes) -> Contents:
    """The first image with its palette and transparent colour, on a canvas that holds it."""
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
    head = data[:6] + struct.pack("<HH", width, height) + data[10:13] + palette
    return Contents(head + control + image + b";", frames, (width, height))


def webp(data: bytes) -> Contents:
    """The canvas' size, for which the decoder reserves memory at once."""
    size = None
    if data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        size = (width, height)
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif data[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        size = (width & 0x3FFF, height & 0x3FFF)
    return Contents(data, size=size)
