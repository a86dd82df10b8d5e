"""A run on a made-up data set: order, turns, recipe, stopping, going on, what may be wrong."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import os
import pickle
import random
import re
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from cactiviz.cli import main
from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.datasets.registry import open_anywhere
from cactiviz.errors import Cancelled, DataError, OutputError, WeightsError
from cactiviz.models import Checkpoint, cactinet, get_spec, load_model
from cactiviz.models.load import calibrate
from cactiviz.models.preprocess import normalise
from cactiviz.models.weights import trained_size
from cactiviz.training.fit import Classifier
from cactiviz.training.run import CHECKPOINT, LIMITS, SETTINGS, WEIGHTS, Recipe, alone_in
from cactiviz.training.tiles import (
    Batches,
    Tiles,
    is_excluded,
    labels_for,
    load_tiles,
    split,
    turned,
)
from cactiviz.training.train import (
    Outcome,
    half,
    preprocessing_of,
    train,
)
from tests.fixtures.sampling import some
from tests.fixtures.tiny_tiles import write_tiles

RECIPE = Recipe(input_size=32, epochs=2, batch_size=8, calibration_batches=2)
STAGES, HEAD = cactinet._STAGES, cactinet._HEAD
STEPS = 8  # 34 of the 40 tiles are learnt from, four batches an epoch


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    """CactiNet's plan with few channels: what is tested here is the run, not the network."""
    with pytest.MonkeyPatch.context() as patch:
        stages = tuple((8, repeats, min(grow, 2), *rest) for _, repeats, grow, *rest in STAGES)
        patch.setattr(cactinet, "_STAGES", stages)
        patch.setattr(cactinet, "_HEAD", 32)
        yield


