"""TIFF: the first directory, with the tags silenced that no pixel depends on."""

from __future__ import annotations

import struct
from dataclasses import replace

from cactiviz.containers.parts import MAX_BLOCK_BYTES, MAX_PARTS, Contents, Damaged, Overloaded

_TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TIFF_BYTES |= {13: 4, 16: 8}
# Directories and texts beside the pixels: further images, XMP, IPTC, Photoshop, EXIF, GPS.
_TIFF_LEFT_OUT = {330, 700, 33723, 34377, 34665, 34853, 40965}


def tiff(data: bytes) -> Contents:
    """The first directory, whose entries all lie within the file."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"\x2b\0", b"\0\x2b")
    word, step, room = ("Q", 20, 8) if big else ("L", 12, 4)
    (start,) = struct.unpack_from(order + word, data, 8 if big else 4)
    out, left = bytearray(data), len(data)
    values: dict[int, tuple[int, int]] = {}
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
    first = start + (8 if big else 2)
    if first + step * count + room > len(data):
        raise Damaged
    if count > MAX_PARTS // 100:
        raise Overloaded
    for at in range(first, first + step * count, step):
        tag, kind, items = struct.unpack_from(f"{order}HH{word}", data, at)
        length = items * _TIFF_BYTES.get(kind, 0)
        place = at + step - room
        if length > room:
            (place,) = struct.unpack_from(order + word, data, place)
            left -= length
        if place + length > len(data) or left < 0 or length > MAX_BLOCK_BYTES:
            tag = 330
        if tag in _TIFF_LEFT_OUT:
            struct.pack_into(f"{order}H", out, at + 2, 0)  # no type at all: it is passed over
        elif kind in (3, 4, 16) and items:
            form = order + {3: "H", 4: "L", 16: "Q"}[kind]
            values.setdefault(tag, (struct.unpack_from(form, data, place)[0], items))
    end = first + step * count
    frames, seen, (after,) = 1, {start}, struct.unpack_from(order + word, data, end)
    struct.pack_into(order + word, out, end, 0)
    while after and after not in seen and frames < 1000 and after + 2 < len(data):
        seen.add(after)
        frames += 1
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, after)
        after += (8 if big else 2) + step * count
        after = struct.unpack_from(order + word, data, after)[0] if after + room <= len(data) else 0
    return replace(_tiff_work(values), data=bytes(out), frames=frames)


def _tiff_work(values: dict[int, tuple[int, int]]) -> Contents:
    """Size and memory from the first value, and the number of values, of each tag."""

    def value(tag: int, default: int) -> int:
        return values.get(tag, (default, 1))[0]

    width, height, samples = value(256, 0), value(257, 0), value(277, 1)
    if not 0 < samples <= 6:  # Pillow would say so on standard error
        raise Damaged
    if max(values.get(tag, (0, 0))[1] for tag in (273, 324)) > MAX_PARTS:
        raise Overloaded
    bytes_per_pixel = max(4, samples * value(258, 1) // 8)
    across, down = value(322, width), value(323, min(value(278, height), height))
    packed = value(259, 1) != 1  # what isn't packed is read in place
    work = across * down * bytes_per_pixel if packed or 322 in values else 0
    if value(274, 1) != 1:  # Pillow turns a TIFF by itself, and has it twice meanwhile
        work += 4 * width * height
    return Contents(b"", size=(width, height), work_bytes=work)
