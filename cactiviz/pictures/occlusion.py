"""Occlusion: a picture with a box of it hidden."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz.errors import PictureError
from cactiviz.types import Box, Picture

How = Literal["grey", "blur", "mean"]
HOWS: tuple[How, ...] = get_args(How)

_GREY = 128
_NOTES: dict[How, str] = {
    "grey": "A part was covered with grey.",
    "blur": "A part was blurred.",
    "mean": "A part was covered with the picture's mean colour.",
}
_BLUR = 1 / 3  # of the box's shorter side
_LEAST_BLUR = 1 / 40  # of the picture's shorter side, so that a narrow strip is hidden too
_FINE = 8.0  # pixels: a wider blur is computed on a smaller copy, where nobody sees a difference


def cover(picture: Picture, box: Box, how: How = "grey") -> Picture:
    """Hide a box of a picture; parts of the box outside the picture are ignored.

    The box's edges go to the nearest edge between pixels.

    Args:
        picture: A picture of any size; it isn't changed.
        box: The box to hide, in the picture's pixels.
        how: "grey" (128 of 255), "mean" (the picture's mean colour), or "blur" (a Gaussian of a
            third of the box's shorter side within the picture).

    Returns:
        A picture with the same name and source, and a note of the occlusion.

    Raises:
        PictureError: Nothing of the picture lies in the box, or a number isn't finite.
        ValueError: ``how`` is none of :data:`HOWS`.

    >>> black = Picture(np.zeros((2, 4, 3), np.uint8))
    >>> cover(black, Box(1, 2, 5, 1)).rgb[..., 0].tolist()
    [[0, 0, 0, 0], [0, 0, 128, 0]]
    """
    if how not in HOWS:
        raise ValueError(f"how must be one of {', '.join(HOWS)}, not {how!r}")
    rows, columns = covered_pixels(box, picture.size)
    rgb = picture.rgb.copy()
    if how == "grey":
        rgb[rows, columns] = _GREY
    elif how == "mean":
        rgb[rows, columns] = np.rint(picture.rgb.mean(axis=(0, 1)))
    else:
        rgb[rows, columns] = _blurred(picture.rgb, rows, columns)
    notes = dict.fromkeys((*picture.notes, _NOTES[how]))
    return replace(picture, rgb=rgb, notes=tuple(notes))


def covered_pixels(box: Box, size: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of a picture of this (height, width) that lie in the box.

    Raises:
        PictureError: There are none, or a number isn't finite.

    >>> covered_pixels(Box(-3, 1.6, 5, 2), (10, 10))
    (slice(0, 2, None), slice(2, 4, None))
    """
    edges = (box.top, box.top + box.height, box.left, box.left + box.width)
    if not all(map(math.isfinite, (*edges, box.height, box.width))):
        raise PictureError("The box needs four finite numbers.")
    height, width = size
    top, bottom = (_nearest(edge, height) for edge in edges[:2])
    left, right = (_nearest(edge, width) for edge in edges[2:])
    if top >= bottom or left >= right:
        raise PictureError("The box covers nothing of the picture.")
    return slice(top, bottom), slice(left, right)


def _nearest(edge: float, end: int) -> int:
    return math.floor(min(max(edge, 0), end) + 0.5)


def _blurred(rgb: NDArray[np.uint8], rows: slice, columns: slice) -> NDArray[np.uint8]:
    """The part, blurred with what lies around it."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    sigma = max(_BLUR * min(height, width), _LEAST_BLUR * min(rgb.shape[:2]), 1.0)
    reach = math.ceil(3 * sigma)  # beyond it a Gaussian has next to nothing
    above, before = max(rows.start - reach, 0), max(columns.start - reach, 0)
    around = rgb[above : rows.stop + reach, before : columns.stop + reach]
    scale = min(_FINE / sigma, 1.0)
    size = [max(round(side * scale), 1) for side in around.shape[:2]]
    small = cv2.resize(around, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    sigmas = [sigma * now / side for now, side in zip(size, around.shape[:2], strict=True)]
    soft = cv2.GaussianBlur(
        small.astype(np.float32),
        (0, 0),
        sigmaX=sigmas[1],
        sigmaY=sigmas[0],
        borderType=cv2.BORDER_REFLECT,
    )
    whole = cv2.resize(soft, (around.shape[1], around.shape[0]), interpolation=cv2.INTER_LINEAR)
    part = whole[rows.start - above :, columns.start - before :][:height, :width]
    return np.rint(np.clip(part, 0, 255)).astype(np.uint8)
