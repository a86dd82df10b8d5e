"""Raw arrays -> colours. Nothing is scaled before it comes here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz.errors import CactivizError
from cactiviz.types import Box, Picture

#: "own" scales each map by itself, "shared" all maps of one method over all networks.
Scale = Literal["own", "shared"]
SCALES: tuple[Scale, ...] = get_args(Scale)
#: A class activation map over the picture, a gradient's size, or a gradient with its sign.
Display = Literal["overlay", "magnitude", "signed"]
_Floats = NDArray[np.floating[Any]]

_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
#: Lookup tables by name: uint8 (256, 3), red, green, blue; read-only.
PALETTES: dict[str, NDArray[np.uint8]] = {
    name: np.asarray(cv2.applyColorMap(_RAMP, getattr(cv2, f"COLORMAP_{name.upper()}"))[:, 0, ::-1])
    for name in ("inferno", "viridis", "magma", "cividis", "turbo")
}
PALETTES["gray"] = _RAMP[:, 0]
for _table in PALETTES.values():
    _table.flags.writeable = False

_PERCENTILE = 99.5  # of a gradient: a lone pixel must not darken all the others
_MID_GREY = 128  # a signed 0
_LINE_GREY = 208  # between kernels, and around what was seen
_HATCH_STEP = 8  # pixels from one diagonal line to the next
_ENDS = {"overlay": "full colour at ", "magnitude": "white at ", "signed": "black and white at ±"}


def cell_size(picture_size: tuple[int, int], width: int) -> tuple[int, int]:
    """The (height, width) of a cell of this width with the picture's own aspect ratio.

    >>> cell_size((300, 451), 240), cell_size((1, 5000), 240)
    ((160, 240), (1, 240))
    """
    return max(1, round(picture_size[0] * width / picture_size[1])), width


def resized(picture: Picture, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture at this (height, width), each pixel the mean of the area that it covers."""
    return np.array(cv2.resize(picture.rgb, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def full_value(maps: Sequence[_Floats], display: Display) -> float:
    """The value that is painted in full colour over these maps.

    Args:
        maps: Raw, of any resolutions: one for its own scale, all of one method for a shared one.
        display: For "overlay" it is the maximum; else the 99.5th percentile of what is painted,
            or the maximum where so few values differ from 0 that the percentile is 0.

    Returns:
        0.0 where there is nothing to paint; never NaN.

    Raises:
        CactivizError: The display is unknown, or a map holds values that aren't finite.

    >>> full_value([np.array([[0.0, 0.5]]), np.array([[0.25]])], "overlay")
    0.5
    """
    values = np.concatenate([np.zeros(0), *(_painted(map_, display).ravel() for map_ in maps)])
    if display == "overlay" or not values.size:
        return float(values.max(initial=0))
    sizes = np.abs(values)
    return float(np.percentile(sizes, _PERCENTILE)) or float(sizes.max())


def paint(
    picture: Picture,
    values: _Floats,
    seen: Box,
    *,
    display: Display,
    full: float,
    size: tuple[int, int],
    palette: str = "inferno",
    strength: float = 0.5,
) -> NDArray[np.uint8]:
    """Paint a map where the network saw the picture; dim and hatch what it never saw.

    Args:
        picture: What was explained; the cell shows the whole of it.
        values: Raw. "overlay": (h, w), resized bilinearly; values below 0 count as 0.
            "magnitude" and "signed": (3, H, W) or (h, w).
        seen: The part of the picture that the network saw, in the picture's coordinates.
        display: "overlay" blends colours over the picture; "magnitude" paints the channel
            maximum of the absolute values, 0 in black; "signed" each channel, 0 in mid grey (128).
        full: The value painted in full colour, white, or for "signed" white and (-full) black.
        size: (height, width) of the cell.
        palette: A key of :data:`PALETTES`, for "overlay" only.
        strength: Opacity of the overlay's colours, 0..1, the same everywhere.

    Returns:
        uint8 (height, width, 3). An overlay with nothing positive is the picture in plain grey.

    Raises:
        CactivizError: The palette or display is unknown, or the values aren't finite.
        ValueError: ``strength`` isn't in 0..1, or the values' shape doesn't fit the display.
    """
    _one_of(palette, PALETTES, "palette")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in 0..1, not {strength}")
    raw = _painted(values, display)
    share = np.clip(raw, -full if display == "signed" else 0, full) / full if full > 0 else 0 * raw
    frame = resized(picture, size)
    rows = _span(seen.top, seen.height, picture.size[0], size[0])
    columns = _span(seen.left, seen.width, picture.size[1], size[1])
    below = frame[rows, columns]
    grid = np.ascontiguousarray(np.moveaxis(share, 0, -1) if share.ndim == 3 else share, np.float32)
    # Where a gradient has more pixels, leaving some out would invent a pattern; means don't.
    finer = grid.shape[0] >= below.shape[0] and grid.shape[1] >= below.shape[1]
    how = cv2.INTER_AREA if finer and display != "overlay" else cv2.INTER_LINEAR
    grid = np.asarray(cv2.resize(grid, below.shape[1::-1], interpolation=how), np.float32)
    if display == "signed":
        inside = _levels(grid)
    elif display == "magnitude":
        inside = _rounded(255 * grid)
    elif share.max() > 0:
        colours = PALETTES[palette][_rounded(255 * grid)]
        inside = _rounded(strength * colours + (1 - strength) * below)
    else:
        inside = _rounded(_grey(below))
    cell = _unseen(frame)
    corners = (columns.start - 1, rows.start - 1), (columns.stop, rows.stop)
    cv2.rectangle(cell, *corners, (_LINE_GREY,) * 3)  # just outside of what was seen
    cell[rows, columns] = inside if inside.ndim == 3 else inside[..., None]
    return cell


def paint_filters(kernels: _Floats, width: int) -> NDArray[np.uint8]:
    """The kernels of one convolution, row by row in ceil(sqrt(K)) columns: uint8 (h, w, 3).

    Args:
        kernels: (K, C, kh, kw), raw weights; with three channels in colour, else the first
            channel in grey. 0 is mid grey; black and white are minus and plus the largest
            absolute weight of the whole layer.
        width: The grid is enlarged by the largest whole number that fits into it, but never
            made smaller than one pixel for each weight.

    Raises:
        CactivizError: A weight isn't finite.
    """
    full = float(np.abs(_finite(kernels)).max())
    count, channels, height, kernel_width = kernels.shape
    shown = kernels if channels == 3 else np.repeat(kernels[:, :1], 3, axis=1)
    tiles = _levels(shown.astype(np.float64) / (full or 1)).transpose(0, 2, 3, 1)
    columns = math.isqrt(count - 1) + 1
    zoom = max(1, ((width + 1) // columns - 1) // kernel_width)
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    high, wide = height * zoom + 1, kernel_width * zoom + 1
    size = (math.ceil(count / columns) * high - 1, columns * wide - 1, 3)
    grid = np.full(size, _LINE_GREY, dtype=np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * high, index % columns * wide
        grid[top : top + high - 1, left : left + wide - 1] = tile
    return grid


def caption(values: _Floats, scale: Scale, full: float, display: Display) -> str:
    """Scale and range of what is painted in words, to be printed beside it always.

    Raises:
        CactivizError: The scale or display is unknown, or the values aren't finite.

    >>> caption(np.array([[0.0, 0.01234]]), "own", 0.01234, "overlay")
    'own scale, full colour at 0.0123 · min 0 max 0.0123'
    >>> caption(np.array([[-2.5, 1.0]]), "shared", 3.0, "signed")
    'shared scale, black and white at ±3 · min −2.5 max 1'
    """
    _one_of(scale, SCALES, "scale")
    raw = _painted(values, display)
    low, high = float(raw.min()), float(raw.max())
    said = f"{scale} scale, {_ENDS[display]}{_number(full)}" if full > 0 else f"{scale} scale"
    if display == "overlay" and high <= 0:
        said = f"no positive evidence · {said}"
    elif low == high == 0:
        said = f"all zero · {said}"
    return f"{said} · min {_number(low)} max {_number(high)}"


def percent(probability: float) -> str:
    """A probability in whole per cent, not rounded to impossible or certain.

    >>> [percent(p) for p in (0.0, 0.004, 0.26, 0.996, 1.0)]
    ['0 %', '<1 %', '26 %', '>99 %', '100 %']
    """
    if 0 < probability < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= probability < 1 else f"{probability:.0%}".replace("%", " %")


def filters_caption(kernels: _Floats) -> str:
    """The weight at which the filters are painted white or black.

    >>> filters_caption(np.array([[[[0.2, -0.43]]]]))
    'black and white at ±0.43'
    """
    return _ENDS["signed"] + _number(float(np.abs(_finite(kernels)).max()))


def _one_of(name: str, names: Iterable[str], kind: str) -> None:
    if name not in names:
        raise CactivizError(f"There is no {kind} “{name}”; there are {', '.join(names)}.")


def _painted(values: _Floats, display: Display) -> NDArray[np.float64]:
    """What is painted, not scaled yet: (h, w), or for "signed" also (3, h, w)."""
    _one_of(display, _ENDS, "display")
    leading = [()] if display == "overlay" else [(), (3,)]
    if values.ndim < 2 or not values.size or values.shape[:-2] not in leading:
        raise ValueError(f"a map of shape {values.shape} can't be painted as {display}")
    raw = _finite(values).astype(np.float64)
    if display == "magnitude":
        raw = np.abs(raw).reshape(-1, *raw.shape[-2:]).max(axis=0)
    return raw


def _finite(values: _Floats) -> _Floats:
    if not np.isfinite(values).all():
        raise CactivizError("This can't be painted: some of its values are not finite numbers.")
    return values


def _span(start: float, length: float, whole: int, pixels: int) -> slice:
    """The pixels, one at least, of a cell's side that show this part of the whole."""
    first = min(max(round(start * pixels / whole), 0), pixels - 1)
    return slice(first, max(min(round((start + length) * pixels / whole), pixels), first + 1))


def _grey(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]))[..., None]  # ITU-R BT.601


def _unseen(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture dimmed, with a quarter of its colour, under light diagonal lines."""
    pale = 0.45 * (0.25 * frame + 0.75 * _grey(frame))
    rows, columns = np.indices(frame.shape[:2])
    lines = (rows + columns) % _HATCH_STEP == 0
    pale[lines] = 0.75 * pale[lines] + 0.25 * 255
    return _rounded(pale)


def _levels(share: _Floats) -> NDArray[np.uint8]:
    """From -1..1 to 0..255, with 0 at mid grey."""
    return _rounded(_MID_GREY + np.where(share > 0, 255 - _MID_GREY, _MID_GREY) * share)


def _rounded(levels: _Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _number(value: float) -> str:
    """Three significant digits, with a real minus sign.

    >>> [_number(value) for value in (-0.5, 0.000123456, 123456.0, 1.5e-11, -0.0)]
    ['−0.5', '0.000123', '123000', '1.5e−11', '0']
    """
    text = f"{float(f'{value:.3g}') + 0.0:.9g}"  # + 0.0 makes -0.0 a 0
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")
