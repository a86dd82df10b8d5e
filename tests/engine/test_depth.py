"""One method at several layers in one pass, so that a picture can be followed from edges on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.comparison.compare import compare
from cactiviz.engine import class_pass
from cactiviz.engine.class_pass import Pass, run
from cactiviz.engine.trace import trace
from cactiviz.errors import LayerError, MethodError
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import FILTERS, METHODS
from cactiviz.models import MODELS, LoadedModel, get_spec, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.models.skeleton import build_empty
from cactiviz.pictures.open import samples
from cactiviz.types import Layer, Picture, Target

NEEDS = frozenset({"activations", "input_gradients", "guided_gradients"})
STAGES = {
    "resnet50": ["relu", "layer1", "layer2", "layer3", "layer4"],
    "alexnet": ["features.1", "features.4", "features.11"],
    "efficientnet_b0": ["_blocks.0", "_blocks.2", "_blocks.4", "_blocks.10", "_swish"],
    "cactinet": ["stem", "stages.1", "stages.2", "stages.4", "head"],
}


class Net(nn.Module):
    """Three stages; ReLUs that write over their input, and one that is no module."""

    def __init__(self, logits: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True))
        self.block = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.last = nn.Conv2d(8, 10, 3, stride=2, padding=1)
        self.classifier = nn.Linear(10, logits)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = F.relu(self.norm(self.block(x)))
        return self.classifier(F.relu(self.last(x)).mean(dim=(2, 3)))


def small(name: str = "small") -> LoadedModel:
    row = MODELS["alexnet"]
    spec = replace(
        row,
        name=name,
        title=name,
        preprocessing=replace(row.preprocessing, input_size=(16, 16)),
        target_layer=Layer("last", "activation"),
        first_conv="stem.0",
        class_names=("ant", "bee", "cat"),
        logits=3,
        weights=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = Net().double().eval()
    return LoadedModel(spec, module, untrained=False, revision="test")


@pytest.fixture(scope="module")
def picture() -> Picture:
    return samples()["coffee"]


@pytest.fixture(scope="module")
def resnet() -> LoadedModel:
    """ResNet50 on a smaller input, in float64."""
    loaded = load_model("resnet50", untrained=True, dtype=torch.float64, device="cpu")
    preprocessing = replace(loaded.spec.preprocessing, input_size=(64, 64))
    return replace(loaded, spec=replace(loaded.spec, preprocessing=preprocessing))


def arrays(explanation: Explanation) -> dict[str, np.ndarray]:
    return {name: e.values for name, e in explanation.attributions.items()}


# -- the pass -------------------------------------------------------------------------------------


def assert_close(what: str, ours: Tensor, reference: Tensor) -> None:
    largest = reference.abs().max().item()
    assert largest > 0, f"{what}: nothing was compared"
    found = (ours - reference).abs().max().item() / largest
    print(f"{what}: {found:.1e}")
    assert found <= 1e-12, what


def assert_as_one_by_one(module: nn.Module, inputs: Tensor, layers: Sequence[Layer]) -> Pass:
    classes: list[int | None] = [1] * len(inputs)
    together = run(module, inputs, classes, layers=layers, needs=NEEDS)
    assert len(together.maps) == len(layers)
    for index, layer in enumerate(layers):
        alone = run(module, inputs, classes, layers=[layer], needs=NEEDS)
        at = together.at(index)
        assert_close(f"{layer}, activations", at.activations, alone.activations)
        assert_close(f"{layer}, gradients", at.activation_gradients, alone.activation_gradients)
        assert_close(f"{layer}, input", at.input_gradients, alone.input_gradients)
        assert_close(f"{layer}, guided", at.guided_gradients, alone.guided_gradients)
    return together


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("alexnet", ["features.0", "features.12"]),  # followed by a ReLU in place; a pooling
        ("cactinet", ["stages.2.0.depthwise.0", "stages.0.0.expand.1:activation"]),
    ],
)
def test_several_layers_in_one_pass_are_as_one_pass_for_each(name: str, extra: list[str]) -> None:
    loaded = load_model(name, untrained=True, dtype=torch.float64, device="cpu")
    inputs = preprocess(samples()["coffee"], loaded.spec.preprocessing).double()
    layers = trace(loaded.module, tuple(inputs.shape[1:])).stages()
    assert_as_one_by_one(loaded.module, inputs, layers + [Layer.parse(text) for text in extra])


def test_the_layers_of_a_batch_come_in_the_order_asked_for_and_as_often() -> None:
    model = small()
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(3, 3, 16, 16, generator=generator, dtype=torch.float64)
    names = ["last", "stem.0", "stem.1", "norm:activation", "block", "stem", "last:activation"]
    layers = [Layer.parse(name) for name in [*names, "stem.0"]]
    found = assert_as_one_by_one(model.module, inputs, layers)
    channels = [activations.shape[1] for activations, _ in found.maps]
    assert channels == [10, 6, 6, 8, 8, 6, 10, 6]
    before, after = found.at(1).activations, found.at(2).activations
    assert (before < 0).any(), "a later operation wrote over the map"
    assert torch.equal(before.relu(), after)


def test_a_later_layers_gradient_is_not_taken_for_an_earlier_ones() -> None:
    """By hand: behind the last map there is only the mean and a linear layer."""
    model = small()
    inputs = torch.ones(1, 3, 16, 16, dtype=torch.float64)
    layers = [Layer("stem"), Layer("last", "activation")]
    found = run(model.module, inputs, [2], layers=layers, needs=frozenset({"activations"}))
    weights = model.module.classifier.weight[2].detach()
    expected = (weights / 16)[None, :, None, None].expand(1, 10, 4, 4)
    torch.testing.assert_close(found.maps[1][1], expected, rtol=1e-12, atol=0)
    assert found.maps[0][0].shape == found.maps[0][1].shape == (1, 6, 16, 16)


# -- the stages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STAGES)
def test_the_stages_are_of_decreasing_grids_and_end_in_the_target_layer(name: str) -> None:
    spec = get_spec(name)
    size = spec.preprocessing.input_size
    found = trace(build_empty(spec.build, spec.logits).eval(), (3, *size))
    stages = found.stages()
    assert [stage.name for stage in stages] == STAGES[name]
    grids = [found.grid(stage) for stage in stages]
    print(name, grids)
    assert all(fine[0] > coarse[0] and fine[1] > coarse[1] for fine, coarse in pairwise(grids))
    assert found.step(stages[-1]) == found.step(found.target_layer())
    if name != "cactinet":  # whose last map is 2 x 2: its row says stages.2
        assert found.step(stages[-1]) == found.step(spec.target_layer)
    steps = [found.step(stage) for stage in stages]
    assert steps == sorted(steps)


def test_a_stage_is_the_last_map_of_its_resolution() -> None:
    found = trace(small().module, (3, 16, 16))
    assert [str(s) for s in found.stages()] == ["stem", "norm:activation", "last:activation"]


# -- explain --------------------------------------------------------------------------------------


def test_all_stages_of_resnet50_are_explained_from_fine_to_coarse(
    resnet: LoadedModel, picture: Picture
) -> None:
    explanation = explain(resnet, picture, ["grad_cam"], layers="all-stages")
    assert list(explanation.attributions) == [f"grad_cam@{name}" for name in STAGES["resnet50"]]
    assert not explanation.failures
    grids = [e.grid for e in explanation.attributions.values()]
    assert grids == [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2)]
    assert [e.layer for e in explanation.attributions.values()] == STAGES["resnet50"]


def test_named_layers_give_what_each_gives_alone(resnet: LoadedModel, picture: Picture) -> None:
    methods = ["grad_cam", "hires_cam"]
    layers = ["layer1", Layer("layer3")]
    found = explain(resnet, picture, methods, layers=layers, target=7).attributions
    keys = ["grad_cam@layer1", "grad_cam@layer3", "hires_cam@layer1", "hires_cam@layer3"]
    assert list(found) == keys
    for layer in layers:
        alone = explain(resnet, picture, methods, layer=layer, target=7)
        for method in methods:
            together = found[f"{method}@{layer}"]
            reference = alone.attributions[method]
            what = f"{method}@{layer}"
            assert_close(what, torch.tensor(together.values), torch.tensor(reference.values))
            assert together.method == what
            assert (together.layer, together.class_index) == (str(layer), 7)
            assert together.kind == reference.kind


@pytest.mark.parametrize("count", [1, 2])
def test_the_key_names_the_layer_also_where_there_is_only_one(picture: Picture, count: int) -> None:
    layers = ["stem", "norm:activation"][:count]
    found = explain(small(), picture, ["layer_cam"], layers=layers)
    assert list(found.attributions) == [f"layer_cam@{layer}" for layer in layers]


def test_a_layers_name_alone_is_not_read_letter_by_letter(picture: Picture) -> None:
    found = explain(small(), picture, ["grad_cam"], layers="stem")
    assert list(found.attributions) == ["grad_cam@stem"]
    assert not found.failures


def test_without_layers_the_keys_are_the_methods_names(picture: Picture) -> None:
    found = explain(small(), picture, ["grad_cam", "saliency"], layer="stem")
    assert list(found.attributions) == ["grad_cam", "saliency"]
    assert found.attributions["grad_cam"].grid == (16, 16)


def test_what_is_of_no_layer_is_there_once(picture: Picture) -> None:
    methods = ["saliency", "grad_cam", "guided_backprop", FILTERS]
    found = explain(small(), picture, methods, layers="all-stages")
    cams = [f"grad_cam@{s}" for s in ("stem", "norm:activation", "last:activation")]
    assert list(found.attributions) == ["saliency", *cams, "guided_backprop"]
    assert found.views == [*found.attributions, FILTERS]
    plain = arrays(explain(small(), picture, ["saliency"]))["saliency"]
    np.testing.assert_allclose(arrays(found)["saliency"], plain, rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in METHODS if "activations" in METHODS[n].needs])
def test_every_class_activation_map_goes_through_the_layers(picture: Picture, name: str) -> None:
    found = explain(small(), picture, [name], layers=["stem", "last"])
    assert list(found.attributions) == [f"{name}@stem", f"{name}@last"]
    for layer in ("stem", "last"):
        alone = explain(small(), picture, [name], layer=layer).attributions[name]
        np.testing.assert_allclose(
            found.attributions[f"{name}@{layer}"].values, alone.values, rtol=1e-12
        )


def test_all_layers_come_of_one_pass(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    real = class_pass.run

    def counted(*args: object, **kwargs: object) -> Pass:
        passes.append(kwargs["layers"])
        return real(*args, **kwargs)

    monkeypatch.setattr(class_pass, "run", counted)
    methods = ["grad_cam", "saliency", "guided_backprop", "hires_cam"]
    explain(small(), picture, methods, layers="all-stages")
    assert len(passes) == 1
    assert len(passes[0]) == 3, "each layer once, however many methods read it"


def test_an_unknown_layer_leaves_its_sentence_and_the_others(picture: Picture) -> None:
    layers = ["stem", "nowhere", "classifier", "last"]
    found = explain(small(), picture, ["grad_cam", "saliency"], layers=layers)
    assert list(found.attributions) == ["grad_cam@stem", "grad_cam@last", "saliency"]
    assert list(found.failures) == ["grad_cam@nowhere", "grad_cam@classifier"]
    assert "“nowhere”" in found.failures["grad_cam@nowhere"]
    assert "“classifier” has no map" in found.failures["grad_cam@classifier"]
    good = explain(small(), picture, ["grad_cam"], layers=["stem", "last"])
    for key, values in arrays(good).items():
        np.testing.assert_array_equal(arrays(found)[key], values)
    with pytest.raises(MethodError, match="nowhere"):
        found["grad_cam@nowhere"]


def test_no_layer_that_is_there_leaves_the_answer(picture: Picture) -> None:
    found = explain(small(), picture, ["grad_cam"], layers=["nowhere", "neither"])
    assert not found.attributions
    assert set(found.failures) == {"grad_cam@nowhere", "grad_cam@neither"}
    assert len(found.predictions) == 3


def test_a_contrast_goes_through_the_layers_too(picture: Picture) -> None:
    model = small()
    one, other = (
        explain(model, picture, ["grad_cam"], target=target, layers="all-stages")
        for target in (Target("ant", "cat"), Target("cat", "ant"))
    )
    assert len(one.attributions) == 3
    for key, e in one.attributions.items():
        assert e.values.any()
        np.testing.assert_allclose(e.values, -other.attributions[key].values, rtol=1e-12)
        assert (e.kind, e.contrast) == ("signed", "cat")


class NoMaps(nn.Module):
    """All places at once from the start: there are no stages."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Linear(3 * 16 * 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.tanh(x).flatten(1))


