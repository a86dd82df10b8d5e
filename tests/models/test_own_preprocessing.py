"""A checkpoint is given pictures as it was trained; what is assumed of it is told."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import cactiviz as cv
from cactiviz.cli.main import main
from cactiviz.cli.options import preprocessing as typed
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.exports import recipe_of
from cactiviz.errors import ModelError, WeightsError
from cactiviz.models import MODELS, find_weights
from cactiviz.models.preprocess import preprocess
from cactiviz.models.preprocessing import completed, parts_of, text_of_preprocessing
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import checkpoint_in
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.replay import remake_comparison
from cactiviz.types import Preprocessing

IMAGENET = Preprocessing((224, 224))
HALF = "inception,size=224"
SQUEEZENET = "torchvision:squeezenet1_0"


def refitted(plain: Path, file: Path, way: str) -> Path:
    """The same network for pictures of another mean and std: its first layer undoes the change.

    They are folded into that convolution, which pads nothing, so both networks give one answer.
    """
    weights = torch.load(plain, weights_only=True)
    new = Preprocessing((224, 224), **parts_of(way))
    mean, std, other_mean, other_std = (
        torch.tensor(values, dtype=torch.float64)[None, :, None, None]
        for values in (IMAGENET.mean, IMAGENET.std, new.mean, new.std)
    )
    first = weights["features.0.weight"].double()
    weights["features.0.weight"] = (first * other_std / std).float()
    moved = (first * (other_mean - mean) / std).sum((1, 2, 3))
    weights["features.0.bias"] = (weights["features.0.bias"].double() + moved).float()
    torch.save(weights, file)
    return file


@pytest.fixture(scope="module")
def plain(data_dir: Path) -> Path:
    return data_dir / "weights" / "squeezenet1_0_deepcompression.pth"


def right(own: cv.Checkpoint, photographs: list[Path]) -> list[Path]:
    network = cv.load_model(own, device="cpu")
    tops = {p: cv.explain(network, p, ()).predictions[0].class_index for p in photographs}
    return [p for p, top in tops.items() if int(p.name[:3]) == top]


def test_a_network_of_other_norms_is_right_again_once_they_are_said(
    plain: Path, data_dir: Path, tmp_path: Path
) -> None:
    photographs = sorted((data_dir / "imagenet-photos").glob("*.jpg"))
    known = right(cv.Checkpoint("a", SQUEEZENET, plain), photographs[:20])[:8]
    assert len(known) == 8
    for way in ("inception", "unit", "bytes"):
        own = cv.Checkpoint("b", SQUEEZENET, refitted(plain, tmp_path / f"{way}.pth", way))
        said = right(replace(own, preprocessing=f"{way},size=224"), known)
        assert said == known, way
        if way == "bytes":  # the others differ too little to be told apart by so few
            assert not right(own, known)


def test_it_is_typed_behind_a_checkpoint_and_travels(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = "inception,size=200,resize=squash,interpolation=bicubic"
    own = cv.Checkpoint("m", SQUEEZENET, plain, "imagenet", way)
    asked = Request(("sample:chelsea",), (own,), ("grad_cam",))
    picture = cv.open_picture("sample:chelsea")
    first = compare_as_asked(asked, picture)
    values = first["m", "grad_cam"].values  # type: ignore[union-attr]
    network = cv.load_model(own, device="cpu")
    expected = Preprocessing(
        (200, 200), "squash", 0.875, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    )
    assert network.spec.preprocessing == expected and not network.remarks
    recipe = json.loads(json.dumps(recipe_of(first, asked, Style())))
    again, as_asked, _ = remake_comparison(recipe, origins=Origins(data=own.file.parent))
    (found,) = as_asked.networks
    assert isinstance(found, cv.Checkpoint) and found.file == own.file
    assert found.preprocessing_text == own.preprocessing_text
    assert np.array_equal(again["m", "grad_cam"].values, values)  # type: ignore[union-attr]
    (tmp_path / own.file.name).symlink_to(own.file)
    monkeypatch.chdir(tmp_path)
    expected_sheet = np.asarray(first.sheet())
    assert main(shlex.split(as_command(asked, Style()))[1:]) == 0
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), expected_sheet)
    exec(as_python(asked, Style()), {})
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), expected_sheet)


def test_recipes_of_before_still_name_their_checkpoint() -> None:
    old = {"name": "m", "architecture": "alexnet", "file": "a.pth", "classes": ""}
    assert checkpoint_in({"checkpoint": old}) == cv.Checkpoint("m", "alexnet", Path("a.pth"))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("imagenet", {"mean": IMAGENET.mean, "std": IMAGENET.std}),
        ("unit", {"mean": (0, 0, 0), "std": (1, 1, 1)}),
        ("bytes", {"mean": (0, 0, 0), "std": (1 / 255,) * 3}),
        ("size=96x128", {"input_size": (96, 128)}),
        (" Size = 96 , CROP=0.9", {"input_size": (96, 96), "crop_pct": 0.9}),
        ("mean=0.1/0.2/0.3,std=2", {"mean": (0.1, 0.2, 0.3), "std": (2, 2, 2)}),
        ("clip,interpolation=bicubic,resize=squash_crop", {"interpolation": "bicubic"}),
    ],
)
def test_what_a_text_says(text: str, fields: dict[str, Any]) -> None:
    found = parts_of(text)
    assert fields.items() <= found.items()


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "imagnet", "size=", "size=0", "size=99999", "size=224x", "mean=a", "mean=1/2"),
        *("std=0", "std=0.1/0/1", "mean=nan", "std=inf", "crop=0", "crop=1.1", "resize=stretch"),
        *("interpolation=nearest", "colour=red", "mean", "std=-1"),
    ],
)
def test_what_no_text_says(text: str) -> None:
    with pytest.raises(ModelError, match=r"write it such as imagenet"):
        parts_of(text)
    with pytest.raises(ModelError):
        cv.Checkpoint("m", "alexnet", Path("a.pth"), preprocessing=text or ",")


def test_to_the_last_digit() -> None:
    way = Preprocessing((96, 128), "squash", 0.1 + 0.2, "bicubic", (1 / 3,) * 3, (0.1, 1e-3, 7.0))
    assert completed(text_of_preprocessing(way), IMAGENET) == (way, ())
    assert completed(way, IMAGENET) == (way, ())


def test_whose_it_is() -> None:
    assert typed("mine=size=96") == ("mine", "size=96")
    assert typed("size=size=96") == ("size", "size=96")
    assert typed("unit") == ("", "unit")


@pytest.mark.parametrize("words", [["--preprocessing", "other=unit"], ["--preprocessing", "unit"]])
def test_it_must_be_said_of_a_checkpoint(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "sample:chelsea", "--models", "cactinet", *words]) != 0
    assert "--checkpoint" in capsys.readouterr().err


def test_a_preprocessing_of_wrong_values_is_refused_in_python() -> None:
    wrong: list[dict[str, Any]] = [
        {"resize": "stretch"},
        {"interpolation": "nearest"},
        {"mean": (0.5,)},
        {"std": (float("nan"),) * 3},
        {"crop_pct": 0},
    ]
    for fields in wrong:
        with pytest.raises(ValueError, match="preprocessing"):
            Preprocessing((224, 224), **fields)
    assert hash(Preprocessing((8, 8), mean=[0.5] * 3)) == hash(  # type: ignore[arg-type]
        Preprocessing((8, 8), mean=(0.5, 0.5, 0.5))
    )


def small(logits: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(MODELS["cactinet"].build(logits).state_dict())


def test_what_is_assumed_is_told_and_what_is_known_is_not(tmp_path: Path) -> None:
    def remarks(file: Path, **said: Any) -> str:
        own = cv.Checkpoint("m", "cactinet", file, **said)
        return " ".join(cv.load_model(own, device="cpu").remarks)

    torch.save(small(1), tmp_path / "a.pth")
    told = remarks(tmp_path / "a.pth")
    assert "those of CactiNet are taken" in told and "64 × 64 pixels, the whole picture" in told
    told = remarks(tmp_path / "a.pth", preprocessing="unit,size=32")
    assert "assumed: the whole picture squashed. If" in told
    trained = find_weights(MODELS["cactinet"])
    if trained is not None:
        assert not remarks(trained), "its file says how it was trained"


def test_names_come_from_the_file_if_it_keeps_them_and_never_from_imagenet_against_it(
    tmp_path: Path,
) -> None:
    def names(file: Path) -> tuple[str, ...]:
        network = cv.load_model(cv.Checkpoint("m", "cactinet", file), device="cpu")
        assert bool(network.spec.class_names) == any("own file" in r for r in network.remarks)
        return network.spec.class_names

    file = tmp_path / "a.pth"
    torch.save({"state_dict": small(3), "class_to_idx": {"b": 1, "c": 2, "a": 0}}, file)
    assert names(file) == ("a", "b", "c")
    torch.save({"state_dict": small(3), "classes": ["too", "few"]}, file)
    assert names(file) == ()
    kept = {"id2label": json.dumps({"0": "x", "1": "y", "2": "z"})}
    save_file(small(3), tmp_path / "a.safetensors", kept)
    assert names(tmp_path / "a.safetensors") == ("x", "y", "z")


def test_imagenets_names_are_told_of_where_they_are_taken(data_dir: Path) -> None:
    cases = data_dir / "field-cases"

    def loaded(file: str, classes: Any = None) -> cv.LoadedModel:
        own = cv.Checkpoint("m", SQUEEZENET, cases / file, classes, HALF + ",resize=crop")
        return cv.load_model(own, device="cpu")

    lent = loaded("ok.pth")
    assert lent.spec.class_names[285] == "Egyptian cat"
    assert lent.remarks == (
        "It was given no class names; with 1,000 answers it is taken to know ImageNet’s classes.",
    )
    assert loaded("ok.pth", "imagenet").remarks == loaded("ten.pth").remarks == ()
    assert loaded("ten.pth").spec.class_names == ()
    with pytest.raises(WeightsError, match="names 1000 classes, but the network has 10"):
        loaded("ten.pth", "imagenet")


def test_the_colours_are_those_that_were_said() -> None:
    black, white = (np.full((40, 40, 3), value, np.uint8) for value in (0, 255))
    for way, low, high in (("unit", 0, 1), ("bytes", 0, 255), ("inception", -1, 1)):
        found, _ = completed(f"{way},size=32", IMAGENET)
        for array, value in ((black, low), (white, high)):
            pixels = preprocess(cv.open_picture(array), found)
            torch.testing.assert_close(pixels, torch.full_like(pixels, value))
