"""One observed forward pass and at most two backward passes over its graph.

How the network stays unchanged while other threads use it:

* The forward runs under :class:`~cactiviz.engine.operations.Steps`, which sees this thread's
  operations only. A layer is the position of an operation: no hook on a module.
* Each activation's output gets a tensor hook, which lives as long as this pass's graph. It applies
  the guided rule in the second backward, by a flag of this pass (CUDA has threads of its own).
* Batch norms are differentiated by their input alone (:data:`CHEAPER`); the forward is the
  network's own to the last bit.
* Gradients come from ``torch.autograd.grad``: no parameter's ``.grad`` is written.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

from cactiviz.engine.ceilings import capped_steps, uncapped
from cactiviz.engine.device import is_out_of_memory
from cactiviz.engine.operations import ACTIVATIONS, RELUS, Function, Steps
from cactiviz.engine.trace import trace
from cactiviz.errors import CactivizError, Cancelled, LayerError, ModelError
from cactiviz.types import Cancel, Layer


class _FixedBatchNorm(torch.autograd.Function):
    """Batch norm by fixed statistics, differentiated by its input only.

    Torch's backward reads the input once more, to sum up gradients for weight and bias that nobody
    asked for, and so holds it in memory until then; by the input alone it is a product with one
    number a channel.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, arguments: tuple[Any, ...]) -> Tensor:
        ctx.save_for_backward(scale)
        return F.batch_norm(x, *arguments)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (scale,) = ctx.saved_tensors
        return gradients[0] * scale, None, None


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    arguments = (running_mean, running_var, weight, bias, training, momentum, eps)
    if training or running_var is None or running_var.dtype != input.dtype:
        return F.batch_norm(input, *arguments)
    scale = (running_var.detach() + eps).rsqrt_()
    if weight is not None:
        scale = scale.mul_(weight.detach())
    scale = scale.view(-1, *(1,) * (input.ndim - 2))

    output: Tensor = _FixedBatchNorm.apply(input, scale, arguments)
    return output


CHEAPER = {F.batch_norm: _batch_norm}


Need = Literal["activations", "input_gradients", "guided_gradients"]
#: From the network's output (None if the forward was stopped before it) and the captured
#: activations to the sum over the batch of what is explained.
Score = Callable[[Any, tuple[Tensor, ...]], Tensor]


_FORWARD_MODE = threading.Lock()  # torch has one level of it for all threads


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of one score; shapes as in :class:`~cactiviz.engine.class_pass.Pass`."""

    maps: tuple[tuple[Tensor, Tensor], ...]
    input_gradients: Tensor | None
    guided_gradients: Tensor | None


def differentiate(
    module: nn.Module,
    inputs: Tensor,
    score: Score,
    *,
    layers: Sequence[Layer],
    needs: frozenset[Need],
    cancel: Cancel | None = None,
    stop_at_layer: bool = False,
    before_ceiling: bool = False,
) -> Gradients:
    """Run one forward, one backward for plain gradients, and one for guided gradients.

    Args:
        module: A network in eval mode, so that the pictures of a batch don't mix.
        inputs: Preprocessed pictures, (B, 3, H, W).
        score: Maps the output and the layers' activations to the scalar that is differentiated.
        layers: Layers whose activations ``score`` gets, and are differentiated by if needed.
        needs: Which gradients to compute.
        cancel: Checked before each operation.
        stop_at_layer: Stop the forward after the last of the layers.
        before_ceiling: Replace values capped by an activation with its input (``engine.ceilings``).

    Raises:
        CactivizError: As for :func:`cactiviz.engine.class_pass.run`.
    """
    _check(cancel)
    with torch.inference_mode(False), torch.enable_grad():
        x = inputs.detach().clone().requires_grad_()
        forward = _Forward(needs, cancel)
        observed = _observe(forward, module, x, layers, stop_at_layer, before_ceiling)
        output, captured = observed
        total = score(output, captured)

        by_maps = list(captured) if "activations" in needs else []
        by = by_maps + ([x] if "input_gradients" in needs else [])
        guided = "guided_gradients" in needs
        plain: tuple[Tensor, ...] = ()
        if by:
            _check(cancel)
            plain = _gradients(total, by, layers, keep_graph=guided)
        guided_gradients = None
        if guided:
            _check(cancel)
            forward.guide.on = True
            (guided_gradients,) = _gradients(total, [x], (), keep_graph=False)
    _check(cancel)
    maps = tuple((a.detach(), g) for a, g in zip(by_maps, plain, strict=False))
    return Gradients(maps, plain[-1] if "input_gradients" in needs else None, guided_gradients)


def differentiate_along(
    module: nn.Module,
    inputs: Tensor,
    direction: Tensor,
    layer: Layer,
    *,
    before_ceiling: bool = False,
    cancel: Cancel | None = None,
) -> tuple[Tensor, Tensor]:
    """A layer's map and its directional derivative along one direction of the input.

    Forward-mode differentiation: one pass gives the derivative of every value of the map.

    Args:
        module: As for :func:`differentiate`.
        inputs: Preprocessed pictures, (B, 3, H, W).
        direction: Direction of change, of the same shape.
        layer: The layer whose map is computed.
        before_ceiling: As for :func:`differentiate`.
        cancel: Checked before each operation.

    Returns:
        The map and its derivative, both (B, C, h, w).

    Raises:
        CactivizError: As for :func:`differentiate`, or an operation has no forward-mode derivative.
    """
    with torch.inference_mode(False), torch.no_grad(), _FORWARD_MODE, forward_ad.dual_level():
        with warnings.catch_warnings():
            # On first use torch compiles a part of itself in a way that it advises others against.
            warnings.simplefilter("ignore", FutureWarning)
            x: Tensor = forward_ad.make_dual(inputs.detach().clone(), direction)  # type: ignore[no-untyped-call]
        forward = _Forward(frozenset(), cancel, instead={})  # the cheaper ones go backward only
        _, (made,) = _observe(forward, module, x, [layer], True, before_ceiling)
        values, change = forward_ad.unpack_dual(made)  # type: ignore[no-untyped-call]
        return values, torch.zeros_like(values) if change is None else change


def _observe(
    forward: _Forward,
    module: nn.Module,
    x: Tensor,
    layers: Sequence[Layer],
    stop_at_layer: bool,
    before_ceiling: bool,
) -> tuple[Any, tuple[Tensor, ...]]:
    """The network's output, None if it stopped before it, and the map of each layer."""
    sequence = trace(module, tuple(x.shape[1:]))
    steps = [sequence.step(layer) for layer in layers]
    forward.shapes = {step: sequence.shapes[step][1:] for step in steps}
    forward.last = max(steps) if stop_at_layer else None
    if before_ceiling:
        forward.capped = frozenset().union(*(capped_steps(sequence, step) for step in steps))
    output = forward(module, x)
    if len(forward.captured) < len(set(steps)):
        raise LayerError("The network took another path than in its trace; load it again.")
    for layer, step in zip(layers, steps, strict=True):
        if forward.captured[step]._version != forward.versions[step]:
            raise LayerError(f"The network writes over the map of the layer “{layer}”.")
    return output, tuple(forward.captured[step] for step in steps)


