"""Rank agreement of two attribution maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import Floats, ranks


def agreement(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation over all values, with their signs.

    Args:
        first: A raw map of any shape.
        second: A raw map of the same shape.

    Returns:
        -1..1: 1 for the same order, -1 for the opposite; nan where a map is constant.

    Raises:
        ValueError: The shapes differ.

    >>> round(agreement(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.3, 0.2])), 6)
    0.5
    """
    if first.shape != second.shape:
        raise ValueError(f"maps of {first.shape} and {second.shape} have no places in common")
    a, b = (ranks(values.ravel().astype(np.float64)) for values in (first, second))
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length > 0 else float("nan")


def sizes(values: Floats) -> NDArray[Any]:
    """A map as it is seen: a gradient's channel maximum of magnitudes; a heat map unchanged.

    Args:
        values: A raw map (h, w), or a gradient (3, H, W).
    """
    shown: NDArray[Any] = np.abs(values).max(axis=0) if values.ndim == 3 else values
    return shown
