"""Orders class names by their indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

_MOST_CLASSES = 1_000_000


def counts_all(numbers: Iterable[int]) -> bool:
    """Whether these are all integers from 0, or from 1, in any order."""
    found = sorted(numbers)
    return found in (list(range(len(found))), list(range(1, len(found) + 1)))


def in_order(pairs: Sequence[tuple[int, str]]) -> Sequence[str]:
    """The names by their indices.

    Raises:
        ValueError: An index is missing, or is there twice; the rest of a sentence says which.
    """
    if len(pairs) > _MOST_CLASSES:
        raise ValueError("is too long for class names")
    several = [index for index, times in Counter(index for index, _ in pairs).items() if times > 1]
    if several:
        raise ValueError(f"names the class {several[0]} more than once")
    pairs = sorted(pairs)
    if pairs and pairs[0][0] not in (0, 1):
        raise ValueError(f"begins with the class {pairs[0][0]}, not with 0 or 1")
    for (before, _), (after, _) in pairwise(pairs):
        if after != before + 1:
            raise ValueError(f"has no name for the class {before + 1}")
    return [name for _, name in pairs]
