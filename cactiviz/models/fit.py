"""Matches a file's tensors with an architecture, for any number of classes, and assigns them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from cactiviz.errors import WeightsError
from cactiviz.models.skeleton import build_empty, idle_tensors
from cactiviz.models.spec import ModelSpec, StateDict
from cactiviz.models.state_dict import AVERAGED, is_usual, rank_of

#: Parts that programs put into names, at any place, when they wrap a network or a part of it.
_WRAPPERS = frozenset(
    {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"}
)
#: What counts training steps or operations; no network computes with it.
COUNTERS = ("num_batches_tracked", "n_averaged", "total_ops", "total_params")
#: What isn't the network that answers, by the words of its first name: losses and figures of a
#: training program, and heads that only guide the training.
_OF_TRAINING = frozenset(
    {"criterion", "loss", "losses", "metric", "metrics", "acc", "accuracy", "auroc", "auc", "f1"}
    | {"precision", "recall", "confusion", "confmat", "ema", "step", "steps", "epoch", "initted"}
    | {"aux", "auxiliary", "auxlogits", "aux1", "aux2"}
)
_HEADS = frozenset({"head", "heads"})  # what mmpretrain calls its last part


@dataclass(frozen=True, eq=False)
class Named:
    """A file's tensors under a network's names.

    Attributes:
        tensors: The network's name -> tensor.
        unknown: The keys, as in the file, of those that are none of the network's.
        prefix: What came off most names, with its dot; may be empty.
        rank: As in :class:`~cactiviz.models.state_dict.WeightSet`, by the prefix.
        leaves_averages: Whether averaged weights are among what isn't taken.
    """

    tensors: dict[str, Tensor]
    unknown: dict[str, Tensor] = field(default_factory=dict)
    prefix: str = ""
    rank: int = 0
    leaves_averages: bool = False


def named(tensors: Mapping[str, Tensor], names: Collection[str]) -> list[Named]:
    """Candidates for the tensors under a network's names; several if the file holds several.

    >>> import torch
    >>> (one,) = named({"net.module.fc.bias": torch.ones(2)}, ["fc.bias"])
    >>> list(one.tensors), one.prefix
    (['fc.bias'], 'net.')

    Args:
        tensors: Key -> tensor, as in the file.
        names: The network's own.
    """
    own, firsts = set(names), {name.partition(".")[0] for name in names}
    parts: dict[str, dict[str, str]] = {}  # prefix -> the network's name -> key
    rest: list[str] = []
    for key in tensors:
        for prefix, name in _splits(key, firsts):
            if name in own:
                parts.setdefault(prefix, {})[name] = key
                break
        else:
            rest.append(key)
    main = max(parts, key=lambda prefix: len(parts[prefix]), default="")
    copies = [p for p in parts if parts[p].keys() >= parts.get(main, {}).keys()]
    answers = []
    for prefix in copies or [""]:
        chosen = dict(parts.get(prefix, {}))
        unknown = list(rest)
        for other, keys in parts.items():
            if other in copies:
                continue
            belongs = all(is_usual(part) or part in _HEADS for part in other.split(".") if part)
            if belongs and not keys.keys() & chosen.keys():
                chosen |= keys
            else:
                unknown += keys.values()
        averages = [key for key in unknown if rank_of(key.partition(".")[0]) == AVERAGED]
        answers.append(
            Named(
                {name: tensors[key] for name, key in chosen.items()},
                {key: tensors[key] for key in unknown if not _is_of_training(key, firsts)},
                prefix,
                rank_of(prefix),
                len(averages) > 1,
            )
        )
    return answers


def _splits(key: str, firsts: set[str]) -> Iterator[tuple[str, str]]:
    """The key cut after each of its parts, once without what wrappers put in."""
    yield "", key
    bare = [part for part in key.split(".") if part not in _WRAPPERS]
    for cut in range(len(bare)):
        if cut and bare[0] in firsts and not is_usual(bare[0]):
            return  # a part of the network's own, which isn't to be taken for another
        yield "".join(f"{part}." for part in bare[:cut]), ".".join(bare[cut:])


def _is_of_training(key: str, firsts: set[str]) -> bool:
    bare = [part for part in key.split(".") if part not in _WRAPPERS]
    if key.endswith(COUNTERS) or not bare:
        return True
    return bare[0] not in firsts and bool(_OF_TRAINING & set(bare[0].lower().split("_")))


class Architecture:
    """A network of the table on the meta device, for any number of classes."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self._built: dict[int, nn.Module] = {}

    def built(self, logits: int) -> nn.Module:
        """The network with this number of logits, on the meta device."""
        if logits not in self._built:
            self._built[logits] = build_empty(self.spec.build, logits)
        return self._built[logits]

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Name -> meta tensor, for the row's number of classes."""
        return self.built(self.spec.logits).state_dict()

    @cached_property
    def idle(self) -> frozenset[str]:
        """Names of tensors that have no effect in eval mode."""
        return idle_tensors(self.built(self.spec.logits), self.spec.preprocessing.input_size)

    @cached_property
    def buffers(self) -> frozenset[str]:
        """Names of buffers, such as batch norm statistics."""
        return frozenset(name for name, _ in self.built(self.spec.logits).named_buffers())


