"""One pass through a classifier that computes all that the attribution methods read.

The score is a class's logit, or the difference of two ("why A and not B");
:mod:`cactiviz.engine.backprop` says how the network stays unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from cactiviz.engine.backprop import Need, differentiate
from cactiviz.engine.device import in_parts
from cactiviz.errors import LayerError, ModelError, TargetError
from cactiviz.types import Cancel, Layer


@dataclass(frozen=True, eq=False)
class Pass:
    """Results of one pass for B pictures: raw, detached, in the network's dtype.

    Attributes:
        logits: (B, K), the network's output.
        class_index: int64 (B,), the class explained for each picture.
        maps: Each layer's activations (B, C, h, w), and the score's gradients by them.
        input_gradients: (B, 3, H, W), the gradient of the score by the network's input.
        guided_gradients: (B, 3, H, W), the same backward pass with the guided rule
            R_in = 1[x > 0] act'(x) max(R_out, 0) at every activation function: Springenberg et
            al. 2014 (arXiv:1412.6806) on ReLU; on SiLU and its kin this project's generalisation.
            A functional ReLU is guided too, a fused kernel is not.
    """

    logits: Tensor
    class_index: Tensor
    maps: tuple[tuple[Tensor, Tensor], ...] = ()
    input_gradients: Tensor | None = None
    guided_gradients: Tensor | None = None

    @property
    def activations(self) -> Tensor | None:
        """Activations of the first layer, or None without layers."""
        return self.maps[0][0] if self.maps else None

    @property
    def activation_gradients(self) -> Tensor | None:
        """Gradients by the first layer's activations, or None without layers."""
        return self.maps[0][1] if self.maps else None

    def at(self, index: int) -> Pass:
        """The same pass with the layer of this index only."""
        return replace(self, maps=(self.maps[index],))


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
    against: Sequence[int | None] | None = None,
    layers: Sequence[Layer] = (),
    needs: frozenset[Need] = frozenset(),
    cancel: Cancel | None = None,
) -> Pass:
    """Explain one class for each picture of a batch.

    Args:
        module: A classifier in eval mode: (B, 3, H, W) -> (B, K). Any number of threads may use
            it at the same time; parameters, buffers, ``.grad``, modes and hooks stay untouched.
        inputs: (B, 3, H, W), preprocessed, on the network's device and in its dtype.
        classes: A class index for each picture; None for its top class.
        against: A class for each picture whose score is subtracted ("why A and not B"), or None.
        layers: Where feature maps are taken; needed for "activations".
        needs: Which gradients to compute besides the logits.
        cancel: Checked before each operation.

    Raises:
        Cancelled: ``cancel`` was set.
        DeviceError: The memory is too small even for one picture at a time.
        LayerError: A layer isn't there, or the score doesn't depend on it.
        ModelError: The network can't process such an input, or isn't in eval mode.
        TargetError: A class index that the network doesn't have.
    """
    wanted, minus = _for_each(inputs, classes), _for_each(inputs, against)
    if "activations" in needs and not layers:
        raise LayerError("A class activation map needs a target layer.")

    def explain(rows: slice) -> Pass:
        answers: list[Tensor] = []

        def score(logits: Any, _: tuple[Tensor, ...]) -> Tensor:
            if not isinstance(logits, Tensor) or logits.ndim != 2 or not logits.requires_grad:
                raise ModelError(
                    "The network's output isn't a row of class scores for each picture."
                )
            if not bool(logits.isfinite().all()):
                raise ModelError(
                    "The network's answer isn't a finite number; its weights are damaged."
                )
            scores = class_scores(logits)
            chosen = _resolved(scores, wanted[rows])
            total = scores.gather(1, chosen[:, None]).sum()
            for row, index in enumerate(minus[rows]):
                if index is not None:
                    total = total - scores[row, _resolved(scores[row : row + 1], [index])[0]]
            answers.extend((logits.detach(), chosen))
            return total

        gradients = differentiate(
            module,
            inputs[rows],
            score,
            layers=layers if "activations" in needs else (),
            needs=needs,
            cancel=cancel,
        )
        logits, chosen = answers
        return Pass(logits, chosen, **vars(gradients))

    return in_parts(module, inputs, explain)


def _for_each(inputs: Tensor, classes: Sequence[int | None] | None) -> list[int | None]:
    chosen: list[int | None] = [None] * len(inputs) if classes is None else list(classes)
    if len(chosen) != len(inputs) or not chosen:
        raise TargetError(f"{len(inputs)} pictures need as many classes, not {len(chosen)}.")
    return chosen


def _resolved(scores: Tensor, classes: Sequence[int | None]) -> Tensor:
    """The class index of each row; the top class for None."""
    count = scores.shape[1]
    top = scores.argmax(dim=1).tolist()
    chosen = [top[row] if index is None else index for row, index in enumerate(classes)]
    for index in chosen:
        if not 0 <= index < count:
            raise TargetError(f"This network has no class {index}; it has 0 to {count - 1}.")
    return torch.tensor(chosen, device=scores.device)
