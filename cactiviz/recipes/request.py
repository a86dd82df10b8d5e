"""What is asked of networks, as one value, and how it is painted."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from cactiviz import cam_layers
from cactiviz.cam_layers import Places
from cactiviz.errors import MethodError, near
from cactiviz.methods import VIEWS
from cactiviz.models import Checkpoint, LoadedModel, get_spec
from cactiviz.pictures.occlusion import How
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES, Scale
from cactiviz.types import Box, Target

Given = str | Checkpoint | LoadedModel


def name_of(network: Given) -> str:
    """The name that a comparison calls a network by.

    >>> name_of("torchvision:alexnet")
    'torchvision:alexnet'
    """
    return get_spec(network).name if isinstance(network, str) else network.name


@dataclass(frozen=True)
class Request:
    """All that a comparison or an animation is asked for; nothing of how it is painted.

    Attributes:
        pictures: Each one's file, address or ``sample:NAME``, as it was typed.
        networks: Names, checkpoints, or networks that were made in Python.
        methods: Names of views.
        target: A class and its contrast; without a class each network's own top class.
        layer: Layer of class activation maps, for all networks or by name; None for their own.
        layers: Several such layers of one network, or ("all-stages",).
        top: The likeliest classes that are explained one after another, 1..5.
        resize: "crop" or "squash" instead of each network's own preprocessing.
        untrained: Random weights for all networks by name, or for those of these names.
        device: "auto", "cpu" or "cuda".
        cover: A part of the picture that is covered, in its pixels, and with what; or None.
        left_out: What a recipe left out of the picture's origin.

    Raises:
        MethodError: An unknown method, or choices that don't go together.
    """

    pictures: tuple[str, ...] = ()
    networks: tuple[Given, ...] = ()
    methods: tuple[str, ...] = ("grad_cam",)
    _: KW_ONLY
    target: Target = field(default_factory=Target)
    layer: Places = None
    layers: tuple[str, ...] = ()
    top: int = 1
    resize: Literal["crop", "squash"] | None = None
    untrained: bool | tuple[str, ...] = False
    device: str = "auto"
    cover: tuple[Box, How] | None = None
    left_out: str = ""

    def __post_init__(self) -> None:
        unknown = [method for method in self.methods if method.partition("@")[0] not in VIEWS]
        if unknown or not self.methods:
            name = unknown[0] if unknown else ""
            listed = f"{', '.join(VIEWS)}{near(name, VIEWS)}"
            raise MethodError(f"There is no method “{name}”; there are {listed}.")
        if self.layer and self.layers:
            raise MethodError(cam_layers.BOTH)
        if not 1 <= self.top <= 5:
            raise MethodError("From one to five of the likeliest classes can be shown.")
        if self.top > 1 and (self.layers or self.target != Target()):
            raise MethodError(
                "The likeliest classes can't be shown together with layers or a class."
            )

    @property
    def picture(self) -> str:
        """The origin of the one picture that a comparison has."""
        return self.pictures[0]

    def is_untrained(self, name: str) -> bool:
        """Whether a network is asked for with random weights."""
        return self.untrained if isinstance(self.untrained, bool) else name in self.untrained


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
        """How a comparison's maps are painted, as keyword arguments.

        >>> Style("rank").of_maps
        {'scale': 'rank', 'palette': 'inferno', 'strength': 0.5, 'contour': None}
        """
        names = ("scale", "palette", "strength", "contour")
        return {name: getattr(self, name) for name in names}
