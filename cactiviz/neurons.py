"""Single neurons of a layer: what in the picture drives one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cactiviz.backprop import Need, differentiate, in_parts
from cactiviz.errors import TargetError
from cactiviz.trace import trace
from cactiviz.types import Cancel, Layer, Neuron


@dataclass(frozen=True, eq=False)
class NeuronPass:
    """What one pass yields for B single neurons of one layer.

    Attributes:
        values: (B,), how active each neuron is.
        input_gradients: (B, 3, H, W), the gradient of that value by the network's input.
        guided_gradients: (B, 3, H, W), the same with the guided rule of
            :class:`~cactiviz.engine.Pass`.
    """

    values: Tensor
    input_gradients: Tensor | None = None
    guided_gradients: Tensor | None = None


def run_neurons(
    module: nn.Module,
    inputs: Tensor,
    layer: Layer,
    neurons: Sequence[Neuron],
    *,
    needs: frozenset[Need] = frozenset(),
    cancel: Cancel | None = None,
) -> NeuronPass:
    """Explain one neuron for each picture of a batch; what comes after its layer isn't run.

    Args:
        module: As for :func:`cactiviz.engine.run`.
        inputs: (B, 3, H, W); one picture may stand in it several times.
        layer: Where the neurons are.
        neurons: One for each row.
        needs: "input_gradients", "guided_gradients" or both.
        cancel: Asked between steps.

    Raises:
        TargetError: A neuron that the layer doesn't have.
        CactivizError: As for :func:`cactiviz.engine.run`.
    """
    if len(neurons) != len(inputs) or not neurons:
        raise TargetError(f"{len(inputs)} pictures need as many neurons, not {len(neurons)}.")
    size = layer_size(module, tuple(inputs.shape[1:]), layer)
    for neuron in neurons:
        if not all(0 <= at < most for at, most in zip(neuron, size, strict=True)):
            has = " x ".join(map(str, size))
            raise TargetError(
                f"The layer “{layer}” has {has} neurons (channel, row, column); "
                f"{', '.join(map(str, neuron))} is none of them."
            )

    def explain(rows: slice) -> NeuronPass:
        values: list[Tensor] = []

        def score(_: object, captured: tuple[Tensor, ...]) -> Tensor:
            picks = [(row, *neuron) for row, neuron in enumerate(neurons[rows])]
            found = captured[0][tuple(torch.tensor(picks, device=inputs.device).T)]
            values.append(found.detach())
            return found.sum()

        found = differentiate(
            module,
            inputs[rows],
            score,
            layers=[layer],
            needs=needs - {"activations"},
            cancel=cancel,
            stop_at_layer=True,
        )
        return NeuronPass(values[0], found.input_gradients, found.guided_gradients)

    return in_parts(module, inputs, explain)


def layer_size(
    module: nn.Module, input_shape: tuple[int, ...], layer: Layer
) -> tuple[int, int, int]:
    """How many (channels, rows, columns) of neurons a layer has for an input of (C, H, W)."""
    sequence = trace(module, input_shape)
    _, channels, rows, columns = sequence.shapes[sequence.step(layer)]
    return channels, rows, columns


def feature_maps(
    module: nn.Module, inputs: Tensor, layer: Layer, cancel: Cancel | None = None
) -> Tensor:
    """What a layer makes of a batch: (B, C, h, w); what comes after the layer isn't run."""
    found: list[Tensor] = []

    def keep(_: object, captured: tuple[Tensor, ...]) -> Tensor:
        found.append(captured[0].detach())
        return captured[0].sum()

    def explain(rows: slice) -> NeuronPass:
        differentiate(
            module,
            inputs[rows],
            keep,
            layers=[layer],
            needs=frozenset(),
            cancel=cancel,
            stop_at_layer=True,
        )
        return NeuronPass(found.pop())

    return in_parts(module, inputs, explain).values


def most_active(activations: Tensor, row: int, column: int) -> Neuron:
    """The most active channel at one position of a layer's (C, h, w) feature maps.

    >>> most_active(torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]]), row=0, column=0)
    Neuron(channel=1, row=0, column=0)

    Raises:
        TargetError: The layer has no such position.
    """
    _, rows, columns = activations.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise TargetError(f"The layer has {rows} x {columns} positions; {row}, {column} is none.")
    return Neuron(int(activations[:, row, column].argmax()), row, column)


def random_neurons(size: tuple[int, int, int], count: int, seed: int) -> list[Neuron]:
    """So many different neurons of a layer of (channels, rows, columns), the same for a seed.

    >>> random_neurons((64, 8, 8), 2, seed=0) == random_neurons((64, 8, 8), 2, seed=0)
    True

    Raises:
        TargetError: The layer has fewer.
    """
    channels, rows, columns = size
    if not 0 < count <= channels * rows * columns:
        raise TargetError(f"The layer has {channels * rows * columns} neurons, not {count}.")
    order = torch.randperm(channels * rows * columns, generator=torch.Generator().manual_seed(seed))
    return [
        Neuron(index // (rows * columns), index // columns % rows, index % columns)
        for index in order[:count].tolist()
    ]
