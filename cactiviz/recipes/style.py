"""How what was computed is painted; nothing of it has to be computed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cactiviz.rendering import paint


@dataclass(frozen=True)
class Paint:
    """How a comparison is painted: scale, palette, strength of heat maps, 0..1."""

    scale: paint.Scale = "own"
    palette: str = "inferno"
    strength: float = field(default=0.5)


@dataclass(frozen=True)
class Look:
    """How an animation is painted; nothing of it has to be computed again.

    Attributes:
        scale: "shared" is one scale over all networks and all frames.
        palette: One of ``paint.PALETTES``.
        strength: Of heat maps over the picture, 0..1.
        panel: (height, width) of each image in pixels.
        columns: Panels in a row; 0 for the original and all networks.
        heading: A line at the top of every frame, above the names of the methods.
        captions: Scale and range below each panel; the method and the kind of scale stand above.
        squash: Fill the panel whatever the picture's aspect ratio.
        dark: Light letters on a dark ground.
        seconds: Each frame's time.
        loop: How often all is shown; 0 for ever.
    """

    scale: paint.Scale = "own"
    palette: str = "inferno"
    strength: float = 0.5
    panel: tuple[int, int] = (248, 248)
    columns: int = 0
    heading: str = ""
    captions: bool = True
    squash: bool = False
    dark: bool = False
    seconds: float = 1.0
    loop: int = 0

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Look:
        """The look of ``dataclasses.asdict``."""
        return cls(**{**found, "panel": tuple(found["panel"])})
