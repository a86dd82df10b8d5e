"""Reads weights files without running their code, and finds the weights in them.

Training programs save their options and figures next to the weights: an ``argparse.Namespace``, a
NumPy scalar, a date. Nothing here needs them, so none of these classes is ever called: while a file
is read, each name on a list of allowed ones stands for a class of this module that takes anything
and does nothing. A name that isn't on the list makes torch refuse the file.
"""

from __future__ import annotations

import pickle
import re
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import add_safe_globals, clear_safe_globals, get_safe_globals

from cactiviz.errors import WeightsError
from cactiviz.models.file_checks import SAVE, check_bounds, check_kind, is_safetensors, open_file


class Ignored:
    """Stand-in for an object that isn't needed; discards its arguments and state."""

    def __new__(cls, *_: object, **__: object) -> Ignored:
        """Take any arguments."""
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        """Take any state."""

    def __hash__(self) -> int:
        return id(self)


class History(Ignored):
    """Stands for mmengine's record of figures, which names methods of its own in its state."""


class MethodOfHistory(Ignored):
    """Stands for ``getattr``, by which a pickle names a method; here of :class:`History` alone."""

    def __new__(cls, *given: object, **__: object) -> MethodOfHistory:
        """Nothing is looked up.

        Raises:
            UnpicklingError: It is asked of anything else.
        """
        if given[:1] != (History,):
            raise UnpicklingError("GLOBAL getattr was not an allowed global by default.")
        return object.__new__(cls)


class PlainDict:
    """Stands for a dictionary of another class; the weights may be in it, so it is kept."""

    def __new__(cls, *_: object) -> OrderedDict[str, Any]:  # type: ignore[misc]
        """An empty dictionary of the kind that torch's reader fills."""
        return OrderedDict()


_PATHS = ("", "Posix", "Windows", "Pure", "PurePosix", "PureWindows")
_IGNORED = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(f"numpy.{core}.multiarray.scalar" for core in ("core", "_core")),
    *(f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core")),
    *(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core")),
    *("numpy.dtype", "numpy.ndarray", "numpy.bool_", "numpy.bool"),
    *(f"numpy.{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"numpy.float{bits}" for bits in (16, 32, 64)),
    *(f"numpy.dtypes.{kind}{n}DType" for kind in ("Int", "UInt") for n in (8, 16, 32, 64)),
    *(f"numpy.dtypes.Float{bits}DType" for bits in (16, 32, 64)),
    *("numpy.dtypes.BoolDType", "numpy.dtypes.StrDType"),
    *(f"{module}.{kind}Path" for module in ("pathlib", "pathlib._local") for kind in _PATHS),
    *(f"datetime.{kind}" for kind in ("datetime", "date", "time", "timedelta", "timezone")),
    *("decimal.Decimal", "fractions.Fraction", "uuid.UUID", "typing.Any"),
    *(f"builtins.{kind}" for kind in ("int", "float", "bool", "str", "bytes", "list", "dict")),
    *(f"builtins.{kind}" for kind in ("tuple", "frozenset", "range", "slice", "object")),
    "torch.torch_version.TorchVersion",
    *("omegaconf.dictconfig.DictConfig", "omegaconf.listconfig.ListConfig"),
    *("omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata"),
    *(f"omegaconf.nodes.{kind}Node" for kind in ("Any", "Integer", "Float", "String", "Boolean")),
)
_DICTIONARIES = (
    *("collections.defaultdict", "easydict.EasyDict", "yacs.config.CfgNode", "addict.addict.Dict"),
    "mmengine.config.config.ConfigDict",
    *(f"lightning{sign}fabric.utilities.data.AttributeDict" for sign in "._"),
    "pytorch_lightning.utilities.parsing.AttributeDict",
)

#: Every name that a file may hold besides torch's own list: what it stands for, and the name.
SAFE: tuple[tuple[Callable[..., Any], str], ...] = (
    *((Ignored, name) for name in _IGNORED),
    *((PlainDict, name) for name in _DICTIONARIES),
    (History, "mmengine.logging.history_buffer.HistoryBuffer"),
    (MethodOfHistory, "builtins.getattr"),
)

_reading = threading.Lock()  # torch's list is the process's


@contextmanager
def reading() -> Iterator[None]:
    """While it lasts, torch reads files with :data:`SAFE` on its list; one thread at a time.

    What others put there, torch's own modules among them, is put back after.
    """
    with _reading:
        before = get_safe_globals()
        clear_safe_globals()
        add_safe_globals(list(SAFE))
        try:
            yield
        finally:
            clear_safe_globals()
            add_safe_globals(before)


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
        rank: Preference: 2 averaged over training, 1 the best, below 0 superseded, else 0.
    """

    place: tuple[str, ...]
    tensors: dict[str, Tensor]
    rank: int = 0


def read_content(path: Path) -> Any:
    """Read the content of a torch or safetensors file, detected by content.

    No code in it is run: tensors, plain values and what :data:`SAFE` lists are read.

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
    usual = {weights.place for weights in weight_sets(content)}
    return [weights for weights in _every_set(content, (), set()) if weights.place not in usual]


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
        averaged_here = "n_averaged" in tensors  # torch's AveragedModel
        yield WeightSet(place, tensors, AVERAGED if averaged_here else rank_of(*place))
    # Lightning puts the averages in the place of the weights, and leaves what counts them beside.
    swapped = "averaging_state" in content and "current_model_state" in content
    for key, value in content.items():
        if isinstance(key, str) and is_usual(key):
            for inner in _sets(value, (*place, key), met):
                averaged = swapped and key == "state_dict"
                yield WeightSet(inner.place, inner.tensors, AVERAGED) if averaged else inner


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
