"""How far two maps put the places of a picture into the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import Floats, ranks


def agreement(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation over all values, with their signs.

    Args:
        first: Raw, of any shape.
        second: Of the same shape.

    Returns:
        1 for the same order, 0 for none in common, -1 for the opposite; nan where a map is the
        same everywhere, and so has no order.

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
    """What the eye takes from a map: a gradient's size at each pixel, (h, w); a heat map as it is.

    Args:
        values: Raw, (h, w) or a gradient (3, H, W).
    """
    found: NDArray[Any] = np.abs(values).max(axis=0) if values.ndim == 3 else values
    return found
