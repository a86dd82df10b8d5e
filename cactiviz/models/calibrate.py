"""Sets batch norm statistics from given pictures."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def calibrate(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set each batch norm's statistics to the plain mean over these batches; all in eval mode.

    Args:
        module: Changed in place; its weights stay. Batch norms use the batch's own statistics
            while they learn, all else is in eval mode.
        batches: (B, 3, H, W) each, preprocessed, on the network's device.
    """
    module.eval()
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of what it sees
        norm.train()
    with torch.no_grad():
        for pictures in batches:
            module(pictures)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
