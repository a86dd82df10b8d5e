"""What is explained, by which method and at which layer: said beside the maps, wherever they go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

import cactiviz as cv
import cactiviz.batch.animation as animating
from cactiviz.batch.animation import Animation
from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PRESETS, PictureRef
from cactiviz.cli.main import main
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import gif_of, panel_of, report_html
from cactiviz.datasets.scenes.scene import draw_scene
from cactiviz.errors import MethodError
from cactiviz.explanations.results import Explanation
from cactiviz.models import Checkpoint
from cactiviz.recipes.fields import REQUEST, from_json, of_export, to_json
from cactiviz.recipes.recipe import read_recipe
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.rendering.figures import sheet
from cactiviz.rendering.figures.frame import Layout, Panel, draw_frame
from cactiviz.rendering.figures.sheet import Cell, Column, Row, draw_sheet
from cactiviz.types import Box, Picture, Prediction, Target
from cactiviz.ui.grid import component as grid
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.networks import texts as networks_texts

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = next((ROOT / "cactiviz/models/weights").glob("*.safetensors"))
OTHER = Checkpoint("other", "cactinet", WEIGHTS)
LONG = "features.denseblock3.denselayer24.conv2"
CLASSES = ("espresso", "soup bowl", "cup", "plate", "ladle", "coffee mug")


def picture() -> Picture:
    return Picture(draw_scene(22, 64, cactus=False).rgb[:48], "tile", "CC0")


def said_by(model: str, explained: int, share: float, against: int | None = None) -> Explanation:
    """A network that is sure of espresso, asked about another class."""
    answers = [Prediction(i, name, 9.0 - i, 0.5 / 2**i) for i, name in enumerate(CLASSES)]
    answers[explained] = replace(answers[explained], probability=share)
    return Explanation(
        model,
        model.title(),
        False,
        "",
        Box(0, 0, 1, 1),
        tuple(answers[:5]),
        explained=answers[explained],
        against=None if against is None else answers[against],
    )


@pytest.fixture(scope="module")
def asked() -> Comparison:
    """Both networks are sure of one class, and asked about the other."""
    own = cv.compare(picture(), ["cactinet"], ["grad_cam"], device="cpu").explanations["cactinet"]
    return cv.compare(
        picture(),
        ["cactinet", OTHER],
        ["grad_cam", "saliency", "guided_grad_cam"],
        target=own.predictions[1].class_name,
        layer={"cactinet": "stages.1"},
        device="cpu",
    )


# --- In words ---------------------------------------------------------------------------------


def test_a_line_says_what_is_explained_unless_it_is_the_own_answer() -> None:
    from cactiviz.explanations.target import line

    assert line([said_by("a", 0, 0.81)]) == ""
    assert line([said_by("a", 5, 0.03)]) == "Explained: coffee mug (3 %)"
    contrast = said_by("a", 5, 0.03, against=1)
    assert line([contrast]) == "Explained: coffee mug (3 %), not soup bowl (25 %)"
    assert line([said_by("a", 0, 0.81, against=1)]).startswith("Explained: espresso (81 %), not")
    two = [said_by("a", 5, 0.03), said_by("b", 5, 0.12)]
    assert line(two) == "Explained: coffee mug (3 % in A, 12 % in B)"
    four = [*two, said_by("c", 5, 0.5), said_by("d", 5, 0.004)]
    assert line(four) == "Explained: coffee mug (<1 % to 50 %)"
    refused = replace(said_by("b", 0, 0.5), explained=None)
    assert line([said_by("a", 0, 0.81), refused]) == "Explained: espresso (81 % in A)"
    assert line([refused]) == ""
    each_its_own = [said_by("a", 1, 0.9, against=0), said_by("b", 2, 0.8, against=0)]
    assert line(each_its_own).startswith("Explained: the answer of each network, not espresso (")


def test_the_class_explained_is_among_the_answers_and_marked() -> None:
    from cactiviz.explanations.target import answers_beside, marks

    names = [one.class_name for one in answers_beside(said_by("a", 5, 0.03))]
    assert names == ["espresso", "soup bowl", "coffee mug"]
    assert marks(said_by("a", 5, 0.03)) == {5: "explained"}
    contrast = said_by("a", 5, 0.03, against=4)
    assert [a.class_index for a in answers_beside(contrast)] == [0, 4, 5]
    assert marks(contrast) == {5: "explained", 4: "against"}
    own = said_by("a", 0, 0.81)
    assert [a.class_index for a in answers_beside(own)] == [0, 1, 2] and not marks(own)


@pytest.mark.parametrize("width", [60, 100, 140, 200, 400])
def test_a_long_layer_keeps_its_end(width: int) -> None:
    from cactiviz.cam_layers import parted
    from cactiviz.rendering.figures.typography import SMALL, length, shortened

    said = shortened(*parted(f"{LONG} · 14 × 14"), SMALL, width)
    assert length(said, SMALL) <= width
    if width >= 100:
        assert said.endswith("conv2 · 14 × 14")
    assert (said == f"{LONG} · 14 × 14") == (width == 400)


# --- A layer for each network -----------------------------------------------------------------


def test_each_network_may_have_its_own_layer(asked: Comparison) -> None:
    mine, others = (asked[name, "grad_cam"] for name in ("cactinet", "other"))
    assert isinstance(mine, cv.Attribution) and isinstance(others, cv.Attribution)
    assert (mine.layer, mine.grid) == ("stages.1", (16, 16))
    assert (others.layer, others.grid) == ("stages.2", (8, 8))
    guided = asked["cactinet", "guided_grad_cam"]
    assert isinstance(guided, cv.Attribution)
    assert guided.place == "stages.1 · 16 × 16"  # of the layer, not of the network's input
    told = {(e["model"], e["method"]): e for e in asked.to_json()["explanations"]}
    assert told["cactinet", "grad_cam"]["layer"] == "stages.1"
    assert told["other", "grad_cam"]["layer_grid"] == [8, 8]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layer": {"nobody": "stages.1"}}, "“nobody”"),
        ({"layer": {"cactinet": "stages.1"}, "layers": "all-stages"}, "not both"),
        ({"layer": "stages.1", "layers": ["stages.2"]}, "not both"),
    ],
)
def test_a_layer_that_can_not_count_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MethodError, match=sentence):
        cv.compare(picture(), ["cactinet"], ["grad_cam"], device="cpu", **options)


def test_the_command_and_its_replay_take_a_layer_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture().rgb).save("a.png")
    own = ["--models", "cactinet", "--checkpoint", f"other=cactinet:{WEIGHTS}", "--device", "cpu"]
    layers = ["--layer", "cactinet=stages.1", "--layer", "other=stages.0"]
    common = ["a.png", *own, "--methods", "grad_cam"]
    assert main(["report", *common, *layers, "--out", "r.json"]) == 0
    recipe = read_recipe(Path("r.json"))
    assert recipe["question"]["layer"] == {"cactinet": "stages.1", "other": "stages.0"}
    assert [one["layers"]["grad_cam"] for one in recipe["networks"]] == ["stages.1", "stages.0"]
    assert main(["replay", "r.json", "--data", str(WEIGHTS.parent)]) == 0
    recipe["question"]["layer"] = "stages.1"  # as recipes were before
    Path("old.json").write_text(json.dumps(recipe))
    main(["replay", "old.json", "--data", str(WEIGHTS.parent), "--out", "again.json"])
    again = read_recipe(Path("again.json"))
    assert [one["layers"]["grad_cam"] for one in again["networks"]] == ["stages.1", "stages.1"]
    assert main(["compare", *common, "--layer", "nobody=stages.1"]) == 1
    assert "“nobody”" in capsys.readouterr().err
    for wrong in (["stages.1", "cactinet=stages.2"], ["cactinet=stages.1", "cactinet=stages.2"]):
        with pytest.raises(SystemExit) as leaving:
            main(["compare", *common, *(w for layer in wrong for w in ("--layer", layer))])
        assert leaving.value.code == 2
        assert "NETWORK=LAYER" in capsys.readouterr().err


def test_what_to_type_names_each_layer() -> None:
    pairs: Any = (("alexnet", "features.8"), ("cactinet", "stages.1"))
    asked = Request(("a.png",), ("alexnet", "cactinet"), ("grad_cam",), layer=pairs)
    command = as_command(asked, Style())
    assert "--layer alexnet=features.8 --layer cactinet=stages.1" in command
    assert f"layer={dict(pairs)!r}" in as_python(asked, Style())
    question = Request(layer=pairs)
    plain = to_json(question, of_export(REQUEST, "animation"))
    assert Request(**from_json(json.loads(json.dumps(plain)), REQUEST)) == question
    assert hash(question)
    old = {**plain, "layer": "stages.1"}
    assert Request(**from_json(old, REQUEST)).layer == "stages.1"


# --- What leaves ------------------------------------------------------------------------------


def test_a_sheet_is_given_class_layer_and_grid(
    asked: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def spy(*places: Any, **named: Any) -> Image.Image:
        given.update(named, columns=places[1], cells=places[3])
        return draw_sheet(*places, **named)

    monkeypatch.setattr("cactiviz.comparison.comparison.draw_sheet", spy)
    asked.sheet(cell_width=120)
    explained = asked.explanations["cactinet"].explained
    assert explained is not None
    assert given["heading"].startswith(f"Explained: {explained.class_name} (")
    assert given["columns"][0].marks == {explained.class_index: "explained"}
    assert given["cells"][0, 0].place == "stages.1 · 16 × 16"
    assert given["cells"][0, 1].place == "stages.2 · 8 × 8"
    assert given["cells"][1, 0].place == ""  # saliency is taken at no layer


def test_a_sheet_draws_the_layer_and_the_mark() -> None:
    def drawn(place: str, marks: dict[int, str]) -> Any:
        cells = {(0, 0): Cell(np.zeros((40, 100, 3), np.uint8), "own scale", place)}
        column = Column("net", [Prediction(3, "cup", 0.0, 0.2)], marks=marks)
        made = draw_sheet(picture(), [column], [Row("m", "")], cells, cell_width=100)
        return np.asarray(made)

    bare, placed = drawn("", {}), drawn(f"{LONG} · 14 × 14", {})
    assert placed.shape[0] == bare.shape[0] + 18  # a line of its own, whatever its length
    assert (placed[:, 348 + 4 :] == 255)[60:-60].all() or placed.shape[1] == bare.shape[1]
    assert (drawn("", {3: "explained"}) != bare).any()
    assert set(sheet.SIGNS) == {"explained", "against"}


def test_reports_and_notebooks_say_it(asked: Comparison) -> None:
    line = asked.explained()
    explained = asked.explanations["cactinet"].explained
    assert explained is not None and line.startswith("Explained: ")
    for html in (report_html(asked, Style(), {}), asked.html()):
        for said in (line, "stages.1 · 16 × 16", "stages.2 · 8 × 8"):
            assert said in html[: html.find("How it was made")]
        assert f"</i>{explained.class_name}<" in html
    alone = next(asked.attributions())._repr_html_()
    assert "Grad-CAM" in alone and "stages.1 · 16 × 16" in alone
    assert f"{explained.class_name} (" in alone


def test_a_figure_says_it(asked: Comparison) -> None:
    found = asked.to_plotly()
    assert found.layout.title.text == asked.explained()
    said = [one.text for one in found.layout.annotations]
    assert sum("stages.1 · 16 × 16" in one for one in said) == 2
    assert all("%" in one for one in said)


def test_each_frame_of_a_gif_says_it(asked: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Panel, Layout]] = []

    def spy(panels: list[Panel], layout: Layout, **named: Any) -> Any:
        given.append((panels[0], layout))
        return draw_frame(panels, layout, **named)

    monkeypatch.setattr("cactiviz.comparison.exports.draw_frame", spy)
    gif_of(asked, "grad_cam")
    assert all(layout.heading == "Grad-CAM" for _, layout in given)
    _, mine, others = (panel for panel, _ in given)
    assert (mine.place, others.place) == ("stages.1 · 16 × 16", "stages.2 · 8 × 8")
    top = asked.explanations["cactinet"].predictions[0].class_name
    assert mine.lead == "Explained: " and mine.note.startswith(f"Its answer: {top}, ")
    assert "scale" in mine.caption
    assert given[0][1].places and given[0][1].notes
    alone = replace(mine, place="", note="")
    assert (draw_frame([alone], given[0][1]) != draw_frame([mine], given[0][1])).any()
    own = cv.compare(picture(), ["cactinet"], ["grad_cam"], device="cpu")
    panel = panel_of(own, "cactinet", "grad_cam", width=100)
    assert panel.lead == "" and panel.note == "This is its own answer"


# --- Animations -------------------------------------------------------------------------------


class Frames:
    """What the frames of an animation are drawn from."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.given = folder, list[tuple[list[Panel], Layout, str]]()

        def spy(panels: list[Panel], layout: Layout, *, subheading: str) -> Any:
            self.given.append((panels, layout, subheading))
            return draw_frame(panels, layout, subheading=subheading)

        monkeypatch.setattr(animating, "draw_frame", spy)

    def of(
        self, question: Request, style: Style, networks: tuple[Any, ...] = ("cactinet", OTHER)
    ) -> list[tuple[list[Panel], Layout, str]]:
        pictures = [PictureRef("a tile", "tile", picture)]
        answers = Collector(
            pictures, replace(question, networks=networks, device="cpu"), self.folder / "parts"
        )
        answers.compute()
        self.given.clear()
        assert list(Animation(answers, style).frames())
        return self.given