def _gradients(
    total: Tensor, by: list[Tensor], layers: Sequence[Layer], *, keep_graph: bool
) -> tuple[Tensor, ...]:
    """Gradients of the score by each tensor of ``by``, in order."""
    try:
        gradients = torch.autograd.grad(total, by, retain_graph=keep_graph, allow_unused=True)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ModelError("The network's gradients can't be computed.") from error
    for index, gradient in enumerate(gradients):
        if gradient is None and by[index].is_leaf:
            raise ModelError("The network's answer doesn't depend on its picture.")
        if gradient is None:
            raise LayerError(f"The network's answer doesn't depend on the layer “{layers[index]}”.")
    return gradients


class _Reached(Exception):
    """The last layer of interest has its activations."""


class _Forward:
    """One forward under observation; holds what it captured and whether backward is guided."""

    def __init__(
        self,
        needs: frozenset[Need],
        cancel: Cancel | None,
        instead: Mapping[Function, Function] = CHEAPER,
    ) -> None:
        self.captured: dict[int, Tensor] = {}
        self.versions: dict[int, int] = {}
        # Flag of the guided backward; an object of its own, so that no hook holds the graph.
        self.guide = SimpleNamespace(on=False)
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.last: int | None = None
        self.capped: frozenset[int] = frozenset()
        self._prepare_guiding = "guided_gradients" in needs
        self._cancel = cancel
        self._instead = instead

    def __call__(self, module: nn.Module, x: Tensor) -> Any:
        copied = x.clone()  # a network may write into its input; a leaf doesn't allow it
        try:
            with Steps(self._on_step, self._instead, self._compute if self.capped else None):
                return module(copied)
        except _Reached:
            return None
        except CactivizError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise ModelError("The network failed while it computed its answer.") from error

    def _compute(self, position: int, function: Function, args: Any, kwargs: Any) -> Any:
        if position in self.capped:
            return uncapped(function, args, kwargs)
        return function(*args, **kwargs)

    def _on_step(self, position: int, function: Function, output: Tensor) -> Tensor:
        _check(self._cancel)
        if self._prepare_guiding and function in ACTIVATIONS and output.requires_grad:
            positive = None if function in RELUS else output.detach().relu().sign_()
            self._hook(output, positive)
        if position not in self.shapes:
            return output
        if tuple(output.shape[1:]) != self.shapes[position]:
            raise LayerError("The network took another path than in its trace; load it again.")
        self.captured[position], self.versions[position] = output, output._version
        if position == self.last:
            raise _Reached
        return output.clone()  # the next operation may write into it

    def _hook(self, output: Tensor, positive: Tensor | None) -> None:
        """Guide the gradient that arrives at an activation's output.

        The rule's factors 1[x > 0] and max(R_out, 0) both fit here, before act'(x): all are
        elementwise, and the listed activations have the sign of x. ReLU's derivative is its mask.
        """
        guide = self.guide

        def rule(gradient: Tensor) -> Tensor | None:
            if not guide.on:
                return None
            kept = gradient.relu()  # faster than a clamp, as is a mask of floats than of bools
            return kept if positive is None else kept.mul_(positive)

        output.register_hook(rule)  # type: ignore[no-untyped-call]


def _check(cancel: Cancel | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("The computation was cancelled.")
