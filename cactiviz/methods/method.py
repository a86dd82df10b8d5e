"""What a row of the table of methods says."""

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
    """One way to explain an answer.

    Attributes:
        name: Registry key, snake_case.
        title: The field's name for it.
        function: From a pass over B pictures to raw values: (B, h, w) for a map on the target
            layer's grid, (B, 3, H, W) for one on the network's input. Nothing is scaled.
        needs: What the function reads from the pass.
        kind: "positive" if no value is below 0, else "signed".
        display: How ``render`` paints it: a heat map over the picture (with two colours if it is
            signed), the size of each pixel's value, or the signed value of each colour.
        asks: The question that it puts to the network, for a person who doesn't program.
        limit: What it can't say.
        source: Paper: authors, year, arXiv id.
        signed: The function without its final ReLU, where that makes sense: for a contrast, what
            speaks for the other class counts too.
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