@pytest.fixture
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Frames]:
    yield Frames(tmp_path, monkeypatch)


@pytest.mark.parametrize("side", [64, 248])
@pytest.mark.parametrize("heading", ["", "A title of one's own"])
@pytest.mark.parametrize("captions", [True, False])
def test_every_frame_names_method_scale_and_layer(
    frames: Frames, side: int, heading: str, captions: bool
) -> None:
    style = Style(panel=(side, side), heading=heading, captions=captions, scale="shared")
    ((panels, layout, _),) = frames.of(Request(), style)
    assert layout.method == "Grad-CAM · all maps on one scale"
    assert " ".join(layout.method_lines) == layout.method  # all of it fits, however narrow
    assert layout.heading == heading
    assert [panel.place for panel in panels[1:]] == ["stages.2 · 8 × 8"] * 2
    drawn = draw_frame(panels, layout)
    assert (drawn != draw_frame(panels, replace(layout, method="x" * len(layout.method))))[
        : layout.top
    ].any()
    for panel in panels[1:]:
        other = [replace(p, place="") if p is panel else p for p in panels]
        assert (draw_frame(other, layout) != drawn).any()


def test_several_methods_are_named_in_their_panels(frames: Frames) -> None:
    question = Request(methods=("grad_cam", "saliency"))
    ((panels, layout, _),) = frames.of(question, Style(panel=(64, 64)), ("cactinet",))
    assert layout.method.startswith("Grad-CAM, Saliency · ")
    assert [panel.subtitle for panel in panels] == ["", "Grad-CAM", "Saliency"]
    assert [panel.place for panel in panels] == ["", "stages.2 · 8 × 8", ""]
    assert layout.subtitles
    without = [replace(panel, subtitle="") for panel in panels]
    assert (draw_frame(panels, layout) != draw_frame(without, layout)).any()


