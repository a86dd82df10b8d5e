"""Index of torchvision's and timm's networks by names and shapes of their tensors.

The index beside this file is made by ``scripts/make_tensor_index.py``. Of each network it keeps no
names and shapes, only sums and samples of their hashes, so that it stays small.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Shapes = Mapping[str, tuple[int, ...]]

INDEX = Path(__file__).parent / "tensor_index.npz"
#: Hashes that the index keeps of each network's tensors: with so many, a share is right to 0.1.
SAMPLE = 64
_LIKE = 0.9  # share of a network's tensors that a file must have to be called like it
_MOST_FOREIGN = 0.5  # share of a file's tensors that may be none of the network's
_PARTS = re.compile(r"(?:^|(?<=\.))(?:module|_orig_mod|_fsdp_wrapped_module)\.")
#: Torchvision's old name of a layer, as ``from_torchvision.densenet_keys`` knows it.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")
_COUNTERS = ("num_batches_tracked", "n_averaged", "total_ops", "total_params")


@dataclass(frozen=True)
class Fingerprint:
    """Entry of one network in the index.

    Attributes:
        whole: Sum of the hashes of all names and shapes, without the number of classes.
        shapes: Sum of the hashes of the shapes alone, without the head.
        sample: uint32 (SAMPLE,), the lowest hashes of the names and shapes without the head.
        count: Number of tensors without the head.
    """

    whole: int
    shapes: int
    sample: NDArray[np.uint32]
    count: int


@dataclass(frozen=True)
class Match:
    """Networks that match a file's tensors.

    Attributes:
        how: "whole" (all names and shapes), "part" (most), or "shapes" (under other names).
        names: As ``get_spec`` takes them, torchvision's first.
    """

    how: Literal["whole", "part", "shapes"]
    names: tuple[str, ...]


def fingerprint(shapes: Shapes, head: Collection[str]) -> Fingerprint:
    """Compute the index entry of a network with these tensors.

    Args:
        shapes: Name -> shape.
        head: The names of those whose first dimension is the number of classes.
    """
    counted = _counted(shapes)
    body = {name: shape for name, shape in counted.items() if name not in head}
    hashes = [_hash(name, shape) for name, shape in body.items()]
    last = (_hash(name, shape[1:]) for name, shape in counted.items() if name in head)
    lowest = sorted(_short(hashes))[:SAMPLE]
    return Fingerprint(
        whole=_sum([*hashes, *last]),
        shapes=_sum(_hash("", shape) for shape in body.values()),
        sample=np.resize(np.array(lowest, np.uint32), SAMPLE),
        count=len(body),
    )


def find(shapes: Shapes) -> Match | None:
    """Find networks with tensors of these names and shapes, or nearly so; None if none matches.

    Prefixes that all names share don't count, nor does the number of classes.
    """
    index = _index()
    spellings = list(_spellings(_counted(shapes)))
    for spelling in spellings:
        if names := _of_whole(spelling, index):
            return Match("whole", names)
    for spelling in spellings:
        if names := _of_part(spelling, index):
            return Match("part", names)
    names = _of_shapes(spellings[0], index) if spellings else ()
    return Match("shapes", names) if names else None


@dataclass(frozen=True)
class _Index:
    names: list[str]
    heads: list[tuple[str, ...]]  # each kind of head once
    whole: NDArray[np.uint64]
    shapes: NDArray[np.uint64]
    sample: NDArray[np.uint32]
    count: NDArray[np.uint16]

    def where(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(self.names[place] for place in np.flatnonzero(mask))


@lru_cache(maxsize=1)
def _index() -> _Index:
    with np.load(INDEX) as file:
        kept = {key: file[key] for key in file.files}
    return _Index(
        names=json.loads(str(kept["names"])),
        heads=[tuple(head) for head in json.loads(str(kept["heads"]))],
        whole=kept["whole"],
        shapes=kept["shapes"],
        sample=kept["sample"],
        count=kept["count"],
    )


def _of_whole(shapes: Shapes, index: _Index) -> tuple[str, ...]:
    everything = _sum(_hash(name, shape) for name, shape in shapes.items())
    sums = []
    for head in index.heads:
        if all(shapes.get(name) for name in head):
            here = [(_hash(n, shapes[n]), _hash(n, shapes[n][1:])) for n in head]
            sums.append(_sum([everything, *(after - before for before, after in here)]))
    return index.where(np.isin(index.whole, np.array(sums, np.uint64)))


def _of_part(shapes: Shapes, index: _Index) -> tuple[str, ...]:
    short = np.array(_short(_hash(name, shape) for name, shape in shapes.items()), np.uint32)
    share = np.isin(index.sample, short).mean(axis=1)
    foreign = 1 - share * index.count / max(len(shapes), 1)
    share[foreign > _MOST_FOREIGN] = 0
    best = share.max(initial=0)
    return index.where(share == best) if best >= _LIKE else ()


def _of_shapes(shapes: Shapes, index: _Index) -> tuple[str, ...]:
    """Each layer of the file is taken for the head once, since its names tell nothing."""
    layers: dict[str, list[int]] = {}
    for name, shape in shapes.items():
        layers.setdefault(name.rpartition(".")[0], []).append(_hash("", shape))
    everything = _sum(value for values in layers.values() for value in values)
    sums = [_sum([everything, *(-value for value in values)]) for values in layers.values()]
    return index.where(np.isin(index.shapes, np.array(sums, np.uint64)))


def _spellings(shapes: Shapes) -> Iterator[Shapes]:
    """The names as they are, then without what stands before all of them."""
    plain = {_OLD_DENSENET.sub(r"\1\2.", _PARTS.sub("", n)): s for n, s in shapes.items()}
    while plain:
        yield plain
        firsts = {name.partition(".")[0] for name in plain}
        if len(firsts) > 1 or "." not in min(plain, key=len):
            return
        plain = {name.partition(".")[2]: shape for name, shape in plain.items()}


def _counted(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    return {n: tuple(s) for n, s in shapes.items() if not n.endswith(_COUNTERS)}


def _hash(name: str, shape: tuple[int, ...]) -> int:
    return int.from_bytes(blake2b(f"{name} {shape}".encode(), digest_size=8).digest(), "big")


def _sum(hashes: Iterable[int]) -> int:
    return sum(hashes) % 2**64


def _short(hashes: Iterable[int]) -> list[int]:
    return [value >> 32 for value in hashes]
