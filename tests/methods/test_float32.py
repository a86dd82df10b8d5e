"""In float32 the maps are no further from the exact ones than another library's are.

Rounding flips decisions of ReLU and max-pooling, so a float32 map of a ReLU network is 1e-2 or so
away from the float64 one, whoever computes it. Structure is held in float64, in test_references.
"""

from __future__ import annotations

import copy
import statistics

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, LayerGradCam, Saliency
from torch import Tensor, nn
from torchvision.transforms.v2.functional import center_crop

from cactiviz.engine.class_pass import run
from cactiviz.methods import METHODS
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from cactiviz.types import Picture
from tests.fixtures.sampling import some
from tests.methods.test_references import TRAINED, in_modules, load

pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks on ReLU activations:UserWarning"
)

# One with other activations than ReLU, and one that was trained;
# the structure of all is held in float64 in any case.
NETWORKS = some(
    (
        "alexnet",
        "densenet121",
        "resnet152",
        "efficientnet_b0",
        "efficientnet_b3",
        "cactinet",
        TRAINED,
    ),
    2,
    always=("cactinet", TRAINED),
)
# Float64 is slow on these; a smaller middle of the photographs asks the same of them.
MIDDLE = {"resnet152": 96, "densenet121": 96, "efficientnet_b0": 128, "efficientnet_b3": 128}
AS_GOOD = 1.5
EXACT = 1e-6  # below it both are as good as exact, and their ratio says nothing


def photographs() -> list[Picture]:
    """Eight: the samples, and of each a part, mirrored."""
    whole = list(samples().values())
    parts = []
    for picture in whole:
        height, width = picture.size
        part = picture.rgb[height // 8 : height * 7 // 8, width // 4 :, :][:, ::-1]
        parts.append(Picture(np.ascontiguousarray(part), f"part of {picture.name}"))
    return whole + parts


def inputs_of(loaded: LoadedModel, name: str) -> Tensor:
    inputs = torch.cat([preprocess(p, loaded.spec.preprocessing) for p in photographs()])
    return center_crop(inputs, [MIDDLE[name]] * 2) if name in MIDDLE else inputs


def our_maps(loaded: LoadedModel, module: nn.Module, x: Tensor, classes: list[int]) -> dict:
    # what captum has too; the rest of the family is held against others in test_cams.py
    methods = {name: METHODS[name] for name in ("grad_cam", "saliency", "guided_backprop")}
    if not any(isinstance(m, nn.ReLU) for m in module.modules()):
        del methods["guided_backprop"]  # captum has none for other activations
    needs = frozenset().union(*(method.needs for method in methods.values()))
    evidence = run(module, x, classes, layers=[loaded.spec.target_layer], needs=needs)
    return {name: method.function(evidence) for name, method in methods.items()}


def captum_maps(loaded: LoadedModel, module: nn.Module, x: Tensor, classes: list[int]) -> dict:
    reference, layer = in_modules(LoadedModel(loaded.spec, module, True, ""))

    def fresh() -> Tensor:
        return x.clone().requires_grad_()

    cam = LayerGradCam(reference, layer).attribute(fresh(), classes, relu_attributions=True)
    maps = {
        "grad_cam": cam[:, 0].detach(),
        "saliency": Saliency(reference).attribute(fresh(), classes, abs=False),
    }
    if any(isinstance(m, nn.ReLU) for m in reference.modules()):
        maps["guided_backprop"] = GuidedBackprop(reference).attribute(fresh(), classes)
    return maps


def distances(maps: Tensor, exact: Tensor) -> list[float]:
    """Relative L2, picture by picture; a picture without any evidence has none."""
    return [
        ((one.double() - true).norm() / true.norm()).item()
        for one, true in zip(maps, exact, strict=True)
        if true.norm() > 0
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_maps_are_as_near_to_float64_as_captums(
    name: str, request: pytest.FixtureRequest
) -> None:
    loaded = load(name, request)
    single = copy.deepcopy(loaded.module).float()  # the weights were float32 before
    inputs = inputs_of(loaded, name)
    ours: dict[str, list[float]] = {}
    captums: dict[str, list[float]] = {}
    for x in inputs.split(4):
        with torch.no_grad():
            scores = loaded.module(x.double())
        classes = (scores[:, 0] > 0).long() if scores.shape[1] == 1 else scores.argmax(dim=1)
        chosen = classes.tolist()
        exact = our_maps(loaded, loaded.module, x.double(), chosen)  # captum's, to 1e-9
        for distance, maps in (
            (ours, our_maps(loaded, single, x, chosen)),
            (captums, captum_maps(loaded, single, x, chosen)),
        ):
            assert maps.keys() == exact.keys()
            for method, values in maps.items():
                assert values.dtype == torch.float32
                distance.setdefault(method, []).extend(distances(values, exact[method]))
    failures = []
    for method in ours:
        assert len(ours[method]) >= 4, f"{method}: nearly nothing was compared"
        mine, theirs = statistics.median(ours[method]), statistics.median(captums[method])
        ratio = mine / theirs if theirs else 1.0
        print(f"{name}, {method}: {mine:.2e} against captum's {theirs:.2e}, ratio {ratio:.3f}")
        if mine > AS_GOOD * theirs and mine > EXACT:
            failures.append(method)
    assert not failures