@pytest.fixture
def full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """All channels of CactiNet after all."""
    monkeypatch.setattr(cactinet, "_STAGES", STAGES)
    monkeypatch.setattr(cactinet, "_HEAD", HEAD)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_anywhere(str(write_tiles(tmp_path_factory.mktemp("data") / "tiles")))


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run in one go; not to be changed."""
    return go(dataset, tmp_path_factory.mktemp("run") / "whole")


class Breakdown(Exception):
    """What ends a run in the middle of its work."""


class After:
    """Asks to stop once so many steps of a call are done, or raises."""

    def __init__(self, steps: int | None, error: BaseException | None = None) -> None:
        self._left = steps
        self._error = error
        self.told: list[tuple[str, int, int | None]] = []

    def report(self, what: str, done: int, total: int | None) -> None:
        self.told.append((what, done, total))
        if what.startswith("Epoch") and self._left is not None:
            self._left -= 1
            if self._left <= 0 and self._error is not None:
                raise self._error

    def is_set(self) -> bool:
        return self._left is not None and self._left <= 0 and self._error is None


def go(
    dataset: Dataset,
    run: Path,
    *,
    stop: int | None = None,
    error: BaseException | None = None,
    recipe: Recipe = RECIPE,
    **options: Any,
) -> Outcome:
    after = After(stop, error)
    return train(dataset, run, recipe, device="cpu", report=after.report, cancel=after, **options)


def assert_equal(one: Path, other: Path) -> None:
    """Bit for bit."""
    first, second = load_file(one), load_file(other)
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert not different, f"{len(different)} of {len(first)} tensors differ"


def is_sentence(text: str) -> bool:
    text = text.strip()
    return text.endswith(".") and "\n" not in text and "Error" not in text


def made_up(count: int, side: int = 4) -> Tiles:
    """Tiles of one value each, their number, so that they can be told apart."""
    pixels = torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, side, side)
    items = tuple(Item("made_up", "cactus", str(n)) for n in range(count))
    return Tiles(pixels.contiguous(), torch.arange(count) % 2, items)


def numbers(pictures: Tensor) -> list[int]:
    """Which of the made-up tiles these are."""
    spec = preprocessing_of(RECIPE)
    value = (pictures[:, 0, 0, 0] * spec.std[0] + spec.mean[0]) * 255
    assert torch.allclose(value, value.round(), atol=1e-2)
    return [round(v) for v in value.tolist()]


def batches_of(count: int, size: int, seed: int = 0) -> Batches:
    return Batches(made_up(count), preprocessing_of(RECIPE), size, seed)


# Turns


def test_turns_are_the_eight_of_the_square_as_numpy_makes_them() -> None:
    tile = np.random.default_rng(0).integers(0, 256, (3, 5, 5), dtype=np.uint8)
    found = turned(torch.from_numpy(tile).expand(8, -1, -1, -1), torch.arange(8)).numpy()
    for turn in range(8):
        expected = np.rot90(tile, turn % 4, (1, 2))
        expected = np.flip(expected, 2) if turn >= 4 else expected
        np.testing.assert_array_equal(found[turn], expected)
    assert len({one.tobytes() for one in found}) == 8


def test_turning_leaves_the_tiles_themselves_alone() -> None:
    pixels = torch.randint(256, (16, 3, 4, 4), dtype=torch.uint8)
    before = pixels.clone()
    found = turned(pixels, torch.arange(16) % 8)
    assert torch.equal(pixels, before)
    found.zero_()
    assert torch.equal(pixels, before)


# Batches


def test_each_epoch_is_a_permutation_of_all_but_the_remainder() -> None:
    batches = batches_of(35, 8)
    assert len(batches) == 4
    epochs = []
    for _ in range(4):
        each = [numbers(pictures) for pictures, _ in batches]
        assert [len(batch) for batch in each] == [8] * 4  # the last three tiles are left out
        epochs.append([number for batch in each for number in batch])
    for order in epochs:
        assert len(set(order)) == 32
        assert set(order) <= set(range(35))
        assert order != sorted(order)
    assert len({tuple(order) for order in epochs}) == 4
    assert set().union(*epochs) == set(range(35))  # what is left out isn't always the same


def test_labels_go_with_their_tiles_and_all_turns_happen() -> None:
    pixels = torch.zeros((160, 3, 4, 4), dtype=torch.uint8)
    pixels[:, 0] = torch.arange(16, dtype=torch.uint8).reshape(4, 4)
    pixels[:, 1] = torch.arange(160, dtype=torch.uint8)[:, None, None]
    labels = torch.arange(160) % 7
    items = tuple(Item("made_up", "cactus", str(n)) for n in range(160))
    preprocessing = preprocessing_of(RECIPE)
    seen = set()
    for pictures, given in Batches(Tiles(pixels, labels, items), preprocessing, 16, 0):
        values = pictures * torch.tensor(preprocessing.std)[:, None, None]
        values = ((values + torch.tensor(preprocessing.mean)[:, None, None]) * 255).round()
        assert torch.equal(values[:, 1, 0, 0].long() % 7, given)
        seen |= {tuple(one.flatten().tolist()) for one in values[:, 0]}
    assert len(seen) == 8


def test_batches_are_normalised_as_when_the_network_is_asked() -> None:
    preprocessing = preprocessing_of(RECIPE)
    assert preprocessing == dataclasses.replace(
        get_spec("cactinet").preprocessing, input_size=(32, 32)
    )
    tiles = made_up(8)
    pictures, _ = next(iter(Batches(tiles, preprocessing, 8, 0)))
    assert pictures.dtype == torch.float32
    assert torch.equal(pictures, normalise(tiles.pixels[numbers(pictures)], preprocessing))


def test_seed_decides_the_order() -> None:
    def order(seed: int) -> list[int]:
        return [number for x, _ in batches_of(64, 8, seed) for number in numbers(x)]

    assert order(1) == order(1) != order(2)


@pytest.mark.parametrize("done", range(13))
def test_batches_go_on_exactly(done: int) -> None:
    def endless(batches: Batches) -> Iterator[Tensor]:
        while True:
            # As Lightning does: it knows the length and never asks for one more.
            for _, (pictures, _) in zip(range(len(batches) - batches._next), batches, strict=False):
                yield pictures

    first = batches_of(35, 8)
    stream = endless(first)
    for _ in range(done):
        next(stream)
    state = json.loads(json.dumps(first.state_dict()))
    second = batches_of(35, 8)
    second.load_state_dict(state)
    again = endless(second)
    for _ in range(9):
        assert torch.equal(next(stream), next(again))


def test_fewer_tiles_than_a_batch_are_one_batch() -> None:
    batches = batches_of(5, 8)
    assert (len(batches), batches.size) == (1, 5)
    ((pictures, labels),) = list(batches)
    assert sorted(numbers(pictures)) == [0, 1, 2, 3, 4]
    assert len(labels) == 5


# The split


def test_about_a_tenth_is_excluded_and_by_the_seed() -> None:
    names = [f"{n:05}.jpg" for n in range(15_000)]
    sets = [{name for name in names if is_excluded(name, seed)} for seed in range(3)]
    for found in sets:
        assert 0.09 < len(found) / len(names) < 0.11
    assert sets[0] == {name for name in names if is_excluded(name, 0)}
    # Two independent tenths share about a hundredth.
    assert len(sets[0] & sets[1]) < 0.02 * len(names)


def test_superset_keeps_the_same_excluded() -> None:
    items = [Item("x", ("no cactus", "cactus")[n % 2], f"{n}.jpg") for n in range(2000)]
    part = items[5:1500:3]
    kept, excluded = split(items, 4)
    kept_of_part, excluded_of_part = split(part, 4)
    assert excluded_of_part
    assert set(excluded_of_part) == set(excluded) & set(part)
    assert set(kept) | set(excluded) == set(items)
    assert not set(kept) & set(excluded)
    assert kept_of_part == [item for item in part if item in set(kept_of_part)]
    backwards = split(reversed(items), 4)
    assert set(backwards[1]) == set(excluded)


# The recipe


def rates(steps: int) -> list[float]:
    classifier = Classifier(nn.Linear(2, 1), RECIPE, steps)
    found = classifier.configure_optimizers()
    assert found["lr_scheduler"]["interval"] == "step"
    optimizer, scheduler = found["optimizer"], found["lr_scheduler"]["scheduler"]
    seen = []
    for _ in range(steps):
        (rate,) = {group["lr"] for group in optimizer.param_groups}
        seen.append(rate)
        optimizer.step()
        scheduler.step()
    return seen


def test_learning_rate_goes_up_and_down() -> None:
    seen = rates(101)
    top = int(np.argmax(seen))
    assert seen[top] == pytest.approx(RECIPE.learning_rate, rel=1e-3)
    assert 0.2 < top / len(seen) < 0.4
    assert all(np.diff(seen[: top + 1]) > 0)
    assert all(np.diff(seen[top:]) < 0)
    assert seen[0] < 0.1 * seen[top]
    assert seen[-1] < 0.01 * seen[0]


def test_what_has_one_dimension_does_not_decay() -> None:
    network = get_spec("cactinet").build(1)
    recipe = dataclasses.replace(RECIPE, weight_decay=0.5)
    groups = Classifier(network, recipe, 5).configure_optimizers()["optimizer"].param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    for name, parameter in network.named_parameters():
        assert decay[id(parameter)] == (0.0 if parameter.ndim <= 1 else 0.5), name
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(decay[id(m.weight)] == decay[id(m.bias)] == 0 for m in norms)


def test_loss_is_the_cross_entropy_of_the_one_logit() -> None:
    class Red(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, :1].mean(dim=(2, 3))

    pictures = torch.randn(6, 3, 4, 4)
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    share = pictures[:, 0].mean(dim=(1, 2)).double().sigmoid()
    expected = -torch.where(labels == 1, share, 1 - share).log().mean()
    with torch.random.fork_rng(devices=[]):
        found = Classifier(Red(), RECIPE, 5).training_step((pictures, labels), 0)
    assert float(found) == pytest.approx(float(expected), abs=1e-6)


def test_dropout_is_by_the_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, labels = torch.ones(64, 3, 2, 2), torch.zeros(64, dtype=torch.long)
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 1))

    def loss(step: int, seed: int = 0) -> float:
        monkeypatch.setattr(Classifier, "global_step", step)
        recipe = dataclasses.replace(RECIPE, seed=seed)
        found = Classifier(network, recipe, 9).training_step((pictures, labels), 0)
        return float(found.detach())

    with torch.random.fork_rng(devices=[]):
        assert loss(3) == loss(3)
        assert len({loss(3), loss(4), loss(3, seed=1)}) == 3


@pytest.mark.parametrize("name", LIMITS)
def test_recipe_keeps_to_its_limits(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        Recipe(**{name: type(getattr(RECIPE, name))(value)})
    for value in (low - 1, high + 1, float("nan"), float("inf")):
        with pytest.raises(DataError) as caught:
            Recipe(**{name: value})
        assert is_sentence(str(caught.value))
        assert name.replace("_", " ") in str(caught.value)


def test_limits_name_every_field() -> None:
    assert set(LIMITS) == {field.name for field in dataclasses.fields(Recipe)}


# A run


def test_run_in_one_go(whole: Outcome, dataset: Dataset) -> None:
    assert whole.finished
    assert whole.epochs == 2.0
    kept, excluded = split(dataset, 0)
    assert (whole.trained_on, whole.excluded) == (len(kept), len(excluded)) == (34, 6)
    assert whole.skipped == ()
    assert 0 <= whole.waiting < 1
    assert whole.pictures_per_second > 0
    folder = whole.weights.parent
    there = {path.name for path in folder.iterdir()} - {".lock"}
    assert there == {CHECKPOINT, SETTINGS, WEIGHTS}
    state = torch.load(folder / CHECKPOINT, weights_only=True)
    assert state["global_step"] == STEPS
    assert state["lr_schedulers"][0]["last_epoch"] == STEPS
    assert state["lr_schedulers"][0]["total_steps"] == STEPS


def test_weights_changed_in_every_tensor(whole: Outcome) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        fresh = half(get_spec("cactinet").build(1).state_dict())
    found = load_file(whole.weights)
    same = [name for name in fresh if torch.equal(fresh[name], found[name])]
    assert not same


def test_excluded_pictures_are_never_opened(dataset: Dataset, tmp_path: Path) -> None:
    opened: list[str] = []

    def read(class_name: str, name: str) -> Any:
        opened.append(name)
        return dataset.read(class_name, name)

    go(dataclasses.replace(dataset, read=read), tmp_path / "run", stop=1)
    _, excluded = split(dataset, 0)
    assert sorted({*opened, *(item.name for item in excluded)}) == sorted(
        item.name for item in dataset
    )
    assert not set(opened) & {item.name for item in excluded}


@pytest.mark.parametrize(
    "stop", some((1, 3, 4, 5, 8), 2, always=(3, 4))
)  # within an epoch, at its end
def test_stopped_and_gone_on_with_equals_one_go(
    stop: int, dataset: Dataset, whole: Outcome, tmp_path: Path
) -> None:
    stopped = go(dataset, tmp_path / "run", stop=stop)
    assert stopped.finished == (stop == STEPS)
    assert stopped.epochs == stop / 4
    load_model(Checkpoint("mine", "cactinet", stopped.weights), device="cpu")
    with safe_open(stopped.weights, "pt") as file:
        assert float(file.metadata()["share_of_training"]) == pytest.approx(stop / STEPS)
    finished = go(dataset, tmp_path / "run")
    assert finished.finished
    assert finished.epochs == 2.0
    assert_equal(finished.weights, whole.weights)


def test_stopped_at_each_step_equals_one_go(
    dataset: Dataset, whole: Outcome, tmp_path: Path
) -> None:
    for done in range(1, STEPS + 1):
        outcome = go(dataset, tmp_path / "run", stop=1)
        assert outcome.epochs == done / 4
    assert outcome.finished
    assert_equal(outcome.weights, whole.weights)


@pytest.mark.parametrize(("every", "broken"), some(((3, 5), (4, 5), (3, 8)), 2, always=((3, 5),)))
def test_run_that_broke_goes_on_from_its_last_checkpoint(
    every: int, broken: int, dataset: Dataset, whole: Outcome, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(Breakdown):
        go(dataset, run, stop=broken, error=Breakdown(), checkpoint_every=every)
    assert not (run / WEIGHTS).exists()
    state = torch.load(run / CHECKPOINT, weights_only=True)
    assert state["global_step"] == (broken - 1) // every * every
    after = After(None)
    finished = train(dataset, run, RECIPE, device="cpu", report=after.report)
    steps = [done for what, done, _ in after.told if what.startswith("Epoch")]
    assert steps == list(range(state["global_step"] + 1, STEPS + 1))
    assert_equal(finished.weights, whole.weights)


def test_finished_run_is_left_as_it_is(dataset: Dataset, whole: Outcome, tmp_path: Path) -> None:
    run = tmp_path / "run"
    go(dataset, run)
    before = (run / CHECKPOINT).read_bytes()
    again = go(dataset, run)
    assert again.finished
    assert again.pictures_per_second == 0
    assert (run / CHECKPOINT).read_bytes() == before
    assert_equal(again.weights, whole.weights)


def test_shares_and_rates_of_a_run_that_goes_on_within_an_epoch(
    dataset: Dataset, tmp_path: Path
) -> None:
    """Its clock begins with its first step: the epoch's beginning was in another call."""
    for further in (1, None):  # to an end in that epoch, and beyond it
        run = tmp_path / str(further)
        with pytest.raises(Breakdown):
            go(dataset, run, stop=3, error=Breakdown(), checkpoint_every=2)
        begun = time.monotonic()
        outcome = go(dataset, run, stop=further)
        seconds = time.monotonic() - begun
        assert 0 < outcome.waiting < 0.9
        assert outcome.pictures_per_second > 8 / seconds


