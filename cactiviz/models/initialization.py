"""Untrained networks that are at least well scaled; whoever shows one says "untrained"."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from cactiviz.models.calibrate import calibrate
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
    calibrate(module, [pictures])
    return module
