"""Explains in one sentence why weights don't fit, and which network they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from cactiviz.models.fit import Architecture, Fit, counted
from cactiviz.models.state_dict import WeightSet
from cactiviz.models.tensor_index import Match, find

_COLOURS = 3
_MOST_NAMED = 3  # architectures
_LONGEST_NAME = 60  # characters
_HOW = {
    "whole": "its tensors are those of",
    "part": "most of its tensors are those of",
    "shapes": "its tensors have the shapes, but not the names, of",
}

Tried = tuple[WeightSet, Fit]


def why_not(
    architecture: Architecture, file_name: str, usual: Sequence[Tried], unusual: Sequence[Tried]
) -> str:
    """The sentence on a file without fitting weights.

    Args:
        architecture: The architecture that was tried.
        file_name: Name of the file in a sentence.
        usual: Its sets of tensors under usual keys for weights, each with its fit.
        unusual: Its sets of tensors under other keys.
    """
    tried = [*usual, *unusual]
    if not tried:
        return f"The file {file_name} holds no weights of a network."
    nearest = max(tried, key=lambda one: (_fitting(one[1]), len(one[0].tensors)))
    source, fit = nearest
    shapes = {key: tuple(value.shape) for key, value in source.tensors.items()}
    place = ".".join(source.place)
    colours = _colours(shapes)
    if len(fit.misshapen) == 1 and not (fit.missing or fit.unknown) and colours != _COLOURS:
        return (
            f"The file {file_name} is of a network for {_pictures(colours)} (its tensor "
            f"“{_short(next(iter(fit.misshapen)))}” says so), but {_pictures(_COLOURS)} are "
            "expected here."
        )
    hidden = place if nearest in unusual else ""
    if hidden:  # under a name that isn't looked into, all is missing and nothing is known
        fit = Fit(
            fit.logits,
            {},
            list(architecture.tensors),
            unknown={f"{hidden}.{key}": value for key, value in source.tensors.items()},
        )
    said = [counted(len(architecture.tensors), fit.missing, fit.misshapen, fit.unknown)]
    said[0] += _examples(fit, source.tensors)
    if hidden:
        said.append(
            f"it keeps its weights under “{_short(hidden)}”, which isn't a name known here, "
            "so save the state_dict() alone"
        )
    said.append(_whose(find(_in_colour(shapes)), colours))
    return f"The file {file_name} {'; '.join(said)}."


def _fitting(fit: Fit) -> int:
    return len(fit.tensors) - len(fit.misshapen)


def _examples(fit: Fit, tensors: Mapping[str, Tensor]) -> str:
    """One tensor of each side."""
    examples = []
    if fit.missing:
        examples.append(f"missing is “{_short(fit.missing[0])}”")
    if fit.misshapen:
        name, wanted = next(iter(fit.misshapen.items()))
        has = _size(tuple(fit.tensors[name].shape)) if name in fit.tensors else "another"
        examples.append(f"“{_short(name)}” is {has} instead of {_size(wanted)}")
    if fit.unknown:
        examples.append(f"unknown is “{_short(next(iter(fit.unknown)))}”")
    return f" ({', '.join(examples)})" if examples else ""


def _whose(match: Match | None, colours: int) -> str:
    expected = f"{_pictures(_COLOURS)} are expected"
    if colours != _COLOURS:
        expected = f"it is for {_pictures(colours)}, but {expected}"
    if match is None:
        return f"no network of torchvision or timm has such tensors; {expected}"
    first, rest = match.names[:_MOST_NAMED], len(match.names) - _MOST_NAMED
    names = ", ".join(first) + (f" and {rest} more" if rest > 0 else "")
    return f"{_HOW[match.how]} {names}; {expected}"


def _colours(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many values a pixel has for the first convolution; a colour's three if there is none."""
    first = next((shape for shape in shapes.values() if len(shape) == 4), None)
    return first[1] if first else _COLOURS


def _in_colour(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The same shapes, had the network been for colour pictures."""
    changed = dict(shapes)
    for name, shape in shapes.items():
        if len(shape) == 4:
            changed[name] = (shape[0], _COLOURS, *shape[2:])
            break
    return changed


def _pictures(colours: int) -> str:
    kinds = {1: "grey pictures", _COLOURS: "colour pictures"}
    return kinds.get(colours, f"pictures of {colours} channels")


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _short(name: str) -> str:
    plain = "".join(sign if sign.isprintable() else "?" for sign in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 1]}…"
