"""Gradients of single neurons of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cactiviz.engine.backprop import Need, differentiate, differentiate_along
from cactiviz.engine.ceilings import capped_steps, is_activated
from cactiviz.engine.device import in_parts
from cactiviz.engine.trace import trace
from cactiviz.errors import ModelError, TargetError
from cactiviz.types import Cancel, Layer, Neuron


@dataclass(frozen=True, eq=False)
class NeuronPass:
    """Results of one pass for B single neurons of one layer.

    Attributes:
        values: (B,), each neuron's activation.
        input_gradients: (B, 3, H, W), the gradient of that value by the network's input.
        guided_gradients: (B, 3, H, W), the same with the guided rule of ``class_pass.Pass``.
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
    before_ceiling: bool = False,
    cancel: Cancel | None = None,
) -> NeuronPass:
    """Explain one neuron for each picture of a batch; the forward stops at the layer.

    Args:
        module: As for :func:`cactiviz.engine.class_pass.run`.
        inputs: Preprocessed pictures, (B, 3, H, W); a picture may occur several times.
        layer: The layer of the neurons.
        neurons: One neuron for each picture.
        needs: "input_gradients", "guided_gradients" or both.
        before_ceiling: For neurons at their upper bound, explain the value before it instead.
        cancel: Checked before each operation.

    Raises:
        TargetError: The layer has no such neuron.
        CactivizError: As for :func:`cactiviz.engine.class_pass.run`.
    """
    if len(neurons) != len(inputs) or not neurons:
        raise TargetError(f"{len(inputs)} pictures need as many neurons, not {len(neurons)}.")
    check_neurons(layer_size(module, tuple(inputs.shape[1:]), layer), layer, neurons)

    def explain(rows: slice) -> NeuronPass:
        values: list[Tensor] = []

        def score(_: object, captured: tuple[Tensor, ...]) -> Tensor:
            picks = [(row, *neuron) for row, neuron in enumerate(neurons[rows])]
            picked = captured[0][tuple(torch.tensor(picks, device=inputs.device).T)]
            values.append(picked.detach())
            return picked.sum()

        picked = differentiate(
            module,
            inputs[rows],
            score,
            layers=[layer],
            needs=needs - {"activations"},
            cancel=cancel,
            stop_at_layer=True,
            before_ceiling=before_ceiling,
        )
        return NeuronPass(values[0], picked.input_gradients, picked.guided_gradients)

    return in_parts(module, inputs, explain)


def check_neurons(size: tuple[int, int, int], layer: Layer, neurons: Sequence[Neuron]) -> None:
    """Check that a layer of (channels, rows, columns) has these neurons.

    Raises:
        TargetError: The layer has no such neuron.
    """
    for neuron in neurons:
        if not all(0 <= at < most for at, most in zip(neuron, size, strict=True)):
            has = " x ".join(map(str, size))
            raise TargetError(
                f"The layer “{layer}” has {has} neurons (channel, row, column); "
                f"{', '.join(map(str, neuron))} is none of them."
            )


def layer_size(
    module: nn.Module, input_shape: tuple[int, ...], layer: Layer
) -> tuple[int, int, int]:
    """(channels, rows, columns) of a layer's feature map for an input of (C, H, W)."""
    sequence = trace(module, input_shape)
    _, channels, rows, columns = sequence.shapes[sequence.step(layer)]
    return channels, rows, columns


def feature_maps(
    module: nn.Module,
    inputs: Tensor,
    layer: Layer,
    cancel: Cancel | None = None,
    *,
    before_ceiling: bool = False,
) -> Tensor:
    """A layer's feature maps for a batch, (B, C, h, w); the forward stops at the layer.

    With ``before_ceiling``, values at an activation function's upper bound are replaced by its
    input there.
    """
    maps: list[Tensor] = []

    def keep(_: object, captured: tuple[Tensor, ...]) -> Tensor:
        maps.append(captured[0].detach())
        return captured[0].sum()

    def explain(rows: slice) -> Tensor:
        differentiate(
            module,
            inputs[rows],
            keep,
            layers=[layer],
            needs=frozenset(),
            cancel=cancel,
            stop_at_layer=True,
            before_ceiling=before_ceiling,
        )
        return maps.pop()

    return in_parts(module, inputs, explain)


