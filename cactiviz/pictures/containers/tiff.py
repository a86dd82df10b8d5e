"""TIFF: its directories, how the numbers of its picture lie, and the file made ready for Pillow."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from cactiviz.pictures.containers.contents import (
    MAX_BLOCK_BYTES,
    MAX_PARTS,
    Contents,
    Damaged,
    Layout,
    OtherKind,
    Overloaded,
)
from cactiviz.pictures.containers.foreign import RAW

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_BYTES |= {13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L"}
_NUMBERS |= {16: "Q", 17: "q", 18: "Q"}
_MOST_ENTRIES = MAX_PARTS // 100


@dataclass(frozen=True)
class Entry:
    """Entry of a tag: its offset, type, number of values, and their offset."""

    at: int
    kind: int
    items: int
    place: int
    sound: bool


@dataclass(frozen=True)
class Directory:
    """Tags of one picture.

    Attributes:
        start: Offset of the directory.
        end: Offset of the pointer to the next directory.
        after: Offset of the next directory; 0 for none.
        entries: Tag -> its first entry.
        twice: Repeated entries.
    """

    data: bytes
    order: str
    start: int
    end: int
    after: int
    entries: dict[int, Entry]
    twice: tuple[Entry, ...]

    def numbers(self, tag: int, most: int = MAX_PARTS) -> tuple[int, ...]:
        """All values of a tag that are numbers; none where it is missing or unsound."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound or entry.kind not in _NUMBERS:
            return ()
        if entry.items > most:
            raise Overloaded
        form = f"{self.order}{entry.items}{_NUMBERS[entry.kind]}"
        return struct.unpack_from(form, self.data, entry.place)

    def number(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound or entry.kind not in _NUMBERS or not entry.items:
            return default
        form = f"{self.order}{_NUMBERS[entry.kind]}"
        return int(struct.unpack_from(form, self.data, entry.place)[0])

    def block(self, tag: int) -> bytes:
        """A tag's bytes as they stand."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound:
            return b""
        return self.data[entry.place : entry.place + entry.items * _BYTES[entry.kind]]

    @property
    def is_whole(self) -> bool:
        """Whether it is a picture, not a smaller copy of one, nor a mask."""
        return not self.number(254, 0) & 5 and self.number(255, 1) != 2


@dataclass(frozen=True)
class Form:
    """Byte order of a file, and whether it is a BigTIFF."""

    order: str
    big: bool

    @classmethod
    def of(cls, data: bytes) -> Form:
        """By the file's first bytes."""
        return cls("<" if data[:2] == b"II" else ">", data[2:4] in (b"\x2b\0", b"\0\x2b"))

    @property
    def word(self) -> str:
        """``struct``'s sign for a place in the file."""
        return "Q" if self.big else "L"

    @property
    def start_at(self) -> int:
        """Where the first directory's place is told."""
        return 8 if self.big else 4

    def directory(self, data: bytes, start: int) -> Directory:
        """The directory that begins there.

        Raises:
            Damaged: It is cut off.
            Overloaded: It has more entries than any picture needs.
        """
        order, word, step = self.order, self.word, 20 if self.big else 12
        room = struct.calcsize("<" + word)
        (count,) = struct.unpack_from(order + ("Q" if self.big else "H"), data, start)
        first = start + (8 if self.big else 2)
        end = first + step * count
        if end + room > len(data):
            raise Damaged
        if count > _MOST_ENTRIES:
            raise Overloaded
        entries: dict[int, Entry] = {}
        twice, left = [], len(data)
        for at in range(first, end, step):
            tag, kind, items = struct.unpack_from(f"{order}HH{word}", data, at)
            length, place = items * _BYTES.get(kind, 0), at + step - room
            if length > room:
                (place,) = struct.unpack_from(order + word, data, place)
                left -= length
            sound = place + length <= len(data) and left >= 0 and length <= MAX_BLOCK_BYTES
            entry = Entry(at, kind, items, place, sound and kind in _BYTES)
            if tag in entries:
                twice.append(entry)
            else:
                entries[tag] = entry
        (after,) = struct.unpack_from(order + word, data, end)
        return Directory(data, order, start, end, after, entries, tuple(twice))

    def chain(self, data: bytes, most: int = 1000) -> Iterator[Directory]:
        """The directories in their order, up to one that is cut off or was there before.

        Raises:
            Damaged: The first of them is cut off.
        """
        (start,) = struct.unpack_from(self.order + self.word, data, self.start_at)
        seen: set[int] = set()
        entries = 0
        while start and start not in seen and len(seen) < most and entries < MAX_PARTS // 4:
            try:
                directory = self.directory(data, start)
            except (Damaged, Overloaded, struct.error):
                if not seen:
                    raise
                return
            seen.add(start)
            entries += len(directory.entries) + len(directory.twice)
            yield directory
            start = directory.after
        if not seen:
            raise Damaged

    def below(self, directory: Directory, most: int = 16) -> Iterator[Directory]:
        """Sub-directories that a directory points to, as cameras write them."""
        for start in directory.numbers(330)[:most]:
            try:
                yield self.directory(directory.data, start)
            except (Damaged, Overloaded, struct.error):
                continue


_AS_OTHER = "save it as an ordinary TIFF, PNG or JPEG file"
_PACKINGS = {1, 5, 8, 32773, 32946, 34925, 50000}  # whose bytes don't depend on what they mean
_JPEG_PACKING = 7
_OF_PILLOW = {2, 3, 4, 6, 7, 32809, 50001}
_OTHER_PACKINGS = {22610: "JPEG XR", 34934: "JPEG XR", 34661: "JBIG", 34887: "LERC"}
_OTHER_PACKINGS |= dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000")
_OTHER_PACKINGS |= dict.fromkeys((34676, 34677), "LogLuv")
_OTHER_PACKINGS |= dict.fromkeys((50002, 52546), "JPEG XL")
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}  # how many numbers each kind needs
_OTHER_SPACES = {4: "a mask of transparency", 9: "colours as ICCLab", 10: "colours as ITULab"}
_OTHER_SPACES |= {32844: "LogL light", 32845: "LogLuv light", 51177: "depths"}
_FORMS = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}
_FLOATS = {16, 32, 64}