def test_a_clock_that_is_set_back_or_forward_changes_nothing(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = itertools.cycle([1e9, -1e9, 4e9])  # the 1930s, the next century
    true = time.time

    def set_by_somebody() -> float:
        # Only for this program: a library may be in earnest about its own.
        caller = sys._getframe(1).f_globals.get("__name__", "")
        return true() + next(wrong) if caller.startswith("cactiviz") else true()

    monkeypatch.setattr(time, "time", set_by_somebody)
    run = tmp_path / "run"
    go(dataset, run, stop=2)
    for file in run.iterdir():
        os.utime(file, (0, 0))  # as if it were from 1970
    outcome = go(dataset, run)
    assert outcome.finished and 0 < outcome.waiting < 1 and outcome.pictures_per_second > 0


def test_nothing_in_the_package_asks_for_the_time_of_day() -> None:
    """Durations, timeouts and what expires are counted by a clock that nobody can set."""
    asks = re.compile(r"\btime\.time\b|\b(?:utc)?now\(|\btoday\(|from time import .*\btime\b")
    root = Path(__file__).parents[2]
    # Asks how old a file is, whose stamp is by the same clock.
    by_stamp = root / "cactiviz/ui/session/private_folders.py"
    found = [
        f"{file.relative_to(root)}: {line.strip()}"
        for file in (root / "cactiviz").rglob("*.py")
        if file != by_stamp
        for line in file.read_text("utf-8").splitlines()
        if asks.search(line)
    ]
    assert not found


def test_a_run_whose_pictures_are_fewer_now_says_so_and_stays(tmp_path: Path) -> None:
    """Else it would have done more steps than there are."""
    tiles = write_tiles(tmp_path / "tiles")
    dataset, run = open_anywhere(str(tiles)), tmp_path / "run"
    go(dataset, run, stop=7)
    before = (run / CHECKPOINT).read_bytes()
    for index in range(0, 24):
        (tiles / "train" / f"t{index:02}.png").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"learnt from 34 pictures, and \d+ can be read now"):
        go(dataset, run)
    # One of an earlier version doesn't tell how many pictures there were.
    state = torch.load(run / CHECKPOINT, weights_only=True)
    state["loops"]["fit_loop"]["state_dict"]["combined_loader"][0].pop("tiles")
    torch.save(state, run / CHECKPOINT)
    with pytest.raises(DataError, match="has done 7 steps"):
        go(dataset, run)
    (run / CHECKPOINT).write_bytes(before)
    write_tiles(tmp_path / "again")
    for file in (tmp_path / "again" / "train").iterdir():
        file.replace(tiles / "train" / file.name)
    assert go(dataset, run).epochs == 2.0


