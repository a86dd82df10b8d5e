"""Kernels and feature maps of any convolution, held against the network run by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
from captum.attr import LayerActivation
from torch import Tensor, nn

from cactiviz.errors import LayerError
from cactiviz.explanations.explain import convolutions, filters
from cactiviz.models import LoadedModel, get_spec, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import sample
from cactiviz.types import FilterGrid, Picture

RESIZES: tuple[Literal["crop", "squash"] | None, ...] = (None, "crop", "squash")


class Odd(nn.Module):
    """Convolutions of all kinds, noted in another order than they run in, one of them unused."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Conv2d(3, 2, 1)
        self.depthwise = nn.Conv2d(8, 8, 3, groups=8, padding=1)
        self.grouped = nn.Conv2d(8, 12, 3, groups=2, stride=2, bias=False)
        self.wide = nn.Conv2d(12, 4, (1, 3))
        self.first = nn.Conv2d(3, 8, 5, stride=2)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu_(self.first(x))
        x = self.wide(self.grouped(self.depthwise(x).relu_()))
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits


@pytest.fixture(scope="module")
def odd() -> LoadedModel:
    spec = replace(get_spec("cactinet"), name="odd", title="Odd", first_conv="first", logits=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return LoadedModel(spec, Odd().eval(), untrained=True, revision="seed 1")


@pytest.fixture(scope="module")
def alexnet() -> LoadedModel:
    return load_model("alexnet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def efficientnet() -> LoadedModel:
    return load_model("efficientnet_b0", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def cat() -> Picture:
    return sample("chelsea")


def input_of(
    model: LoadedModel, picture: Picture, resize: Literal["crop", "squash"] | None
) -> Tensor:
    spec = model.spec.preprocessing
    return preprocess(picture, replace(spec, resize=resize or spec.resize)).to(model.dtype)


def assert_maps(grid: FilterGrid, expected: Tensor) -> None:
    assert grid.feature_maps is not None
    assert grid.feature_maps.dtype == grid.kernels.dtype == np.float32
    wanted = expected.detach()[0].to(torch.float32).numpy()
    assert grid.feature_maps.shape == wanted.shape
    assert np.abs(wanted).max() > 0
    assert np.abs(grid.feature_maps - wanted).max() <= 1e-6 * np.abs(wanted).max()


# --- kernels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [None, "features.0", "features.3", "features.10"])
def test_kernels_are_the_convolutions_raw_weights(alexnet: LoadedModel, layer: str | None) -> None:
    grid = filters(alexnet, layer=layer)
    assert grid.layer == (layer or "features.0")
    weight = alexnet.module.get_submodule(grid.layer).weight
    assert np.array_equal(grid.kernels, weight.detach().numpy())
    assert grid.feature_maps is None
    assert grid.by_response == list(range(len(grid.kernels)))


def test_kernels_of_groups_have_their_groups_inputs_only(odd: LoadedModel) -> None:
    for layer, shape in {
        "first": (8, 3, 5, 5),
        "depthwise": (8, 1, 3, 3),
        "grouped": (12, 4, 3, 3),
        "wide": (4, 12, 1, 3),
    }.items():
        kernels = filters(odd, layer=layer).kernels
        assert kernels.shape == shape
        assert np.array_equal(kernels, odd.module.get_submodule(layer).weight.detach().numpy())


def test_kernels_are_a_copy_that_nobody_can_spoil_the_network_with(odd: LoadedModel) -> None:
    before = odd.module.first.weight.detach().clone()
    kernels = filters(odd).kernels
    if kernels.flags.writeable:
        kernels[:] = 0
    try:
        assert torch.equal(odd.module.first.weight, before)
    finally:
        odd.module.first.weight.data.copy_(before)


# --- feature maps -----------------------------------------------------------------------------


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("index", [0, 3, 6, 8, 10])
def test_alexnets_maps_are_those_of_its_first_modules_run_by_hand(
    index: int,
    resize: Literal["crop", "squash"] | None,
    alexnet: LoadedModel,
    cat: Picture,
) -> None:
    with torch.no_grad():
        expected = alexnet.module.features[: index + 1](input_of(alexnet, cat, resize))
    grid = filters(alexnet, cat, layer=f"features.{index}", resize=resize)
    assert_maps(grid, expected)
    assert grid.feature_maps is not None
    assert grid.feature_maps.min() < 0, "the map is the convolution's own, not its activation's"


def test_crop_and_squash_show_different_pictures(alexnet: LoadedModel, cat: Picture) -> None:
    crop, squash = (filters(alexnet, cat, resize=resize).feature_maps for resize in RESIZES[1:])
    assert crop is not None and squash is not None
    assert np.abs(crop - squash).max() > 0.1 * np.abs(crop).max()


@pytest.mark.parametrize(
    "layer", [None, "_blocks.0._depthwise_conv", "_blocks.3._expand_conv", "_conv_head"]
)
def test_efficientnets_maps_are_those_that_captum_sees(
    layer: str | None, efficientnet: LoadedModel, cat: Picture
) -> None:
    grid = filters(efficientnet, cat, layer=layer)
    module = efficientnet.module.get_submodule(grid.layer)
    with torch.no_grad():
        expected = LayerActivation(efficientnet.module, module).attribute(
            input_of(efficientnet, cat, None)
        )
    assert_maps(grid, expected)


@pytest.mark.parametrize("layer", ["first", "depthwise", "grouped", "wide"])
def test_maps_of_all_kinds_of_convolutions_are_before_what_overwrites_them(
    layer: str, odd: LoadedModel, cat: Picture
) -> None:
    """Activations that work in place follow here."""
    network = odd.module
    with torch.no_grad():
        made = {"first": network.first(input_of(odd, cat, None))}
        made["depthwise"] = network.depthwise(made["first"].relu())
        made["grouped"] = network.grouped(made["depthwise"].relu())
        made["wide"] = network.wide(made["grouped"])
    assert_maps(filters(odd, cat, layer=layer), made[layer])


def test_a_network_in_double_precision_is_shown_too(cat: Picture) -> None:
    model = load_model("cactinet", untrained=True, dtype=torch.float64, device="cpu")
    grid = filters(model, cat)
    with torch.no_grad():
        expected = LayerActivation(model.module, model.module.get_submodule(grid.layer)).attribute(
            input_of(model, cat, None)
        )
    assert_maps(grid, expected)


# --- order ------------------------------------------------------------------------------------


def test_the_strongest_mean_magnitude_comes_first(alexnet: LoadedModel, cat: Picture) -> None:
    grid = filters(alexnet, cat, layer="features.3")
    assert grid.feature_maps is not None
    strength = [float(np.abs(one.astype(np.float64)).mean()) for one in grid.feature_maps]
    order = grid.by_response
    assert sorted(order) == list(range(192))
    sorted_strength = [strength[index] for index in order]
    assert sorted_strength == sorted(strength, reverse=True)


def test_a_response_below_zero_is_as_strong_as_one_above() -> None:
    maps = np.array([[[1.0, -1.0]], [[-3.0, -3.0]], [[2.0, 0.0]], [[5.0, 0.0]]], np.float32)
    grid = FilterGrid("x", np.zeros((4, 1, 1, 1), np.float32), maps)
    assert grid.by_response == [1, 3, 0, 2], "of equals the first one comes first"


# --- names ------------------------------------------------------------------------------------


def test_the_first_convolution_is_listed_first_and_all_are_there(
    odd: LoadedModel, alexnet: LoadedModel
) -> None:
    assert convolutions(odd)[0] == "first"
    assert sorted(convolutions(odd)) == ["depthwise", "first", "grouped", "unused", "wide"]
    assert convolutions(alexnet) == [f"features.{index}" for index in (0, 3, 6, 8, 10)]


@pytest.mark.parametrize(
    "name", ["nowhere", "features", "features.1", "classifier.1", "Features.0"]
)
def test_what_is_no_convolution_is_refused_in_one_sentence(
    name: str, alexnet: LoadedModel, cat: Picture
) -> None:
    for picture in (None, cat):
        with pytest.raises(LayerError) as caught:
            filters(alexnet, picture, layer=name)
        text = str(caught.value)
        assert name in text and "AlexNet" in text and text.endswith(".") and "\n" not in text


def test_a_convolution_that_never_runs_has_kernels_but_no_maps(
    odd: LoadedModel, cat: Picture
) -> None:
    assert filters(odd, layer="unused").kernels.shape == (2, 3, 1, 1)
    with pytest.raises(LayerError, match="unused"):
        filters(odd, cat, layer="unused")


# --- the network stays as it is ---------------------------------------------------------------


@pytest.mark.parametrize("layer", ["first", "depthwise", "wide"])
def test_the_network_is_left_as_it_was(layer: str, odd: LoadedModel, cat: Picture) -> None:
    network = odd.module
    before = {key: value.clone() for key, value in network.state_dict().items()}
    filters(odd, cat, layer=layer)
    filters(odd, layer=layer)
    after = network.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[key], value) for key, value in after.items())
    for module in network.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert not module._backward_hooks and not module._backward_pre_hooks
        assert not module.training
    for parameter in network.parameters():
        assert parameter.requires_grad and parameter.grad is None


def test_the_same_picture_gives_the_same_maps_again(odd: LoadedModel, cat: Picture) -> None:
    first, second = (filters(odd, cat, layer="grouped").feature_maps for _ in range(2))
    assert np.array_equal(first, second)
