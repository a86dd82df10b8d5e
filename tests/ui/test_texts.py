"""Every use of a template of the app's texts gives it what it has places for, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from cactiviz.ui import texts

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


def uses(file: Path) -> Iterator[tuple[int, str, set[str]]]:
    """(line, template's name, names given) of each ``texts.NAME.format(...)``."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="texts"), attr=name), attr="format"
                )
            ):
                given = {keyword.arg or "**" for keyword in node.keywords}
                yield node.lineno, name, given | {"a place without a name" for _ in node.args}


def test_a_template_is_given_what_it_has_places_for() -> None:
    count = 0
    for file in FILES:
        for line, name, given in uses(file):
            assert given == places(getattr(texts, name)), f"{file}:{line}: {name}"
            count += 1
    assert count >= 50
