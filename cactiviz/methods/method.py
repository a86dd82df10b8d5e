"""A row of the table of attribution methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from cactiviz.engine.backprop import Need
    from cactiviz.engine.class_pass import Pass


@dataclass(frozen=True)
class Method:
    """One attribution method.

    Attributes:
        name: Registry key, snake_case.
        title: Display name.
        function: Maps a pass over B pictures to raw, unscaled values: (B, h, w) on the target
            layer's grid, or (B, 3, H, W) on the network's input.
        needs: Gradients that the function reads from the pass.
        kind: "positive" if no value is below 0, else "signed".
        display: How it is painted: "overlay", a heat map; "diverging", a two-coloured one;
            "magnitude", the size of each pixel's value; "signed", each channel's value.
        asks: The question that it answers, for a person who doesn't program.
        limit: Its main limitation, one sentence.
        source: Authors, year and arXiv id of the paper.
        signed: The function without its final ReLU, used with a contrast class; None for none.
    """

    name: str
    title: str
    function: Callable[[Pass], Tensor]
    needs: frozenset[Need]
    kind: Literal["positive", "signed"]
    display: Literal["overlay", "magnitude", "signed", "diverging"]
    asks: str
    limit: str
    source: str
    signed: Callable[[Pass], Tensor] | None = None
