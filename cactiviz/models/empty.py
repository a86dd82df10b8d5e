"""Networks without numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def build_empty(build: Callable[[int], nn.Module], logits: int) -> nn.Module:
    """Build a network without spending time on values that will be overwritten.

    Its weights are on torch's "meta" device, except where a network can't be built there; the
    state of torch's random generator is what it was.
    """
    try:
        with torch.device("meta"):
            return build(logits)
    except NotImplementedError:  # RegNet works its widths out with tensors
        with torch.random.fork_rng(devices=[]):
            return build(logits)
