"""What is said beside maps follows from what was measured, and from nothing else."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from benchmarks import photo_maps
from cactiviz.download import hash_prefix
from cactiviz.methods import METHODS
from cactiviz.models import MODELS
from cactiviz.models.cautions import FIGURES, cautions_from, cautions_of

LITES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
MEASURED = json.loads(FIGURES.read_text("utf-8"))
NETWORKS: dict[str, Any] = MEASURED["networks"]
ROOT = Path(photo_maps.__file__).resolve().parents[1]


def made_up(trained: Any, centre: Any, untrained: Any, drops: Any = ((1, 1, 1), (1, 1, 1))) -> str:
    """The sentences on a map of these figures."""
    row = {"title": "A map", "trained": {"energy": trained, "drop": drops[0]}}
    row["untrained"] = {"energy": untrained}
    baselines = {"centre": {"energy": centre, "drop": drops[1]}}
    return cautions_from({"baselines": baselines, "maps": {"a": row}})["a"]


HIGH, MIDDLE, LOW, ABOVE = (3, 2.6, 3.4), (2, 1.7, 2.5), (1, 0.8, 1.2), (1.3, 1.2, 1.4)


def test_a_map_is_clearly_better_or_worse_only_where_intervals_are_apart() -> None:
    assert "clearly better than guessing “the middle”;" in made_up(HIGH, MIDDLE, LOW)
    assert "clearly worse than guessing “the middle”;" in made_up(LOW, MIDDLE, LOW)
    touching = (2.6, 2.5, 2.7)  # from where the other ends
    assert "neither clearly better nor clearly worse" in made_up(touching, MIDDLE, LOW)


@pytest.mark.parametrize(
    ("trained", "untrained", "said"),
    [
        (HIGH, LOW, "with random weights it didn’t find it."),
        (HIGH, ABOVE, "with random weights it still found it, less well."),
        (MIDDLE, (2.1, 1.8, 2.4), "about as well, so don’t take it for"),
        (LOW, LOW, "random weights did no worse."),
        (ABOVE, HIGH, "random weights found it even better."),
        ((0.3, 0.2, 0.4), LOW, "random weights did better."),
    ],
)
def test_what_random_weights_do_as_well_is_not_said_to_be_learnt(
    trained: Any, untrained: Any, said: str
) -> None:
    assert said in made_up(trained, MIDDLE, untrained)


def test_covering_is_held_against_covering_the_middle() -> None:
    for drops, said in (
        ((HIGH, LOW), "changed the answer more than covering the middle."),
        ((LOW, HIGH), "changed the answer less than covering the middle."),
    ):
        assert made_up(HIGH, MIDDLE, LOW, drops).endswith(said)
    assert "overing" not in made_up(HIGH, MIDDLE, LOW, (HIGH, HIGH))  # nothing clear to say


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert cautions_of("alexnet") == {} == dict(MODELS["alexnet"].cautions)


@pytest.mark.parametrize("name", LITES)
def test_what_was_measured_is_the_network_of_the_table(name: str) -> None:
    """Other weights, another layer or size: then it has to be measured anew."""
    measured, row = NETWORKS[name], MODELS[name]
    assert row.weights is not None
    assert measured["weights"].startswith(hash_prefix(row.weights.file_name) or "no hash")
    assert measured["layer"] == str(row.target_layer)
    assert tuple(measured["input_size"]) == row.preprocessing.input_size
    assert {key: one["title"] for key, one in measured["maps"].items()} == {
        key: method.title for key, method in METHODS.items()
    }
    assert row.cautions == cautions_of(name)
    assert row.cautions.keys() == METHODS.keys()


@pytest.mark.parametrize(("name", "method"), list(product(LITES, METHODS)))
def test_each_sentence_is_true_of_the_figures(name: str, method: str) -> None:
    row, said = NETWORKS[name]["maps"][method], MODELS[name].cautions[method]
    (_, low, high), (_, least, most) = (
        figures["energy"] for figures in (row["trained"], NETWORKS[name]["baselines"]["centre"])
    )
    assert ("found the animal clearly better than guessing" in said) == (low > most)
    assert ("found the animal clearly worse than guessing" in said) == (high < least)
    random = row["untrained"]["energy"]
    learnt = low > random[2]
    assert ("with random weights it didn’t find it." in said) == (learnt and random[1] <= 1)
    assert ("with random weights it still found it" in said) == (learnt and random[1] > 1)
    assert ("about as well, so don’t take it" in said) == (
        random[1] > 1 and not low > random[2] and not high < random[1]
    )


def test_all_pictures_were_measured() -> None:
    assert MEASURED["pictures"] == {"boxed": 50, "labelled": 43}
    assert set(NETWORKS) == set(photo_maps.NETWORKS)


def test_the_document_is_the_benchmarks_of_these_figures() -> None:
    written = (ROOT / "docs" / "maps.md").read_text("utf-8")
    assert written == photo_maps.document(MEASURED)
    assert FIGURES.read_text("utf-8") == photo_maps.compact(MEASURED)
