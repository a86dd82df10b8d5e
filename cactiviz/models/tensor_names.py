"""Maps a file's tensor names to a network's by removing prefixes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor

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
            if _belongs(other) and not keys.keys() & chosen.keys():
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


def _belongs(prefix: str) -> bool:
    """Whether what stands under this prefix may be of the same network as what doesn't."""
    return all(is_usual(part) or part in _HEADS for part in prefix.split(".") if part)


def _is_of_training(key: str, firsts: set[str]) -> bool:
    bare = [part for part in key.split(".") if part not in _WRAPPERS]
    if key.endswith(COUNTERS) or not bare:
        return True
    return bare[0] not in firsts and bool(_OF_TRAINING & set(bare[0].lower().split("_")))
