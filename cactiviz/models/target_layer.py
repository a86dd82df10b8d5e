"""Finds the target layer of a network without a row in the table."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from cactiviz.engine.trace import trace
from cactiviz.errors import LayerError
from cactiviz.models.skeleton import build_empty
from cactiviz.types import Layer


def by_rule(
    name: str, build: Callable[[int], nn.Module], input_size: tuple[int, int]
) -> tuple[Layer, str]:
    """Find the target layer and the first convolution of a network, without its weights.

    Args:
        name: Name of the network in a sentence.
        build: Number of logits -> the network.
        input_size: (height, width) of its input.

    Raises:
        LayerError: It has no convolution, or no map that goes into its answer by pooling.
        ModelError: It can't take an input of this size.
    """
    sequence = trace(build_empty(build, 1000).eval(), (3, *input_size))
    if not sequence.convolutions:
        raise LayerError(f"The network “{name}” has no convolution, so nothing here applies to it.")
    return sequence.target_layer(), sequence.convolutions[0]
