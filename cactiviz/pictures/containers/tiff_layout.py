"""How the numbers of a TIFF's picture lie, where Pillow doesn't read them rightly by itself."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

from cactiviz.pictures.containers.contents import MAX_BLOCK_BYTES, Damaged, Layout, OtherKind
from cactiviz.pictures.containers.directories import Directory

_AS_OTHER = "save it as an ordinary TIFF, PNG or JPEG file"
_PACKINGS = {1, 5, 8, 32773, 32946, 34925, 50000}  # whose bytes don't depend on what they mean
_JPEG = 7
_OF_PILLOW = {2, 3, 4, 6, 7, 32809, 50001}
_OTHER_PACKINGS = {22610: "JPEG XR", 34934: "JPEG XR", 34661: "JBIG", 34887: "LERC"}
_OTHER_PACKINGS |= dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000")
_OTHER_PACKINGS |= dict.fromkeys((34676, 34677), "LogLuv")
_OTHER_PACKINGS |= dict.fromkeys((50002, 52546), "JPEG XL")
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}  # how many numbers each kind needs
_OTHER_COLOURS = {4: "a mask of transparency", 9: "colours as ICCLab", 10: "colours as ITULab"}
_OTHER_COLOURS |= {32844: "LogL light", 32845: "LogLuv light", 51177: "depths"}
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
        bands = planar and packing == _JPEG and set(bits) == {8} and colours in (0, 1, 2)
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
        raise _other(_OTHER_COLOURS.get(colours, "an unknown colour space"))
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
    found = Layout(
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
    return _with_places(page, found, count)


def _with_places(page: Directory, found: Layout, count: int) -> Layout:
    starts = page.numbers(324 if found.tiled else 273)[:count]
    lengths = page.numbers(325 if found.tiled else 279)[:count]
    if len(starts) < count or (found.compression != 1 and len(lengths) < count):
        raise Damaged
    if len(lengths) < count:  # what isn't packed has a length that needn't be told
        lengths = (found.row_bytes * found.segment[1],) * count
    return replace(found, places=tuple(zip(starts, lengths, strict=True)))


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
