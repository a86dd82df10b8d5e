"""Networks built without weights, and what can be learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cactiviz.engine.trace import trace
from cactiviz.errors import LayerError
from cactiviz.types import Layer


def build_empty(build: Callable[[int], nn.Module], logits: int) -> nn.Module:
    """Build a network without initialising its weights.

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


def idle_tensors(module: nn.Module, input_size: tuple[int, int]) -> frozenset[str]:
    """Names of tensors without effect in eval mode, such as those of auxiliary heads.

    Args:
        module: As :func:`build_empty` makes it; its weights' numbers don't matter.
        input_size: (height, width) of its input.

    Returns:
        Their names in the state dict; none if the network can't be run without numbers.
    """
    state = module.state_dict(keep_vars=True)
    used = _Used()
    was_training = module.training
    try:
        with torch.no_grad(), torch.device("meta"), used:
            module.eval()(torch.empty((1, 3, *input_size)))
    except Exception:  # then nothing is known, and all of it is asked for
        return frozenset()
    finally:
        module.train(was_training)
    return frozenset(name for name, value in state.items() if id(value) not in used.seen)


class _Used(TorchFunctionMode):
    """Records which tensors are passed to torch's functions."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()
        self._held: list[Any] = []  # so that no other object gets the id of one that was seen

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        arguments = list(args) + list((kwargs or {}).values())
        while arguments:
            argument = arguments.pop()
            if isinstance(argument, torch.Tensor):
                self.seen.add(id(argument))
                self._held.append(argument)
            elif isinstance(argument, list | tuple):
                arguments += argument
        return func(*args, **(kwargs or {}))


def by_rule(
    name: str, build: Callable[[int], nn.Module], input_size: tuple[int, int]
) -> tuple[Layer, str]:
    """Find the target layer and the first convolution of a network, without its weights.

    Args:
        name: Name of the network in a sentence.
        build: Number of logits -> the network.
        input_size: (height, width) of its input.

    Raises:
        LayerError: It has no convolution, or no map that goes into its answer by pooling.
        ModelError: It can't take an input of this size.
    """
    sequence = trace(build_empty(build, 1000).eval(), (3, *input_size))
    if not sequence.convolutions:
        raise LayerError(f"The network “{name}” has no convolution, so nothing here applies to it.")
    return sequence.target_layer(), sequence.convolutions[0]