def test_another_seed_gives_other_weights(dataset: Dataset, whole: Outcome, tmp_path: Path) -> None:
    other = go(dataset, tmp_path, stop=1, recipe=dataclasses.replace(RECIPE, seed=1))
    name = "classifier.weight"
    assert not torch.equal(load_file(other.weights)[name], load_file(whole.weights)[name])


def test_what_is_told(dataset: Dataset, tmp_path: Path) -> None:
    after = After(5)
    train(dataset, tmp_path, RECIPE, device="cpu", report=after.report, cancel=after)
    explanation = [entry for entry in after.told if entry[0] == "Reading the pictures"]
    steps = [entry for entry in after.told if entry[0].startswith("Epoch")]
    assert explanation[-1] == ("Reading the pictures", 34, 34)
    assert [entry[1:] for entry in steps] == [(n, STEPS) for n in range(1, 6)]
    assert [what.partition(",")[0] for what, *_ in steps] == ["Epoch 1 of 2"] * 4 + ["Epoch 2 of 2"]


def test_cancelled_before_the_first_step(dataset: Dataset, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        train(dataset, tmp_path, RECIPE, device="cpu", cancel=cancel)


def test_run_in_a_thread_of_its_own(dataset: Dataset, tmp_path: Path) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(go(dataset, tmp_path, stop=1)))
    thread.start()
    thread.join()
    assert found[0].epochs == 0.25


