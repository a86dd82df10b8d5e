"""What goes into the grid and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cactiviz.recipes.request import Style
from cactiviz.rendering.paint import PALETTES, SCALES

#: What can be made of a comparison and taken home.
Export = Literal["png", "gif", "html", "npz", "zip"]
EXPORTS: tuple[Export, ...] = get_args(Export)
Kind = Literal["add", "export"]


@dataclass(frozen=True)
class Download:
    """A file that the browser saves once.

    Attributes:
        file_name: Under which it is saved.
        mime: Its type, such as "image/png".
        data: Its bytes.
        number: Another one for each file, so that none is saved twice.
    """

    file_name: str
    mime: str
    data: bytes
    number: int


@dataclass(frozen=True)
class Event:
    """What was pressed in this run.

    Attributes:
        kind: "add" a network that was offered, or "export" the comparison.
        value: The network's name, or one of :data:`EXPORTS`.
        style: How the maps were painted at that moment.
    """

    kind: Kind
    value: str
    style: Style


def style_from(said: Mapping[str, object]) -> Style:
    """The style that an address or a browser names; what isn't usable there is as it is at first.

    Args:
        said: Scale, palette and strength by name.

    >>> style_from({"scale": "rank", "palette": "<b>", "strength": "0.7"}).of_maps
    {'scale': 'rank', 'palette': 'inferno', 'strength': 0.7}
    """
    first = Style()
    palette = said.get("palette")
    return Style(
        next((scale for scale in SCALES if scale == said.get("scale")), first.scale),
        palette if isinstance(palette, str) and palette in PALETTES else first.palette,
        _share(said.get("strength"), first.strength),
    )


def _share(said: object, otherwise: float) -> float:
    """A number in 0..1, however it is written."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return otherwise
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return otherwise
    return number if 0 <= number <= 1 else otherwise  # NaN is in no range