def test_a_network_without_stages_says_so_and_still_answers(picture: Picture) -> None:
    model = replace(small(), module=NoMaps().double().eval())
    with pytest.raises(LayerError):
        trace(model.module, (3, 16, 16)).stages()
    found = explain(model, picture, ["grad_cam", "saliency"], layers="all-stages")
    assert list(found.attributions) == ["saliency"]
    assert "no feature map" in found.failures["grad_cam"]
    assert len(found.predictions) == 3


# -- compare --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", ["all-stages", ["stem"], ["stem", "last"]])
def test_layers_of_two_networks_at_once_are_refused(
    picture: Picture, layers: str | list[str]
) -> None:
    with pytest.raises(MethodError, match="one network at a time"):
        compare(picture, [small("one"), small("two")], ["grad_cam"], layers=layers)


def test_a_comparison_of_layers_has_a_row_for_each(picture: Picture) -> None:
    layers = ["stem", "nowhere", "last"]
    found = compare(picture, [small()], ["grad_cam", "saliency"], layers=layers)
    assert found.methods == ("grad_cam@stem", "grad_cam@last", "saliency", "grad_cam@nowhere")
    painted = {view: found.cell("small", view).image is not None for view in found.methods}
    assert painted == {
        "grad_cam@stem": True,
        "grad_cam@last": True,
        "saliency": True,
        "grad_cam@nowhere": False,
    }
    assert "nowhere" in found.cell("small", "grad_cam@nowhere").caption
    assert found.sheet(cell_width=120).size[1] > 0
    assert set(found.arrays()) == {f"small/{view}" for view in found.methods[:3]}
