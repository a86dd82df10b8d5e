"""Runs that begin with a file of weights, runs of older versions, and what a run says it knows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.registry import open_anywhere
from cactiviz.errors import DataError, WeightsError
from cactiviz.models import Checkpoint, get_spec, load_model
from cactiviz.models.familiarity import features
from cactiviz.models.preprocess import normalise
from cactiviz.training.familiar import STAGE, fit_familiarity, own_side
from cactiviz.training.run import SETTINGS, Recipe
from cactiviz.training.tiles import load_tiles
from cactiviz.training.train import Outcome, preprocessing_of, train
from tests.fixtures.tiny_tiles import write_tiles

RECIPE = Recipe(input_size=32, epochs=1, batch_size=8, calibration_batches=2)
SLOW = replace(RECIPE, learning_rate=1e-9, weight_decay=0.0)


class One:
    """Asks to stop after one step."""

    def __init__(self) -> None:
        self.steps = 0

    def report(self, what: str, done: int, total: int | None) -> None:
        self.steps += what.startswith("Epoch")

    def is_set(self) -> bool:
        return self.steps > 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_anywhere(str(write_tiles(tmp_path_factory.mktemp("data") / "tiles")))


@pytest.fixture(scope="module")
def begun(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return train(dataset, tmp_path_factory.mktemp("run") / "first", RECIPE, device="cpu")


def test_a_run_begins_with_a_files_weights(
    begun: Outcome, dataset: Dataset, tmp_path: Path
) -> None:
    further = train(dataset, tmp_path / "further", SLOW, start=begun.weights, device="cpu")
    before, after = load_file(begun.weights), load_file(further.weights)
    learnt = [name for name in before if "running" not in name and "num_batches" not in name]
    far = [float((before[n].float() - after[n].float()).abs().max()) for n in learnt]
    assert max(far) < 1e-6  # at such a rate nothing is learnt
    afresh = load_file(train(dataset, tmp_path / "afresh", SLOW, device="cpu").weights)
    assert max(float((before[n].float() - afresh[n].float()).abs().max()) for n in learnt) > 1e-3


def test_a_run_goes_on_with_the_beginning_it_had(
    begun: Outcome, dataset: Dataset, tmp_path: Path
) -> None:
    run, one = tmp_path / "run", One()
    train(dataset, run, RECIPE, start=begun.weights, device="cpu", report=one.report, cancel=one)
    for other in (None, tmp_path / "other.safetensors"):
        if other is not None:
            weights = load_file(begun.weights)
            weights["classifier.bias"] += 1
            save_file(weights, other)
        with pytest.raises(DataError, match="other settings"):
            train(dataset, run, RECIPE, start=other, device="cpu")
    finished = train(dataset, run, RECIPE, start=begun.weights, device="cpu")
    whole = train(dataset, tmp_path / "whole", RECIPE, start=begun.weights, device="cpu")
    first, second = load_file(finished.weights), load_file(whole.weights)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_beginning_that_does_not_fit_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "ten.safetensors"
    save_file(get_spec("cactinet").build(10).state_dict(), file)
    with pytest.raises(WeightsError, match="10 classes"):
        train(dataset, tmp_path / "run", RECIPE, start=file, device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_run_of_an_older_version_goes_on_as_it_began(dataset: Dataset, tmp_path: Path) -> None:
    old, one = tmp_path / "old", One()
    plain = replace(RECIPE, augmentation=0.0)
    train(dataset, old, plain, device="cpu", report=one.report, cancel=one)
    settings = json.loads((old / SETTINGS).read_text("utf-8"))
    del settings["recipe"]["augmentation"]
    (old / SETTINGS).write_text(json.dumps(settings), "utf-8")
    gone_on = train(dataset, old, RECIPE, device="cpu")  # by the very command that began it
    expected = train(dataset, tmp_path / "plain", plain, device="cpu")
    first, second = load_file(gone_on.weights), load_file(expected.weights)
    assert all(torch.equal(first[name], second[name]) for name in first)
    with safe_open(gone_on.weights, "pt") as file:
        assert json.loads(file.metadata()["recipe"])["augmentation"] == 0


def test_a_finished_run_knows_strangers_by_tiles_it_held_out(
    begun: Outcome, dataset: Dataset
) -> None:
    model = load_model(Checkpoint("mine", "cactinet", begun.weights), device="cpu")
    known = model.familiarity
    assert known is not None
    assert (known.stage, known.side) == (STAGE, 32)
    own = preprocessing_of(RECIPE)
    tiles = load_tiles(dataset, list(dataset), {"no cactus": 0, "cactus": 1}, own)
    inside = known.strangers(model.module, normalise(tiles.pixels, own))
    assert inside.mean() <= 0.2
    black_and_white = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    black_and_white[:, :, 16:] = 255
    assert known.strangers(model.module, normalise(black_and_white, own)).all()


def test_the_limit_is_that_of_tiles_held_out(dataset: Dataset) -> None:
    own = preprocessing_of(RECIPE)
    tiles = load_tiles(dataset, list(dataset), {"no cactus": 0, "cactus": 1}, own)
    network = get_spec("cactinet").build(1).eval()
    known = fit_familiarity(network, tiles, own, own_side(dataset, tiles.items), seed=0)
    found = features(network, normalise(tiles.pixels, own), STAGE, 32)
    kept = known.distances(network, normalise(tiles.pixels, own))
    held, learnt = kept[::4], np.delete(kept, np.s_[::4])
    assert np.median(held) > np.median(learnt)  # of 60 tiles in 224 dimensions
    assert found.shape == (40, 7 * 32)
    with pytest.raises(DataError, match="too few"):
        few = load_tiles(dataset, list(dataset)[:20], {"no cactus": 0, "cactus": 1}, own)
        fit_familiarity(network, few, own, 32, seed=0)
