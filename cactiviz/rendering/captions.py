"""A map in words: where its positive evidence lies, and the scale and range of its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.scales import (
    SCALES,
    Display,
    Floats,
    Scale,
    finite,
    number,
    one_of,
    percent,
    unscaled,
)

_PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)
_SHARES = (
    (1 / 20, "a twentieth"),
    (1 / 10, "a tenth"),
    (1 / 6, "a sixth"),
    (1 / 5, "a fifth"),
    (1 / 4, "a quarter"),
    (1 / 3, "a third"),
    (1 / 2, "half"),
    (2 / 3, "two thirds"),
    (3 / 4, "three quarters"),
)
_NEAR = 0.08  # of such a share: closer than a person tells by eye
_HAIR = 1e-9  # of the sum: rounding must not add another square


def evidence_region(values: Floats, share: float = 0.5) -> NDArray[np.bool_]:
    """The smallest region of largest values that holds this share of the positive sum.

    Values equal to the smallest one in the region all belong to it, so that no order decides.

    Args:
        values: A raw map (h, w); values below 0 count as 0.
        share: Above 0, up to 1; at 1 it is every square with a positive value.

    Returns:
        bool (h, w); its area as a share of the map is its mean. All False where no value is
        positive.

    Raises:
        CactivizError: The values aren't finite.
        ValueError: The share isn't in 0..1, or the values are no map.

    >>> evidence_region(np.array([[1.0, 5.0], [4.0, 2.0]]), 0.6).tolist()
    [[False, True], [True, False]]
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {share}")
    if values.ndim != 2 or not values.size:
        raise ValueError(f"a map must be (h, w), not {values.shape}")
    positive = np.maximum(finite(values).astype(np.float64), 0)
    largest = positive.max()
    if share == 1 or largest == 0:
        return np.asarray(positive > 0)
    ordered = np.sort(positive, axis=None)[::-1]
    held = np.cumsum(ordered / largest)  # divided first, so that no sum is too large
    last = int(np.argmax(held >= share * held[-1] * (1 - _HAIR)))
    return np.asarray(positive >= ordered[last])


def describe_region(values: Floats, share: float = 0.5) -> str:
    """How concentrated the evidence is, in words; the area is counted in cells of the map.

    Areas compare between networks only at one grid resolution.

    Raises:
        CactivizError: The values aren't finite.
        ValueError: The share isn't in 0..1, or the values are no map.

    >>> describe_region(np.array([[9.0, 1.0, 1.0, 1.0]]))
    '25 % of what it saw holds half of the evidence'
    >>> describe_region(np.array([[9.0, 1.0, 1.0, 1.0]]), 0.9)
    '100 % of what it saw holds 90 % of the evidence'
    """
    region = evidence_region(values, share)
    if not region.any():
        return "no positive evidence"
    if values.min() == values.max():
        return "the evidence is spread evenly over what it saw"
    amount = {0.5: "half", 1.0: "all"}.get(share, percent(share))
    return f"{percent(float(region.mean()))} of what it saw holds {amount} of the evidence"


