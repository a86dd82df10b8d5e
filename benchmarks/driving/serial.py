"""The same answers, computed one after another in this process, with no queue and no cache."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cactiviz.comparison import Comparison
from cactiviz.datasets import open_dataset
from cactiviz.explain import explain
from cactiviz.models import LoadedModel, load_model
from cactiviz.reading import VIEWS, Reading
from cactiviz.types import Picture
from cactiviz.ui import grid


@cache
def picture(address: str) -> Picture:
    """Of a data set's item, such as ``scenes:cactus/178``."""
    dataset = open_dataset(address.partition(":")[0])
    return dataset.open(dataset.find(address.partition(":")[2]))


@cache
def network(name: str) -> LoadedModel:
    return load_model(name, untrained=name != "cactinet", may_download=False)


@cache
def reading(name: str, address: str) -> Reading:
    return explain(network(name), picture(address), VIEWS)


def differences(shown: dict[str, Any]) -> tuple[int, list[str]]:
    """How many maps are equal to the last bit, and a sentence for whatever is wrong.

    Args:
        shown: What ``probe.rest`` says of a page.
    """
    of, names, views = shown["picture"], shown["networks"], shown["views"]
    readings = {name: reading(name, of) for name in names}
    data = grid.payload(Comparison(picture(of), tuple(names), tuple(views), readings))
    wrong = [f"{of}: {problem}" for problem in [*shown["why"], *shown["errors"]]]
    if shown["number"] is not None and not of.endswith(f"/{shown['number']}"):
        wrong.append(f"{of}: chosen was number {shown['number']}")
    if shown["pictureId"] != data["picture"]["id"]:
        wrong.append(f"{of}: another picture is shown")
    for column, head in zip(data["columns"], shown["heads"], strict=True):
        answers = [[answer["name"], answer["said"]] for answer in column["answers"]]
        if [column["title"], answers] != [head["name"], head["answers"]]:
            wrong.append(f"{of}, {column['title']}: {head['answers']} and not {answers}")
    equal = 0
    for row, view in enumerate(views):
        for column, name in enumerate(names):
            expected = data["cells"][row][column]
            said = shown["cells"].get(f"{view} {name}", "")
            if said != _label(expected):
                wrong.append(f"{of}, {name}, {view}: “{said}” and not “{_label(expected)}”")
            elif expected.get("id", expected.get("why")) == shown["ids"][row][column]:
                equal += 1
            elif not _near(expected, shown["values"][row][column]):
                wrong.append(f"{of}, {name}, {view}: the map is another one")
    return equal, wrong


def _label(cell: dict[str, Any]) -> str:
    """What a cell says of itself to somebody who can't see it; one without a map isn't a button."""
    if "why" in cell:
        return ""
    caption = cell["captions"]["own"] if "captions" in cell else cell["caption"]
    return ". ".join([cell["alt"], caption, *cell["notes"]])


def _near(expected: dict[str, Any], values: list[float] | None) -> bool:
    """Whether two heat maps are equal but for rounding."""
    if values is None or "values" not in expected:
        return False
    one, other = np.array(expected["values"]), np.array(values)
    return one.shape == other.shape and bool(
        np.abs(one - other).max() <= 1e-3 * max(np.abs(one).max(), 1e-30)
    )
