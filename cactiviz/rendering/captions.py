"""Captions: scale and range of a painted map in words."""

from __future__ import annotations

import numpy as np

from cactiviz.rendering.evidence import describe_region
from cactiviz.rendering.scales import (
    SCALES,
    Display,
    Floats,
    Scale,
    finite,
    number,
    one_of,
    unscaled,
)

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