def where_is_the_peak(values: Floats) -> str:
    """The third of the map, across and down, in which the largest value lies.

    Args:
        values: Raw: a map (h, w), or a gradient (3, H, W), of which the magnitude counts.

    Returns:
        Words for an alternative text; "even" where every value is the same, else "nowhere"
        where none is positive.

    Raises:
        CactivizError: The values aren't finite.
        ValueError: The values are neither.

    >>> where_is_the_peak(np.array([[0.0, 0.1], [0.3, 0.2]]))
    'lower left'
    """
    if values.ndim not in (2, 3) or not values.size:
        raise ValueError(f"a map must be (h, w) or (3, h, w), not {values.shape}")
    sizes = np.abs(finite(values)).max(axis=0) if values.ndim == 3 else finite(values)
    if sizes.min() == sizes.max():
        return "even"
    if sizes.max() <= 0:
        return "nowhere"
    row, column = np.unravel_index(int(np.argmax(sizes)), sizes.shape)
    height, width = sizes.shape
    return _PLACES[(2 * int(row) + 1) * 3 // (2 * height)][(2 * int(column) + 1) * 3 // (2 * width)]


def share_in_words(share: float) -> str:
    """A share in words, such as "a quarter", where it is near one that has a name.

    >>> [share_in_words(share) for share in (0.104, 0.34, 0.14, 0.001)]
    ['a tenth', 'a third', '14 %', '<1 %']
    """
    near = (words for named, words in _SHARES if abs(share - named) <= _NEAR * named)
    return next(near, percent(share))


def where_the_evidence_lies(values: Floats, whole: str = "what it saw") -> str:
    """Where a map is strongest and how concentrated it is, as an alternative text.

    Args:
        values: Raw: a map (h, w), or a gradient (3, H, W), of which the magnitude counts.
        whole: What the map covers, e.g. "the picture".

    Raises:
        CactivizError: The values aren't finite.
        ValueError: The values are neither.

    >>> where_the_evidence_lies(np.array([[9.0, 1.0], [1.0, 0.0]]), "the picture")
    'brightest at the upper left; half of it lies in a quarter of the picture'
    >>> where_the_evidence_lies(np.array([[-1.0, 0.0]]))
    'no positive evidence'
    """
    peak = where_is_the_peak(values)
    sizes = np.abs(values).max(axis=0) if values.ndim == 3 else values
    area = float(evidence_region(sizes).mean())
    if area == 0:
        return "nothing" if values.ndim == 3 else "no positive evidence"
    if peak == "even":
        return f"the evidence is spread evenly over {whole}"
    place = "in the middle" if peak == "centre" else f"at the {peak}"
    return f"brightest {place}; half of it lies in {share_in_words(area)} of {whole}"


_NAMES: dict[Scale, str] = {
    "own": "own scale",
    "shared": "shared scale",
    "rank": "percentile rank",
    "evidence": "share of the evidence",
}
_ENDS: dict[Display, str] = {
    "overlay": "full colour at ",
    "diverging": "blue against, orange for, full at ±",
    "magnitude": "white at ",
    "signed": "black and white at ±",
}


def caption(
    values: Floats, scale: Scale, vmax: float, display: Display, contour: float | None = None
) -> str:
    """Scale and range of a painted map, always printed beside it.

    Raises:
        CactivizError: The scale or display is unknown, or the values aren't finite.

    >>> caption(np.array([[0.0, 0.01234]]), "own", 0.01234, "overlay")
    'own scale, full colour at 0.0123 · min 0 max 0.0123'
    >>> caption(np.array([[-2.5, 1.0]]), "shared", 3.0, "signed")
    'shared scale, black and white at ±3 · min −2.5 max 1'
    >>> caption(np.array([[3.0, 1.0]]), "evidence", 0.75, "overlay")
    'share of the evidence, full colour at 75 % a square of 1 × 2 · min 1 max 3'
    """
    one_of(scale, SCALES, "scale")
    raw = unscaled(values, display)
    low, high = float(raw.min()), float(raw.max())
    parts = [_NAMES[scale], f"min {number(low)} max {number(high)}"]
    if vmax > 0:
        parts[0] += f", {_ENDS[display]}{_amount(vmax, scale, raw.shape, display)}"
    if display == "overlay" and high <= 0:
        parts.insert(0, "no positive evidence")
    elif low == high == 0:
        parts.insert(0, "all zero")
    elif scale == "rank" and low == high:
        parts.insert(0, "no structure: every value is the same")
    if display == "diverging" and high <= 0 and low < 0:
        parts.insert(0, "nothing speaks for it")
    if contour is not None and display in ("overlay", "diverging") and high > 0:
        parts.append(f"outline: {describe_region(values, contour)}")
    return " · ".join(parts)


def filters_caption(kernels: Floats) -> str:
    """Scale of painted filters: the weight shown as white, or in full colour.

    >>> filters_caption(np.array([[[[0.2, -0.43]]]]))
    'black and white at ±0.43'
    >>> filters_caption(np.array([[[[0.2]], [[-0.43]], [[0.0]]]]))
    'in colour, full at ±0.43'
    """
    ends = "in colour, full at ±" if kernels.shape[1] == 3 else _ENDS["signed"]
    return ends + number(float(np.abs(finite(kernels)).max()))


def _amount(vmax: float, scale: Scale, shape: tuple[int, ...], display: Display) -> str:
    if scale in ("own", "shared"):
        return number(vmax)
    share = f"{number(100 * vmax)} %"
    if scale == "rank":
        return share
    # Shares compare at one resolution only, so it is said.
    unit = "square" if display in ("overlay", "diverging") else "pixel"
    return f"{share} a {unit if len(shape) == 2 else 'value'} of {' × '.join(map(str, shape))}"
