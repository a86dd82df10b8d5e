"""What the page Neurons shows, held against the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from inside_pages import Walls, captions, open_page, pixels, press, settled, watch_walls
from streamlit.testing.v1 import AppTest

from cactiviz import render
from cactiviz.errors import TargetError
from cactiviz.explain_neurons import explain_neurons
from cactiviz.images import sample
from cactiviz.models import MODELS, LoadedModel, load_model
from cactiviz.scales import number
from cactiviz.types import Box
from cactiviz.ui import encode, state, texts, wall
from cactiviz.ui.choices import Choice
from cactiviz.ui.neurons import around, in_field, look, paint, row_and_column
from cactiviz.ui.sets import first_item, opened
from cactiviz.ui.wanted import HOW_MANY, Wanted


@pytest.fixture(scope="module")
def alexnet() -> LoadedModel:
    return load_model("alexnet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def choice() -> Choice:
    return Choice(sample("chelsea"), ("alexnet",), ())


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> Walls:
    return watch_walls(monkeypatch)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, walls: Walls) -> AppTest:
    return open_page("pages/neurons.py", monkeypatch, tmp_path)


def keys(cells: Sequence[wall.Cell]) -> list[tuple[int, ...]]:
    return [tuple(map(int, cell.key.split(","))) for cell in cells]


def test_ten_by_chance_are_those_of_the_seed_with_their_fields(app: AppTest, walls: Walls) -> None:
    item = first_item()
    picture = opened(item.dataset).open(item)
    untrained = "random weights" in " ".join(captions(app))
    model = load_model("cactinet", untrained=untrained)
    expected = explain_neurons(model, picture, random=HOW_MANY, seed=1)
    cells = walls["neurons cactinet"]
    assert keys(cells) == [one.neuron for one in expected]
    frames = [cell.large[0].frame for cell in cells]
    assert frames == [encode.in_fractions(one.field, picture.size) for one in expected]
    assert "Seed 1" in captions(app)

    press(app, texts.DRAW_AGAIN)
    assert "Seed 2" in captions(app)
    second = explain_neurons(model, picture, random=HOW_MANY, seed=2)
    assert keys(walls["neurons cactinet"]) == [one.neuron for one in second]


def test_stages_and_convolutions_are_offered_the_target_layer_first(app: AppTest) -> None:
    layer = app.selectbox(key=f"{state.NEURON_LAYER}cactinet")
    assert layer.value == str(MODELS["cactinet"].target_layer)
    assert layer.options[0].startswith("stages.2 · 48 × 8 × 8 ·")
    offered = [option.partition(" ")[0] for option in layer.options]
    assert {"stages.1", "stages.4", "stem.0", "head.0"} <= set(offered)
    assert len(offered) == len(set(offered))


def test_a_neuron_that_is_not_there_is_a_sentence(app: AppTest, walls: Walls) -> None:
    app.button_group(key=state.NEURON_WAY).set_value("number")
    settled(app)
    assert keys(walls["neurons cactinet"]) == [(0, 0, 0)]
    app.number_input(key=state.NEURON_PARTS[0]).set_value(48)
    settled(app)
    assert "48 x 8 x 8" in app.info[0].value.replace("\\", "")


def test_the_most_active_over_a_place(alexnet: LoadedModel, choice: Choice) -> None:
    found = look("features.3", Wanted("saliency", at=(0.5, 0.5)), choice, alexnet, Event()).found
    (first,) = explain_neurons(
        alexnet, choice.picture, layer="features.3", most_active_at=(13, 13), method="saliency"
    )
    assert len(found) == HOW_MANY and found[0].neuron == first.neuron
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True)
    with pytest.raises(TargetError, match="didn't see that place"):
        look("features.3", Wanted("saliency", at=(0.5, 0.01)), choice, alexnet, Event())


@pytest.mark.parametrize(
    ("at", "expected"), [((0.25, 0.25), (0, 0)), ((0.75, 0.75), (3, 7)), ((0.8, 0.5), None)]
)
def test_a_place_is_found_on_the_map(
    at: tuple[float, float], expected: tuple[int, int] | None
) -> None:
    assert row_and_column(at, Box(0.25, 0.25, 0.5, 0.5), (4, 8)) == expected


@pytest.mark.parametrize("layer", ["features.0", "features.3", "features.11"])
@pytest.mark.parametrize("method", ["guided_backprop", "saliency"])
def test_the_gradient_shown_is_the_whole_of_it(
    alexnet: LoadedModel, choice: Choice, layer: str, method: str
) -> None:
    """A field that is cut too small, or in the wrong place, would leave some of it out."""
    for one in look(layer, Wanted(method), choice, alexnet, Event()).found:
        within = in_field(one)
        assert np.abs(within).sum() == pytest.approx(np.abs(one.values).sum(), rel=1e-6)
        if layer == "features.0":
            assert max(within.shape[1:]) <= 11


def test_a_gradient_is_painted_as_render_paints_it(alexnet: LoadedModel, choice: Choice) -> None:
    found = look("features.0", Wanted("saliency", seed=3), choice, alexnet, Event())
    painted = paint(found, choice.picture.size)
    one = max(found.found, key=lambda one: np.abs(one.values).max())
    index = found.found.index(one)
    full = render.full_value([one.values], "magnitude")
    expected = np.clip(255 * np.abs(in_field(one)).max(axis=0) / full, 0, 255)
    got = pixels(painted.images[f"gradient {index}"])[..., 0]
    assert np.abs(got - expected).max() <= 0.5 + 1e-6
    assert f"full at white {number(full)}" in painted.cells[index].line


def test_a_layer_with_fewer_neurons_than_ten_shows_them_all(choice: Choice) -> None:
    model = load_model("cactinet", untrained=True, device="cpu")
    squeezed = next(n for n, _ in model.module.named_modules() if n.endswith("excite.reduce"))
    found = look(squeezed, Wanted("saliency"), choice, model, Event())
    assert found.size[1:] == (1, 1) and len(found.found) == min(HOW_MANY, found.size[0]) < HOW_MANY


def test_a_silent_neuron_says_so(alexnet: LoadedModel, choice: Choice) -> None:
    found = look("features.1", Wanted("guided_backprop"), choice, alexnet, Event())
    cells = paint(found, choice.picture.size).cells
    silent = [not one.values.any() for one in found.found]
    assert any(silent) and not all(silent)
    assert [cell.line.endswith("silent, all zero") for cell in cells] == silent


def test_small_panes_have_the_picture_s_shape_and_the_field_in_their_middle() -> None:
    window = around(Box(0.9, 0.0, 0.1, 0.3))
    assert window.height == window.width == 0.3
    assert window.top + 0.15 == pytest.approx(0.95) and window.left == 0.0
