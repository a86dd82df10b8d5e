"""Networks without numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


def build_empty(build: Callable[[int], nn.Module], logits: int) -> nn.Module:
    """Build a network without spending time on values that will be overwritten.

    Its weights are on torch's "meta" device, except where a network can't be built there; the
    state of torch's random generator is what it was.
    """
    try:
        with torch.device("meta"):
            return build(logits)
    except NotImplementedError:  # RegNet works its widths out with tensors
        with torch.random.fork_rng(devices=[]), _EmptyOnMeta():
            return build(logits)


class _EmptyOnMeta(TorchFunctionMode):
    """Only what is made to be filled later (``torch.empty``: all parameters) is without numbers."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)
