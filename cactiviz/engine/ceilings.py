"""Activation functions with an upper bound (such as ReLU6), and maps without that bound.

Where ReLU6 gives 6, whatever larger number it was given, its gradient is 0: no pixel drives the
neuron by a small change, though it is as active as can be. What stands before the function tells
such neurons apart, and has a gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cactiviz.engine.operations import ACTIVATIONS, DROPOUTS, POOLS, Function, functions
from cactiviz.engine.trace import Trace

#: Functions that have a largest value, or may have one.
_CAPPED = functions(
    *("relu6", "hardtanh", "hardsigmoid", "sigmoid", "tanh", "softsign"),
    *("clamp", "clamp_max", "clip", "minimum"),
)
#: Where what is given stands at its largest value everywhere, so does what is made of it.
_PASSING = (
    POOLS
    | DROPOUTS
    | functions(
        *("cat", "concat", "concatenate", "clone", "contiguous", "to", "__getitem__", "pad"),
        *("reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze", "permute"),
        *("transpose", "movedim", "swapaxes", "channel_shuffle", "pixel_shuffle", "interpolate"),
    )
)
#: The same, if all but one of the things that are given don't depend on the picture.
_PASSING_ONE = functions(*("add", "sub", "mul", "div", "true_divide", "batch_norm"))


def capped_steps(sequence: Trace, step: int) -> frozenset[int]:
    """Positions of the capped functions whose upper bound shows in a step's map.

    Pooling, joining, scaling and the like may come between; a convolution or a sum with another
    map ends the search.
    """
    capped: set[int] = set()
    left = [step]
    while left:
        at = left.pop()
        function, sources = sequence.functions[at], sequence.sources[at]
        if function in _CAPPED:
            capped.add(at)
        elif function in _PASSING or (function in _PASSING_ONE and len(sources) == 1):
            left += sources
    return frozenset(capped)


def is_activated(sequence: Trace, step: int) -> bool:
    """Whether a step's map holds activation values, possibly pooled or concatenated."""
    function, sources = sequence.functions[step], sequence.sources[step]
    if function in ACTIVATIONS:
        return True
    return (
        function in _PASSING and bool(sources) and all(is_activated(sequence, at) for at in sources)
    )


def uncapped(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function's output, with its input in place of values at the function's upper bound.

    >>> import torch.nn.functional as F
    >>> uncapped(F.relu6, (torch.tensor([-1.0, 2.0, 6.0, 9.0]),), {})
    tensor([0., 2., 6., 9.])
    >>> uncapped(torch.clamp, (torch.tensor([-1.0, 2.0]),), {"min": 0})
    tensor([0., 2.])
    """
    named = dict(kwargs)
    argument = args[0] if args else named.pop("input", None)
    if function not in _CAPPED or not isinstance(argument, Tensor):
        return function(*args, **kwargs)
    before = argument.clone()  # the function may write over it
    output = function(*args, **kwargs)
    with torch.no_grad():
        largest = argument.new_full((1,) * argument.ndim, torch.inf)
        ceiling = function(largest, *args[1:], **named)
    return torch.where(output >= ceiling, before, output)