def test_frames_of_layers_and_of_answers_say_which(frames: Frames) -> None:
    layers = Request(layers=("stages.1", "stages.2"))
    shown = frames.of(layers, Style(panel=(64, 64)), ("cactinet",))
    for (panels, layout, said), (name, side) in zip(
        list(shown), [("stages.1", 16), ("stages.2", 8)], strict=True
    ):
        assert said.startswith(f"layer {name} · ")
        assert panels[1].place == f"{name} · {side} × {side}"
        assert layout.method.startswith("Grad-CAM · ")
    first, second = frames.of(Request(top=2), Style(panel=(64, 64)), ("cactinet",))
    assert (first[2][:9], second[2][:9]) == ("1. answer", "2. answer")
    assert first[0][1].note == "This is its own answer" and not first[0][1].lead
    top = first[0][1].answer
    assert second[0][1].lead == "Explained: "
    assert second[0][1].note.startswith(f"Its answer: {top}, ")


def test_a_frame_tells_a_class_that_was_asked_for_from_the_own_answer(frames: Frames) -> None:
    found = {}
    for name in ("cactus", "no cactus"):
        ((panels, layout, _),) = frames.of(Request(target=Target(name)), Style(), ("cactinet",))
        found[name] = panels[1]
        assert layout.notes
    own, other = sorted(found.values(), key=lambda panel: bool(panel.lead))
    assert own.note == "This is its own answer"
    assert other.lead == "Explained: " and other.note.startswith(f"Its answer: {own.answer}, ")