@dataclass(frozen=True, eq=False)
class LayerMap:
    """State of a layer's neurons for one picture; each tensor is (C, h, w).

    Attributes:
        values: Each neuron's activation.
        before: The same, with the activation's input where a neuron is at its upper bound.
        at_ceiling: bool, which neurons no pixel drives by a small change for that reason alone.
        driven: bool, which neurons some pixel drives by a small change, ceilings aside.
        answers: bool, which of these both methods show: where the values are an activation
            function's, guided backprop lets nothing through at 0 and below.
    """

    values: Tensor
    before: Tensor
    at_ceiling: Tensor
    driven: Tensor
    answers: Tensor

    @property
    def size(self) -> tuple[int, int, int]:
        """The layer's (channels, rows, columns)."""
        channels, rows, columns = self.values.shape
        return channels, rows, columns

    @property
    def strength(self) -> Tensor:
        """Ranking key of the neurons: the value before the upper bound."""
        return self.before.where(self.at_ceiling, self.values)

    def strongest(self) -> Neuron:
        """The most active neuron of the layer.

        >>> values = torch.tensor([[[1.0, 6.0]], [[6.0, 0.0]]])
        >>> before = torch.tensor([[[1.0, 7.0]], [[9.0, 0.0]]])
        >>> LayerMap(values, before, values == 6, values > 0, values > 0).strongest()
        Neuron(channel=1, row=0, column=0)
        """
        _, rows, columns = self.size
        index = int(self.strength.argmax())
        return Neuron(index // (rows * columns), index // columns % rows, index % columns)


def layer_map(
    module: nn.Module, inputs: Tensor, layer: Layer, cancel: Cancel | None = None
) -> LayerMap:
    """State of a layer's neurons for one picture; the forward stops at the layer.

    Which neurons respond is tested for all at once by the derivative along a random direction:
    it is 0 where the gradient is 0, and almost surely not anywhere else.

    Args:
        module: As for :func:`cactiviz.engine.class_pass.run`.
        inputs: One preprocessed picture, (1, 3, H, W).
        layer: The layer of the neurons.
        cancel: Checked before each operation.

    Raises:
        CactivizError: As for :func:`cactiviz.engine.class_pass.run`.
    """
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(inputs.shape, generator=generator).to(inputs)

    def derived(before_ceiling: bool) -> tuple[Tensor, Tensor]:
        """The layer's maps and their directional derivative; the maps themselves if unknown."""

        def along(rows: slice) -> tuple[Tensor, Tensor]:
            picture, way = inputs[rows], direction[rows]
            return differentiate_along(
                module, picture, way, layer, before_ceiling=before_ceiling, cancel=cancel
            )

        try:
            return in_parts(module, inputs, along)
        except ModelError:  # most likely an operation without a derivative in forward mode
            maps = feature_maps(module, inputs, layer, cancel, before_ceiling=before_ceiling)
            return maps, maps

    maps, change = derived(False)
    values, driven = maps[0], change[0] != 0
    before, at_ceiling = values, torch.zeros_like(driven)
    sequence = trace(module, tuple(inputs.shape[1:]))
    step = sequence.step(layer)
    if capped_steps(sequence, step):
        maps, change = derived(True)
        before, would_be = maps[0], change[0] != 0
        # Not by the values: one may stand exactly at the ceiling, a mean of some partly so.
        at_ceiling = before != values if change is maps else would_be & ~driven
        driven = driven | at_ceiling
    answers = driven & (values > 0) if is_activated(sequence, step) else driven
    return LayerMap(values, before, at_ceiling, driven, answers)


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


def random_neurons(
    size: tuple[int, int, int], count: int, seed: int, among: Tensor | None = None
) -> list[Neuron]:
    """Draw distinct neurons of a layer of (channels, rows, columns).

    Args:
        size: (channels, rows, columns) of the layer.
        count: Number of neurons to draw.
        seed: The same seed gives the same neurons.
        among: bool of the layer's size: draw from these only; all of them if they are fewer.

    >>> random_neurons((64, 8, 8), 2, seed=0) == random_neurons((64, 8, 8), 2, seed=0)
    True
    >>> random_neurons((2, 1, 2), 4, seed=0, among=torch.tensor([[[True, False]], [[False] * 2]]))
    [Neuron(channel=0, row=0, column=0)]

    Raises:
        TargetError: The layer has fewer.
    """
    channels, rows, columns = size
    if not 0 < count <= channels * rows * columns:
        raise TargetError(f"The layer has {channels * rows * columns} neurons, not {count}.")
    order = torch.randperm(channels * rows * columns, generator=torch.Generator().manual_seed(seed))
    if among is not None:
        order = order[among.cpu().flatten()[order]]
    return [
        Neuron(index // (rows * columns), index // columns % rows, index % columns)
        for index in order[:count].tolist()
    ]
