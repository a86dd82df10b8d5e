"""Batch norm with an input-only backward pass.

The forward is torch's own to the last bit, so predictions don't change.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


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
