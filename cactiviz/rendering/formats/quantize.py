"""Quantises RGB images to 256 colours for GIFs.

By hand, since Pillow's quantisers are either slow or show bands in smooth parts.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_COLOURS = 256
_BITS = 5  # of each channel, in the cube of colours that are told apart
_SHIFT = 8 - _BITS
_BINS = 1 << 3 * _BITS
_SAMPLE_STEP = 2  # every second row and column decides on the palette
_ROUNDS = 3  # of moving each colour to the middle of what it stands for
_COMMON = 1 / 64  # of the picture: a colour that fills so much is kept to the digit

# Where colours change steadily bands would show: dither there. Texture, where they change to and
# fro, hides them, and a pattern would only make the file larger.
_STEADY = 1.5  # the largest mean second difference of greys, 0..255
_AMPLITUDE = 16  # from the darkest to the lightest of the pattern
_CLOSE = 10  # a pixel in texture may repeat its left neighbour if it is no further off than this
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.uint8)
# Turned for each channel, so that the error is one of hue more than of lightness.
_PATTERN = np.stack([_BAYER, _BAYER[::-1], _BAYER[:, ::-1]], axis=-1) * _AMPLITUDE // 16
_MEAN = int(_PATTERN.mean())


def quantise(rgb: Pixels) -> tuple[Pixels, Pixels]:
    """Quantise an image to a palette of 256 colours.

    The palette starts as an octree's and is improved by three rounds of k-means on a cube of 32
    steps a channel. Smooth parts get an ordered dither; in texture, runs of equal pixels are
    made where they can't be seen, since a GIF packs runs well. Equal pictures give equal results.

    Args:
        rgb: The image, uint8 (H, W, 3).

    Returns:
        Indices, uint8 (H, W), and the palette, uint8 (256, 3).

    Raises:
        ValueError: The shape or dtype is another.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"rgb must be uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
    palette, common = _palette(rgb)
    smooth = _smooth_part(rgb)
    dithered = cv2.copyTo(_with_pattern(rgb), smooth, rgb.copy())
    bins = _bins(np.asarray(dithered, np.uint8))
    indices = _nearest(bins, palette, common)[bins]
    _lengthen_runs(indices, rgb, palette, smooth)
    return indices, palette


def _bins(rgb: Pixels) -> NDArray[np.uint16]:
    """The cell of the colour cube that each pixel falls into: uint16 (H, W)."""
    high = (rgb >> _SHIFT).astype(np.uint16)
    bins = (high[..., 0] << 2 * _BITS) | (high[..., 1] << _BITS) | high[..., 2]
    return np.asarray(bins, np.uint16)


def _palette(rgb: Pixels) -> tuple[Pixels, dict[int, Pixels]]:
    """The palette, and the colours that must be in it to the digit, by their bin."""
    sample = np.ascontiguousarray(rgb[::_SAMPLE_STEP, ::_SAMPLE_STEP])
    bins, flat = _bins(sample).ravel(), sample.reshape(-1, 3)
    counts = np.bincount(bins, minlength=_BINS)
    used = np.flatnonzero(counts)
    sums = [np.bincount(bins, flat[:, i], minlength=_BINS)[used] for i in range(3)]
    total = np.stack(sums, axis=1)
    # Whole numbers below 2^24 throughout, so that float32 is exact whatever order it adds in.
    means = np.rint(total / counts[used, None]).astype(np.float32)
    octree = Image.fromarray(sample).quantize(_COLOURS, method=Image.Quantize.FASTOCTREE)
    start = np.array(octree.getpalette(), np.float32).reshape(-1, 3)
    colours = np.zeros((_COLOURS, 3), np.float32)
    colours[: len(start)] = start
    for _ in range(_ROUNDS):
        member = _closest(means, colours)
        weight = np.bincount(member, counts[used], minlength=_COLOURS)
        kept = weight > 0
        for channel in range(3):
            summed = np.bincount(member, total[:, channel], minlength=_COLOURS)
            colours[kept, channel] = np.rint(summed[kept] / weight[kept])
    common = {}
    for cell in np.flatnonzero(counts >= max(1.0, _COMMON * len(bins))):
        low = flat[bins == cell] & (2**_SHIFT - 1)
        codes = (low[:, 0].astype(int) << 2 * _SHIFT) | (low[:, 1] << _SHIFT) | low[:, 2]
        code = int(np.bincount(codes).argmax())
        steps = np.array([code >> 2 * _SHIFT, code >> _SHIFT, code]) & (2**_SHIFT - 1)
        common[int(cell)] = (_corner(np.array([cell]))[0] + steps).astype(np.uint8)
    for colour in common.values():
        nearest = _closest(colour[None].astype(np.float32), colours)[0]
        colours[nearest] = colour
    return colours.astype(np.uint8), common


