"""Receptive fields of neurons: the pixels that can change them, whatever the weights."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cactiviz.engine.operations import ACTIVATIONS, Function, functions
from cactiviz.engine.trace import trace
from cactiviz.errors import Cancelled, LayerError
from cactiviz.types import Box, Cancel, Layer, Neuron

_MAX_POOLS = functions("max_pool2d")
_ADAPTIVE_MAX_POOLS = functions("adaptive_max_pool2d")
_PASSED = ACTIVATIONS | functions("clamp", "clamp_min", "clamp_max", "clip", "threshold")


def receptive_fields(
    module: nn.Module,
    input_shape: tuple[int, int, int],
    layer: Layer,
    neurons: Sequence[Neuron],
    cancel: Cancel | None = None,
) -> list[NDArray[np.bool_]]:
    """The input pixels that each neuron is connected to, as bool (H, W) masks.

    Connections are traced by a NaN gradient, which no weight, not even 0, can stop. In a copy of
    the network, activations and max pooling are replaced by the identity and the mean, so that
    they don't stop it either. A squeeze-and-excitation block connects a neuron to every pixel.

    Args:
        module: A network; it isn't changed.
        input_shape: (C, H, W).
        layer: The layer of the neurons.
        neurons: Their channels, rows and columns.
        cancel: Checked between neurons.

    Raises:
        LayerError: There is no such layer.
        IndexError: There is no such neuron.
        Cancelled: ``cancel`` was set.
    """
    step = trace(module, input_shape).step(layer)
    x = torch.zeros(1, *input_shape, dtype=torch.float64, requires_grad=True)
    with torch.inference_mode(False), torch.enable_grad():
        blank, copied = _blank(module), x.clone()
        try:
            with _Connections(step):
                blank(copied)
        except _Reached as reached:
            output = reached.output
        fields = []
        for neuron in neurons:
            if cancel is not None and cancel.is_set():
                raise Cancelled("The computation was cancelled.")
            start = torch.zeros_like(output)
            start[0, neuron.channel, neuron.row, neuron.column] = torch.nan
            (gradient,) = torch.autograd.grad(output, x, start, retain_graph=True)
            fields.append(gradient[0].isnan().any(dim=0).numpy())
    return fields


_MOST = 0.5  # of the input's area: a field that can be shown as a part of a picture


def layer_with_parts(
    module: nn.Module,
    input_shape: tuple[int, int, int],
    target: Layer,
    cancel: Cancel | None = None,
) -> Layer:
    """A deep layer whose neurons see a part of the picture: the default for viewing neurons.

    The target layer, unless its middle neuron sees the whole picture. Then the last stage, or
    else the last convolution, whose neurons see at most half of the picture; the target layer if
    there is none.

    Args:
        module: A network; it isn't changed.
        input_shape: (C, H, W).
        target: The network's target layer.
        cancel: Checked between layers.

    Raises:
        LayerError: There is no such target layer.
        Cancelled: ``cancel`` was set.
    """
    sequence = trace(module, input_shape)

    def share(layer: Layer) -> float:
        _, rows, columns = sequence.shapes[sequence.step(layer)][1:]
        middle = Neuron(0, rows // 2, columns // 2)
        (field,) = receptive_fields(module, input_shape, layer, [middle], cancel)
        return float(field.mean())

    def last_part(layers: Iterable[Layer]) -> tuple[Layer | None, bool]:
        """The last layer that sees at most half, and whether the next one sees everything."""
        last = None
        for layer in layers:  # deeper ones see more, and take longer
            seen = share(layer)
            if seen > _MOST:
                return last, seen == 1
            last = layer
        return last, False

    end = sequence.step(target)
    try:
        stages = [stage for stage in sequence.stages() if sequence.step(stage) < end]
    except LayerError:  # the target layer was named by somebody who knows better
        stages = []
    last, whole = last_part(stages)
    if not whole and share(target) < 1:
        return target
    if last is None:
        last, _ = last_part(Layer(name) for name in sequence.convolutions)
    return last or target


def bounding_box(field: NDArray[np.bool_], seen: Box) -> Box:
    """Bounding box of a receptive field, in the picture's coordinates.

    Args:
        field: bool (H, W) on the network's input, with at least one pixel.
        seen: The part of the picture that the network saw.

    >>> field = np.zeros((4, 4), bool); field[1:3, 0] = True
    >>> bounding_box(field, Box(0, 0, 100, 200))
    Box(top=25.0, left=0.0, height=50.0, width=50.0)
    """
    rows, columns = (np.flatnonzero(field.any(axis=axis)) for axis in (1, 0))
    high, wide = seen.height / field.shape[0], seen.width / field.shape[1]
    return Box(
        top=float(seen.top + rows[0] * high),
        left=float(seen.left + columns[0] * wide),
        height=float((rows[-1] - rows[0] + 1) * high),
        width=float((columns[-1] - columns[0] + 1) * wide),
    )


class _Reached(Exception):
    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output


class _Connections(TorchFunctionMode):
    """Runs a network up to one step with what could stop a gradient replaced.

    Steps are counted as in a trace.
    """

    def __init__(self, last: int) -> None:
        super().__init__()
        self._left = last + 1

    def __torch_function__(
        self, func: Function, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        named = dict(kwargs or {})
        if func in _PASSED:
            output = (args[0] if args else named["input"]).clone()
        elif func in _MAX_POOLS:
            output = _mean_pool(*args, **named)
        elif func in _ADAPTIVE_MAX_POOLS:
            named.pop("return_indices", None)
            output = F.adaptive_avg_pool2d(*args[:2], **named)
        else:
            output = func(*args, **named)
        if isinstance(output, Tensor):
            self._left -= 1
            if self._left == 0:
                raise _Reached(output)
        return output


def _mean_pool(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """The mean over the very windows of a max pooling."""
    if dilation in (1, (1, 1), [1, 1]):
        return F.avg_pool2d(input, kernel_size, stride, padding, ceil_mode)
    high, wide = F.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode).shape[2:]
    size, steps, edge = (
        (side, side) if isinstance(side, int) else (side[0], side[-1])
        for side in (kernel_size, stride or kernel_size, padding)
    )
    channels = input.shape[1]
    mean = torch.full((channels, 1, *size), 1 / (size[0] * size[1]), dtype=input.dtype)
    padded = F.pad(input, (edge[1], edge[1] + steps[1], edge[0], edge[0] + steps[0]))
    means = F.conv2d(padded, mean, None, steps, 0, dilation, channels)
    return means[:, :, :high, :wide]  # rounded up or down, as the maximum's size is


def _blank(module: nn.Module) -> nn.Module:
    """A copy in double precision whose weights are all 0.

    Double precision, because faster kernels mix neighbouring places and spread what isn't a
    number; weights of 0 cost no memory until they are read.
    """
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        memo[id(parameter)] = nn.Parameter(torch.zeros(parameter.shape, dtype=torch.float64))
    for buffer in module.buffers():
        kind = torch.float64 if buffer.is_floating_point() else buffer.dtype
        memo[id(buffer)] = torch.zeros(buffer.shape, dtype=kind)
    return copy.deepcopy(module, memo)
