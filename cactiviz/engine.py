"""ONE pass through a network that yields all that the methods need.

One forward; one backward for the target layer's and the input's gradients together; one more for
the guided gradients, over the same graph. How it leaves the network as it found it, while other
threads use the same network:

* The forward runs under :class:`~cactiviz.trace.Steps`, which sees the operations of this thread
  only. The target layer is known by the position of its operation: no hook on a module.
* Each activation's output gets a tensor hook, which lives and dies with this pass's graph. It does
  nothing in the first backward and applies the guided rule in the second; the flag between the two
  is an object of this pass (on CUDA, backward runs on threads of its own).
* Gradients come from ``torch.autograd.grad``: no parameter's ``.grad`` is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cactiviz.device import exact_float32
from cactiviz.errors import (
    CactivizError,
    Cancelled,
    DeviceError,
    LayerError,
    ModelError,
    TargetError,
)
from cactiviz.trace import ACTIVATIONS, RELUS, Function, Steps, trace
from cactiviz.types import Cancel, Layer

Need = Literal["activations", "input_gradients", "guided_gradients"]


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass yields for a batch of B pictures; all raw, detached, in the network's dtype.

    Attributes:
        logits: (B, K), as the network gave them.
        class_index: int64 (B,), the class explained in each row.
        activations: (B, C, h, w) of the target layer, or None if not asked for.
        activation_gradients: The gradient of the explained score by ``activations``, same shape.
        input_gradients: (B, 3, H, W), the gradient of the score by the network's input.
        guided_gradients: (B, 3, H, W), the same backward pass with the guided rule
            R_in = 1[x > 0] act'(x) max(R_out, 0) at every activation function: Springenberg et
            al. 2014 (arXiv:1412.6806) on ReLU; on SiLU and its kin this project's generalisation.
            A functional ReLU is guided too, a fused kernel is not.
    """

    logits: Tensor
    class_index: Tensor
    activations: Tensor | None = None
    activation_gradients: Tensor | None = None
    input_gradients: Tensor | None = None
    guided_gradients: Tensor | None = None


def class_scores(logits: Tensor) -> Tensor:
    """Logits (B, K) -> one score per class; a one-logit network z has the classes -z and +z.

    >>> class_scores(torch.tensor([[2.0]]))
    tensor([[-2.,  2.]])
    """
    return torch.cat([-logits, logits], dim=1) if logits.shape[1] == 1 else logits


def probabilities(logits: Tensor) -> Tensor:
    """Logits (B, K) -> the probability of each class, 0..1: softmax, or sigmoid for one logit."""
    scores = class_scores(logits)
    return scores.sigmoid() if logits.shape[1] == 1 else scores.softmax(dim=1)


def run(
    module: nn.Module,
    inputs: Tensor,
    classes: Sequence[int | None] | None = None,
    *,
    layer: Layer | None = None,
    needs: frozenset[Need] = frozenset(),
    cancel: Cancel | None = None,
) -> Pass:
    """Explain one class for each picture of a batch.

    Args:
        module: A classifier in eval mode: (B, 3, H, W) -> (B, K). Any number of threads may use
            it at the same time; parameters, buffers, ``.grad``, modes and hooks stay untouched.
        inputs: (B, 3, H, W), preprocessed, on the network's device and in its dtype.
        classes: A class index for each row; None for the top class.
        layer: The target layer; needed for "activations".
        needs: What to compute besides the logits.
        cancel: Asked between steps.

    Raises:
        Cancelled: ``cancel`` was set.
        DeviceError: The memory is too small even for one picture at a time.
        LayerError: The layer isn't there, or the score doesn't depend on it.
        ModelError: The network can't process such an input, or isn't in eval mode.
        TargetError: A class index that the network doesn't have.
    """
    if any(m.training for m in module.modules()):
        raise ModelError("The network is in training mode; call its eval() first.")
    wanted: list[int | None] = [None] * len(inputs) if classes is None else list(classes)
    if len(wanted) != len(inputs) or not wanted:
        raise TargetError(f"{len(inputs)} pictures need as many classes, not {len(wanted)}.")
    with exact_float32(inputs.device):
        return _run_what_fits(module, inputs, wanted, layer, needs, cancel)


def _run_what_fits(
    module: nn.Module,
    inputs: Tensor,
    classes: list[int | None],
    layer: Layer | None,
    needs: frozenset[Need],
    cancel: Cancel | None,
) -> Pass:
    """Run the batch; if the memory doesn't hold it, run its halves."""
    try:
        return _run(module, inputs, classes, layer, needs, cancel)
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        if len(inputs) == 1:
            raise DeviceError(
                f"The memory of {inputs.device} is too small for this network; "
                "use the CPU or a smaller network."
            ) from error
    middle = len(inputs) // 2  # out of the handler: its traceback holds the failed pass's tensors
    halves = [
        _run_what_fits(module, inputs[rows], classes[rows], layer, needs, cancel)
        for rows in (slice(None, middle), slice(middle, None))
    ]
    joined: dict[str, Any] = {}
    for field in fields(Pass):
        parts = [getattr(half, field.name) for half in halves]
        joined[field.name] = None if parts[0] is None else torch.cat(parts)
    return Pass(**joined)