def _corner(cells: NDArray[np.intp]) -> NDArray[np.int64]:
    """The lowest colour of each bin: (n, 3)."""
    channels = np.stack([cells >> 2 * _BITS, cells >> _BITS, cells], axis=1)
    corners: NDArray[np.int64] = (channels & (2**_BITS - 1)).astype(np.int64) << _SHIFT
    return corners


def _closest(points: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.intp]:
    """The index of the nearest colour for each of (n, 3) points; of equals the first."""
    distances = (colours * colours).sum(axis=1) - 2 * points @ colours.T
    return np.asarray(distances.argmin(axis=1), np.intp)


def _nearest(
    bins: NDArray[np.uint16], palette: Pixels, common: dict[int, Pixels]
) -> NDArray[np.uint8]:
    """For every bin that occurs the palette's index: uint8 (32768,)."""
    occurs = np.zeros(_BINS, np.bool_)
    occurs[bins] = True
    cells = np.flatnonzero(occurs)
    middles = _corner(cells).astype(np.float32) + ((1 << _SHIFT) - 1) / 2
    table = np.zeros(_BINS, np.uint8)
    table[cells] = _closest(middles, palette.astype(np.float32))
    for cell, colour in common.items():
        exact = np.flatnonzero((palette == colour).all(axis=1))
        if len(exact):  # two common colours may have wanted one place
            table[cell] = exact[0]
    return table


def _smooth_part(rgb: Pixels) -> Pixels:
    """1 where the picture changes steadily, 0 in texture and where it doesn't change: (H, W)."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    change = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    bent = cv2.convertScaleAbs(cv2.Laplacian(grey, cv2.CV_16S, ksize=1), alpha=4)  # in quarters
    changes = cv2.blur(change, (5, 5)) > 0
    return (changes & (cv2.blur(bent, (5, 5)) <= 4 * _STEADY)).astype(np.uint8)


def _with_pattern(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    repeats = (-(-height // 4), -(-width // 4), 1)
    pattern = np.ascontiguousarray(np.tile(_PATTERN, repeats)[:height, :width])
    raised = cv2.add(rgb, pattern)  # 255 at most, and 0 at least below
    return np.asarray(cv2.subtract(raised, np.full_like(rgb, _MEAN)), np.uint8)


def _lengthen_runs(indices: Pixels, rgb: Pixels, palette: Pixels, smooth: Pixels) -> None:
    """In texture let a pixel of an odd column repeat its left neighbour where that is close."""
    width = rgb.shape[1] // 2 * 2
    if not width:
        return
    left, here = indices[:, 0:width:2], indices[:, 1:width:2]
    off = cv2.absdiff(np.ascontiguousarray(rgb[:, 1:width:2]), palette[left])
    # Weighed as the eye does: green most, blue least.
    close = (cv2.cvtColor(off, cv2.COLOR_RGB2GRAY) <= _CLOSE) & (smooth[:, 1:width:2] == 0)
    np.copyto(here, left, where=close)
