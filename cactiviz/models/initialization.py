"""Builds untrained networks with calibrated batch norms."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from cactiviz.models.spec import ModelSpec


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


_seeding = threading.Lock()  # torch's generator is the process's


def build_untrained(spec: ModelSpec, pictures: Tensor, seed: int) -> nn.Module:
    """Build a network with seeded random weights and calibrated batch norms, in eval mode.

    Uncalibrated, the logits of a deep network reach 1e8.

    Args:
        spec: Row of the architecture.
        pictures: (B, 3, H, W), preprocessed; B of at least 2.
        seed: The same seed gives the same network.
    """
    with _seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = spec.build(spec.logits)
    calibrate(module, [pictures])
    return module
