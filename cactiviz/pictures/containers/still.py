"""JPEG 2000, BMP, PPM and AVIF: what their headers say, where decoders don't look in time."""

from __future__ import annotations

import re
import struct

from cactiviz.pictures.containers.contents import Contents, Damaged, Layout, Overloaded

# What Pillow decodes in Python instead of C: some millions of bytes or pixels a second.
_MAX_SLOW = 2_000_000


def jpeg2000(data: bytes) -> Contents:
    """The size in the code stream, which the header around it need not tell."""
    at = data.find(b"\xff\x4f\xff\x51")  # the header around it may tell another size
    if at < 0:
        raise Damaged
    right, bottom, left, top = struct.unpack_from(">4L", data, at + 8)
    parts, bits = struct.unpack_from(">HB", data, at + 40)
    halved = parts > 1 and bits & 127 > 7
    return Contents(data, size=(right - left, bottom - top), halved=halved)


def bmp(data: bytes) -> Contents:
    """Run lengths are decoded slowly, so only of a small picture."""
    width, height, _, _, packing = struct.unpack_from("<iiHHI", data, 18)
    if packing in (1, 2) and max(abs(width * height), len(data)) > _MAX_SLOW:
        raise Overloaded
    return Contents(data)


_PPM_QUICK = {b"P5 255", b"P6 255"}
_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PPM_DEEP = re.compile(_SPACE.join((rb"P([56])", *[rb"(\d{1,9})"] * 2, rb"(\d{3,5})\s")))


def ppm(data: bytes) -> Contents:
    """Numbers in words, and unusual ranges, are decoded slowly, so only of a small picture.

    Pillow keeps 8 of 16 bits of a colour.
    """
    deep = _PPM_DEEP.match(data[:4096])
    if deep and 255 < (white := int(deep[4])) < 65536:
        return _deep_ppm(data, deep.end(), int(deep[2]), int(deep[3]), deep[1] == b"6", white)
    head = re.sub(rb"#[^\r\n]*", b"", data[:4096]).split()[:4]
    if len(head) < 3 or not (head[1].isdigit() and head[2].isdigit()):
        raise Damaged
    quick = head[0] in (b"P4", b"Pf") or b" ".join((head[0], *head[3:])) in _PPM_QUICK
    if not quick and max(int(head[1]) * int(head[2]), len(data) // 4) > _MAX_SLOW:
        raise Overloaded
    return Contents(data)


def _deep_ppm(
    data: bytes, start: int, width: int, height: int, is_colour: bool, white: int
) -> Contents:
    samples = 3 if is_colour else 1
    length = 2 * width * height * samples
    if not length or start + length > len(data):
        raise Damaged
    layout = Layout(
        (width, height),
        16,
        "unsigned",
        (width, height),
        ((start, length),),
        big_endian=True,
        samples=samples,
        shown=tuple(range(samples)),
        is_colour=is_colour,
        white=0 if white == 65535 else white,  # what programs write that don't know better
    )
    return Contents(data, size=(width, height), layout=layout)


def avif(data: bytes) -> Contents:
    """All but the EXIF block, in which Pillow trips over damage."""
    at, out = 0, bytearray(data)
    for _ in range(100):
        length, kind = struct.unpack_from(">L4s", data, at)
        if kind == b"meta" and length >= 8:
            # Nothing is lost: by the standard only the container's own turn counts.
            out[at : at + length] = out[at : at + length].replace(b"Exif", b"skip")
        if length < 8 or at + length + 8 > len(data):
            break
        at += length
    return Contents(bytes(out))
