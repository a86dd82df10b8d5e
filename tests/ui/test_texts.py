"""Templates of the app's texts are given what they have places for; what Compare's heading says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from cactiviz.types import Picture
from cactiviz.ui.compare import texts as compare_texts

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for folder in ("cactiviz/ui", "pages", "tests", "benchmarks")
    for file in sorted((ROOT / folder).rglob("*.py"))
]


def places(template: str) -> set[str]:
    """The names that a template has places for.

    >>> sorted(places("{done:,} of {spec.title}"))
    ['done', 'spec']
    """
    named = (name for _, name, _, _ in Formatter().parse(template) if name is not None)
    return {name.partition(".")[0] for name in named}


def modules_of_texts(tree: ast.Module) -> dict[str, str]:
    """What a file calls the modules of texts that it imports, and their names."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cactiviz.ui"):
            for alias in node.names:
                if alias.name == "texts":
                    found[alias.asname or "texts"] = f"{node.module}.texts"
    return found


def uses(file: Path) -> Iterator[tuple[int, str, str, set[str]]]:
    """(line, module, template's name, names given) of each ``texts.NAME.format(...)``."""
    tree = ast.parse(file.read_text("utf-8"))
    modules = modules_of_texts(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id=called), attr=name), attr="format"
                )
            ) if called in modules:
                given = {keyword.arg or "**" for keyword in node.keywords}
                yield (
                    node.lineno,
                    modules[called],
                    name,
                    given | {"a place without a name" for _ in node.args},
                )


def test_a_template_is_given_what_it_has_places_for() -> None:
    count = 0
    for file in FILES:
        for line, module, name, given in uses(file):
            template = getattr(import_module(module), name)
            assert given == places(template), f"{file}:{line}: {name}"
            count += 1
    assert count >= 50


@pytest.mark.parametrize(
    ("networks", "picture", "title"),
    [
        (3, "samples:photographs/chelsea", "Three networks, one cat. What did each look at?"),
        (1, "samples:photographs/rocket", "One network, one rocket. What did it look at?"),
        (2, "scenes:cactus/178", "Two networks, one picture. What did each look at?"),
        (12, "<b>*cat*.png", "12 networks, one picture. What did each look at?"),
    ],
)
def test_the_title_says_how_many_networks_and_what_is_seen(
    networks: int, picture: str, title: str
) -> None:
    shown = Picture(np.zeros((2, 2, 3), np.uint8), picture)
    assert compare_texts.compare_title(networks, shown) == title


def test_the_line_below_says_how_to_read_maps_and_whether_the_networks_disagree() -> None:
    bright, press = compare_texts.BRIGHT_PLACES, compare_texts.PRESS_A_MAP
    assert compare_texts.subtitle(["grad_cam"], False) == f"{bright} {press}"
    assert (
        compare_texts.subtitle(["grad_cam", "filters"], True)
        == f"{compare_texts.DISAGREE} {bright} {press}"
    )
    assert compare_texts.subtitle(["filters"], False) == press  # which have no bright places