def layout(page: Directory) -> Layout | None:
    """How the numbers lie; None where Pillow reads them as they are.

    Raises:
        OtherKind: Neither way reads them.
        Damaged: The tags contradict each other.
    """
    samples, colours = page.number(277, 1), page.number(262, 0)
    bits = page.numbers(258)[:samples] or (1,)
    forms = page.numbers(339)[:samples] or (1,)
    packing, planar = page.number(259, 1), page.number(284, 1) == 2 and samples > 1
    _check_kind(page, packing, colours)
    extras = page.numbers(338)
    plain = set(forms) <= {1, 4} and _is_usual(samples, colours, extras)
    plain = plain and set(bits) <= ({1, 2, 4, 8} if samples == 1 else {8})
    if packing in _OF_PILLOW:
        bands = planar and packing == _JPEG_PACKING and set(bits) == {8} and colours in (0, 1, 2)
        if plain or not bands:
            _check_plain(plain, "in a packing that doesn't allow for them")
            return None
    elif colours not in (0, 1, 2, 5):
        if colours == 6 and packing == 1 and (page.numbers(530) or (2, 2)) != (1, 1):
            plain = False
        _check_plain(plain, "of an unusual colour space")
        return None
    elif plain and (not planar or colours == 5):
        return None
    if len(set(bits)) > 1 or len(set(forms)) > 1:
        raise _other("bands of different kinds")
    form = _FORMS.get(forms[0])
    if form is None:
        raise _other("complex numbers")
    if (form == "float" and bits[0] not in _FLOATS) or (bits[0] > 32 and bits[0] != 64):
        raise _other(f"numbers of {bits[0]} bits")
    return _layout(page, samples, planar, bits[0], form)


def _check_kind(page: Directory, packing: int, colours: int) -> None:
    if packing not in _PACKINGS | _OF_PILLOW:
        how = _OTHER_PACKINGS.get(packing)
        raise OtherKind(
            f"a TIFF file packed as {how}" if how else "a TIFF file packed in an unusual way",
            _AS_OTHER,
        )
    if colours not in _COLOURS:
        raise _other(_OTHER_SPACES.get(colours, "an unknown colour space"))
    if page.number(32997, 1) > 1:
        raise _other("a whole volume in one picture")


