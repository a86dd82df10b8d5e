"""Builds untrained networks with calibrated batch norms."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from cactiviz.models.calibrate import calibrate
from cactiviz.models.spec import ModelSpec

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
