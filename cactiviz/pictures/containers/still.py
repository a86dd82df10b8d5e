"""JPEG, JPEG 2000, BMP, PPM and AVIF: what is decoded of a file, after a look at its headers."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from cactiviz.pictures.containers.contents import (
    MAX_BLOCK_BYTES,
    MAX_PARTS,
    Contents,
    Damaged,
    Layout,
    OtherKind,
    Overloaded,
)

# A progressive JPEG is gone over once for each scan, of which true ones have about ten.
_MAX_SCAN_MEGAPIXELS = 1000

# Markers with a meaning; not the restarts that stand within an image's data.
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF, 0xF7}  # the last is JPEG-LS
_JPEG_TABLES = _JPEG_FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}


def _jpeg_parts(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Each marker's code, where it begins, and where what belongs to it ends."""
    for _ in range(MAX_PARTS // 10):
        match = _JPEG_MARKER.search(data, at)
        if match is None or match[1] == b"\xd9":
            return
        code, at = match[1][0], match.end()
        if code not in (0x01, 0xD8):
            at += max(struct.unpack_from(">H", data, at)[0], 2)
            yield code, match.start(), at
    raise Overloaded


def jpeg(data: bytes) -> Contents:
    """What stands before the first scan, sifted, and all that follows it."""
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    exif, table_bytes, profile_bytes, components = False, 0, 0, 0
    for code, start, end in _jpeg_parts(data, 2):
        part = data[start:end]
        if code == 0xDA:
            break
        if code in _JPEG_FRAMES:
            progressive = code in (0xC2, 0xC6, 0xCA, 0xCE)
            if code in _LOSSLESS:
                raise OtherKind("a lossless JPEG picture", "save it as PNG")
            if (bits := data[start + 4]) in (12, 16):
                advice = "save it as PNG, or as JPEG of 8 bits"
                raise OtherKind(f"a JPEG picture of {bits} bits", advice)
            height, width, components = struct.unpack_from(">HHB", data, start + 5)
            factors = [divmod(data[start + 11 + 3 * n], 16) for n in range(components)]
        if code in _JPEG_TABLES:
            table_bytes += len(part)
            kept.append(part)
        elif code == 0xE1 and part[4:10] == b"Exif\0\0" and not exif:
            exif = True
            kept.append(part)
        elif code == 0xE2 and part[4:16] == b"ICC_PROFILE\0":
            profile_bytes += len(part)
            kept += [part] if profile_bytes <= MAX_BLOCK_BYTES else []
        if table_bytes > MAX_BLOCK_BYTES // 16:
            raise Overloaded
    else:
        raise Damaged
    if not components:
        raise Damaged
    kept.append(memoryview(data)[start:])
    if not progressive and data[start + 4] == components:
        return Contents(b"".join(kept))
    scans = sum(code == 0xDA for code, _, _ in _jpeg_parts(data, start))
    if scans * (width * height / 1e6 + 0.01) > _MAX_SCAN_MEGAPIXELS:
        raise Overloaded
    # All coefficients, of 2 bytes each, are held until the last scan.
    most = max(h for h, _ in factors) * max(v for _, v in factors)
    work_bytes = 2 * width * height * sum(h * v for h, v in factors) // most
    return Contents(b"".join(kept), work_bytes=work_bytes)


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
