"""Scales samples of any type and bit depth to 8 bits, a few rows at a time."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

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
    """Type of a file's samples.

    Attributes:
        bits: The width of a number in the file.
        form: "unsigned", "signed" or "float".
        white: The highest number that the file says there can be; 0 where it doesn't say.
    """

    bits: int
    form: str = "unsigned"
    white: int = 0


class Samples:
    """Samples of a picture that are read on demand.

    Attributes:
        size: (width, height), as Pillow counts.
        depth: Type of the samples.
        info: What Pillow's images keep in ``info``, such as the colour profile.
        has_alpha: The last number of each pixel tells how opaque it is.
        premultiplied: Colours are multiplied by it already.
        inverted: White is the lowest number, not the highest.
        missing: The number that stands for "no value here".
    """

    size: tuple[int, int]
    depth: Depth
    info: dict[str | tuple[int, int], Any]
    has_alpha: bool
    premultiplied = inverted = False
    missing: float | None = None

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows: (rows, width, 1, 3 or 4 colours and perhaps alpha), numbers as in the file."""
        raise NotImplementedError


def to_8_bits(samples: Samples, factor: int, notes: list[str]) -> Image.Image:
    """Convert samples to an 8-bit image in mode L, RGB or CMYK, with alpha RGBA or RGBa.

    Args:
        samples: Samples of the picture.
        factor: Its pixels are means over ``factor`` x ``factor`` of theirs.
        notes: List to which a sentence for each change is added.
    """
    values, extremes, alpha = _gathered(samples, factor)
    black, white = _range(*extremes, samples.depth, notes)
    colours = values.shape[2] - (alpha > 0)
    out = np.empty(values.shape, np.uint8)
    rows = max(1, _PIECE // 4 // (values.shape[1] * values.shape[2]))
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
    del values  # a large part of the memory
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
    return Image.fromarray(out, "RGBa" if premultiplied else "RGBA")


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
        there = _there(raw, colours, samples)
        if samples.has_alpha:
            opaque = max(opaque, float(raw[..., -1].max()))
        least, most = _extremes(colours, there)
        low, high = min(low, least), max(high, most)
        at = top // factor
        part = whole[at : at + -(-len(raw) // factor)]
        count = colours.shape[2]
        with np.errstate(over="ignore", invalid="ignore"):
            _add_means(colours, there, factor, part[..., :count])
            _add_means(raw[..., count:], None, factor, part[..., count:])
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


def _there(raw: NDArray[Any], colours: NDArray[Any], samples: Samples) -> NDArray[np.bool_] | None:
    """Where there is a value; None where there is one everywhere.

    There is none where the file says so, nor where floats have what stands for none, nor where
    nothing is opaque.
    """
    is_float, missing = colours.dtype.kind == "f", samples.missing
    if missing is not None and not _bottom(colours.dtype) <= missing <= _top(colours.dtype):
        missing = None
    if not is_float and missing is None and not samples.has_alpha:
        return None
    there = np.ones(colours.shape, bool)
    if is_float:
        there &= ~np.isnan(colours)
        for largest in _LARGEST.get(colours.dtype.itemsize, ()):
            there &= np.abs(colours) != largest
    if missing is not None:
        there &= colours != colours.dtype.type(missing)
    if samples.has_alpha:
        there &= raw[..., -1:] > 0
    return None if there.all() else there


def _extremes(colours: NDArray[Any], there: NDArray[np.bool_] | None) -> tuple[float, float]:
    """The lowest and the highest number, infinities aside; the other way round if there is none."""
    if colours.dtype.kind == "f":
        finite = np.isfinite(colours)
        finite = finite if there is None else finite & there
        there = None if finite.all() else finite
    if there is None:
        colours = np.ascontiguousarray(colours)  # over which numpy is several times quicker
        return colours.min().item(), colours.max().item()
    if not there.any():
        return np.inf, -np.inf
    low = colours.min(where=there, initial=_top(colours.dtype)).item()
    return low, colours.max(where=there, initial=_bottom(colours.dtype)).item()


def _top(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _bottom(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _add_means(
    piece: NDArray[Any], there: NDArray[np.bool_] | None, factor: int, out: NDArray[np.float32]
) -> None:
    """Write means over squares of what has a value, NaN where nothing has.

    Args:
        piece: (H, W, C); the last squares may be cut off.
        there: Where it has a value; None: everywhere.
        factor: A square's side.
        out: (H / factor, W / factor, C).
    """
    out[:] = 0
    counts = np.zeros((*out.shape[:2], 1 if there is None else out.shape[2]), np.float32)
    for down in range(factor):
        for across in range(factor):
            part = piece[down::factor, across::factor]
            height, width = part.shape[:2]
            if there is None:
                out[:height, :width] += part
                counts[:height, :width] += 1
            else:
                valid = there[down::factor, across::factor]
                np.add(out[:height, :width], part, out=out[:height, :width], where=valid,
                       casting="same_kind")  # fmt: skip
                counts[:height, :width] += valid
    out /= counts


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
            full = 2**depth.bits - 1
            if depth.white < full:
                notes.append(
                    f"The file says that {depth.white:,} of {full:,} is white, so it was made "
                    f"{_told(full / depth.white)} times brighter."
                )
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


# How Pillow takes the lower half of each number, by how it takes the upper one.
_LOWER = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}


def is_deep(image: object) -> bool:
    """Whether an image has greys of more than 8 bits."""
    return isinstance(image, Image.Image) and image.mode[0] in "IF"


class DeepGrey(Samples):
    """A grey image of Pillow's."""

    def __init__(self, image: Image.Image, white: int) -> None:
        """Take a loaded image of mode I, F or any I;16, and its white, if the file says that."""
        self._image, self.size, self.info = image, image.size, image.info
        self._clear = image.info.get("transparency")
        self.has_alpha = isinstance(self._clear, int)
        bits = 16 if image.mode.startswith("I;") else 32
        form = {"I": "signed", "F": "float"}.get(image.mode, "unsigned")
        self.depth = Depth(bits, form, white)

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows, (rows, width, 1), or 2 where one grey stands for "transparent"."""
        grey = np.asarray(self._image.crop((0, top, self.size[0], bottom)))
        if not self.has_alpha:
            return grey[..., None]
        full = 2 ** (self.depth.bits - (self.depth.form == "signed")) - 1
        return np.stack((grey, np.where(grey == self._clear, 0, full).astype(grey.dtype)), axis=2)


class DeepColour(Samples):
    """A PNG of 16 bits a colour, of which Pillow keeps one half of each number at a time."""

    def __init__(self, upper: Image.Image, data: bytes, white: int) -> None:
        """Take the image that Pillow loaded, the file, and its white, if it says that."""
        self._upper, self.size, self.info = upper, upper.size, upper.info
        self._clear = upper.info.get("transparency") if upper.mode == "RGB" else None
        self._is_grey = data[25] == 4  # which Pillow gives as RGBA
        self.has_alpha = upper.mode != "RGB" or isinstance(self._clear, tuple)
        self.depth = Depth(16, "unsigned", white)
        if self._is_grey:  # as bytes, a pixel is like one of red, green, blue and alpha
            head = b"IHDR" + data[16:24] + b"\x08\6" + data[26:29]
            data = data[:12] + head + struct.pack(">L", zlib.crc32(head)) + data[33:]
        self._lower = Image.OPEN["PNG"][0](io.BytesIO(data), "")
        if not self._is_grey:
            tiles = self._lower.tile
            self._lower.tile = [tile._replace(args=_LOWER[str(tile.args)]) for tile in tiles]
        self._lower.load()

    def rows(self, top: int, bottom: int) -> NDArray[np.uint16]:
        """Some rows, (rows, width, 1 or 3 colours and perhaps alpha)."""
        box = (0, top, self.size[0], bottom)
        lower = np.asarray(self._lower.crop(box))
        if self._is_grey:
            return lower.view(">u2").astype(np.uint16)
        whole = np.asarray(self._upper.crop(box)).astype(np.uint16)
        whole <<= 8
        whole |= lower
        if self._upper.mode == "RGBA" or not self.has_alpha:
            return whole
        opaque = (whole != np.array(self._clear)).any(axis=2, keepdims=True)
        return np.concatenate([whole, opaque.astype(np.uint16) * np.uint16(65535)], axis=2)


def is_dark(image: Image.Image) -> bool:
    """Whether no upper half of a colour goes beyond 14 bits: then the lower ones count."""
    colours = [band for band in image.getbands() if band != "A"]
    return all(sum(image.getchannel(band).histogram()[64:]) == 0 for band in colours)
