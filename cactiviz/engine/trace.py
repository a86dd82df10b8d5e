"""Maps layers to operation indices by tracing a copy that computes nothing.

A network is copied, but for its parameters, and run once on a batch of no pictures; hooks go on
that copy only. A layer is then known by the position of its operation in the sequence, so that a
later pass over the real, perhaps shared, network needs no hook at all. Where a network can't take
an empty batch (``view(batch, -1)``), one picture on torch's meta device (shapes, no numbers) takes
its place: the same steps, but torch loads its compiler for them, which takes seconds.
"""

from __future__ import annotations

import copy
import threading
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.engine.operations import ACTIVATIONS, DROPOUTS, POOLS, Function, Steps
from cactiviz.errors import LayerError, ModelError
from cactiviz.types import Layer

_NO_STAGES = POOLS | DROPOUTS | {F.pad}

_TRANSFORMER = (
    "This network is a transformer, or works on rows of tokens like one; "
    "class activation maps are defined for convolutional networks."
)
_FEW = 2  # a pooling may be written as a flattening and a mean


@dataclass(frozen=True)
class Trace:
    """The sequence of operations of one network for one input size.

    Attributes:
        shapes: The shape of each step's output, batch dimension included.
        functions: The function of each step.
        sources: For each step the earlier steps whose outputs it reads.
        module_steps: Module name -> the step of its output (of its last call).
        convolutions: Names of the convolutions, in the order in which they run.
        square: Whether the input is square; then a map that isn't has its channels last.
    """

    shapes: tuple[tuple[int, ...], ...]
    functions: tuple[Function, ...]
    sources: tuple[tuple[int, ...], ...]
    module_steps: dict[str, int]
    convolutions: tuple[str, ...]
    square: bool

    def step(self, layer: Layer) -> int:
        """Position of the operation whose output is the layer's (B, C, h, w) feature map.

        Raises:
            LayerError: There is no such layer, or its output isn't a feature map.
        """
        if layer.name not in self.module_steps:
            raise LayerError(f"This network has no layer called “{layer.name}” that makes a map.")
        step = self.module_steps[layer.name]
        if layer.after == "activation":
            activations = [i for i, f in enumerate(self.functions) if f in ACTIVATIONS]
            following = bisect_right(activations, step)
            if following == len(activations):
                raise LayerError(f"No activation function follows the layer “{layer.name}”.")
            step = activations[following]
        if len(self.shapes[step]) != 4:
            raise LayerError(f"The layer “{layer}” has no map: its output has no rows and columns.")
        return step

    def grid(self, layer: Layer) -> tuple[int, int]:
        """(h, w) of the layer's feature map."""
        _, _, height, width = self.shapes[self.step(layer)]
        return height, width

    def target_layer(self) -> Layer:
        """The last feature map before pooling, after its activation: Grad-CAM's layer.

        A map with as many channels as the network has logits is a classifier's (SqueezeNet's),
        not a feature map; pooling and dropout make no new features.

        Raises:
            LayerError: There is no map of at least 2 x 2 with a name, or the network is a
                transformer: what follows its last map isn't pooling but rows of tokens.
        """
        if F.scaled_dot_product_attention in self.functions:
            raise LayerError(_TRANSFORMER)
        classes = self.shapes[-1][-1]
        for step in reversed(range(len(self.shapes))):
            shape = self.shapes[step]
            if len(shape) != 4 or min(shape[2:]) < 2 or shape[1] == classes:
                continue
            if self.functions[step] in POOLS | DROPOUTS:
                continue
            tokens = sum(len(later) == 3 for later in self.shapes[step:]) > _FEW
            if tokens or (self.square and shape[2] != shape[3]):
                raise LayerError(_TRANSFORMER)
            layer = self._name(step)
            if layer is not None:
                return layer
        raise LayerError("This network has no feature map of at least 2 x 2 before its pooling.")

    def stages(self) -> list[Layer]:
        """The last feature map of each resolution before pooling, from the finest to the coarsest.

        Preferred are maps that aren't inside of a module which ends at another resolution:
        ResNet's ``layer1`` rather than the first half of a block of ``layer2``.

        Raises:
            LayerError: As :meth:`target_layer`, which is the last of them.
        """
        target = self.target_layer()
        last = self.step(target)
        found: dict[tuple[int, ...], tuple[int, int, Layer]] = {}
        for step in range(last):
            grid = self.shapes[step][2:]
            if len(grid) != 2 or min(grid) < 2 or (self.square and grid[0] != grid[1]):
                continue
            layer = None if self.functions[step] in _NO_STAGES else self._name(step)
            if layer is not None:
                rank = -self._within_others(layer, grid)
                best = found.get(grid, (rank, step, layer))
                found[grid] = max(best, (rank, step, layer), key=lambda entry: entry[:2])
        found[self.shapes[last][2:]] = (0, last, target)
        return [layer for _, _, layer in sorted(found.values(), key=lambda entry: entry[1])]

    def _within_others(self, layer: Layer, grid: tuple[int, ...]) -> int:
        """Number of modules around a layer that end at another resolution."""
        parts = layer.name.split(".")
        around = [".".join(parts[:depth]) for depth in range(1, len(parts))]
        steps = [self.module_steps[name] for name in around if name in self.module_steps]
        return sum(self.shapes[step][2:] != grid for step in steps)

    def _name(self, step: int) -> Layer | None:
        """The outermost module whose output this step makes, or the one whose activation it is."""
        exact = [name for name, made in self.module_steps.items() if made == step and name]
        if exact:
            return Layer(min(exact, key=lambda name: (name.count("."), name)))
        if self.functions[step] not in ACTIVATIONS:
            return None
        before = max((made for made in self.module_steps.values() if made < step), default=None)
        if before is None or any(f in ACTIVATIONS for f in self.functions[before + 1 : step]):
            return None
        owner = self._name(before)
        return None if owner is None else Layer(owner.name, "activation")


