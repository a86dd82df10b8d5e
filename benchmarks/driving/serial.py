"""The same answers, computed one after another in this process, with no queue and no cache."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from cactiviz.comparison.comparison import Comparison
from cactiviz.datasets import open_dataset
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import VIEWS
from cactiviz.models import LoadedModel, load_model
from cactiviz.types import Picture
from cactiviz.ui.grid import component as grid


@cache
def picture(address: str) -> Picture:
    """Of a data set's item, such as ``scenes:cactus/178``."""
    dataset = open_dataset(address.partition(":")[0])
    return dataset.open(dataset.find(address.partition(":")[2]))


@cache
def network(name: str) -> LoadedModel:
    return load_model(name, untrained=name != "cactinet", may_download=False)


@cache
def explanation(name: str, address: str) -> Explanation:
    return explain(network(name), picture(address), VIEWS)


def differences(shown: dict[str, Any]) -> tuple[int, list[str]]:
    """How many maps are equal to the last bit, and a sentence for whatever is wrong.

    Args:
        shown: What ``Wire.rest`` says of a page, and the networks and views that were chosen.
    """
    said, names, views = shown["data"], shown["networks"], shown["views"]
    of = said["picture"]["name"]
    explanations = {name: explanation(name, of) for name in names}
    made = grid.payload(Comparison(picture(of), tuple(names), tuple(views), explanations))
    data = json.loads(json.dumps(made))  # as a browser has it
    wrong = [f"{of}: {problem}" for problem in shown["errors"]]
    if shown["number"] is not None and not of.endswith(f"/{shown['number']}"):
        wrong.append(f"{of}: chosen was number {shown['number']}")
    wrong += [f"{of}: other {part}" for part in ("picture", "rows") if said[part] != data[part]]
    for before, after in zip(data["columns"], said["columns"], strict=True):
        after = {key: value for key, value in after.items() if key != "does"}  # in that session
        if before != after:
            wrong.append(f"{of}, {before['title']}: {after['answers']}, not {before['answers']}")
    equal = 0
    for view, row, row_said in zip(views, data["cells"], said["cells"], strict=True):
        for name, expected, found in zip(names, row, row_said, strict=True):
            if found == expected:
                equal += 1
            elif found.get("id") == expected["id"]:
                wrong.append(f"{of}, {name}, {view}: other words for the same map")
            elif not _near(expected, found):
                wrong.append(f"{of}, {name}, {view}: the map is another one")
    return equal, wrong


def _near(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether two heat maps are equal but for rounding."""
    if "values" not in expected or "values" not in found:
        return False
    one, other = np.array(expected["values"]), np.array(found["values"])
    return one.shape == other.shape and bool(
        np.abs(one - other).max() <= 1e-3 * max(np.abs(one).max(), 1e-30)
    )
