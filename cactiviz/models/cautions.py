"""Sentences beside maps, made of what was measured of them.

The figures are those of ``benchmarks/photo_maps.py``, which writes them here and as a table into
``docs/maps.md``. Nothing is said of what wasn't measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Network -> figures; each is a mean and the ends of its 95 % interval.
FIGURES = Path(__file__).parent / "photo_maps.json"


def cautions_of(name: str) -> dict[str, str]:
    """What was measured of each method's maps with a network's published weights.

    Args:
        name: The network's name in the table.

    Returns:
        Method -> sentences; empty where nothing was measured.
    """
    network = _measured().get(name)
    return cautions_from(network) if network else {}


@lru_cache(maxsize=1)
def _measured() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(FIGURES.read_text("utf-8"))["networks"]
    return found


def cautions_from(network: Mapping[str, Any]) -> dict[str, str]:
    """The same, of one network's figures."""
    centre = network["baselines"]["centre"]
    return {name: _caution(row, centre) for name, row in network["maps"].items()}


def _caution(row: Mapping[str, Any], centre: Mapping[str, Sequence[float]]) -> str:
    trained, untrained = row["trained"], row["untrained"]
    found = _COMPARED[_order(trained["energy"], centre["energy"])]
    forgot = _FORGOTTEN[
        _order(trained["energy"], untrained["energy"]), _order(untrained["energy"], _FLAT) == "more"
    ]
    covered = _COVERED[_order(trained["drop"], centre["drop"])]
    return f"In our test on photographs of kangaroos, {row['title']} {found}; {forgot}.{covered}"


#: What a flat map has: as much on the animal as its share of the area.
_FLAT = (1.0, 1.0, 1.0)


def _order(one: Sequence[float], other: Sequence[float]) -> str:
    """How two figures compare: "more" or "less" only where their intervals don't overlap.

    >>> _order((2.3, 2.0, 2.6), (1.5, 1.3, 1.7)), _order((1.8, 1.5, 2.1), (1.5, 1.3, 1.7))
    ('more', 'unclear')
    """
    if one[1] > other[2]:
        return "more"
    return "less" if one[2] < other[1] else "unclear"


_COMPARED = {
    "more": "found the animal clearly better than guessing “the middle”",
    "less": "found the animal clearly worse than guessing “the middle”",
    "unclear": "was neither clearly better nor clearly worse than guessing “the middle”",
}
#: By how trained weights compare with random ones, and whether random ones find the animal too.
_FORGOTTEN = {
    ("more", False): "with random weights it didn’t find it",
    ("more", True): "with random weights it still found it, less well",
    ("unclear", False): "random weights did no worse",
    ("unclear", True): "random weights found it about as well, so don’t take it for what the "
    "network has learnt",
    ("less", False): "random weights did better",
    ("less", True): "random weights found it even better",
}
_COVERED = {
    "more": " Covering its brightest part changed the answer more than covering the middle.",
    "less": " Covering its brightest part changed the answer less than covering the middle.",
    "unclear": "",
}
