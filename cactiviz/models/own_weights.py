"""Selects the weights in a user's file that fit an architecture, or says why none does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from cactiviz.errors import ModelError, WeightsError
from cactiviz.models.class_list import class_names_in
from cactiviz.models.fit import Architecture, Fit, Named, counted, fit, named
from cactiviz.models.registry import MODELS, get_spec, row_name
from cactiviz.models.spec import ModelSpec, StateDict
from cactiviz.models.state_dict import AVERAGED, WeightSet, read_content, unusual_sets, weight_sets
from cactiviz.models.tensor_index import Match, find

_COLOURS = 3
_MOST_NAMED = 3  # architectures
_MOST_TRIED = 3  # of those that share their tensors
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
    nearest = max(tried, key=lambda t: (len(t[1].tensors) - len(t[1].misshapen), len(t[0].tensors)))
    source, fit = nearest
    shapes = {key: tuple(value.shape) for key, value in source.tensors.items()}
    place = ".".join(source.place)
    # How many values a pixel has for the first convolution; a colour's three if there is none.
    first = next((name for name, shape in shapes.items() if len(shape) == 4), None)
    colours = shapes[first][1] if first else _COLOURS
    if first:  # compared as if the network had been for colour pictures
        shapes[first] = (shapes[first][0], _COLOURS, *shapes[first][2:])
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
    clauses = [counted(len(architecture.tensors), fit.missing, fit.misshapen, fit.unknown)]
    clauses[0] += _examples(fit, source.tensors)
    if hidden:
        clauses.append(
            f"it keeps its weights under “{_short(hidden)}”, which isn't a name known here, "
            "so save the state_dict() alone"
        )
    clauses.append(_whose(find(shapes), colours))
    return f"The file {file_name} {'; '.join(clauses)}."


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


def _pictures(colours: int) -> str:
    kinds = {1: "grey pictures", _COLOURS: "colour pictures"}
    return kinds.get(colours, f"pictures of {colours} channels")


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _short(name: str) -> str:
    plain = "".join(sign if sign.isprintable() else "?" for sign in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 1]}…"


@dataclass(frozen=True, eq=False)
class OwnWeights:
    """Weights that fit an architecture.

    Attributes:
        logits: Number of logits.
        tensors: Name in the network -> tensor.
        idle: Names that may be missing, since they have no effect in eval mode.
        remarks: Sentences on what was selected.
        class_names: Class names stored in the file; empty if there are none.
    """

    logits: int
    tensors: StateDict
    idle: frozenset[str]
    remarks: tuple[str, ...]
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Attempt:
    """One set of weights in a file, matched with the architecture.

    Attributes:
        label: Key of the set in the file; empty where it is the whole file.
        rank: As in :class:`~cactiviz.models.state_dict.WeightSet`.
        found: The tensors under the network's names.
        fit: Result of the match.
        source: The set of weights.
    """

    label: str
    rank: int
    found: Named
    fit: Fit
    source: WeightSet


def own_weights(spec: ModelSpec, path: Path) -> OwnWeights:
    """The weights in a file that fit this architecture; averaged ones are preferred.

    Raises:
        WeightsError: The file can't be read, holds no weights that fit, or several rivals; where
            they fit another architecture, the error names it.
    """
    architecture = Architecture(spec)
    content = read_content(path)
    attempts = [a for source in weight_sets(content) for a in _attempts(architecture, source)]
    attempts = _with_buffers(architecture, attempts)
    whole = [attempt for attempt in attempts if attempt.fit.is_whole]
    if not whole:
        others = [a for source in unusual_sets(content) for a in _attempts(architecture, source)]
        tried = [[(a.source, a.fit) for a in several] for several in (attempts, others)]
        sentence, other = why_not(architecture, path.name, *tried), _other_that_fits(attempts)
        if other is not None:
            sentence = f"{sentence.removesuffix('.')}; it does fit {other.name}: use it as that."
        raise WeightsError(sentence, fits=other.name if other else "")
    highest = max(attempt.rank for attempt in whole)
    best, *rivals = [attempt for attempt in whole if attempt.rank == highest]
    if rival := next((a for a in rivals if not _equal(best, a)), None):
        raise WeightsError(
            f"The file {path.name} holds two sets of weights that fit, “{best.label}” and "
            f"“{rival.label}”, and doesn't say which to take; save the state_dict() of one alone."
        )
    lacks_some = not architecture.tensors.keys() <= best.fit.tensors.keys()
    idle = architecture.idle if lacks_some else frozenset()
    return OwnWeights(
        best.fit.logits,
        best.fit.tensors,
        idle,
        tuple(_remarks(best, whole, attempts)),
        class_names_in(content),
    )


def _other_that_fits(attempts: Sequence[Attempt]) -> ModelSpec | None:
    """The row of an architecture that one of these sets of weights fits as a whole, if any."""
    for source in {id(attempt.source): attempt.source for attempt in attempts}.values():
        match = find({key: tuple(value.shape) for key, value in source.tensors.items()})
        names = [row_name(name) for name in match.names] if match else []
        # The table's own first: among networks that share their tensors they are known best.
        names.sort(key=lambda name: name not in MODELS)
        for name in names[:_MOST_TRIED]:
            with suppress(ModelError):  # it has no layer for maps, a transformer, say
                spec = get_spec(name)
                architecture = Architecture(spec)
                if any(attempt.fit.is_whole for attempt in _attempts(architecture, source)):
                    return spec
    return None


def _attempts(architecture: Architecture, source: WeightSet) -> list[Attempt]:
    weights = architecture.spec.weights
    tensors = dict(weights.convert(source.tensors)) if weights is not None else source.tensors
    attempts = []
    for match in named(tensors, architecture.tensors.keys()):
        label = ".".join([*source.place, *filter(None, [match.prefix.rstrip(".")])])
        rank = AVERAGED if AVERAGED in (source.rank, match.rank) else source.rank or match.rank
        attempts.append(Attempt(label, rank, match, fit(architecture, match), source))
    return attempts


def _with_buffers(architecture: Architecture, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Averages of what is learnt alone get their batch norms' statistics from the plain weights.

    So do the programs that keep such averages when they evaluate a network.
    """
    plain = next(
        (attempt for attempt in attempts if attempt.fit.is_whole and attempt.rank < AVERAGED), None
    )
    if plain is None:
        return list(attempts)
    completed = []
    for attempt in attempts:
        lacks = set(attempt.fit.missing)
        if attempt.rank == AVERAGED and lacks and lacks <= architecture.buffers:
            both = replace(attempt.found, tensors={**plain.fit.tensors, **attempt.found.tensors})
            attempt = replace(attempt, found=both, fit=fit(architecture, both))
        completed.append(attempt)
    return completed


