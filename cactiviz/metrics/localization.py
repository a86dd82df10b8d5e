"""Localization metrics: does a map lie on the object? Compare each with a baseline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import Floats, finite


def energy_ratio(amounts: Floats, inside: NDArray[np.bool_]) -> float:
    """Share of a map's sum inside the object, divided by the object's share of the area.

    A constant map has 1; the maximum is 1 / share of the area. After Score-CAM's energy-based
    pointing game (Wang et al. 2020, arXiv:1910.01279), divided by the area so that large objects
    are no easier.

    Args:
        amounts: A map (h, w) without negative values.
        inside: bool (h, w), the object; neither empty nor everything.

    Returns:
        At least 0; nan where the map is 0 everywhere.

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


def largest(amounts: Floats, share: float, seed: int | None = None) -> NDArray[np.bool_]:
    """Mask of the largest values, exactly this share of all and at least one.

    Args:
        amounts: A map (h, w).
        share: Share of the values to select, 0..1.
        seed: Breaks ties at random, which matters where a ReLU left much of a map at 0; None
            breaks them by reading order.

    Returns:
        bool (h, w).

    >>> largest(np.array([[1.0, 4.0], [3.0, 2.0]]), 0.5).tolist()
    [[False, True], [True, False]]
    """
    count = max(1, round(share * amounts.size))
    falling = -finite(amounts).ravel()
    lots = falling if seed is None else np.random.default_rng(seed).random(falling.size)
    order = np.lexsort((lots, falling))  # by the map, then by lot; stable
    region = np.zeros(amounts.size, dtype=np.bool_)
    region[order[:count]] = True
    return region.reshape(amounts.shape)


def covered(pixels: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A picture with a region filled with the picture's median colour.

    Args:
        pixels: The picture, uint8 (H, W, 3).
        region: Pixels to fill, bool (H, W).
    """
    painted = pixels.copy()
    painted[region] = np.rint(np.median(pixels.reshape(-1, 3), axis=0)).astype(np.uint8)
    return painted
