"""What commands, pages, links, recipes and public names give is what was recorded.

What fails here is a change of behaviour: mend it, or decide on it and make the record anew
(``python -m tests.recorded.make PART``), so that it is seen in the difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.sampling import some
from tests.recorded import alike, commands, drawings, machine, names, pages, recipes
from tests.recorded.make import RECORD


def record(part: str) -> dict[str, Any]:
    """What was kept of a part."""
    found: dict[str, Any] = json.loads((RECORD / f"{part}.json").read_text("utf-8"))
    return found


def check(was: Any, now: Any) -> None:
    """Fail with a line for each thing that isn't as recorded."""
    lines = list(alike.differences(was, json.loads(json.dumps(now))))
    assert not lines, "\n".join(["is not as recorded:", *lines])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working folder of a machine with nothing on it, with the pictures that are read."""
    with machine.bare(tmp_path_factory.mktemp("recorded")) as folder:
        commands.lay_out(folder)
        yield folder


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_a_command_gives_what_it_gave(name: str, here: Path) -> None:
    was, now = record("commands")[name], commands.run(name, here)
    assert not commands.nothing_missing(was, now)
    check(was, now)


@pytest.mark.parametrize("address", some(pages.addresses(), 12))
def test_a_link_opens_to_what_it_opened_to(address: str, here: Path) -> None:
    check(record("pages")[address], pages.open_link(address))


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_makes_what_it_made(name: str, here: Path) -> None:
    check(record("recipes")[name], recipes.replay(name, here))


def test_drawings_are_the_same_to_the_pixel(here: Path) -> None:
    check(record("drawings"), drawings.of_all())


def test_public_names_give_what_they_gave(here: Path) -> None:
    check(record("names"), names.of_all())