def _remarks(best: Attempt, whole: Sequence[Attempt], attempts: Sequence[Attempt]) -> list[str]:
    remarks = []
    called = f" (“{best.label}”)" if best.label else ""
    lower = [attempt for attempt in whole if attempt.rank < best.rank]
    averages = [attempt for attempt in attempts if attempt.rank == AVERAGED]
    if best.rank == AVERAGED and lower:
        plain = f" (“{lower[0].label}”)" if lower[0].label else ""
        remarks.append(
            f"Its file holds averaged weights{called} beside plain ones{plain}; "
            "the averaged ones are used."
        )
    elif best.rank == AVERAGED:
        remarks.append(f"Its weights are averages over the training{called}.")
    elif lower:
        remarks.append(
            f"Its file holds several sets of weights; those under “{best.label}” are used, "
            f"not those under “{lower[0].label}”."
        )
    if best.rank < AVERAGED and (averages or best.found.leaves_averages):
        other = f" (“{averages[0].label}”)" if averages else ""
        remarks.append(
            f"Its file holds averaged weights too{other}, but they don't fit; "
            "the plain ones are used."
        )
    if best.fit.renamed:
        theirs, ours = best.fit.renamed
        remarks.append(f"Its last layer is called “{theirs}” in its file, and taken for “{ours}”.")
    return remarks


def _equal(first: Attempt, other: Attempt) -> bool:
    mine, theirs = first.fit.tensors, other.fit.tensors
    return mine.keys() == theirs.keys() and all(
        mine[name].shape == theirs[name].shape and torch.equal(mine[name], theirs[name])
        for name in mine
    )
