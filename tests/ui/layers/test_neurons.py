"""What the page Neurons shows, held against the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cactiviz.errors import TargetError
from cactiviz.explanations.neurons import explain_neurons, map_neurons
from cactiviz.models import MODELS, LoadedModel, load_model
from cactiviz.pictures.open import sample
from cactiviz.rendering import paint as render
from cactiviz.rendering.scales import number
from cactiviz.types import Box, Layer, Neuron
from cactiviz.ui import texts
from cactiviz.ui.address.layers import NeuronsLink
from cactiviz.ui.components import data_url, wall
from cactiviz.ui.layers import columns
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.layers.neurons import HOW_MANY, around, in_field, look, paint, row_and_column
from cactiviz.ui.pictures.library import UNNAMED_ITEM, opened
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice
from tests.fixtures.inside_pages import (
    CACTINET,
    Walls,
    captions,
    open_page,
    pixels,
    press,
    settled,
    watch_walls,
)


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
    picture = opened(UNNAMED_ITEM.dataset).open(UNNAMED_ITEM)
    model = load_model("cactinet", untrained=layers_texts.TRAINED_NOTE not in captions(app))
    expected = explain_neurons(model, picture, layer="stem", random=HOW_MANY, seed=1)
    cells = walls["neurons cactinet"]
    assert keys(cells) == [one.neuron for one in expected]
    frames = [cell.large[0].frame for cell in cells]
    assert frames == [data_url.in_fractions(one.field, picture.size) for one in expected]
    assert "Seed 1" in captions(app)

    press(app, texts.DRAW_AGAIN)
    assert "Seed 2" in captions(app)
    second = explain_neurons(model, picture, layer="stem", random=HOW_MANY, seed=2)
    assert keys(walls["neurons cactinet"]) == [one.neuron for one in second]
    assert not any("all zero" in cell.line for cell in walls["neurons cactinet"])


def test_stages_and_convolutions_are_offered_and_one_that_sees_a_part_is_first(
    app: AppTest,
) -> None:
    layer = app.selectbox(key=f"{state.NEURON_LAYER}cactinet")
    assert layer.value == "stem"
    assert layer.options[0].startswith("stem · 32 × 32 × 32")
    offered = [option.partition(" ")[0] for option in layer.options]
    target = str(MODELS["cactinet"].target_layer)
    assert {"stages.1", target, "stages.4", "stem.0", "head.0"} <= set(offered)
    assert len(offered) == len(set(offered))
    assert layers_texts.BEGINS_AT.format(layer="stem") in " ".join(captions(app))


def test_a_layer_that_sees_the_whole_picture_is_said_once_and_not_outlined(
    app: AppTest, walls: Walls
) -> None:
    said = "Each sees the whole picture, so no part is outlined."
    assert said not in " ".join(captions(app))
    layer = app.selectbox(key=f"{state.NEURON_LAYER}cactinet")
    layer.set_value(str(MODELS["cactinet"].target_layer))
    settled(app)
    assert " ".join(captions(app)).count(said) == 1
    assert layers_texts.BEGINS_AT.format(layer="stem") not in " ".join(captions(app))
    for cell in walls["neurons cactinet"]:
        assert all(pane.frame is None and pane.lit is None for pane in (*cell.small, *cell.large))
        assert not any(film.image == columns.PICTURE for pane in cell.small for film in pane.films)


def test_one_opens_on_the_strongest_until_a_number_is_chosen(app: AppTest, walls: Walls) -> None:
    app.button_group(key=state.NEURON_WAY).set_value("number")
    settled(app)
    picture = opened(UNNAMED_ITEM.dataset).open(UNNAMED_ITEM)
    model = load_model("cactinet", untrained=layers_texts.TRAINED_NOTE not in captions(app))
    there = map_neurons(model, picture, Layer("stem"))
    strongest = there.strongest()
    assert there.values[strongest] == there.values.max()
    assert keys(walls["neurons cactinet"]) == [strongest]
    assert [app.number_input(key=key).value for key in state.NEURON_PARTS] == list(strongest)
    assert app.session_state[state.TRAIL].at == {**CACTINET, "neuron": "strongest"}

    row = (strongest.row + 1) % 32
    app.number_input(key=state.NEURON_PARTS[1]).set_value(row)
    settled(app)
    chosen = (strongest.channel, row, strongest.column)
    assert keys(walls["neurons cactinet"]) == [chosen]
    assert app.session_state[state.TRAIL].at == {
        **CACTINET,
        "neuron": "{} {} {}".format(*chosen),
    }
    press(app, layers_texts.STRONGEST)
    assert keys(walls["neurons cactinet"]) == [strongest]
    app.number_input(key=state.NEURON_PARTS[1]).set_value(row)
    settled(app)
    app.number_input(key=state.NEURON_PARTS[0]).set_value(None)
    settled(app)
    assert keys(walls["neurons cactinet"]) == [strongest]
    app.selectbox(key=f"{state.NEURON_LAYER}cactinet").set_value("stages.1")
    settled(app)
    other = map_neurons(model, picture, Layer("stages.1")).strongest()
    assert keys(walls["neurons cactinet"]) == [other]
    assert [app.number_input(key=key).value for key in state.NEURON_PARTS] == list(other)


def test_a_neuron_that_is_not_there_is_a_sentence(app: AppTest) -> None:
    app.button_group(key=state.NEURON_WAY).set_value("number")
    settled(app)
    app.number_input(key=state.NEURON_PARTS[0]).set_value(48)
    settled(app)
    assert "32 x 32 x 32" in app.info[0].value.replace("\\", "")


def test_the_most_active_over_a_place(alexnet: LoadedModel, choice: Choice) -> None:
    found = look(
        "features.3", NeuronsLink("saliency", at=(0.5, 0.5)), choice, alexnet, Event()
    ).attributions
    (first,) = explain_neurons(
        alexnet, choice.picture, layer="features.3", most_active_at=(13, 13), method="saliency"
    )
    assert len(found) == HOW_MANY and found[0].neuron == first.neuron
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True)
    with pytest.raises(TargetError, match="didn't see that place"):
        look("features.3", NeuronsLink("saliency", at=(0.5, 0.01)), choice, alexnet, Event())


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
    for one in look(layer, NeuronsLink(method), choice, alexnet, Event()).attributions:
        within = in_field(one)
        assert np.abs(within).sum() == pytest.approx(np.abs(one.values).sum(), rel=1e-6)
        if layer == "features.0":
            assert max(within.shape[1:]) <= 11


def test_a_gradient_is_painted_as_render_paints_it(alexnet: LoadedModel, choice: Choice) -> None:
    found = look("features.0", NeuronsLink("saliency", seed=3), choice, alexnet, Event())
    painted = paint(found, choice.picture.size)
    one = max(found.attributions, key=lambda one: np.abs(one.values).max())
    index = found.attributions.index(one)
    vmax = render.vmax_of([one.values], "magnitude")
    expected = np.clip(255 * np.abs(in_field(one)).max(axis=0) / vmax, 0, 255)
    got = pixels(painted.images[f"gradient {index}"])[..., 0]
    assert np.abs(got - expected).max() <= 0.5 + 1e-6
    assert f"full at white {number(vmax)}" in painted.cells[index].line


def test_a_layer_with_fewer_neurons_than_ten_shows_them_all(choice: Choice) -> None:
    model = load_model("cactinet", untrained=True, device="cpu")
    squeezed = next(n for n, _ in model.module.named_modules() if n.endswith("excite.reduce"))
    found = look(squeezed, NeuronsLink("saliency"), choice, model, Event())
    assert (
        found.size[1:] == (1, 1)
        and len(found.attributions) == min(HOW_MANY, found.size[0]) < HOW_MANY
    )


def test_a_silent_neuron_says_so_and_none_is_drawn_by_chance(
    alexnet: LoadedModel, choice: Choice
) -> None:
    there = map_neurons(alexnet, choice.picture, Layer("features.1"))
    silent = next(Neuron(*at) for at in (~there.answers).nonzero().tolist())
    found = look("features.1", NeuronsLink("saliency", neuron=silent), choice, alexnet, Event())
    (cell,) = paint(found, choice.picture.size).cells
    assert cell.line.endswith(": 0; silent, all zero")
    for seed in range(1, 4):
        found = look("features.1", NeuronsLink("saliency", seed=seed), choice, alexnet, Event())
        assert len(found.attributions) == HOW_MANY
        assert all(one.value > 0 and one.values.any() for one in found.attributions)
    (line, *_) = layers_texts.neurons_said(found.size, found.attributions, at_place=False)
    count, total = int((there.values > 0).sum()), there.values.numel()
    assert line.startswith(f"Of {total:,} neurons in 64 channels of 55 × 55, {count:,} answer")


def test_at_a_place_none_is_silent_and_where_all_are_that_is_said(choice: Choice) -> None:
    model = load_model("torchvision:mobilenet_v2", untrained=True, device="cpu")
    norm = model.module.features[0][1]
    norm.weight.data *= 20
    found = look("features.0", NeuronsLink("saliency", at=(0.5, 0.5)), choice, model, Event())
    values = [one.before_ceiling or one.value for one in found.attributions]
    assert values == sorted(values, reverse=True) and min(values) > 0
    assert sum(one.before_ceiling is not None for one in found.attributions) > 1
    cells = paint(found, choice.picture.size).cells
    for one, cell in zip(found.attributions, cells, strict=True):
        assert one.values.any() and "silent" not in cell.line
        assert ("at its ceiling" in cell.line) == (one.value == 6)
        assert ("at its ceiling" in cell.alt) == (one.value == 6)
    norm.bias.data.fill_(-1e6)
    with pytest.raises(TargetError, match="answers at that place"):
        look("features.0", NeuronsLink("saliency", at=(0.5, 0.5)), choice, model, Event())
    with pytest.raises(TargetError, match=r"No neuron of .* answers to this picture"):
        look("features.0", NeuronsLink("saliency"), choice, model, Event())


def test_small_panes_have_the_picture_s_shape_and_the_field_in_their_middle() -> None:
    window = around(Box(0.9, 0.0, 0.1, 0.3))
    assert window.height == window.width == 0.3
    assert window.top + 0.15 == pytest.approx(0.95) and window.left == 0.0
