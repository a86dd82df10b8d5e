"""One forward under observation, and at most two backwards over its graph.

How it leaves the network as it found it, while other threads use the same network:

* The forward runs under :class:`~cactiviz.trace.Steps`, which sees the operations of this thread
  only. A layer is known by the position of its operation: no hook on a module.
* Each activation's output gets a tensor hook, which lives and dies with this pass's graph. It does
  nothing in the first backward and applies the guided rule in the second; the flag between the two
  is an object of this pass (on CUDA, backward runs on threads of its own).
* Batch norms are differentiated by their input alone (:mod:`cactiviz.cheaper`), which is quicker
  and holds less memory; the forward is the network's own to the last bit.
* Gradients come from ``torch.autograd.grad``: no parameter's ``.grad`` is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from cactiviz.cheaper import CHEAPER
from cactiviz.device import exact_float32
from cactiviz.errors import CactivizError, Cancelled, DeviceError, LayerError, ModelError
from cactiviz.trace import ACTIVATIONS, RELUS, Function, Steps, trace
from cactiviz.types import Cancel, Layer

Need = Literal["activations", "input_gradients", "guided_gradients"]
#: From the network's output (None if the forward was stopped before it) and the captured
#: activations to the sum over the batch of what is explained.
Score = Callable[[Any, tuple[Tensor, ...]], Tensor]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Of one score; see :class:`~cactiviz.engine.Pass` for shapes."""

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
) -> Gradients:
    """One forward; one backward for all plain gradients; one more for the guided ones.

    Args:
        module: In eval mode, so that the pictures of a batch don't mix.
        inputs: (B, 3, H, W).
        score: What is explained.
        layers: Whose activations the score is given; with "activations" among the needs, their
            gradients are computed too.
        needs: Which gradients.
        cancel: Asked between steps.
        stop_at_layer: Don't run what comes after the last of the layers.

    Raises:
        CactivizError: As :func:`cactiviz.engine.run` says.
    """
    _check(cancel)
    sequence = trace(module, tuple(inputs.shape[1:]))
    steps = [sequence.step(layer) for layer in layers]
    forward = _Forward({step: sequence.shapes[step][1:] for step in steps}, needs, cancel)
    forward.last = max(steps) if stop_at_layer else None
    with torch.inference_mode(False), torch.enable_grad():
        x = inputs.detach().clone().requires_grad_()
        output = forward(module, x)
        if len(forward.captured) < len(set(steps)):
            raise LayerError("The network took another path than in its trace; load it again.")
        captured = tuple(forward.captured[step] for step in steps)
        for layer, step in zip(layers, steps, strict=True):
            if forward.captured[step]._version != forward.versions[step]:
                raise LayerError(f"The network writes over the map of the layer “{layer}”.")
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


def _gradients(
    total: Tensor, by: list[Tensor], layers: Sequence[Layer], *, keep_graph: bool
) -> tuple[Tensor, ...]:
    """Of the score by the layers' maps, in their order, and by the input if it stands last."""
    try:
        found = torch.autograd.grad(total, by, retain_graph=keep_graph, allow_unused=True)
    except Exception as error:
        if _is_out_of_memory(error):
            raise
        raise ModelError("The network's gradients can't be computed.") from error
    for index, gradient in enumerate(found):
        if gradient is None and by[index].is_leaf:
            raise ModelError("The network's answer doesn't depend on its picture.")
        if gradient is None:
            raise LayerError(f"The network's answer doesn't depend on the layer “{layers[index]}”.")
    return found


class _Reached(Exception):
    """The last layer of interest has its activations."""


class _Guide:
    """Whether this pass's backward is the guided one; apart, so that no hook holds the graph."""

    def __init__(self) -> None:
        self.on = False


class _Forward:
    """One forward under observation; holds what it captured and whether backward is guided."""

    def __init__(
        self,
        shapes: dict[int, tuple[int, ...]],
        needs: frozenset[Need],
        cancel: Cancel | None,
    ) -> None:
        self.captured: dict[int, Tensor] = {}
        self.versions: dict[int, int] = {}
        self.guide = _Guide()
        self.last: int | None = None
        self._shapes = shapes
        self._prepare_guiding = "guided_gradients" in needs
        self._cancel = cancel

    def __call__(self, module: nn.Module, x: Tensor) -> Any:
        given = x.clone()  # a network may write into its input; a leaf doesn't allow it
        try:
            with Steps(self._on_step, CHEAPER):
                return module(given)
        except _Reached:
            return None
        except CactivizError:
            raise
        except Exception as error:
            if _is_out_of_memory(error):
                raise
            raise ModelError("The network failed while it computed its answer.") from error

    def _on_step(self, position: int, function: Function, output: Tensor) -> Tensor:
        _check(self._cancel)
        if self._prepare_guiding and function in ACTIVATIONS and output.requires_grad:
            positive = None if function in RELUS else output.detach().relu().sign_()
            self._hook(output, positive)
        if position not in self._shapes:
            return output
        if tuple(output.shape[1:]) != self._shapes[position]:
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


Result = TypeVar("Result")


def in_parts(module: nn.Module, inputs: Tensor, explain: Callable[[slice], Result]) -> Result:
    """Explain the rows of a batch; if the memory doesn't hold it, its halves.

    Args:
        module: Must be in eval mode.
        inputs: The batch; only its length and device are used.
        explain: From a part of the batch to a dataclass of tensors with a row for each picture.

    Raises:
        DeviceError: The memory is too small even for one picture.
        ModelError: The network is in training mode.
    """
    if any(m.training for m in module.modules()):
        raise ModelError("The network is in training mode; call its eval() first.")
    with exact_float32(inputs.device):
        return _part(inputs.device, explain, 0, len(inputs))


def _part(
    device: torch.device, explain: Callable[[slice], Result], start: int, stop: int
) -> Result:
    """On its own, since a function that calls itself from inside another lives in a circle."""
    try:
        return explain(slice(start, stop))
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        if stop - start == 1:
            raise DeviceError(
                f"The memory of {device} is too small for this network; "
                "use the CPU or a smaller network."
            ) from error
    middle = (start + stop) // 2  # out of the handler: its traceback holds the failed tensors
    first = _part(device, explain, start, middle)
    joined: Result = _joined(first, _part(device, explain, middle, stop))
    return joined


def _joined(first: Any, second: Any) -> Any:
    """Two results, or what they hold, as if their rows had been one batch."""
    if first is None:
        return None
    if isinstance(first, Tensor):
        return torch.cat([first, second])
    if isinstance(first, tuple):
        return tuple(_joined(*pair) for pair in zip(first, second, strict=True))
    names = [field.name for field in fields(first)]
    return type(first)(*(_joined(getattr(first, n), getattr(second, n)) for n in names))


def _is_out_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in str(error)
        or (error.__cause__ is not None and _is_out_of_memory(error.__cause__))
    )


def _check(cancel: Cancel | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("The computation was cancelled.")
