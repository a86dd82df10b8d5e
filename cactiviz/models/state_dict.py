"""Reads weights files without running their code, and finds the weights in them."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from cactiviz.errors import WeightsError
from cactiviz.models.file_bounds import check_bounds
from cactiviz.models.file_kind import SAVE, check_kind, is_safetensors, open_file
from cactiviz.models.safe_globals import SAFE, reading

_GLOBAL = re.compile(r"GLOBAL ([\w.]{1,80}) (?:was not|whose)")
_CALL = re.compile("unrecognized function|Can only (?:create|build)")
_INERT = frozenset(name for _, name in SAFE)
_DEEPEST = 4  # dictionaries within one another
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_OF_AVERAGES = frozenset({"ema", "swa", "avg", "average", "averaged", "averages", "shadow"})
#: Words of which training programs make the names that they keep weights under.
_OF_WEIGHTS = _OF_AVERAGES | {
    *("state", "dict", "statedict", "states", "dicts", "weight", "weights"),
    *("model", "models", "net", "network", "nnet", "module", "modules", "cnn", "convnet"),
    *("param", "params", "parameter", "parameters", "checkpoint", "ckpt", "learner", "learned"),
    *("best", "last", "final", "latest", "current", "trained", "train", "online", "main", "base"),
    *("student", "teacher", "backbone", "encoder", "classifier", "unwrapped", "saved", "full"),
    *("arch", "architecture", "pytorch", "torch"),
}
_RANKS = {"best": 1, "last": -1, "latest": -1, "current": -1, "online": -1}
AVERAGED = 2


@dataclass(frozen=True, eq=False)
class WeightSet:
    """Named tensors in a file that may be a network's weights.

    Attributes:
        place: Keys that lead to them; empty if they are the whole file.
        tensors: Key -> tensor.
        rank: Preference: 2 for weights averaged over training, 1 for the best, below 0 for
            superseded ones, else 0.
    """

    place: tuple[str, ...]
    tensors: dict[str, Tensor]
    rank: int = 0


def read_content(path: Path) -> Any:
    """Read the content of a torch or safetensors file, detected by content.

    No code in it is run: tensors, plain values and what :mod:`safe_globals` lists are read.

    Raises:
        WeightsError: There is no such file, or it is something else, holds code or is damaged.
    """
    with open_file(path) as file:
        check_kind(file, path.name)
        try:
            check_bounds(path, _INERT)
            if is_safetensors(file):
                return load_file(path)
            with reading(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of old formats, which are read all the same
                return torch.load(file, map_location="cpu", weights_only=True)
        except WeightsError:
            raise
        except PermissionError as error:
            raise WeightsError(f"The file {path} can't be read: permission is missing.") from error
        except pickle.UnpicklingError as error:
            raise WeightsError(f"The file {path.name} {_why(error)}") from error
        except Exception as error:  # a damaged file can raise anything in a reader
            raise WeightsError(f"The file {path.name} is no file of weights, or is damaged.") from (
                error
            )


def _why(error: pickle.UnpicklingError) -> str:
    match = _GLOBAL.search(str(error))
    if match or _CALL.search(str(error)):
        code = f" ({match[1].removeprefix('builtins.')})" if match else ""
        return f"holds code{code}, not only weights, so it isn't opened; {SAVE}."
    return f"is no file of weights, or is damaged; if it should be one, {SAVE}."


def weight_sets(content: Any) -> list[WeightSet]:
    """Sets of tensors under usual keys for weights.

    Args:
        content: Result of :func:`read_content`.
    """
    return list(_sets(content, (), set()))


def unusual_sets(content: Any) -> list[WeightSet]:
    """Sets of tensors under other keys, which may not be weights."""
    usual = {one.place for one in weight_sets(content)}
    return [one for one in _every_set(content, (), set()) if one.place not in usual]


def is_usual(key: str) -> bool:
    """Whether a key is a usual one for weights in training programs.

    >>> is_usual("model_state_dict"), is_usual("modelEMA"), is_usual("optimizer")
    (True, True, False)
    """
    words = _words(key)
    return bool(words) and words <= _OF_WEIGHTS


def rank_of(*keys: str) -> int:
    """Preference of tensors under these keys, as :attr:`WeightSet.rank`.

    >>> rank_of("state_dict_ema"), rank_of("best_model"), rank_of("model")
    (2, 1, 0)
    """
    words = frozenset[str]().union(*map(_words, keys))
    if words & _OF_AVERAGES:
        return AVERAGED
    return max((_RANKS[word] for word in words if word in _RANKS), default=0)


def _words(key: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(key))


def _sets(content: Any, place: tuple[str, ...], met: set[int]) -> Iterator[WeightSet]:
    """As :func:`weight_sets`; each dictionary once, however often a file holds it."""
    if isinstance(content, list | tuple) and not place:
        for item in content:  # lists in lists may be without end
            if isinstance(item, Mapping):
                yield from _sets(item, place, met)
    if not isinstance(content, Mapping) or len(place) > _DEEPEST or id(content) in met:
        return
    met.add(id(content))
    if tensors := _tensors(content):
        yield WeightSet(place, tensors, _rank(place, tensors))
    # Lightning puts the averages in the place of the weights, and leaves what counts them beside.
    swapped = "averaging_state" in content and "current_model_state" in content
    for key, value in content.items():
        if isinstance(key, str) and is_usual(key):
            for one in _sets(value, (*place, key), met):
                averaged = swapped and key == "state_dict"
                yield WeightSet(one.place, one.tensors, AVERAGED) if averaged else one


def _rank(place: tuple[str, ...], tensors: Mapping[str, Tensor]) -> int:
    return AVERAGED if "n_averaged" in tensors else rank_of(*place)  # torch's AveragedModel


def _every_set(content: Any, place: tuple[str, ...], met: set[int]) -> Iterator[WeightSet]:
    if isinstance(content, Mapping) and len(place) <= _DEEPEST and id(content) not in met:
        met.add(id(content))
        if tensors := _tensors(content):
            yield WeightSet(place, tensors)
        for key, value in content.items():
            if isinstance(key, str):
                yield from _every_set(value, (*place, key), met)


def _tensors(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    return {
        key: value.detach()
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }
