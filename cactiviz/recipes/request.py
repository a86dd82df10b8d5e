"""What is asked: which pictures, which networks, and how each is explained."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Literal

from cactiviz import cam_layers
from cactiviz.cam_layers import Places
from cactiviz.errors import MethodError, near
from cactiviz.methods.views import VIEWS
from cactiviz.pictures.occlusion import How
from cactiviz.types import Box, Target

if TYPE_CHECKING:
    from cactiviz.recipes.network import Given


@dataclass(frozen=True)
class Request:
    """All that a comparison or an animation is asked for; nothing of how it is painted.

    Attributes:
        pictures: Each one's file, address or ``sample:NAME``, as it was typed.
        networks: Names, checkpoints, or networks that were made in Python.
        methods: Names of views.
        target: A class and its contrast; without a class each network's own top class.
        layer: Where class activation maps are taken, for all networks or each by name; None for
            each network's own target layer.
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