# The file of weights


def test_weights_file_is_a_checkpoint_of_its_size(whole: Outcome) -> None:
    assert trained_size(whole.weights) == (32, 32)
    model = load_model(Checkpoint("mine", "cactinet", whole.weights), device="cpu")
    assert model.spec.preprocessing == preprocessing_of(RECIPE)
    assert model.spec.class_names == ("no cactus", "cactus")
    assert all(p.dtype == torch.float32 for p in model.module.parameters())
    with safe_open(whole.weights, "pt") as file:
        metadata = file.metadata()
    assert json.loads(metadata["recipe"]) == dataclasses.asdict(RECIPE)
    assert metadata["architecture"] == "cactinet"
    assert float(metadata["share_of_training"]) == 1.0


def learnt(whole: Outcome) -> nn.Module:
    """The network before its calibration, in single precision, out of the last checkpoint."""
    state = torch.load(whole.weights.parent / CHECKPOINT, weights_only=True)["state_dict"]
    with torch.random.fork_rng(devices=[]):
        network = get_spec("cactinet").build(1)
    network.load_state_dict({key.removeprefix("network."): v for key, v in state.items()})
    return network.eval()


def calibration_batches(dataset: Dataset) -> list[Tensor]:
    """The first two of the epoch after the last."""
    kept, _ = split(dataset, 0)
    names = get_spec("cactinet").class_names
    preprocessing = preprocessing_of(RECIPE)
    tiles = load_tiles(dataset, kept, labels_for(names, kept, ""), preprocessing)
    batches = Batches(tiles, preprocessing, RECIPE.batch_size, RECIPE.seed, RECIPE.augmentation)
    epochs = [[pictures for pictures, _ in batches] for _ in range(3)]
    return epochs[2][:2]


def test_batch_norms_hold_the_statistics_of_the_calibration_batches(
    whole: Outcome, dataset: Dataset
) -> None:
    network, found = learnt(whole), load_file(whole.weights)
    norms = {n: m for n, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)}
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in norms}

    def by_hand(name: str) -> Callable[[nn.Module, tuple[Tensor], Tensor], Tensor]:
        def normalised(module: Any, inputs: tuple[Tensor], _: Tensor) -> Tensor:
            x = inputs[0].double()
            mean, spread = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), correction=0)
            seen[name].append((mean, x.var(dim=(0, 2, 3), correction=1)))
            x = (x - mean[:, None, None]) / (spread[:, None, None] + module.eps).sqrt()
            y = x * module.weight[:, None, None] + module.bias[:, None, None]
            return y.to(inputs[0].dtype)

        return normalised

    for name, norm in norms.items():
        norm.register_forward_hook(by_hand(name))
    with torch.no_grad():
        for pictures in calibration_batches(dataset):
            network(pictures)
    for name, each in seen.items():
        assert len(each) == 2
        means = torch.stack([mean for mean, _ in each])
        spreads = torch.stack([spread for _, spread in each])
        for key, value in (("running_mean", means), ("running_var", spreads)):
            stored = found[f"{name}.{key}"].double()
            scale = float(value.abs().max())
            error = float((stored - value.mean(dim=0)).abs().max())
            assert error < 2e-3 * scale, f"{name}.{key}: {error} of {scale}"
        assert int(found[f"{name}.num_batches_tracked"]) == 2


