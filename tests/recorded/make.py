"""Write the record: ``python -m tests.recorded.make [commands|pages|recipes|drawings|names ...]``.

Only where a change of behaviour is decided on; what changed is then seen in the difference.
``recipes kept`` is to make the recipes themselves anew, which is seldom right: they stand for
those that people have.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import commands, drawings, names, pages, recipes
from .machine import bare

RECORD = Path(__file__).parent / "record"


def of_commands(folder: Path) -> dict[str, Any]:
    """Each command's results."""
    commands.lay_out(folder)
    return {name: commands.run(name, folder) for name in commands.COMMANDS}


def of_pages(folder: Path) -> dict[str, Any]:
    """What each address opens to."""
    return {address: pages.open_link(address) for address in pages.addresses()}


def of_recipes(folder: Path) -> dict[str, Any]:
    """What each recipe makes again."""
    return {name: recipes.replay(name, folder) for name in recipes.names()}


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "commands": of_commands,
    "pages": of_pages,
    "recipes": of_recipes,
    "drawings": lambda _: drawings.of_all(),
    "names": lambda _: names.of_all(),
}


def main(asked: list[str]) -> None:
    """Write the parts that are asked for, or all of them."""
    RECORD.mkdir(exist_ok=True)
    if "kept" in asked or not recipes.FOLDER.exists():
        with tempfile.TemporaryDirectory() as folder, bare(Path(folder, "recipes")) as here:
            recipes.make(here)
            recipes.keep(here)
    for part, made in PARTS.items():
        if part in asked or not asked:
            with tempfile.TemporaryDirectory() as folder, bare(Path(folder)) as here:
                found = made(here)
            text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
            (RECORD / f"{part}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
