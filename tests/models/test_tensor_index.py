"""The index of tensors: true of the zoos that are installed, small, and found under disguise."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import timm
import torch
import torchvision

from cactiviz.models import MODELS
from cactiviz.models.tensor_index import INDEX, Fingerprint, Match, find, fingerprint
from cactiviz.models.timm import ROW_NAMES

ROOT = Path(__file__).resolve().parents[2]
Shapes = dict[str, tuple[int, ...]]


def fingerprints() -> dict[str, Fingerprint]:
    """Network name -> its index entry."""
    with np.load(INDEX) as file:
        rows = zip(*(file[key] for key in ("whole", "shapes", "sample", "count")), strict=True)
        kept = [Fingerprint(int(w), int(s), sample, int(n)) for w, s, sample, n in rows]
        return dict(zip(json.loads(str(file["names"])), kept, strict=True))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that makes the index."""
    place = importlib.util.spec_from_file_location("making", ROOT / "scripts/make_tensor_index.py")
    assert place is not None and place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def shapes(model: str, classes: int = 1000) -> Shapes:
    zoo, _, name = model.partition(":")
    with torch.device("meta"):
        if zoo == "timm":
            network = timm.create_model(name, num_classes=classes)
        else:
            network = torchvision.models.get_model(name, weights=None, num_classes=classes)
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


@pytest.fixture(scope="module")
def resnet26d() -> Shapes:
    return shapes("timm:resnet26d", 37)


SAMPLE = (
    *("torchvision:squeezenet1_0", "torchvision:alexnet", "torchvision:mobilenet_v3_small"),
    *("torchvision:shufflenet_v2_x0_5", "torchvision:regnet_y_400mf", "torchvision:vgg11_bn"),
    *("timm:resnet26d", "timm:mobilenetv3_small_050", "timm:regnetx_002", "timm:convnext_atto"),
    *("timm:vit_tiny_patch16_224", "timm:ghostnet_050", "efficientnet_b0", "cactinet"),
)


@pytest.mark.parametrize("name", SAMPLE)
def test_rows_are_true_of_the_networks_that_are_installed(name: str, script: ModuleType) -> None:
    builders = dict(script.builders())
    made, kept = fingerprint(*script.shapes_of(builders[name])), fingerprints()[name]
    assert (made.whole, made.shapes, made.count) == (kept.whole, kept.shapes, kept.count)
    assert np.array_equal(made.sample, kept.sample) and len(set(kept.sample.tolist())) > 10


def test_every_classifier_of_both_zoos_has_its_row(script: ModuleType) -> None:
    names = [name for name, _ in script.builders()]
    lacking = set(names) - set(fingerprints())
    assert len(names) > 1000
    assert len(lacking) < 0.03 * len(names), sorted(lacking)


def test_the_index_is_small_and_goes_into_the_package_and_names_its_versions() -> None:
    assert INDEX.stat().st_size < 1_000_000
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "**/*.npz" in project["tool"]["setuptools"]["package-data"]["cactiviz"]
    pinned = (ROOT / "constraints.txt").read_text("utf-8").split()
    with np.load(INDEX) as file:
        made_with = json.loads(str(file["versions"]))
    for package, version in made_with.items():
        assert f"{package}=={version}" in pinned


@pytest.mark.parametrize("classes", [2, 37, 1000, 21841])
def test_a_network_is_found_in_any_number_of_classes(classes: int) -> None:
    match = find(shapes("timm:resnet26d", classes))
    assert match == Match("whole", ("timm:resnet26d",))


DISGUISES: dict[str, Callable[[Shapes], Shapes]] = {
    "on several GPUs": lambda s: {f"module.{key}": shape for key, shape in s.items()},
    "in another module": lambda s: {f"my_net.inner.{key}": shape for key, shape in s.items()},
    "compiled": lambda s: {f"_orig_mod.{key}": shape for key, shape in s.items()},
    "old, without counters": lambda s: {k: v for k, v in s.items() if "num_batches" not in k},
    "operations counted": lambda s: {**s, "conv1.total_ops": (1,), "total_params": (1,)},
    "in another order": lambda s: dict(sorted(s.items(), reverse=True)),
}


@pytest.mark.parametrize("how", DISGUISES)
def test_a_network_is_found_under_what_programs_do_to_names(how: str, resnet26d: Shapes) -> None:
    assert find(DISGUISES[how](resnet26d)) == Match("whole", ("timm:resnet26d",))


def test_a_head_of_several_layers_leaves_the_network_recognisable(resnet26d: Shapes) -> None:
    body = {key: shape for key, shape in resnet26d.items() if not key.startswith("fc.")}
    own = {**body, "fc.0.weight": (256, 2048), "fc.0.bias": (256,), "fc.3.weight": (5, 256)}
    match = find(own)
    assert match is not None and match.how == "part" and "timm:resnet26d" in match.names


def test_the_same_shapes_under_other_names_are_recognised(resnet26d: Shapes) -> None:
    renamed = {}
    for key, shape in resnet26d.items():
        layer, _, kind = key.rpartition(".")
        renamed[f"layer_{abs(hash(layer))}.{kind}"] = shape
    match = find(renamed)
    assert match is not None and match.how == "shapes" and "timm:resnet26d" in match.names


def test_old_densenets_keys_are_known() -> None:
    new = shapes("torchvision:densenet121", 3)
    old = {key.replace("norm1", "norm.1").replace("conv2", "conv.2"): new[key] for key in new}
    assert old != new
    match = find(old)
    assert match is not None and "torchvision:densenet121" in match.names


def test_what_is_no_network_of_the_zoos_is_not_found(resnet26d: Shapes) -> None:
    assert find({}) is None
    assert find({"a": (3, 3)}) is None
    assert find({key: (*shape, 2) for key, shape in resnet26d.items()}) is None


def test_networks_that_share_their_tensors_are_all_named() -> None:
    match = find(shapes("torchvision:resnet18", 12))
    assert match is not None and match.how == "whole"
    assert match.names[0] == "torchvision:resnet18" and "timm:resnet18" in match.names


@pytest.mark.parametrize("name", ROW_NAMES)
def test_timms_names_of_the_tables_rows_are_theirs(name: str, script: ModuleType) -> None:
    of_row, _ = script.shapes_of(MODELS[ROW_NAMES[name]].build)
    assert of_row == shapes(f"timm:{name}", script.CLASSES)