def _skeleton(module: nn.Module, device: str | None) -> nn.Module:
    """A copy of the network with the same parameters, or with empty ones on another device."""
    memo: dict[int, Any] = {}
    with torch.no_grad():
        for parameter in module.parameters():
            there = torch.empty_like(parameter, device=device) if device else parameter.data
            memo[id(parameter)] = nn.Parameter(there, parameter.requires_grad)
        held = (v for m in module.modules() for v in vars(m).values() if isinstance(v, Tensor))
        for tensor in (*module.buffers(), *held):
            memo[id(tensor)] = torch.empty_like(tensor, device=device) if device else tensor.clone()
    return copy.deepcopy(module, memo)


def _tensors(given: Iterable[Any], steps: Mapping[int, int]) -> Iterator[Tensor]:
    """Tensors of known ids among a call's arguments, lists included."""
    for value in given:
        if isinstance(value, list | tuple):
            yield from _tensors(value, steps)
        elif isinstance(value, Tensor) and id(value) in steps:
            yield value


def _run(
    module: nn.Module, input_shape: tuple[int, ...], dtype: torch.dtype, device: str | None = None
) -> Trace:
    """Trace the network on an empty batch; on a device, on a batch of one picture there."""
    try:
        with torch.inference_mode(False):
            skeleton = _skeleton(module, device)
    except Exception as error:
        raise ModelError("This network can't be copied, so its layers can't be found.") from error
    outputs: list[Tensor] = []  # held, so that no two outputs share an id
    functions: list[Function] = []
    sources: dict[int, tuple[int, ...]] = {}
    made: dict[int, int] = {}
    module_steps: dict[str, int] = {}
    convolutions: list[str] = []

    def compute(position: int, function: Function, args: Any, kwargs: Any) -> Any:
        # Before the call: an operation in place gives its source another position.
        sources[position] = tuple(made[id(t)] for t in _tensors([*args, *kwargs.values()], made))
        return function(*args, **kwargs)

    def note(position: int, function: Function, output: Tensor) -> Tensor:
        outputs.append(output)
        functions.append(function)
        made[id(output)] = position
        return output

    def leave(name: str, submodule: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor) and id(output) in made:
            module_steps[name] = made[id(output)]
            if isinstance(submodule, nn.Conv2d):
                convolutions.append(name)

    for name, submodule in skeleton.named_modules():
        submodule.register_forward_hook(lambda m, _, out, name=name: leave(name, m, out))
    try:
        with torch.inference_mode(False), torch.enable_grad():
            where = device or next((p.device for p in module.parameters()), "cpu")
            shape = (1 if device else 0, *input_shape)
            x = torch.empty(shape, device=where, dtype=dtype, requires_grad=True)
            given = x.clone()
            with Steps(note, compute=compute):
                skeleton(given)
    except Exception as error:
        if device is None:
            return _run(module, input_shape, dtype, "meta")
        size = " x ".join(map(str, input_shape[1:]))
        raise ModelError(f"This network can't take a picture of {size} pixels.") from error
    if not outputs:
        raise ModelError("This network computes nothing from its picture.")
    from_ = tuple(sources[step] for step in range(len(outputs)))
    shapes = tuple(tuple(size or 1 for size in output.shape) for output in outputs)
    square = input_shape[1] == input_shape[2]
    return Trace(shapes, tuple(functions), from_, module_steps, tuple(convolutions), square)


_traces: weakref.WeakKeyDictionary[nn.Module, dict[Any, Trace]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def trace(module: nn.Module, input_shape: tuple[int, ...]) -> Trace:
    """Trace a network for an input of this (C, H, W); cached per network.

    The size matters: "same" padding by input size adds a step for some sizes and none for others.

    Raises:
        ModelError: The network can't take such an input.
    """
    structure = hash(tuple((name, type(m)) for name, m in module.named_modules()))
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    key = (tuple(input_shape), structure, dtype)
    with _lock:
        traces = _traces.setdefault(module, {})
        if key not in traces:
            traces[key] = _run(module, tuple(input_shape), dtype)
        return traces[key]
