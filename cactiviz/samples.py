"""Numbers of any type and depth, row by row -> an 8-bit picture, and what was done to get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Rows are worked on in pieces of about this many numbers, so that little is held twice.
_PIECE = 4_000_000
# How many bits cameras and microscopes use of wider numbers.
_USUAL_BITS = (8, 10, 12, 14, 16)
# By the bytes of a float: what programs write that know no better sign for "no value".
_LARGEST: dict[int, tuple[float, ...]] = {4: (float(np.finfo(np.float32).max),)}
_LARGEST[8] = (*_LARGEST[4], float(np.finfo(np.float64).max))


@dataclass(frozen=True)
class Depth:
    """What the numbers are.

    Attributes:
        bits: The width of a number in the file.
        form: "unsigned", "signed" or "float".
        white: The highest number that the file says there can be; 0 where it doesn't say.
    """

    bits: int
    form: str = "unsigned"
    white: int = 0


class Samples(Protocol):
    """Numbers of a picture that are read when they are asked for.

    Attributes:
        has_alpha: The last number of each pixel tells how opaque it is.
        premultiplied: Colours are multiplied by it already.
        inverted: White is the lowest number, not the highest.
        missing: The number that stands for "no value here".
    """

    depth: Depth
    has_alpha: bool
    premultiplied: bool
    inverted: bool
    missing: float | None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), as Pillow counts."""

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows: (rows, width, 1, 3 or 4 colours and perhaps alpha), numbers as in the file."""


def to_8_bits(samples: Samples, factor: int, notes: list[str]) -> Image.Image:
    """The picture in mode L, RGB or CMYK, with alpha in mode RGBA or RGBa.

    Args:
        samples: Its numbers.
        factor: Its pixels are means over ``factor`` x ``factor`` of theirs.
        notes: What was done is added to it, one sentence each.
    """
    values, extremes, alpha = _gathered(samples, factor)
    black, white = _range(*extremes, samples.depth, notes)
    colours = values.shape[2] - (alpha > 0)
    out = np.empty(values.shape, np.uint8)
    rows = max(1, _PIECE // (values.shape[1] * values.shape[2]))
    empty = False
    for top in range(0, len(values), rows):
        piece = values[top : top + rows]
        with np.errstate(over="ignore", invalid="ignore"):  # extreme floats: black or white
            piece[..., :colours] = (piece[..., :colours] - black) / ((white - black) or 1.0) * 255
            piece[..., colours:] *= 255 / (alpha or 1)
        there = np.isfinite(piece)
        empty = empty or bool(np.isnan(piece[..., :colours]).any())
        grey = np.clip(np.nan_to_num(piece, posinf=255, neginf=0), 0, 255)
        if samples.inverted:
            grey[..., :colours] = np.where(there[..., :colours], 255 - grey[..., :colours], 0)
        out[top : top + rows] = np.rint(grey)
    if empty and not alpha:
        notes.append("Pixels without a value are black.")
    return _image(out, colours, samples.premultiplied)


def _image(out: NDArray[np.uint8], colours: int, premultiplied: bool) -> Image.Image:
    if out.shape[2] == 1:
        return Image.fromarray(out[..., 0])
    if out.shape[2] == 3:
        return Image.fromarray(out)
    if colours == 4:
        return Image.fromarray(out, "CMYK")
    if colours == 1:
        out = out[..., [0, 0, 0, 1]]
    size = out.shape[1], out.shape[0]
    return Image.frombytes("RGBa" if premultiplied else "RGBA", size, out.tobytes())


def _gathered(
    samples: Samples, factor: int
) -> tuple[NDArray[np.float32], tuple[float, float], float]:
    """All values made smaller, NaN where there is none; their true extremes; full alpha, or 0."""
    width, height = samples.size
    step = factor * max(1, _PIECE // (width * factor * 4))
    whole: NDArray[np.float32] | None = None
    low, high, opaque = np.inf, -np.inf, 0.0
    for top in range(0, height, step):
        raw = samples.rows(top, min(top + step, height))
        if whole is None:
            shape = (-(-height // factor), -(-width // factor), raw.shape[2])
            whole = np.empty(shape, np.float32)
        colours = raw[..., : raw.shape[2] - samples.has_alpha]
        there = _there(colours, samples.missing)
        if samples.has_alpha:
            opaque = max(opaque, float(raw[..., -1].max()))
            there &= raw[..., -1:] > 0
        finite = there & np.isfinite(colours) if colours.dtype.kind == "f" else there
        if finite.any():
            low = min(low, colours.min(where=finite, initial=_top(colours.dtype)).item())
            high = max(high, colours.max(where=finite, initial=_bottom(colours.dtype)).item())
        with np.errstate(over="ignore", invalid="ignore"):
            piece = raw.astype(np.float32)
            piece[..., : there.shape[2]][~there] = np.nan
            at = top // factor
            whole[at : at + -(-len(piece) // factor)] = _means(piece, factor)
    assert whole is not None
    if low > high:
        low, high = 0.0, 0.0
    full = 0.0
    if samples.has_alpha:
        is_float = samples.depth.form == "float"
        bits = 0 if is_float else _bits(opaque, samples.depth)
        full = 2.0**bits - 1 if bits else max(opaque, 1.0)
        np.nan_to_num(whole, copy=False, nan=float(low))  # what isn't opaque isn't seen
    return whole, (low, high), full


def _there(colours: NDArray[Any], missing: float | None) -> NDArray[np.bool_]:
    """Where there is a value: neither the one that stands for none, nor what floats have for it."""
    there = np.ones(colours.shape, bool)
    if colours.dtype.kind == "f":
        there &= ~np.isnan(colours)
        for largest in _LARGEST.get(colours.dtype.itemsize, ()):
            there &= np.abs(colours) != largest
    if missing is not None and _bottom(colours.dtype) <= missing <= _top(colours.dtype):
        there &= colours != colours.dtype.type(missing)
    return there


def _top(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _bottom(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _means(piece: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means over squares of what has a value; (H, W, C), the last squares may be cut off."""
    if factor == 1:
        return piece
    height, width, count = piece.shape
    edges = (0, -height % factor), (0, -width % factor), (0, 0)
    padded = np.pad(piece, edges, constant_values=np.nan)
    squares = padded.reshape(-1, factor, padded.shape[1] // factor, factor, count)
    sums = np.nansum(squares, axis=(1, 3), dtype=np.float32)
    valid = np.count_nonzero(~np.isnan(squares), axis=(1, 3))
    means = np.full_like(sums, np.nan)
    np.divide(sums, valid, out=means, where=valid > 0)
    return means


def _range(low: float, high: float, depth: Depth, notes: list[str]) -> tuple[float, float]:
    """The numbers that become black and white."""
    what = "Floating-point" if depth.form == "float" else f"{depth.bits}-bit"
    if depth.bits > 8 or depth.form != "unsigned":
        notes.append(f"{what} values scaled to 8 bits.")
    if depth.form == "float":
        if low >= 0 and high <= 1:
            return 0.0, 1.0
    elif low >= 0:
        if depth.white and high <= depth.white:
            _say_white(depth, notes)
            return 0.0, float(depth.white)
        if bits := _bits(high, depth):
            _say_guess(high, bits, depth, notes)
            return 0.0, 2.0**bits - 1
    if high > low:
        notes.append(
            f"Its values reach from {_told(low)} to {_told(high)}: the lowest is shown black, the "
            "highest white."
        )
    return low, high


def _bits(high: float, depth: Depth) -> int:
    """How many bits the highest number needs, of those that are usual; 0 if more."""
    own = depth.bits - (depth.form == "signed")
    usual = [*(bits for bits in _USUAL_BITS if bits < own), *([own] if own <= 16 else [])]
    return next((bits for bits in usual if high < 2**bits), 0) if high else usual[-1]


def _say_white(depth: Depth, notes: list[str]) -> None:
    full = 2**depth.bits - 1
    if depth.white < full:
        notes.append(
            f"The file says that {depth.white:,} of {full:,} is white, so it was made "
            f"{_told(full / depth.white)} times brighter."
        )


def _say_guess(high: float, bits: int, depth: Depth, notes: list[str]) -> None:
    own = depth.bits - (depth.form == "signed")
    if bits == own or (depth.bits > 16 and bits == 16):
        return
    if depth.bits > 16:
        notes.append(f"Its highest value is {high:,}, so it was taken for {bits} bits in {own}.")
        return
    notes.append(
        f"Its highest value is {high:,} of {2**own - 1:,}, so it was taken for {bits} bits in "
        f"{own} and made {2**own / 2**bits:g} times brighter."
    )


def _told(value: float) -> str:
    """A number for people: four digits, or all of a whole one.

    >>> _told(16.0039), _told(12345), _told(0.000123456), _told(-3.5e30)
    ('16', '12,345', '0.0001235', '-3.5e+30')
    """
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}"