def test_calibration_leaves_weights_and_momenta_alone(whole: Outcome) -> None:
    network = learnt(whole).train()
    before = {name: p.clone() for name, p in network.named_parameters()}
    calibrate(network, [torch.zeros(2, 3, 32, 32)])
    assert all(torch.equal(before[name], p) for name, p in network.named_parameters())
    assert not any(module.training for module in network.modules())
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {norm.momentum for norm in norms} == {0.01}


def test_half_precision_changes_little(full_size: None, dataset: Dataset, tmp_path: Path) -> None:
    whole = go(dataset, tmp_path / "run")
    assert whole.weights.stat().st_size < 10e6
    network, pictures = learnt(whole), calibration_batches(dataset)
    calibrate(network, pictures)
    stored = load_file(whole.weights)
    floats = [value for value in stored.values() if value.is_floating_point()]
    assert {value.dtype for value in floats} == {torch.float16}
    assert stored["stem.1.num_batches_tracked"].dtype == torch.int64
    model = load_model(Checkpoint("mine", "cactinet", whole.weights), device="cpu")
    with torch.no_grad():
        exact, rounded = network(pictures[0]), model.module(pictures[0])
    assert float((exact - rounded).abs().max()) < 0.02 * float(exact.std() + exact.abs().mean())
    assert not torch.equal(exact, rounded)
    assert model.spec.parameters == 4_145_101


# What may be wrong with a run's folder


@pytest.fixture
def stopped(dataset: Dataset, tmp_path: Path) -> Path:
    run = tmp_path / "run"
    go(dataset, run, stop=1)
    return run


def test_other_settings_are_refused(stopped: Path, dataset: Dataset, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in stopped.iterdir()}
    others = {"input_size": 40, "epochs": 3, "batch_size": 4, "learning_rate": 1e-4}
    others |= {"weight_decay": 0.0, "calibration_batches": 3, "seed": 1}
    others |= {"augmentation": 0.5}
    assert set(others) == {field.name for field in dataclasses.fields(Recipe)}
    for name, value in others.items():
        with pytest.raises(DataError) as caught:
            go(dataset, stopped, recipe=dataclasses.replace(RECIPE, **{name: value}))
        assert is_sentence(str(caught.value))
        assert str(stopped) in str(caught.value)
    with pytest.raises(DataError, match="other settings or data"):
        go(open_anywhere(str(write_tiles(tmp_path / "more", 42))), stopped)
    renamed = write_tiles(tmp_path / "renamed")
    (renamed / "train" / "t00.png").rename(renamed / "train" / "u00.png")
    listed = (renamed / "train.csv").read_text().replace("t00", "u00")
    (renamed / "train.csv").write_text(listed)
    with pytest.raises(DataError, match="other settings or data"):
        go(open_anywhere(str(renamed)), stopped)  # as many tiles, but not the same
    assert {path.name: path.read_bytes() for path in stopped.iterdir()} == before


def test_two_runs_never_share_a_folder(stopped: Path, dataset: Dataset) -> None:
    settings = json.loads((stopped / SETTINGS).read_text())
    left = stopped / f".{CHECKPOINT}.half"
    with alone_in(stopped, settings):
        left.write_bytes(b"the other run is writing this")
        with pytest.raises(OutputError, match="Another run is at work"):
            go(dataset, stopped)
        assert left.exists()
    go(dataset, stopped)
    assert not left.exists()


def test_more_pictures_than_the_memory_holds_are_refused_in_a_sentence(dataset: Dataset) -> None:
    many = list(dataset) * 1_000_000
    with pytest.raises(DataError, match=r"need \d+ GB of memory"):
        load_tiles(dataset, many, {"cactus": 1, "no cactus": 0}, preprocessing_of(RECIPE))


def test_a_name_that_two_classes_have_is_refused(dataset: Dataset) -> None:
    item = Item("folder", "crane", "a.jpg")
    assert labels_for(("lorry", "Crane"), [item], "Birds") == {"crane": 1}
    with pytest.raises(DataError, match="several classes called “crane”"):
        labels_for(("crane", "lorry", "Crane"), [item], "Birds")


