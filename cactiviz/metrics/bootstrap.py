"""How sure a mean over pictures is: its bootstrap interval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A mean and the interval around it.

    Attributes:
        mean: Mean of the values.
        low: The interval's lower end.
        high: Its upper end.
    """

    mean: float
    low: float
    high: float


def interval(
    values: Iterable[float], *, share: float = 0.95, draws: int = 10_000, seed: int = 0
) -> Interval:
    """The mean of values, one for each picture, and its percentile bootstrap interval.

    The pictures are drawn anew with replacement (Efron 1979, Annals of Statistics 7); values that
    aren't numbers (nan) are left out. The interval tells of other pictures like these, not of
    other networks or seeds.

    Args:
        values: One value for each picture.
        share: Share of the drawn means that the interval holds, 0..1.
        draws: How often the pictures are drawn.
        seed: Seed of the draws.

    Returns:
        Mean, lower and upper end; all nan where there is no value.

    >>> interval([2.0, 2.0, float("nan"), 2.0])
    Interval(mean=2.0, low=2.0, high=2.0)
    """
    known = np.array([value for value in values if value == value], dtype=np.float64)
    if not known.size:
        return Interval(*[float("nan")] * 3)
    drawn = np.random.default_rng(seed).integers(0, known.size, (draws, known.size))
    left_out = 50 * (1 - share)
    low, high = np.percentile(known[drawn].mean(axis=1), [left_out, 100 - left_out])
    return Interval(float(known.mean()), float(low), float(high))
