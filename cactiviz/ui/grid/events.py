"""What goes into the grid and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cactiviz.rendering.paint import PALETTES, SCALES, Scale

#: What can be made of a comparison and taken home.
Export = Literal["png", "gif", "html", "npz", "zip"]
EXPORTS: tuple[Export, ...] = get_args(Export)
Kind = Literal["add", "export"]


@dataclass(frozen=True)
class Look:
    """How the maps are painted; the browser keeps it and writes it into the address.

    Attributes:
        scale: One of ``render.SCALES``.
        palette: A key of ``render.PALETTES``, for heat maps.
        strength: Opacity of what is laid over the picture, 0..1.
    """

    scale: Scale = "own"
    palette: str = "inferno"
    strength: float = 0.5

    def __post_init__(self) -> None:
        if self.scale not in SCALES or self.palette not in PALETTES or not 0 <= self.strength <= 1:
            raise ValueError(f"there is no such look: {self}")

    @classmethod
    def read(cls, said: Mapping[str, object]) -> Look:
        """A look from an address or a browser: what isn't usable there is as it is at first.

        >>> Look.read({"scale": "rank", "palette": "<b>", "strength": "0.7"})
        Look(scale='rank', palette='inferno', strength=0.7)
        """
        first = cls()
        palette = said.get("palette")
        return cls(
            next((scale for scale in SCALES if scale == said.get("scale")), first.scale),
            palette if isinstance(palette, str) and palette in PALETTES else first.palette,
            _share(said.get("strength"), first.strength),
        )


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
        look: How the maps were painted at that moment.
    """

    kind: Kind
    value: str
    look: Look


def _share(said: object, otherwise: float) -> float:
    """A number in 0..1, however it is written."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return otherwise
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return otherwise
    return number if 0 <= number <= 1 else otherwise  # NaN is in no range
