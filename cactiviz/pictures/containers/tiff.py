"""TIFF: the directory that holds the picture, with the tags silenced that no pixel depends on."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from cactiviz.pictures.containers.contents import MAX_PARTS, Contents, Damaged, Overloaded
from cactiviz.pictures.containers.directories import Directory, Form
from cactiviz.pictures.containers.foreign import RAW
from cactiviz.pictures.containers.tiff_layout import layout

# Of which there is one value; Pillow complains on standard error where there are more.
_SINGLE = {254, 255, 256, 257, 259, 262, 266, 274, 277, 278, 284, 317, 322, 323}
# Directories and texts beside the pixels: further images, XMP, IPTC, Photoshop, EXIF, GPS.
_LEFT_OUT = {330, 700, 33723, 34377, 34665, 34853, 40965}
# What only cameras write: a mosaic of colours or its linear form, and the packings of their makers.
_RAW_COLOURS = {32803, 34892}
_RAW_PACKINGS = {32767, 32769, 32770, 32867, 34713, 34892, 65000, 65535}
_DNG_VERSION = 50706


def tiff(data: bytes) -> Contents:
    """The first whole picture's directory, whose entries all lie within the file."""
    form = Form.of(data)
    pages = list(form.chain(data))
    first, below = pages[0], list(form.below(pages[0]))
    if _is_raw(data, pages, below):
        raise RAW
    whole = [page for page in pages if page.is_whole]
    # A thumbnail may stand before the picture, and the picture below the thumbnail.
    shown = next(iter(whole or [page for page in below if page.is_whole]), first)
    out = bytearray(data)
    struct.pack_into(form.order + form.word, out, form.start_at, shown.start)
    struct.pack_into(form.order + form.word, out, shown.end, 0)
    entries = [
        (tag in _LEFT_OUT or (tag in _SINGLE and entry.items != 1), entry)
        for tag, entry in shown.entries.items()
    ]
    for left_out, entry in [*entries, *((True, entry) for entry in shown.twice)]:
        if left_out or not entry.sound:
            # No type at all: it is passed over.
            struct.pack_into(f"{form.order}H", out, entry.at + 2, 0)
    stack = re.match(rb"ImageJ=[^\0]*?\nimages=(\d{1,6})\n", shown.block(270))
    frames = len(whole) if len(whole) > 1 else int(stack[1]) if stack else 1
    return replace(_work(shown), data=bytes(out), frames=frames, layout=layout(shown))


def _is_raw(data: bytes, pages: list[Directory], below: list[Directory]) -> bool:
    """Whether it's a camera's raw file, whose plain pictures are only previews."""
    if data[8:10] == b"CR" or _DNG_VERSION in pages[0].entries:
        return True
    return any(
        page.number(262, 0) in _RAW_COLOURS or page.number(259, 1) in _RAW_PACKINGS
        for page in (*pages, *below)
    )


def _work(shown: Directory) -> Contents:
    """Size and memory for a decoder that unpacks it as a whole."""
    width, height, samples = shown.number(256, 0), shown.number(257, 0), shown.number(277, 1)
    if not 0 < samples <= 65535:
        raise Damaged
    if any(tag in shown.entries and shown.entries[tag].items > MAX_PARTS for tag in (273, 324)):
        raise Overloaded
    bytes_per_pixel = max(4, samples * shown.number(258, 1) // 8)
    tiled = 322 in shown.entries
    across = shown.number(322, width)
    down = shown.number(323, min(shown.number(278, height), height))
    packed = shown.number(259, 1) != 1  # what isn't packed is read in place
    work = across * down * bytes_per_pixel if packed or tiled else 0
    if shown.number(274, 1) != 1:  # Pillow turns a TIFF by itself, and has it twice meanwhile
        work += 4 * width * height
    return Contents(b"", size=(width, height), work_bytes=work)
