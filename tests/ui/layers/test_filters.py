"""What the page Filters shows, held against the package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cactiviz.explanations.explain import convolutions, filters
from cactiviz.models import MODELS, LoadedModel, load_model
from cactiviz.pictures.open import sample
from cactiviz.rendering.colormaps import DIVERGING
from cactiviz.rendering.kernels import Inputs, shown_weights
from cactiviz.rendering.scales import number
from cactiviz.types import Box, FilterGrid
from cactiviz.ui import texts
from cactiviz.ui.address.layers import AT_ONCE, FiltersLink
from cactiviz.ui.components import data_url
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.layers.filters import FilterLook, look, map_vmax, paint
from cactiviz.ui.pictures.library import UNNAMED_ITEM, opened
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice
from tests.fixtures.inside_pages import (
    Walls,
    captions,
    open_page,
    pixels,
    press,
    settled,
    watch_walls,
)

STYLE = FiltersLink("response", "shared", "heaviest", AT_ONCE)


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return load_model("cactinet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def choice() -> Choice:
    return Choice(sample("chelsea"), ("cactinet",), ())


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> Walls:
    return watch_walls(monkeypatch)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, walls: Walls) -> AppTest:
    return open_page("pages/filters.py", monkeypatch, tmp_path)


def test_the_first_layer_is_shown_by_response(app: AppTest, walls: Walls) -> None:
    picture = opened(UNNAMED_ITEM.dataset).open(UNNAMED_ITEM)
    untrained = "random weights" in " ".join(captions(app))
    grid = filters(load_model("cactinet", untrained=untrained), picture)
    cells = walls["filters cactinet"]
    assert [int(cell.key) for cell in cells] == grid.by_response[:AT_ONCE]
    assert (
        "response rank 1: " in cells[0].alt and f"Kernel {grid.by_response[0]} of" in cells[0].alt
    )
    largest = np.abs(grid.kernels).max(axis=(1, 2, 3))
    scales = f"±{number(largest.min())} to ±{number(largest.max())}"
    assert any(f"in colour, each on its own scale, {scales}" in said for said in captions(app))

    app.button_group(key=state.FILTER_ORDER).set_value("own")
    settled(app)
    assert [int(cell.key) for cell in walls["filters cactinet"]] == list(range(32))


def test_any_convolution_can_be_chosen_and_more_of_it_seen(app: AppTest, walls: Walls) -> None:
    layer = app.selectbox(key=f"{state.FILTER_LAYER}cactinet")
    names = convolutions(load_model("cactinet", untrained=True))
    assert layer.value == MODELS["cactinet"].first_conv and len(layer.options) == len(names)
    layer.set_value("head.0")
    settled(app)
    cells = walls["filters cactinet"]
    assert len(cells) == AT_ONCE
    assert all(len(cell.small) == 1 for cell in cells)  # a map, and no kernel of one weight
    assert layers_texts.SINGLE_WEIGHTS in captions(app)
    press(app, layers_texts.SHOW_MORE.format(count=AT_ONCE))
    assert len(walls["filters cactinet"]) == 2 * AT_ONCE


def test_networks_stand_side_by_side_and_say_what_they_are(app: AppTest, walls: Walls) -> None:
    app.button_group(key=state.MODELS).set_value(["alexnet", "cactinet"])
    settled(app)
    assert "filters alexnet" not in walls  # its weights aren't here, and that is said
    assert any("aren't on this computer" in info.value.replace("\\", "") for info in app.info)
    app.toggle(key=state.UNTRAINED).set_value(True)
    settled(app)
    assert f":orange[{texts.UNTRAINED_NOTE}]" in captions(app)
    cell = walls["filters alexnet"][0]
    assert "AlexNet (untrained)" in cell.alt and "never learnt" in cell.words[-1]
    assert [heading.value for heading in app.header] == ["AlexNet", "CactiNet"]


def test_what_is_painted_is_the_network_s_own(cactinet: LoadedModel, choice: Choice) -> None:
    found = look(None, choice, cactinet, Event())
    grid = found.grid
    painted = paint(found, STYLE, choice.picture.size)
    index = grid.by_response[0]
    assert grid.feature_maps is not None and found.on_colours
    vmax = map_vmax(grid.feature_maps, "shared")
    kernel = grid.kernels[index]
    levels = np.clip(127.5 + 127.5 * kernel / np.abs(kernel).max(), 0, 255).transpose(1, 2, 0)
    assert np.abs(pixels(painted.images[f"kernel {index}"]) - levels).max() <= 1
    got = pixels(painted.images[f"map {index}"]).astype(int)
    share = np.clip(grid.feature_maps[index] / vmax, -1, 1)
    expected = DIVERGING[128 + np.rint(128 * share).astype(int)].astype(int)
    assert got.shape == expected.shape and np.abs(got - expected).max() <= 6  # 127 steps, not 128


def test_one_scale_keeps_weak_maps_pale_and_each_its_own_does_not(choice: Choice) -> None:
    maps = np.stack([np.full((4, 4), 8.0), np.full((4, 4), -0.5)]).astype(np.float32)
    grid = FilterGrid("conv", np.ones((2, 3, 3, 3), np.float32), maps)
    found = FilterLook("Two", False, grid, Box(0, 0, 40, 40), on_colours=True)
    pale = paint(found, STYLE, (40, 40)).images["map 1"]
    strong = paint(found, replace(STYLE, scale="own"), (40, 40)).images["map 1"]
    assert (pixels(strong) == DIVERGING[0]).all()
    assert np.abs(pixels(pale).astype(int) - DIVERGING[128]).max() < 40
    silent = replace(grid, feature_maps=np.zeros((2, 4, 4), np.float32))
    nothing = paint(replace(found, grid=silent), STYLE, (40, 40)).images["map 0"]
    assert (pixels(nothing) == DIVERGING[128]).all()


@pytest.mark.parametrize("scale", ["shared", "own"])
@pytest.mark.parametrize("inputs", ["heaviest", "mean"])
def test_a_weak_kernel_is_seen_beside_a_strong_one_whatever_the_scale_of_the_maps(
    scale: Literal["shared", "own"], inputs: Inputs
) -> None:
    chance = np.random.default_rng(1)
    kernels = chance.normal(size=(3, 4, 3, 3)).astype(np.float32)
    kernels[1] *= 1e-3
    kernels[2] = 0
    grid = FilterGrid("conv", kernels, chance.normal(size=(3, 4, 4)).astype(np.float32))
    found = FilterLook("Three", False, grid, Box(0, 0, 40, 40), on_colours=False)
    painted = paint(found, replace(STYLE, scale=scale, inputs=inputs, order="own"), (40, 40))
    strong, weak, nothing = (pixels(painted.images[f"kernel {n}"]).astype(int) for n in range(3))
    for image in (strong, weak):
        assert np.abs(image - 127.5).max() == 127.5 and image.std() > 40
    assert np.ptp(nothing) == 0 and abs(int(nothing.flat[0]) - 127.5) < 1
    shown = shown_weights(kernels, inputs, on_colours=False).weights
    assert f"±{number(np.abs(shown[1]).max())}, its own" in " ".join(painted.cells[1].words)


def test_a_map_lies_on_what_the_network_saw(choice: Choice) -> None:
    alexnet = load_model("alexnet", untrained=True, device="cpu")
    found = look("features.3", choice, alexnet, Event())
    seen = alexnet.spec.preprocessing.seen(*choice.picture.size)
    cell = paint(found, STYLE, choice.picture.size).cells[0]
    over = next(pane for pane in cell.large if len(pane.films) == 2)
    assert over.films[1].box == over.lit == data_url.in_fractions(seen, choice.picture.size)
    assert not found.on_colours and "heaviest" in cell.words[2] and "of 64" in cell.words[2]


def test_how_much_of_a_kernel_is_shown() -> None:
    kernels = np.random.default_rng(0).normal(size=(5, 7, 3, 3)).astype(np.float32)
    kernels[4] = 0
    heaviest = shown_weights(kernels, "heaviest", on_colours=False)
    mean = shown_weights(kernels, "mean", on_colours=False)
    for index in range(4):
        chosen = heaviest.inputs[index]
        assert (heaviest.weights[index, 0] == kernels[index, chosen]).all()
        left = (
            np.square(kernels[index] - mean.weights[index]).sum() / np.square(kernels[index]).sum()
        )
        assert mean.shares[index] == pytest.approx(1 - left, abs=1e-5)
        assert 1 / 7 <= heaviest.shares[index] < 1
    assert heaviest.shares[4] == mean.shares[4] == 0
    depthwise = shown_weights(kernels[:, :1], "mean", on_colours=False)
    assert depthwise.shares[0] == 1 and depthwise.inputs[0] == 0
    colours = shown_weights(kernels[:, :3], "mean", on_colours=True)
    assert colours.in_colour and (colours.weights == kernels[:, :3]).all()
