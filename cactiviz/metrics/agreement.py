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
    one, other = (ranks(values.ravel().astype(np.float64)) for values in (first, second))
    one, other = one - one.mean(), other - other.mean()
    length = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / length if length > 0 else float("nan")


def sizes(values: Floats) -> NDArray[Any]:
    """A map as it is seen: a gradient's channel maximum of magnitudes; a heat map unchanged.

    Args:
        values: A raw map (h, w), or a gradient (3, H, W).
    """
    found: NDArray[Any] = np.abs(values).max(axis=0) if values.ndim == 3 else values
    return found
