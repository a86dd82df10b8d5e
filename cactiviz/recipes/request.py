"""What is asked: of one picture, or of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cactiviz import cam_layers
from cactiviz.cam_layers import Places
from cactiviz.errors import MethodError
from cactiviz.methods.views import FILTERS, VIEWS
from cactiviz.pictures.occlusion import How
from cactiviz.recipes.network import Given
from cactiviz.types import Box, Target


@dataclass(frozen=True)
class Question:
    """What every network is asked of every picture.

    Attributes:
        methods: Names of methods; filters depend on no picture and can't be asked for.
        target: A class and its contrast; the network's own top class if there is none.
        layer: Where class activation maps are taken, for all networks or each by name; None for
            each network's own.
        layers: Several places of one network, or ("all-stages",): a frame for each.
        top: The likeliest classes that are explained one after another: a frame for each.
        resize: "crop" or "squash" instead of each network's own preprocessing.

    Raises:
        MethodError: An unknown method, or choices that don't go together.
    """

    methods: tuple[str, ...] = ("grad_cam",)
    target: Target = field(default_factory=Target)
    layer: Places = None
    layers: tuple[str, ...] = ()
    top: int = 1
    resize: Literal["crop", "squash"] | None = None

    def __post_init__(self) -> None:
        known = [view for view in VIEWS if view != FILTERS]
        unknown = [method for method in self.methods if method not in known]
        if unknown or not self.methods:
            name = unknown[0] if unknown else ""
            raise MethodError(f"There is no method “{name}”; there are {', '.join(known)}.")
        if self.layer and self.layers:
            raise MethodError(cam_layers.BOTH)
        if not 1 <= self.top <= 5:
            raise MethodError("From one to five of the likeliest classes can be shown.")
        if self.top > 1 and (self.layers or self.target != Target()):
            raise MethodError(
                "The likeliest classes can't be shown together with layers or a class."
            )

    def to_json(self) -> dict[str, Any]:
        """As plain values; ``Question.from_json`` reads them again."""
        return {**asdict(self), "layer": cam_layers.to_json(self.layer)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Question:
        """The question of :meth:`to_json`."""
        chosen: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        chosen["target"] = Target(**found["target"])
        chosen["layer"] = cam_layers.of_json(found["layer"])
        return cls(**chosen)


@dataclass(frozen=True)
class Asked:
    """How a comparison was asked for: all that ``compare`` is given.

    Attributes:
        origin: The picture's file or address.
        networks: Names, checkpoints, or networks that were made in Python.
        methods: Views.
        target: The class and its contrast.
        layer: Where class activation maps are taken, for all networks or each by name; or None.
        layers: Several of one network, or ("all-stages",).
        resize: "crop" or "squash" for all, or None.
        untrained: Random weights for networks by name; or the names of those that have them.
        device: "auto", "cpu" or "cuda".
        cover: A part that is covered, in the picture's pixels, and with what; or None.
        left_out: What a recipe left out of the origin.
    """

    origin: str
    networks: tuple[Given, ...]
    methods: tuple[str, ...]
    target: Target = field(default_factory=Target)
    layer: Places = None
    layers: tuple[str, ...] = ()
    resize: Any = None
    untrained: bool | tuple[str, ...] = False
    device: str = "auto"
    cover: tuple[Box, How] | None = None
    left_out: str = ""

    def is_untrained(self, name: str) -> bool:
        """Whether a network is asked for with random weights."""
        return self.untrained if isinstance(self.untrained, bool) else name in self.untrained