def test_layers_of_each_network_in_an_animation(frames: Frames) -> None:
    pairs: Any = (("cactinet", "stages.1"), ("other", "stages.0"))
    ((panels, _, _),) = frames.of(Request(layer=pairs), Style(panel=(64, 64)))
    assert [panel.place for panel in panels[1:]] == ["stages.1 · 16 × 16", "stages.0 · 32 × 32"]
    with pytest.raises(MethodError, match="“nobody”"):
        frames.of(Request(layer=(("nobody", "stages.1"),)), Style())  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="not both"):
        Request(layer="stages.1", layers=("stages.2",))


def test_no_preset_says_by_hand_what_was_asked() -> None:
    names = ("CAM", "CactiNet", "AlexNet", "Saliency")
    for preset in PRESETS.values():
        assert not any(name in preset.style.heading for name in names)


@pytest.mark.parametrize("ending", ["gif", "webp", "mp4", "folder"])
def test_every_kind_of_file_has_the_method_in_each_frame(ending: str, frames: Frames) -> None:
    out = frames.folder / ("film" if ending == "folder" else f"film.{ending}")
    arguments = ["animate", "scenes", "--each", "1", "--models", "cactinet", "--panel", "64"]
    assert main([*arguments, "--no-captions", "--title", "T", "--out", str(out)]) == 0
    assert len(frames.given) == 2
    assert {layout.method for _, layout, _ in frames.given} == {
        "Grad-CAM · each map on its own scale"
    }


