"""Kinds of torch operations, and a mode that observes those of one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]


def functions(*names: str) -> frozenset[Function]:
    """All torch callables of these names: functional, method and in-place variants."""
    places = (F, torch, Tensor)
    spellings = [spelling for name in names for spelling in (name, f"{name}_")]
    candidates = (getattr(place, spelling, None) for place in places for spelling in spellings)
    return frozenset(function for function in candidates if function is not None)


#: max(x, 0) and nothing else.
RELUS = functions("relu")
#: Activation functions; each has the sign of its argument (relu6 is a hardtanh in torch).
ACTIVATIONS = RELUS | functions(
    *("relu6", "hardtanh", "silu", "gelu", "elu", "selu", "celu"),
    *("leaky_relu", "mish", "hardswish", "rrelu"),
)
#: Each place of the output is made of a window of the input.
POOLS = functions(
    *("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "lp_pool2d")
)
#: In a network that isn't being trained, the identity.
DROPOUTS = functions("dropout", "dropout2d", "alpha_dropout", "feature_alpha_dropout")


class Steps(TorchFunctionMode):
    """Context in which each operation of this thread that returns a tensor is observed.

    Functional calls, methods and modules all pass here; a kernel that hides an activation (a custom
    autograd function, a compiled network) shows as one step or as none.

    Args:
        on_step: (position, function, output) -> what the network goes on with.
        instead: Functions and what computes them instead, with the same output.
        compute: (position, function, args, kwargs) -> output, if given, computes each call.
    """

    def __init__(
        self,
        on_step: Callable[[int, Function, Tensor], Tensor],
        instead: Mapping[Function, Function] = MappingProxyType({}),
        compute: Callable[[int, Function, Any, Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self._on_step = on_step
        self._instead = instead
        self._compute = compute
        self._position = -1

    def __torch_function__(
        self, func: Function, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        function, named = self._instead.get(func, func), kwargs or {}
        if self._compute is None:
            output = function(*args, **named)
        else:
            output = self._compute(self._position + 1, function, args, named)
        if not isinstance(output, Tensor):
            return output
        self._position += 1
        return self._on_step(self._position, func, output)
