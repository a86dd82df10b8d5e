"""A picture unlike all that CactiNet learnt from has no answer, wherever answers are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import cactiviz as cv
from cactiviz.cli import main
from cactiviz.comparison.comparison import Comparison
from cactiviz.datasets.registry import open_anywhere
from cactiviz.datasets.scenes.scene import draw_scene
from cactiviz.explanations.caveats import STRANGER
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import normalise, resize
from cactiviz.training.augmentation import shifted
from cactiviz.training.tiles import split
from tests.fixtures.sampling import some


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return cv.load_model("cactinet", device="cpu")


def compared(picture: str | cv.Picture, network: LoadedModel) -> Comparison:
    return cv.compare(picture, [network], ["filters"])


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_a_photograph_has_a_sentence_in_the_place_of_bars(name: str, cactinet: LoadedModel) -> None:
    comparison = compared(f"sample:{name}", cactinet)
    explanation = comparison.explanations["cactinet"]
    assert explanation.stranger
    assert explanation.predictions  # still there for programs
    (column,) = comparison.columns()
    assert (column.answers, column.message) == ((), STRANGER)
    assert comparison.to_json()["predictions"]["cactinet"]["stranger"] is True
    assert STRANGER in comparison.html()


def test_a_drawn_desert_has_an_answer(cactinet: LoadedModel) -> None:
    scene = cv.Picture(draw_scene(3, 256).rgb)
    comparison = compared(scene, cactinet)
    assert not comparison.explanations["cactinet"].stranger
    (column,) = comparison.columns()
    assert column.answers[0].class_name == "cactus" and not column.message
    assert comparison.to_json()["predictions"]["cactinet"]["stranger"] is False
    assert STRANGER not in comparison.html()


def test_a_network_that_does_not_know_answers_all(cactinet: LoadedModel) -> None:
    comparison = compared("sample:chelsea", replace(cactinet, familiarity=None))
    assert not comparison.explanations["cactinet"].stranger
    assert comparison.columns()[0].answers
    untrained = cv.load_model("cactinet", untrained=True, device="cpu")
    assert untrained.familiarity is None


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "found.json"
    typed = ["compare", "sample:chelsea", "--models", "cactinet", "--methods", "filters"]
    assert main.main([*typed, "--device", "cpu", "--json", str(file)]) == 0
    assert capsys.readouterr().out == f"CactiNet: {STRANGER}\n"
    assert json.loads(file.read_text("utf-8"))["predictions"]["cactinet"]["stranger"] is True


def strange(network: LoadedModel, pictures: list[cv.Picture]) -> float:
    """The share of these that are strangers."""
    own, known = network.spec.preprocessing, network.familiarity
    assert known is not None
    pixels = np.stack([resize(picture, own).numpy() for picture in pictures])
    found = known.strangers(network.module, normalise(torch.from_numpy(pixels), own))
    return float(found.mean())


def test_drawn_scenes_are_no_strangers(cactinet: LoadedModel) -> None:
    drawn = [draw_scene(s, (64, 256)[s // 2 % 2], cactus=bool(s % 2)) for s in range(100)]
    scenes = [cv.Picture(scene.rgb) for scene in drawn]
    assert strange(cactinet, scenes) <= 0.02


def test_photographs_are_strangers(cactinet: LoadedModel, data_dir: Path) -> None:
    files = sorted((data_dir / "imagenet-photos").glob("*.*"))
    files += sorted((data_dir / "kangaroo-boxes").rglob("*.jpg"))
    photographs = [cv.open_picture(f) for f in files if f.suffix.lower() in (".jpg", ".jpeg")]
    assert len(photographs) == 93
    assert round(strange(cactinet, photographs) * 93) >= 90


@pytest.mark.parametrize("change", some(("none", "noise", "shift"), 3))
def test_excluded_tiles_are_no_strangers(
    change: str, cactinet: LoadedModel, data_dir: Path
) -> None:
    dataset = open_anywhere(str(data_dir / "aerial-cactus-identification"))
    _, excluded = split(dataset, 0)
    tiles = [dataset.open(item) for item in excluded[::4]]
    numbers = np.random.default_rng(0)
    if change == "noise":
        noisy = [t.rgb + numbers.normal(0, 8, t.rgb.shape) for t in tiles]
        tiles = [cv.Picture(n.round().clip(0, 255).astype(np.uint8)) for n in noisy]
    if change == "shift":
        pixels = torch.stack([torch.from_numpy(t.rgb.copy()).permute(2, 0, 1) for t in tiles])
        moved = shifted(pixels, torch.from_numpy(numbers.integers(-8, 9, (len(tiles), 2))))
        tiles = [cv.Picture(m.permute(1, 2, 0).contiguous().numpy()) for m in moved]
    assert strange(cactinet, tiles) <= 0.02