# --- On the page ------------------------------------------------------------------------------


def test_the_grid_is_told_class_layer_and_grid(asked: Comparison) -> None:
    told = grid.payload(asked)
    explained = asked.explanations["cactinet"].explained
    assert explained is not None
    assert told["explained"].startswith(f"Explained: {explained.class_name} (")
    marked = [one for one in told["columns"][0]["answers"] if one.get("mark") == "explained"]
    assert [one["name"] for one in marked] == [explained.class_name]
    assert "".join(told["cells"][0][0]["place"][:2]) == "stages.1 · 16 × 16"
    assert not told["cells"][1][0]["place"]
    assert [row["atLayer"] for row in told["rows"]] == [True, False, True]
    own = cv.compare(picture(), ["cactinet"], ["grad_cam"], device="cpu")
    assert grid.payload(own)["explained"] == ""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    st.cache_data.clear()
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def told(app: AppTest) -> dict[str, Any]:
    """What the grid was sent, once all networks have answered."""
    for _ in range(200):
        assert not app.exception
        (found,) = [
            unpacked(one.proto.bytes)
            for one in app.get("bidi_component")
            if one.proto.component_name == "cactiviz_grid"
        ]
        if not any(column["waiting"] for column in found["columns"]):
            return found
        app.run()
    raise AssertionError("no answer came")


def infos(app: AppTest) -> str:
    """What is announced; Markdown's signs are escaped there."""
    return " ".join(one.value for one in app.info).replace("\\", "")


def test_a_layer_that_is_dropped_is_announced_until_something_is_chosen(app: AppTest) -> None:
    app.query_params["layer"] = "stages.1"
    app.query_params["networks"] = "cactinet"
    app.run()
    found = told(app)
    assert "".join(found["cells"][0][0]["place"][:2]) == "stages.1 · 16 × 16"
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    assert infos(app) == ""  # it counts as before
    assert "".join(told(app)["cells"][0][1]["place"][:2]) == "stages.1 · 16 × 16"
    app.button_group(key="models").set_value(["alexnet"]).run()
    assert "stages.1 was chosen for CactiNet" in infos(app)
    app.run()
    assert "stages.1 was chosen for CactiNet" in infos(app)
    app.button_group(key="methods").set_value(["saliency"]).run()
    assert infos(app) == ""
    app.button_group(key="models").set_value(["cactinet"]).run()
    assert infos(app) == "" and not app.session_state["layer"]


def test_a_layer_that_no_view_uses_is_said(app: AppTest) -> None:
    app.query_params["layer"] = "stages.1"
    app.query_params["views"] = "saliency"
    app.run()
    assert networks_texts.NO_VIEW_AT_A_LAYER in infos(app)
    app.button_group(key="methods").set_value(["saliency", "grad_cam"]).run()
    assert infos(app) == ""


def test_a_class_that_nobody_knows_is_said_with_a_way_back(app: AppTest) -> None:
    app.query_params["class"] = "coffee mug"
    app.run()
    told(app)
    captions = [one.value.replace("\\", "") for one in app.caption]
    assert any("CactiNet has no class “coffee mug”." in one for one in captions)
    app.button(key="explain own").click().run()
    assert "why" not in told(app)["cells"][0][0]
    assert not [one for one in app.button if one.key == "explain own"]


def test_what_is_asked_for_stands_above_the_grid(app: AppTest) -> None:
    app.query_params["class"] = "no cactus"
    app.run()
    assert told(app)["explained"] == "Explained: no cactus (<1 %)"


def test_the_address_holds_a_layer_of_each_network() -> None:
    from cactiviz.ui.address.link import Link

    layers: Any = (("alexnet", "features.8"), ("cactinet", "stages.1"))
    link = Link(models=("alexnet", "cactinet"), layers=layers)
    query = link.query()
    assert query["layers"] == "alexnet:features.8 cactinet:stages.1" and "layer" not in query
    assert Link.read(query) == (link, [])
    assert Link.read({"layer": "stages.1"})[0].layers == (("cactinet", "stages.1"),)
