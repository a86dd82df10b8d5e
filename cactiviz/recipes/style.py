"""How what was computed is painted; nothing of it has to be computed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES, Scale


@dataclass(frozen=True)
class Style:
    """How maps are painted, and how the frames of an animation are laid out.

    Attributes:
        scale: One of ``SCALES``; "shared" is one scale over all networks, and all frames.
        palette: The colormap of heat maps, one of ``PALETTES``.
        strength: Opacity of heat maps over the picture, 0..1.
        contour: Share of the evidence that is outlined on a sheet, above 0 to 1; None for none.
        panel: (height, width) of each image of a frame in pixels.
        columns: Panels in a row of a frame; 0 for the original and all networks.
        heading: A line at the top of every frame, above the names of the methods.
        captions: Whether scale and range stand below each panel of a frame.
        squash: Whether pictures fill their panels whatever their aspect ratio.
        dark: Whether frames have light letters on a dark ground.
        seconds: Each frame's time.
        loop: How often an animation is shown; 0 for ever.

    Raises:
        ValueError: There is no such scale or palette, or the strength isn't in 0..1.
    """

    scale: Scale = "own"
    palette: str = "inferno"
    strength: float = 0.5
    contour: float | None = None
    panel: tuple[int, int] = (248, 248)
    columns: int = 0
    heading: str = ""
    captions: bool = True
    squash: bool = False
    dark: bool = False
    seconds: float = 1.0
    loop: int = 0

    def __post_init__(self) -> None:
        if self.scale not in SCALES or self.palette not in PALETTES or not 0 <= self.strength <= 1:
            raise ValueError(f"there is no such style: {self}")

    @property
    def of_maps(self) -> dict[str, Any]:
        """The part that every map has, as keyword arguments.

        >>> Style("rank").of_maps
        {'scale': 'rank', 'palette': 'inferno', 'strength': 0.5}
        """
        return {"scale": self.scale, "palette": self.palette, "strength": self.strength}