@dataclass(frozen=True, eq=False)
class Fit:
    """Result of matching tensors with an architecture.

    Attributes:
        logits: Number of logits that the tensors are for.
        tensors: Name in the network -> tensor; those without effect in eval mode may be missing.
        missing: Names of missing tensors.
        misshapen: Name -> expected shape, of tensors of another shape.
        unknown: Names in the file that the network doesn't have.
        renamed: (name in the file, name in the network) of the head's tensors that differ.
    """

    logits: int
    tensors: Mapping[str, Tensor]
    missing: list[str] = field(default_factory=list)
    misshapen: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unknown: Mapping[str, Tensor] = field(default_factory=dict)
    renamed: tuple[str, str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, unknown or of another shape."""
        return not (self.missing or self.misshapen or self.unknown)


def fit(architecture: Architecture, candidate: Named) -> Fit:
    """Match tensors with an architecture; a renamed head is found by its shape."""
    plain = _hold(architecture, candidate.tensors, candidate.unknown, frozenset())
    if plain.is_whole:
        return plain
    without_idle = _hold(architecture, candidate.tensors, candidate.unknown, architecture.idle)
    return _with_head_renamed(architecture, without_idle) or without_idle


def _hold(
    architecture: Architecture,
    tensors: Mapping[str, Tensor],
    unknown: Mapping[str, Tensor],
    idle: Collection[str],
) -> Fit:
    own = architecture.spec.logits
    used = {name: value for name, value in tensors.items() if name not in idle}
    logits = count_logits(architecture.built(own), used, own)
    expected = architecture.built(logits).state_dict()
    missing, misshapen = _unlike(expected, tensors, idle)
    return Fit(
        logits,
        {n: v for n, v in tensors.items() if not (n in idle and n in misshapen)},
        missing,
        {name: shape for name, shape in misshapen.items() if name not in idle},
        unknown,
    )


def _unlike(
    expected: StateDict, tensors: StateDict, idle: Collection[str]
) -> tuple[list[str], dict[str, tuple[int, ...]]]:
    """Names that are missing, and the expected shapes of those of another one; counters aside."""
    plain = {name: value.shape for name, value in expected.items() if not _is_counter(name)}
    missing = [name for name in plain if name not in tensors and name not in idle]
    present = {name: shape for name, shape in plain.items() if name in tensors}
    return missing, {n: tuple(shape) for n, shape in present.items() if tensors[n].shape != shape}


def _with_head_renamed(architecture: Architecture, held: Fit) -> Fit | None:
    """The fit if one layer is missing, one is unknown, and they differ by name and classes alone.

    People wrap the last layer with a dropout, or give it a name of their own.
    """
    if held.misshapen or not held.missing or len(held.missing) != len(held.unknown):
        return None
    layers = {name.rpartition(".")[0] for name in held.missing}
    theirs = {name.rpartition(".")[0] for name in held.unknown}
    if len(layers) != 1 or len(theirs) != 1:
        return None
    (layer,), (other,) = layers, theirs
    renamed = {f"{layer}.{k.rpartition('.')[2]}": value for k, value in held.unknown.items()}
    expected = architecture.tensors
    classes = architecture.spec.logits
    if any(n not in expected or expected[n].shape[:1] != (classes,) for n in renamed):
        return None  # it isn't the head
    again = _hold(architecture, {**held.tensors, **renamed}, {}, architecture.idle)
    if not again.is_whole:
        return None
    return Fit(again.logits, again.tensors, renamed=(other, layer))


def count_logits(module: nn.Module, weights: StateDict, logits: int) -> int:
    """Number of logits of the weights, if they fit this network but for that number.

    ``module`` was built for ``logits``; where all tensors that differ do so in their first
    dimension only, from ``logits`` to one other number, that number is the answer.
    """
    expected = module.state_dict()
    other = {
        weights[key].shape[0]
        for key, value in expected.items()
        if key in weights
        and value.ndim
        and value.shape[0] == logits
        and weights[key].shape[1:] == value.shape[1:]
        and weights[key].ndim
        and weights[key].shape[0] != logits
    }
    return other.pop() if len(other) == 1 else logits


def assign(module: nn.Module, weights: StateDict, what: str, idle: Collection[str] = ()) -> None:
    """Give a network built on torch's "meta" device its weights, without a copy.

    Args:
        module: Built for the same number of logits.
        weights: Under the module's key names.
        what: Name of the weights in a sentence.
        idle: Names that may be missing, since nothing is computed with them.

    Raises:
        WeightsError: They don't fit; the sentence counts how many.
    """
    expected = module.state_dict()
    missing, shapes = _unlike(expected, weights, idle)
    unknown = [key for key in weights if key not in expected]
    if missing or shapes or unknown:
        raise WeightsError(f"{what} {counted(len(expected), missing, shapes, unknown)}.")
    unusable = [
        key
        for key, value in expected.items()
        if key in weights
        and not _is_counter(key)
        and (
            weights[key].is_meta
            or weights[key].layout != torch.strided
            or weights[key].is_floating_point() != value.is_floating_point()
        )
    ]
    if unusable:
        raise WeightsError(f"{what} holds no plain numbers in {len(unusable)} of its tensors.")
    zeros = {
        key: torch.zeros((), dtype=value.dtype).expand(value.shape)
        for key, value in expected.items()
        if key not in weights
        or (_is_counter(key) and (weights[key].ndim or weights[key].is_meta))
        or (_is_counter(key) and weights[key].dtype != torch.long)
    }
    module.load_state_dict({**weights, **zeros}, assign=True)


def counted(
    of: int, missing: Collection[str], misshapen: Collection[str], unknown: Collection[str]
) -> str:
    """Numbers of missing, unknown and misshapen tensors, as the middle of a sentence."""
    return (
        f"doesn't fit this architecture: of its {of} tensors {len(missing)} are missing and "
        f"{len(misshapen)} have another shape; {len(unknown)} aren't known"
    )


def _is_counter(key: str) -> bool:
    """What a batch norm counts while it learns; old files lack it, some hold it in half floats."""
    return key.endswith("num_batches_tracked")
