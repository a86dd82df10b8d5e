"""The bar beside painted maps: which colours are low, which are high, and on which scale."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.scales import Display, Scale, number

_DIGITS = 2  # of a number at an end
_SCALES: dict[Scale, str] = {
    "own": "each map on its own scale",
    "shared": "one scale for the row",
    "rank": "only the order of the values",
    "evidence": "shares of all the evidence",
}
_ENDS: dict[Scale, tuple[str, str]] = {
    "own": ("low", "high"),
    "shared": ("low", "high"),
    "rank": ("lowest", "highest"),
    "evidence": ("no share", "largest"),
}
_SIGNED_ENDS = "against", "for"


@dataclass(frozen=True, eq=False)
class ColourBar:
    """The colours of maps and what they mean.

    Attributes:
        colours: uint8 (n, 3), from the low end to the high one.
        low: At the low end, in words.
        high: At the high end, in words.
        scale: What the maps are scaled by, in words.
    """

    colours: NDArray[np.uint8]
    low: str
    high: str
    scale: str

    @property
    def stops(self) -> list[str]:
        """Some of the colours at equal distances, as CSS has them."""
        places = np.linspace(0, len(self.colours) - 1, 17).round().astype(int)
        return ["#" + bytes(colour).hex() for colour in self.colours[places]]


def colour_bar(
    display: Display, scale: Scale, palette: str, vmaxes: Collection[float] = ()
) -> ColourBar:
    """The bar of maps that are painted alike.

    Args:
        display: How they are painted.
        scale: How they are scaled.
        palette: A key of :data:`~cactiviz.rendering.colormaps.PALETTES`, for "overlay".
        vmaxes: The values that their full colour stands for; said where it is one for all of them.

    >>> bar = colour_bar("overlay", "shared", "inferno", {0.18749})
    >>> bar.low, bar.high, bar.scale
    ('low 0', 'high 0.19', 'one scale for the row')
    >>> bar = colour_bar("diverging", "own", "inferno", {0.5, 0.25})
    >>> bar.low, bar.high
    ('against', 'for')
    """
    signed = display in ("diverging", "signed")
    low, high = _SIGNED_ENDS if signed else _ENDS[scale]
    if len(set(vmaxes)) == 1 and scale != "rank":
        (vmax,) = set(vmaxes)
        is_share = scale == "evidence"
        full = f"{number(100 * vmax, _DIGITS)} %" if is_share else number(vmax, _DIGITS)
        if signed:
            low = f"{low} −{full}"
        elif not is_share:
            low = f"{low} 0"
        high = f"{high} {full}"
    if display == "diverging":
        colours = DIVERGING
    else:
        colours = PALETTES[palette if display == "overlay" else "gray"]
    return ColourBar(colours, low, high, _SCALES[scale])