def _other(what: str) -> OtherKind:
    return OtherKind(f"a TIFF file with {what}", _AS_OTHER)


def _check_plain(plain: bool, why: str) -> None:
    if not plain:
        raise _other(f"pixels {why}")


def _is_usual(samples: int, colours: int, extras: tuple[int, ...]) -> bool:
    """Whether a pixel has what its colours need, and at most one value for how opaque it is."""
    beyond = samples - _COLOURS[colours]
    return (
        beyond == 0
        or (beyond == 1 and (extras in ((1,), (2,), (999,)) or colours == 3))
        or (beyond == 1 and colours == 2 and not extras)
    )


def _layout(page: Directory, samples: int, planar: bool, bits: int, form: str) -> Layout:
    width, height, colours = page.number(256, 0), page.number(257, 0), page.number(262, 0)
    if min(width, height) < 1:
        raise Damaged
    extras = page.numbers(338)
    if samples == 4 and colours == 2 and not extras:
        extras = (2,)  # as Pillow takes it, too
    opaque = [samples - len(extras) + n for n, kind in enumerate(extras) if kind in (1, 2)]
    alpha = opaque[0] if opaque and opaque[0] > 0 and colours != 5 else -1
    bands = [band for band in range(samples) if band != alpha]
    needed = _COLOURS[colours]
    if len(bands) < needed:
        raise Damaged
    if needed == 1 and len(bands) >= 3:
        needed = 3
    tiled = 322 in page.entries
    if tiled:
        segment = page.number(322, 0), page.number(323, 0)
    else:
        rows = page.number(278, height)
        segment = width, min(rows, height) if rows > 0 else height
    if min(segment) < 1:
        raise Damaged
    down, across = -(-height // segment[1]), -(-width // segment[0])
    count = down * across * (samples if planar else 1)
    layout_ = Layout(
        (width, height),
        bits,
        form,
        segment,
        (),
        big_endian=page.order == ">",
        samples=samples,
        planar=planar,
        shown=tuple(bands[:needed]),
        is_colour=colours in (2, 5),
        alpha=alpha,
        premultiplied=alpha >= 0 and 1 in extras,
        inverted=colours == 0,
        white=_white(page, bits),
        missing=_missing(page),
        tiled=tiled,
        compression=page.number(259, 1),
        predictor=page.number(317, 1),
        reversed_bits=page.number(266, 1) == 2,
        tables=page.block(347),
        orientation=page.number(274, 1),
        profile=page.block(34675)[:MAX_BLOCK_BYTES] or None,
    )
    starts = page.numbers(324 if layout_.tiled else 273)[:count]
    lengths = page.numbers(325 if layout_.tiled else 279)[:count]
    if len(starts) < count or (layout_.compression != 1 and len(lengths) < count):
        raise Damaged
    if len(lengths) < count:  # what isn't packed has a length that needn't be told
        lengths = (layout_.row_bytes * layout_.segment[1],) * count
    return replace(layout_, places=tuple(zip(starts, lengths, strict=True)))


def _white(page: Directory, bits: int) -> int:
    """The highest number that the file's own tags allow for."""
    if bits not in (8, 16, 32, 64):
        return (1 << bits) - 1
    words = re.search(rb'SignificantBits="(\d{1,2})"', page.block(270)[:100_000])
    highest = page.number(281, 0)
    if words and 0 < int(words[1]) <= bits:
        return (1 << int(words[1])) - 1
    return 0 if highest < 255 or highest & (highest + 1) else highest


def _missing(page: Directory) -> float | None:
    """The number that geographers' programs write where there is no value."""
    with suppress(ValueError):
        return float(page.block(42113).strip(b"\0 ").decode("latin-1")[:40])
    return None


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
    # A camera's raw file, whose plain pictures are only previews.
    if data[8:10] == b"CR" or _DNG_VERSION in first.entries:
        raise RAW
    for page in (*pages, *below):
        if page.number(262, 0) in _RAW_COLOURS or page.number(259, 1) in _RAW_PACKINGS:
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
