"""How far a map can be trusted, in numbers. A figure means little without a baseline beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import Floats, finite


def energy_ratio(amounts: Floats, inside: NDArray[np.bool_]) -> float:
    """How many times as much of a map lies in the object as by the object's area alone.

    The share of the sum inside over the share of the area: 1 is what a flat map has, 1 / area the
    most. After Score-CAM's energy-based pointing game (Wang et al. 2020, arXiv:1910.01279),
    divided by the area so that large objects are no easier.

    Args:
        amounts: (h, w), not below 0.
        inside: (h, w), the object; neither empty nor everything.

    Returns:
        0 or more; nan where the map is 0 everywhere.

    Raises:
        ValueError: The shapes differ, a value is below 0, or there is no object or nothing else.

    >>> energy_ratio(np.array([[3.0, 1.0], [0.0, 0.0]]), np.array([[True, False], [False, False]]))
    3.0
    """
    if amounts.shape != inside.shape or finite(amounts).min() < 0:
        raise ValueError("amounts and inside must have one shape, and no amount may be below 0")
    area = float(inside.mean())
    if not 0 < area < 1:
        raise ValueError("the object must be neither nothing nor everything")
    total = float(amounts.sum())
    return float(amounts[inside].sum()) / total / area if total > 0 else float("nan")


def peak_inside(amounts: Floats, inside: NDArray[np.bool_]) -> bool:
    """Whether the map's largest value lies in the object (pointing game, Zhang et al. 2016).

    Of several largest values the first in reading order counts.

    >>> peak_inside(np.array([[3.0, 1.0]]), np.array([[False, True]]))
    False
    """
    return bool(inside.flat[int(np.argmax(finite(amounts)))])


def largest(amounts: Floats, share: float) -> NDArray[np.bool_]:
    """The squares with the largest values, exactly this share of all, at least one.

    Of equal values the first in reading order are taken.

    Args:
        amounts: (h, w).
        share: 0..1.

    Returns:
        bool (h, w).

    >>> largest(np.array([[1.0, 4.0], [3.0, 2.0]]), 0.5).tolist()
    [[False, True], [True, False]]
    """
    count = max(1, round(share * amounts.size))
    order = np.argsort(-finite(amounts), axis=None, kind="stable")
    region = np.zeros(amounts.size, dtype=np.bool_)
    region[order[:count]] = True
    return region.reshape(amounts.shape)


def covered(pixels: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A picture with a region painted over in the picture's own median colour.

    Args:
        pixels: uint8 (H, W, 3).
        region: bool (H, W).
    """
    found = pixels.copy()
    found[region] = np.rint(np.median(pixels.reshape(-1, 3), axis=0)).astype(np.uint8)
    return found