def _is_out_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in str(error)
        or (error.__cause__ is not None and _is_out_of_memory(error.__cause__))
    )


def _run(
    module: nn.Module,
    inputs: Tensor,
    classes: list[int | None],
    layer: Layer | None,
    needs: frozenset[Need],
    cancel: Cancel | None,
) -> Pass:
    _check(cancel)
    capture = None
    if "activations" in needs:
        if layer is None:
            raise LayerError("A class activation map needs a target layer.")
        traced = trace(module, tuple(inputs.shape[1:]))
        capture = (traced.step(layer), traced.shapes[traced.step(layer)][1:])
    with torch.inference_mode(False), torch.enable_grad():
        x = inputs.detach().clone().requires_grad_()
        forward = _Forward(capture, "guided_gradients" in needs, cancel)
        logits = forward(module, x)
        score, class_index = _score(logits, classes)
        if capture is not None and forward.captured is None:
            raise LayerError(f"The layer “{layer}” wasn't reached.")

        wanted = {"activations": forward.captured, "input_gradients": x}
        by = [tensor for need, tensor in wanted.items() if need in needs and tensor is not None]
        guided = "guided_gradients" in needs
        plain: list[Tensor] = []
        if by:
            _check(cancel)
            found = torch.autograd.grad(score, by, retain_graph=guided, allow_unused=True)
            if any(gradient is None for gradient in found):
                raise LayerError(f"The network's answer doesn't depend on the layer “{layer}”.")
            plain = list(found)
        guided_gradients = None
        if guided:
            _check(cancel)
            forward.guide = True
            (guided_gradients,) = torch.autograd.grad(score, x)
    _check(cancel)
    return Pass(
        logits=logits.detach(),
        class_index=class_index,
        activations=None if forward.captured is None else forward.captured.detach(),
        activation_gradients=plain.pop(0) if capture is not None else None,
        input_gradients=plain.pop(0) if plain else None,
        guided_gradients=guided_gradients,
    )


class _Forward:
    """One forward under observation; holds what it captured and whether backward is guided."""

    def __init__(
        self,
        capture: tuple[int, tuple[int, ...]] | None,
        prepare_guiding: bool,
        cancel: Cancel | None,
    ) -> None:
        self.captured: Tensor | None = None
        self.guide = False
        self._capture_step, self._capture_shape = capture or (-1, ())
        self._prepare_guiding = prepare_guiding
        self._cancel = cancel

    def __call__(self, module: nn.Module, x: Tensor) -> Tensor:
        given = x.clone()  # a network may write into its input; a leaf doesn't allow it
        try:
            with Steps(self._on_step):
                logits = module(given)
        except CactivizError:
            raise
        except Exception as error:
            if _is_out_of_memory(error):
                raise
            raise ModelError("The network failed while it computed its answer.") from error
        if not isinstance(logits, Tensor) or logits.ndim != 2 or not logits.requires_grad:
            raise ModelError("The network's output isn't a row of class scores for each picture.")
        if not bool(logits.isfinite().all()):
            raise ModelError("The network's answer isn't a finite number; its weights are damaged.")
        return logits

    def _on_step(self, position: int, function: Function, output: Tensor) -> Tensor:
        _check(self._cancel)
        if self._prepare_guiding and function in ACTIVATIONS and output.requires_grad:
            self._hook(output, None if function in RELUS else output.detach() > 0)
        if position != self._capture_step:
            return output
        if tuple(output.shape[1:]) != self._capture_shape:
            raise LayerError("The network took another path than in its trace; load it again.")
        self.captured = output
        return output.clone()  # the next operation may write into it

    def _hook(self, output: Tensor, positive: Tensor | None) -> None:
        """Guide the gradient that arrives at an activation's output.

        The rule's factors 1[x > 0] and max(R_out, 0) both fit here, before act'(x): all are
        elementwise, and the listed activations have the sign of x. ReLU's derivative is its mask.
        """

        def rule(gradient: Tensor) -> Tensor | None:
            if not self.guide:
                return None
            kept = gradient.clamp(min=0)
            return kept if positive is None else kept.mul_(positive)

        output.register_hook(rule)  # type: ignore[no-untyped-call]


def _score(logits: Tensor, classes: list[int | None]) -> tuple[Tensor, Tensor]:
    """The sum of the explained scores (pictures don't mix in eval mode), and the classes."""
    scores = class_scores(logits)
    count = scores.shape[1]
    top = scores.argmax(dim=1).tolist()
    chosen = [top[row] if index is None else index for row, index in enumerate(classes)]
    for index in chosen:
        if not 0 <= index < count:
            raise TargetError(f"This network has no class {index}; it has 0 to {count - 1}.")
    class_index = torch.tensor(chosen, device=logits.device)
    return scores.gather(1, class_index[:, None]).sum(), class_index


def _check(cancel: Cancel | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("The computation was cancelled.")
