"""The help of each command is as it is stored, so that a change of it is a decision.

``CACTIVIZ_WRITE_HELP=1 python -m pytest tests/cli/test_help.py`` writes the files anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cactiviz.cli.main import CACTIVIZ, main

FOLDER = Path(__file__).parent / "help"
ANEW = "CACTIVIZ_WRITE_HELP"


def names(group: click.Group, above: str = "") -> Iterator[str]:
    """Each command as it is typed, and the groups that hold them."""
    yield above
    context = click.Context(group)
    for name in group.list_commands(context):
        found, typed = group.get_command(context, name), f"{above} {name}".strip()
        if isinstance(found, click.Group):
            yield from names(found, typed)
        else:
            yield typed


NAMES = list(names(CACTIVIZ))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name or "cactiviz")
def test_the_help_is_as_it_is_stored(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    printed, complained = capsys.readouterr()
    assert (ended.value.code, complained) == (0, "")
    assert max(map(len, printed.splitlines())) <= 80
    file = FOLDER / f"{name.replace(' ', '-') or 'cactiviz'}.txt"
    if os.environ.get(ANEW):
        file.parent.mkdir(exist_ok=True)
        file.write_text(printed, "utf-8")
    assert file.is_file() and printed == file.read_text("utf-8"), (
        f"the help of {name or 'cactiviz'} isn't what {file.name} holds; if that is meant: "
        f"{ANEW}=1 python -m pytest tests/cli/test_help.py"
    )


def test_no_help_is_stored_of_a_command_that_is_gone() -> None:
    stored = {file.stem.replace("-", " ") for file in FOLDER.iterdir()}
    assert stored == {name or "cactiviz" for name in NAMES}


@pytest.mark.parametrize(("columns", "more_than"), [(60, 45), (200, 80)])
def test_the_help_fits_its_terminal(
    columns: int,
    more_than: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert more_than < max(map(len, capsys.readouterr().out.splitlines())) <= columns
