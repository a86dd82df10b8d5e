"""Streaming maximum and percentile for a shared colour scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import PERCENTILE, Display, Floats, Scale, scaled

# A value's exponent and the first 10 digits of its fraction: bins a thousandth wide.
_SHIFT = np.uint32(13)
_BINS = 1 << 18


class Tally:
    """Computes :func:`~cactiviz.rendering.scales.vmax_of` of many maps in constant memory.

    The maximum is exact, a percentile accurate to 0.1 %: less than the step between two of 256
    shades.

    Args:
        display: As for ``vmax_of``.
        scale: As for ``vmax_of``.

    >>> tally = Tally("overlay", "shared")
    >>> for largest in (0.5, 2.0, 1.0):
    ...     tally.add(np.array([[0.0, largest]]))
    >>> tally.vmax
    2.0
    """

    def __init__(self, display: Display, scale: Scale) -> None:
        self._display, self._scale = display, scale
        self._largest = 0.0
        by_largest = scale == "rank" or display in ("overlay", "diverging")
        self._counts = None if by_largest else np.zeros(_BINS, np.int64)

    def add(self, values: Floats) -> None:
        """Include a raw map.

        Raises:
            CactivizError: Some of its values aren't finite.
        """
        sizes = scaled(values, self._display, self._scale).ravel()
        if self._display != "overlay":
            sizes = np.abs(sizes)
        self._largest = max(self._largest, float(sizes.max(initial=0)))
        if self._counts is not None:
            bins = sizes.astype(np.float32).view(np.uint32) >> _SHIFT
            self._counts += np.bincount(bins, minlength=_BINS)

    @property
    def vmax(self) -> float:
        """``vmax_of`` of all maps together."""
        if self._counts is None:
            return float(self._largest > 0) if self._scale == "rank" else self._largest
        below = np.cumsum(self._counts)
        place = max(int(below[-1]) - 1, 0) * PERCENTILE / 100
        low, high = (_value(below, rank) for rank in (math.floor(place), math.ceil(place)))
        percentile = low + (high - low) * (place - math.floor(place))
        return min(percentile, self._largest) or self._largest


def _value(below: NDArray[np.int64], rank: int) -> float:
    """Value of this rank, interpolated within its bin; 0 in the lowest bin."""
    bin_ = int(np.searchsorted(below, rank, side="right"))
    if bin_ == 0 or bin_ == _BINS:
        return 0.0
    start, end = (np.array([bin_, bin_ + 1], np.uint32) << _SHIFT).view(np.float32).tolist()
    share = (rank - int(below[bin_ - 1]) + 0.5) / int(below[bin_] - below[bin_ - 1])
    return float(start + (end - start) * share)
