"""Who says otherwise than the others, on answers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cactiviz.comparison.answers import disagree, says_otherwise, top_answers
from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation
from cactiviz.types import Box, Picture, Prediction

PICTURE = Picture(np.zeros((4, 6, 3), np.uint8))


def answered(**networks: tuple[str, int] | None) -> Comparison:
    """Network -> its likeliest class and how many it knows, all trained; None if it failed."""
    explanations = {
        name: Explanation(
            name,
            name,
            untrained=name.startswith("random"),
            revision="by hand",
            seen=Box(0, 0, 4, 6),
            predictions=tuple(Prediction(at, c, 0.0, p) for at, c, p in _ranked(said[0])),
            scores=np.zeros(said[1]),
        )
        for name, said in networks.items()
        if said is not None
    }
    return Comparison(PICTURE, tuple(networks), (), explanations)


def _ranked(class_: str) -> list[tuple[int, str, float]]:
    return [(0, class_, 0.6), (1, "second of all", 0.3)] if class_ else []


@pytest.mark.parametrize(
    ("networks", "otherwise", "differ"),
    [
        # All agree, or one is alone.
        ({"a": ("cat", 9), "b": ("cat", 9), "c": ("cat", 9)}, "", False),
        ({"a": ("cat", 9)}, "", False),
        ({}, "", False),
        # The odd one out, wherever it stands; and two odd ones.
        ({"a": ("dog", 9), "b": ("cat", 9), "c": ("cat", 9)}, "a", True),
        ({"a": ("cat", 9), "b": ("cat", 9), "c": ("dog", 9)}, "c", True),
        ({"a": ("cat", 9), "b": ("dog", 9), "c": ("cat", 9), "d": ("fox", 9)}, "bd", True),
        # No class has more than every other: nobody is the odd one, yet they disagree.
        ({"a": ("cat", 9), "b": ("dog", 9)}, "", True),
        ({"a": ("cat", 9), "b": ("dog", 9), "c": ("fox", 9)}, "", True),
        ({"a": ("cat", 9), "b": ("dog", 9), "c": ("cat", 9), "d": ("dog", 9)}, "", True),
        # A network of other classes couldn't have said the same.
        ({"a": ("cat", 9), "b": ("cat", 9), "cacti": ("cactus", 2)}, "", False),
        ({"a": ("dog", 9), "b": ("cat", 9), "c": ("cat", 9), "cacti": ("cactus", 2)}, "a", True),
        # Random weights, failures and networks without classes count for nothing.
        ({"a": ("cat", 9), "random": ("dog", 9), "b": ("cat", 9)}, "", False),
        ({"a": ("cat", 9), "failed": None, "b": ("dog", 9), "c": ("cat", 9)}, "b", True),
        ({"a": ("cat", 9), "silent": ("", 9)}, "", False),
    ],
)
def test_who_says_otherwise(
    networks: dict[str, tuple[str, int] | None], otherwise: str, differ: bool
) -> None:
    comparison = answered(**networks)
    assert says_otherwise(comparison) == frozenset(otherwise)
    assert disagree(comparison) is differ


def test_of_several_kinds_of_networks_the_most_are_held_against_each_other() -> None:
    comparison = answered(a=("sand", 2), b=("cat", 9), c=("dog", 9), d=("thorn", 2), e=("cat", 9))
    assert top_answers(comparison) == {"b": "cat", "c": "dog", "e": "cat"}
    assert says_otherwise(comparison) == {"c"}
