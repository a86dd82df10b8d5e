"""Paints raw maps as RGB arrays; scaling is done by :mod:`cactiviz.rendering.scales`."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.captions import (
    caption,
    describe_region,
    evidence_region,
    filters_caption,
    where_is_the_peak,
)
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.scales import (
    DISPLAYS,
    SCALES,
    Display,
    Floats,
    Scale,
    finite,
    on_one_scale,
    one_of,
    percent,
    scaled,
    vmax_of,
)
from cactiviz.types import Box, Picture

__all__ = [
    "DISPLAYS",
    "DIVERGING",
    "PALETTES",
    "SCALES",
    "Display",
    "Scale",
    "caption",
    "cell_size",
    "describe_region",
    "evidence_region",
    "filters_caption",
    "on_one_scale",
    "outline",
    "paint",
    "paint_filters",
    "percent",
    "resized",
    "vmax_of",
    "where_is_the_peak",
]

_MIDDLE = len(DIVERGING) // 2  # the index of a 0
_MID_GREY = 128  # a signed 0
_LINE_GREY = 208  # between kernels, and around what was seen
_HATCH_STEP = 8  # pixels from one diagonal line to the next
_DARK, _LIGHT = 16, 255  # an outline's two tones: one shows on any ground
_PAD = 8  # pixels around a region, so that its outline closes


def cell_size(picture_size: tuple[int, int], width: int) -> tuple[int, int]:
    """The (height, width) of a cell of this width with the picture's own aspect ratio.

    >>> cell_size((300, 451), 240), cell_size((1, 5000), 240)
    ((160, 240), (1, 240))
    """
    return max(1, round(picture_size[0] * width / picture_size[1])), width


def resized(picture: Picture, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture at this (height, width), each pixel the mean of the area that it covers."""
    return np.array(cv2.resize(picture.rgb, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def paint(
    picture: Picture,
    values: Floats,
    seen: Box,
    *,
    display: Display,
    vmax: float,
    size: tuple[int, int],
    scale: Scale = "own",
    palette: str = "inferno",
    strength: float = 0.5,
    contour: float | None = None,
) -> NDArray[np.uint8]:
    """Paint a map where the network saw the picture; dim and hatch what it never saw.

    Args:
        picture: The picture that was explained; the cell shows the whole of it.
        values: Raw: (h, w) for heat maps; (3, H, W) or (h, w) for "magnitude" and "signed".
        seen: The part of the picture that the network saw, in the picture's coordinates.
        display: "overlay" blends positive values in colours over the picture; "diverging" blue
            (below 0), white (0) and orange; "magnitude" paints the channel maximum of magnitudes,
            0 in black; "signed" each channel, 0 in mid grey (128).
        vmax: The value in full colour or white, from :func:`vmax_of`; for "signed" -vmax is black.
        size: (height, width) of the cell.
        scale: One of :data:`SCALES`.
        palette: A key of :data:`PALETTES`, for "overlay" only.
        strength: Opacity of the blended colours, 0..1, the same everywhere.
        contour: Outline the smallest region of a heat map with this share of positive evidence.

    Returns:
        uint8 (height, width, 3). An overlay with nothing positive and a diverging map that is
        all 0, or has no ranks, are the picture in plain grey.

    Raises:
        CactivizError: The palette, display or scale is unknown, or the values aren't finite.
        ValueError: ``strength`` or ``contour`` isn't in 0..1, or the shape doesn't fit the display.
    """
    one_of(palette, PALETTES, "palette")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in 0..1, not {strength}")
    raw = scaled(values, display, scale)
    lowest = -vmax if display in ("diverging", "signed") else 0
    share = np.clip(raw, lowest, vmax) / vmax if vmax > 0 else 0 * raw
    frame = resized(picture, size)
    rows = _span(seen.top, seen.height, picture.size[0], size[0])
    columns = _span(seen.left, seen.width, picture.size[1], size[1])
    below = frame[rows, columns]
    coarse = display in ("overlay", "diverging")
    # Where a gradient has more pixels, leaving some out would invent a pattern; means don't.
    finer = share.shape[-2] >= below.shape[0] and share.shape[-1] >= below.shape[1]
    how = cv2.INTER_AREA if finer and not coarse else cv2.INTER_LINEAR
    grid = _stretched(share, below.shape[:2], how)
    if display == "signed":
        inside = _levels(grid)
    elif display == "magnitude":
        inside = _rounded(255 * grid)
    elif not share.any():
        inside = _rounded(_grey(below))
    elif display == "diverging":
        # Over the picture without its colours: every hue that is seen is the map's.
        colours = DIVERGING[_MIDDLE + np.rint(_MIDDLE * grid).astype(int)]
        inside = _rounded(strength * colours + (1 - strength) * _grey(below))
    else:
        colours = PALETTES[palette][_rounded(255 * grid)]
        inside = _rounded(strength * colours + (1 - strength) * below)
    inside = np.broadcast_to(inside if inside.ndim == 3 else inside[..., None], below.shape)
    if contour is not None and coarse:
        amounts = _stretched(scaled(values, display, "evidence"), below.shape[:2])
        inside = _outlined(inside, evidence_region(amounts, contour))
    # The picture dimmed, with a quarter of its colour, under light diagonal lines.
    pale = 0.45 * (0.25 * frame + 0.75 * _grey(frame))
    hatched = np.add(*np.indices(frame.shape[:2])) % _HATCH_STEP == 0
    pale[hatched] = 0.75 * pale[hatched] + 0.25 * 255
    cell = _rounded(pale)
    corners = (columns.start - 1, rows.start - 1), (columns.stop, rows.stop)
    cv2.rectangle(cell, *corners, (_LINE_GREY,) * 3)  # just outside of what was seen
    cell[rows, columns] = inside
    return cell


def outline(image: NDArray[np.uint8], box: Box, picture_size: tuple[int, int]) -> NDArray[np.uint8]:
    """A cell with a rectangle outlined, clipped to the picture.

    Args:
        image: uint8 (h, w, 3), a cell that shows the whole picture.
        box: In the picture's coordinates.
        picture_size: The picture's (height, width).
    """
    region = np.zeros(image.shape[:2], dtype=np.bool_)
    rows = _span(box.top, box.height, picture_size[0], image.shape[0])
    region[rows, _span(box.left, box.width, picture_size[1], image.shape[1])] = True
    return _outlined(image, region)


def paint_filters(kernels: Floats, width: int, vmax: float | None = None) -> NDArray[np.uint8]:
    """The kernels of one convolution, row by row in ceil(sqrt(K)) columns: uint8 (h, w, 3).

    Args:
        kernels: (K, C, kh, kw), raw; three channels in colour, else the first one in grey.
        width: Enlarge the grid by a whole factor up to this width; at least a pixel a weight.
        vmax: The weight shown white, minus it black; None for the largest magnitude.

    Raises:
        CactivizError: A weight isn't finite.
    """
    largest = float(np.abs(finite(kernels)).max()) if vmax is None else vmax
    count, channels, height, kernel_width = kernels.shape
    shown = kernels if channels == 3 else np.repeat(kernels[:, :1], 3, axis=1)
    tiles = _levels(shown.astype(np.float64) / (largest or 1)).transpose(0, 2, 3, 1)
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


def _span(start: float, length: float, whole: int, pixels: int) -> slice:
    """The slice of a cell's side, at least one pixel, that shows this part."""
    first = min(max(round(start * pixels / whole), 0), pixels - 1)
    return slice(first, max(min(round((start + length) * pixels / whole), pixels), first + 1))


def _stretched(
    share: Floats, size: tuple[int, ...], how: int = cv2.INTER_LINEAR
) -> NDArray[np.float32]:
    """A map at this (height, width); channels come last."""
    grid = np.moveaxis(share, 0, -1) if share.ndim == 3 else share
    grid = np.ascontiguousarray(grid, np.float32)
    return np.asarray(cv2.resize(grid, (size[1], size[0]), interpolation=how), np.float32)


def _outlined(rgb: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The cell with a two-tone line around the region, closed along the picture's edges."""
    if not region.any():
        return rgb
    padded = np.pad(region, _PAD).astype(np.uint8)
    inside, outside = (
        cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for mask in (padded, 1 - padded)
    )
    # Pixels from the edge, which runs between pixels; blurred, so that its steps don't show.
    edge = outside - inside + padded - 0.5
    distance = np.abs(cv2.GaussianBlur(edge, (0, 0), 1))[_PAD:-_PAD, _PAD:-_PAD, None]
    half = max(1.0, min(rgb.shape[:2]) / 240)  # of the light line's width
    drawn: Floats = rgb.astype(np.float64)
    for tone, reach in ((_DARK, half + 1.5), (_LIGHT, half)):
        cover = np.clip(reach + 0.5 - distance, 0, 1)
        drawn = cover * tone + (1 - cover) * drawn
    return _rounded(drawn)


def _grey(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]))[..., None]  # ITU-R BT.601


def _levels(share: Floats) -> NDArray[np.uint8]:
    """From -1..1 to 0..255, with 0 at mid grey."""
    return _rounded(_MID_GREY + np.where(share > 0, 255 - _MID_GREY, _MID_GREY) * share)


def _rounded(levels: Floats) -> NDArray[np.uint8]:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