def saved(content: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        torch.save(content, path)
        return path.read_bytes()


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"no checkpoint\n",
    "truncated": lambda content: content[: len(content) // 2],
    "without its last byte": lambda content: content[:-1],
    "a dictionary without anything": lambda _: saved({}),
    "a list": lambda _: saved([1, 2]),
    "no network in it": lambda _: saved({"state_dict": {}, "pytorch-lightning_version": "2.6.6"}),
    "code": lambda _: pickle.dumps(Evil()),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoint_gives_a_sentence(
    damage: str, dataset: Dataset, whole: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    (run / SETTINGS).write_bytes((whole.weights.parent / SETTINGS).read_bytes())
    content = (whole.weights.parent / CHECKPOINT).read_bytes()
    (run / CHECKPOINT).write_bytes(DAMAGES[damage](content))
    with pytest.raises(WeightsError, match="is damaged; delete it") as caught:
        go(dataset, run)
    assert is_sentence(str(caught.value))
    assert str(run / CHECKPOINT) in str(caught.value)
    assert not (tmp_path / "evil").exists()
    assert not (run / WEIGHTS).exists()


def test_error_of_a_step_is_not_blamed_on_the_checkpoint(stopped: Path, dataset: Dataset) -> None:
    with pytest.raises(RuntimeError, match="of the step"):
        go(dataset, stopped, stop=1, error=RuntimeError("of the step"))


def test_folder_of_an_unknown_run_is_left_alone(stopped: Path, dataset: Dataset) -> None:
    (stopped / SETTINGS).unlink()
    with pytest.raises(DataError, match="unknown run"):
        go(dataset, stopped)
    (stopped / SETTINGS).write_bytes(b"\xff{")
    with pytest.raises(DataError, match="damaged"):
        go(dataset, stopped)
    (stopped / SETTINGS).write_text("[]")
    with pytest.raises(DataError, match="other settings"):
        go(dataset, stopped)


def test_run_that_is_a_file_gives_a_sentence(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(OutputError) as caught:
        go(dataset, tmp_path / "run")
    assert is_sentence(str(caught.value))


def test_checkpoint_is_replaced_only_by_a_whole_one(
    stopped: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (stopped / CHECKPOINT).read_bytes()
    replace = os.replace

    def fails(source: Any, target: Any) -> None:
        if Path(target).name == CHECKPOINT:
            raise OSError(28, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails)
        with pytest.raises(OutputError, match="No space left"):
            go(dataset, stopped, checkpoint_every=1)
    assert (stopped / CHECKPOINT).read_bytes() == before
    assert not [
        path for path in stopped.iterdir() if path.name.startswith(".") and path.name != ".lock"
    ]


def test_checkpoints_are_written_beside_their_place(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary file in another file system would be copied, not renamed."""

    def elsewhere(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file in another folder")

    monkeypatch.setattr(tempfile, "mkstemp", elsewhere)
    go(dataset, tmp_path / "run", stop=2, checkpoint_every=1)


def test_what_a_killed_run_left_half_written_is_cleared(stopped: Path, dataset: Dataset) -> None:
    for name in (CHECKPOINT, WEIGHTS, SETTINGS):
        (stopped / f".{name}.abcdef").write_bytes(b"half")
    (stopped / ".mine").write_bytes(b"kept")
    go(dataset, stopped, stop=1)
    names = {path.name for path in stopped.iterdir()}
    assert names - {".lock"} == {CHECKPOINT, WEIGHTS, SETTINGS, ".mine"}


def test_infinite_loss_gives_a_sentence(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Classifier, "training_step", lambda self, batch, _: self.network(batch[0]).sum() * 1e38**2
    )
    with pytest.raises(WeightsError, match="learning rate") as caught:
        go(dataset, tmp_path / "run", checkpoint_every=1)
    assert is_sentence(str(caught.value))
    assert not (tmp_path / "run" / CHECKPOINT).exists()
    assert not (tmp_path / "run" / WEIGHTS).exists()


# What may be wrong with the data


def damaged(folder: Path, *names: str) -> Dataset:
    for name in names:
        (folder / "train" / name).write_bytes(b"no picture")
    return open_anywhere(str(folder))


def test_unreadable_pictures_are_named_skipped_and_counted(tmp_path: Path) -> None:
    kept, excluded = split(open_anywhere(str(write_tiles(tmp_path / "data"))), 0)
    broken = kept[3].name, kept[-1].name, excluded[0].name
    dataset = damaged(tmp_path / "data", *broken)
    found = go(dataset, tmp_path / "run", stop=1)
    assert found.trained_on == len(kept) - 2
    assert len(found.skipped) == 2
    for sentence, name in zip(found.skipped, broken[:2], strict=True):
        assert name in sentence
        assert is_sentence(sentence)


def test_pixels_and_labels_stay_together_around_a_broken_picture(tmp_path: Path) -> None:
    dataset = damaged(write_tiles(tmp_path / "data", 10), "t02.png", "t05.png")
    items = sorted(dataset, key=lambda item: item.name)
    labels = labels_for(("no cactus", "cactus"), items, "tiles")
    tiles = load_tiles(dataset, items, labels, preprocessing_of(RECIPE))
    names = [item.name for item in tiles.items]
    assert names == [f"t{n:02}.png" for n in (0, 1, 3, 4, 6, 7, 8, 9)]
    assert tiles.labels.tolist() == [int(name[1:3]) % 2 for name in names]
    assert tiles.pixels.shape == (8, 3, 32, 32)
    for pixels, name in zip(tiles.pixels, names, strict=True):
        expected = np.asarray(Image.open(tmp_path / "data" / "train" / name))
        np.testing.assert_array_equal(pixels.permute(1, 2, 0).numpy(), expected)


def classes(folder: Path, *names: str) -> Dataset:
    for name in names:
        (folder / name).mkdir(parents=True)
        for index in range(20):
            Image.new("RGB", (8, 8), (index, 0, 0)).save(folder / name / f"{name}{index}.png")
    return open_anywhere(str(folder))


@pytest.mark.parametrize("names", (("cactus",), ("bear", "chimp"), ("no cactus", "cactus", "bear")))
def test_classes_that_do_not_fit_give_a_sentence(names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        go(classes(tmp_path / "data", *names), tmp_path / "run")
    assert is_sentence(str(caught.value))
    assert "cactus" in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_classes_in_other_letters_fit(tmp_path: Path) -> None:
    found = go(classes(tmp_path / "data", "Cactus", "No Cactus"), tmp_path / "run", stop=1)
    assert found.trained_on > 30


def test_class_without_a_readable_picture_gives_a_sentence(tmp_path: Path) -> None:
    write_tiles(tmp_path / "data")
    dataset = damaged(tmp_path / "data", *(f"t{n:02}.png" for n in range(1, 40, 2)))
    with pytest.raises(DataError, match="can be read") as caught:
        go(dataset, tmp_path / "run")
    assert is_sentence(str(caught.value))


def test_labels_are_found_by_name() -> None:
    items = [Item("x", name, "1.jpg") for name in ("Bear", "chimp", "Bear")]
    assert labels_for(("chimp", "snake", "bear"), items, "x") == {"Bear": 2, "chimp": 0}
    with pytest.raises(DataError, match="“chimp”") as caught:
        labels_for(("bear", "snake"), items, "Zoo")
    assert is_sentence(str(caught.value))
    with pytest.raises(DataError, match="without names"):
        labels_for((), items, "Zoo")
    with pytest.raises(DataError, match="no picture"):
        labels_for(("bear",), [], "Zoo")


# Nothing outside of the run changes


def surroundings() -> dict[str, Any]:
    handlers = {
        number: signal.getsignal(number)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    }
    loggers = ("", "lightning", "lightning.pytorch", "lightning.fabric", "torch")
    return {
        "torch": torch.get_rng_state().tolist(),
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),  # type: ignore[union-attr]
        "warnings": list(warnings.filters),
        "signals": handlers,
        "levels": {name: logging.getLogger(name).level for name in loggers},
        "environment": dict(os.environ),
        "gradients": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


@pytest.mark.parametrize("end", ("in good order", "stopped", "broken", "interrupted"))
def test_surroundings_stay_as_they_were(end: str, dataset: Dataset, tmp_path: Path) -> None:
    errors = {"broken": Breakdown(), "interrupted": KeyboardInterrupt()}
    recipe = dataclasses.replace(RECIPE, epochs=1, batch_size=16)
    before = surroundings()
    if end in errors:
        with pytest.raises(type(errors[end])):
            go(dataset, tmp_path, stop=1, error=errors[end], recipe=recipe)
    else:
        go(dataset, tmp_path, stop=1 if end == "stopped" else None, recipe=recipe)
    after = surroundings()
    for name, value in before.items():
        assert after[name] == value, name


# The command


def command(*arguments: object) -> list[str]:
    return ["train", "cactinet", *map(str, arguments)]


@pytest.mark.parametrize(
    "option",
    (
        *("--epochs=0", "--epochs=-1", "--epochs=1.5", "--epochs=x", "--batch-size=0"),
        *("--batch-size=1", "--input-size=7", "--input-size=5000", "--learning-rate=nan"),
        *("--learning-rate=inf", "--learning-rate=0", "--learning-rate=1e30", "--seed=-1"),
        *("--weight-decay=nan", "--weight-decay=-1", "--calibration-batches=0"),
        *("--checkpoint-every=0", "--device=abacus"),
    ),
)
def test_values_out_of_range_are_wrong_usage(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(command("--data", tmp_path, "--out", tmp_path / "run", option))
    assert caught.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_help_names_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for field in dataclasses.fields(Recipe):
        assert f"--{field.name.replace('_', '-')}" in text
        assert f"default {field.default}" in text


def test_command_trains_and_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = open_anywhere(str(write_tiles(tmp_path / "data")))
    kept, _ = split(dataset, 0)
    damaged(tmp_path / "data", kept[0].name)
    with (tmp_path / "data" / "train.csv").open("a") as file:
        file.write("\nmissing.png,1")
    run = tmp_path / "run"
    small = ("--input-size", 32, "--epochs", 1, "--batch-size", 16, "--calibration-batches", 1)
    capfd.readouterr()
    assert (
        main.main(command("--data", tmp_path / "data", "--out", run, "--device", "cpu", *small))
        == 0
    )
    out, err = capfd.readouterr()
    assert "1.00 epochs on 33 pictures, 6 excluded" in out
    assert "missing.png" in out
    assert str(run / WEIGHTS) in out
    assert "goes on" not in out
    assert kept[0].name in err
    assert "Epoch 1 of 1" in err
    for word in ("Lightning", "lightning", "Trainer", "Warning", "GPU", "`"):
        assert word not in out + err
    assert (run / WEIGHTS).is_file()


@pytest.mark.parametrize("which", ("one class", "no such folder", "not these labels", "no run"))
def test_command_gives_one_sentence(
    which: str, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    if which == "one class":
        classes(data, "cactus")
    elif which == "not these labels":
        classes(data, "bear", "chimp")
    elif which == "no run":
        write_tiles(data)
        run.write_text("")
    assert main.main(command("--data", data, "--out", run, "--device", "cpu")) == 1
    assert is_sentence(capsys.readouterr().err)
