"""Excludes a tenth of the pictures from training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cactiviz.datasets.dataset import Item

#: The share of a data set that is excluded from training.
SHARE = 0.1


def is_excluded(name: str, seed: int, share: float = SHARE) -> bool:
    """Whether a picture is kept out of training, by its own name and the seed alone.

    It depends on no other picture, so what is excluded from a part of a data set is excluded from
    the whole of it too.

    >>> [is_excluded(name, 0) for name in ("a.jpg", "b.jpg", "c.jpg")]
    [False, False, False]
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def split(items: Iterable[Item], seed: int) -> tuple[list[Item], list[Item]]:
    """(to train with, excluded), each in the order given."""
    kept: list[Item] = []
    excluded: list[Item] = []
    for item in items:
        (excluded if is_excluded(item.name, seed) else kept).append(item)
    return kept, excluded
