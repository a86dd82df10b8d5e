"""Scales raw values for painting, and formats numbers. Raw arrays are never changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cactiviz.errors import CactivizError

#: "own" scales each map by itself, "shared" all maps of one method over all networks, "rank"
#: shows the order of a map's values only, "evidence" each value's share of the map's sum.
Scale = Literal["own", "shared", "rank", "evidence"]
SCALES: tuple[Scale, ...] = get_args(Scale)
#: A class activation map over the picture, one with its sign, a gradient's size, or a gradient
#: with its sign.
Display = Literal["overlay", "diverging", "magnitude", "signed"]
DISPLAYS: tuple[Display, ...] = get_args(Display)
Floats = NDArray[np.floating[Any]]

PERCENTILE = 99.5  #: Of a gradient: a lone pixel must not darken all the others


def on_one_scale(values: Floats, others: Sequence[Floats], scale: Scale) -> list[Floats]:
    """The maps that share a vmax with this map.

    Args:
        values: The map.
        others: All maps of its method over all networks, including itself.
        scale: "shared" selects all, "evidence" those of the same shape (shares depend on the size
            of a cell), others the map alone.

    Raises:
        CactivizError: There is no such scale.
    """
    one_of(scale, SCALES, "scale")
    if scale == "shared":
        return list(others)
    if scale == "evidence":
        return [other for other in others if other.shape == values.shape]
    return [values]


def vmax_of(maps: Sequence[Floats], display: Display, scale: Scale = "own") -> float:
    """The value painted in full colour over these maps.

    Args:
        maps: Raw maps of any resolutions, from :func:`on_one_scale`.
        display: The maximum for "overlay", the largest magnitude for "diverging"; else the 99.5th
            percentile of the magnitudes, or their maximum where that is 0.
        scale: For "rank" it is 1, the highest rank; for "evidence" a share of the sum.

    Returns:
        0.0 where there is nothing to paint; never NaN.

    Raises:
        CactivizError: The display or scale is unknown, or a map holds values that aren't finite.

    >>> vmax_of([np.array([[0.0, 0.5]]), np.array([[0.25]])], "overlay")
    0.5
    >>> vmax_of([np.array([[1.0, 3.0]])], "overlay", "evidence")
    0.75
    """
    values = np.concatenate([np.zeros(0), *(scaled(map_, display, scale).ravel() for map_ in maps)])
    sizes = np.abs(values) if display != "overlay" else values
    largest = float(sizes.max(initial=0))
    if scale == "rank":
        return 1.0 if largest > 0 else 0.0
    if display in ("overlay", "diverging") or not values.size:
        return largest
    return float(np.percentile(sizes, PERCENTILE)) or largest


def scaled(values: Floats, display: Display, scale: Scale) -> NDArray[np.float64]:
    """The values that are painted, before division by vmax.

    Args:
        values: Raw.
        display: Ranks and sums are of positive values ("overlay"), of the channel maximum of the
            magnitudes ("magnitude"), or of magnitudes that get their sign back (the others).
        scale: "own" and "shared" leave the values as they are. "rank": the percentile rank
            (:func:`ranks`), 0 for a 0, and all 0 where every value is the same. "evidence": the
            share of the sum of magnitudes; all 0 where that is 0.

    Returns:
        (h, w), or for "signed" also (3, h, w).

    Raises:
        CactivizError: The display or scale is unknown, or the values aren't finite.
        ValueError: The shape doesn't fit the display.

    >>> scaled(np.array([[-1.0, 1.0], [1.0, 2.0]]), "overlay", "evidence").tolist()
    [[0.0, 0.25], [0.25, 0.5]]
    >>> scaled(np.array([[-4.0, 0.0, 1.0]]), "diverging", "rank").tolist()
    [[-1.0, 0.0, 0.5]]
    """
    one_of(scale, SCALES, "scale")
    raw = unscaled(values, display)
    if scale in ("own", "shared"):
        return raw
    sizes = np.maximum(raw, 0) if display == "overlay" else np.abs(raw)
    if sizes.max() == 0 or (scale == "rank" and raw.min() == raw.max()):
        return np.zeros_like(raw)
    if scale == "rank":
        amounts = np.where(sizes > 0, ranks(sizes), 0)
    else:
        amounts = sizes / sizes.max()  # first, so that no sum is too large or too small
        amounts /= amounts.sum()
    return np.where(raw < 0, -amounts, amounts) if display in ("diverging", "signed") else amounts


def ranks(values: Floats) -> NDArray[np.float64]:
    """The percentile rank of each value: 0 is the lowest, 1 the highest, ties share their mean.

    >>> ranks(np.array([3.0, 10.0, 3.0, 7.0, 20.0])).tolist()
    [0.125, 0.75, 0.125, 0.5, 1.0]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    mean: NDArray[np.float64] = (below + (counts - 1) / 2) / max(values.size - 1, 1)
    return mean[place].reshape(values.shape)


def unscaled(values: Floats, display: Display) -> NDArray[np.float64]:
    """The values that a display shows of a map: (h, w), or for "signed" also (3, h, w).

    Raises:
        CactivizError: The display is unknown, or the values aren't finite.
        ValueError: The shape doesn't fit the display.
    """
    one_of(display, DISPLAYS, "display")
    leading = [()] if display in ("overlay", "diverging") else [(), (3,)]
    if values.ndim < 2 or not values.size or values.shape[:-2] not in leading:
        raise ValueError(f"a map of shape {values.shape} can't be painted as {display}")
    raw = finite(values).astype(np.float64)
    if display == "magnitude":
        raw = np.abs(raw).reshape(-1, *raw.shape[-2:]).max(axis=0)
    return raw


def finite(values: Floats) -> Floats:
    """Check that all values are finite.

    Raises:
        CactivizError: Some aren't.
    """
    if not np.isfinite(values).all():
        raise CactivizError("This can't be painted: some of its values are not finite numbers.")
    return values


def one_of(name: str, names: Iterable[str], kind: str) -> None:
    """Raise a ``CactivizError`` that lists all names if this one is unknown."""
    if name not in names:
        raise CactivizError(f"There is no {kind} “{name}”; there are {', '.join(names)}.")


def percent(probability: float) -> str:
    """A probability in whole per cent, not rounded to impossible or certain.

    >>> [percent(p) for p in (0.0, 0.004, 0.26, 0.996, 1.0)]
    ['0 %', '<1 %', '26 %', '>99 %', '100 %']
    """
    if 0 < probability < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= probability < 1 else f"{probability:.0%}".replace("%", " %")


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, with a real minus sign.

    >>> [number(value) for value in (-0.5, 0.000123456, 123456.0, 1.5e-11, -0.0)]
    ['−0.5', '0.000123', '123000', '1.5e−11', '0']
    """
    text = f"{float(f'{value:.{digits}g}') + 0.0:.9g}"  # + 0.0 makes -0.0 a 0
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


# A value's exponent and the first 10 digits of its fraction: bins a thousandth wide.
_SHIFT = np.uint32(13)
_BINS = 1 << 18


class RunningScale:
    """Computes :func:`~cactiviz.rendering.scales.vmax_of` of many maps in constant memory.

    The maximum is exact, a percentile accurate to 0.1 %: less than the step between two of 256
    shades.

    Args:
        display: As for ``vmax_of``.
        scale: As for ``vmax_of``.

    >>> running = RunningScale("overlay", "shared")
    >>> for largest in (0.5, 2.0, 1.0):
    ...     running.add(np.array([[0.0, largest]]))
    >>> running.vmax
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
