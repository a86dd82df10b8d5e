"""Untrained networks that are at least well scaled; whoever shows one says "untrained"."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from cactiviz.models.spec import ModelSpec

_seeding = threading.Lock()  # torch's generator is the process's


def build_untrained(spec: ModelSpec, pictures: Tensor, seed: int) -> nn.Module:
    """A network with a seeded initialisation and calibrated batch norms, in eval mode.

    At the random start a batch norm's statistics are not those of its input, and a deep network's
    logits reach 1e8. One pass over a few pictures sets them.

    Args:
        spec: The row.
        pictures: (B, 3, H, W), preprocessed; B of at least 2.
        seed: The same seed gives the same network.
    """
    with _seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = spec.build(spec.logits)
    module.eval()
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of what it sees
        norm.train()
    with torch.no_grad():
        module(pictures)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    return module
