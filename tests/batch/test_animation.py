from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import cactiviz.batch.animation as animations
import cactiviz.batch.collect as module
from cactiviz.batch.animation import Animation
from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PRESETS, PictureRef, of_source
from cactiviz.batch.store import ResultStore, StoredExplanation, ask
from cactiviz.cli import animate as command
from cactiviz.cli.main import main
from cactiviz.datasets import open_item
from cactiviz.errors import Cancelled, MethodError, ModelError, PictureError
from cactiviz.explanations.explain import explain
from cactiviz.models import Checkpoint, load_model
from cactiviz.pictures.open import open_picture
from cactiviz.recipes.fields import REQUEST, STYLE, from_json
from cactiviz.recipes.recipe import read_recipe
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.figures.frame import Layout, Panel, draw_frame
from cactiviz.replay import differences, remake_animation
from cactiviz.types import Picture, Target

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = next((ROOT / "cactiviz/models/weights").glob("*.safetensors"))
OTHER = Checkpoint("other", "cactinet", WEIGHTS)
NETWORKS = ("cactinet", OTHER)
SMALL = Style(panel=(64, 64))
HOSTILE = "<img src=x onerror=alert(1)>"


def picture(seed: int) -> Picture:
    rgb = np.full((48, 64, 3), 90 + 8 * seed, np.uint8)
    rgb[8 * (seed % 4) :][:12, 10:50] = (60, 140, 70)
    return Picture(rgb, f"{HOSTILE} {seed}", "CC0")


SCENE = PictureRef(
    "a scene", "scenes:cactus/178", lambda: open_item("scenes:cactus/178")
)  #: One that a recipe finds again.


def ref(seed: int) -> PictureRef:
    return PictureRef(f"picture {seed}", f"origin {seed}", lambda: picture(seed))


def animation(tmp_path: Path, count: int = 3, **options: Any) -> Animation:
    chosen: dict[str, Any] = {"networks": NETWORKS, "question": Request(), "style": SMALL}
    chosen |= options
    networks, question, style = (chosen.pop(name) for name in ("networks", "question", "style"))
    pictures = chosen.pop("pictures", [ref(seed) for seed in range(count)])
    untrained = chosen.pop("untrained", False)
    request = replace(question, networks=tuple(networks), untrained=untrained, device="cpu")
    return Animation(Collector(pictures, request, tmp_path / "parts", **chosen), style)


def computed(made: Animation, **options: Any) -> Animation:
    assert isinstance(made.answers, Collector)
    made.answers.compute(**options)
    return made


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    calls: list[Any] = []
    real: Callable[..., Any] = getattr(module, name)

    def spy(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return real(*given, **named)

    monkeypatch.setattr(module, name, spy)
    return calls


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    with Image.open(path) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(np.asarray(image.convert("RGB")))
        return found


def test_each_frame_shows_its_picture_and_its_map(tmp_path: Path) -> None:
    made = animation(tmp_path, style=replace(SMALL, strength=1.0, squash=True))
    computed(made)
    network = load_model("cactinet")
    frames = list(made.frames())
    assert len(frames) == 3
    for seed, frame in enumerate(frames):
        alone = explain(network, picture(seed), ["grad_cam"])["grad_cam"]
        kept = made.answers.explanations_of(seed, 0)[0].values["grad_cam"]
        assert np.array_equal(kept, alone.values)  # type: ignore[union-attr]
        original = np.asarray(Image.fromarray(picture(seed).rgb).resize((64, 64), 4))
        rows = [
            np.abs(frame[y : y + 64, 12:76].astype(int) - original).mean()
            for y in range(frame.shape[0] - 64)
        ]
        assert min(rows) < 8
    for one, other in pairwise(frames):
        assert (one != other).any()


def test_a_network_is_loaded_once_and_a_picture_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads, asks = counted(monkeypatch, "load_model"), counted(monkeypatch, "ask")
    made = animation(tmp_path, question=Request(methods=("grad_cam", "saliency")))
    seen: list[tuple[str, int]] = []
    computed(made, report=lambda name, done, total: seen.append((name, done)))
    assert (len(loads), len(asks)) == (2, 6)
    assert [name for name, _ in seen] == ["cactinet"] * 3 + ["other"] * 3 + ["done"]
    # Again, as after a restart: nothing is loaded, nothing asked.
    again = animation(tmp_path, question=Request(methods=("grad_cam", "saliency")))
    computed(again)
    assert (len(loads), len(asks)) == (2, 6)
    assert again.frame(1) is not None
    assert np.array_equal(np.asarray(again.frame(1)), np.asarray(made.frame(1)))
    # Another question finds nothing of it.
    computed(animation(tmp_path, question=Request(methods=("grad_cam",), layer="stages.1")))
    assert len(asks) == 12


def test_stopped_work_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asks, stop = counted(monkeypatch, "ask"), threading.Event()
    made = animation(tmp_path)

    def report(name: str, done: int, total: int | None) -> None:
        if done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        computed(made, report=report, cancel=stop)
    before = len(asks)
    assert 2 <= before <= 3
    computed(made)
    assert 6 <= len(asks) <= 7  # the one that was stopped is asked again


def test_a_damaged_answer_counts_as_none(tmp_path: Path) -> None:
    made = animation(tmp_path, 1)
    computed(made)
    for file in (tmp_path / "parts").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert made.answers.explanations_of(0, 0) == []
    computed(made)
    assert len(made.answers.explanations_of(0, 0)) == 1


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    question = Request(methods=("grad_cam", "saliency"), layers=("stages.1", "stages.2"))
    answers = ask(load_model("cactinet"), picture(0), question)
    assert [said.label for said in answers] == ["stages.1", "stages.2"]
    kept = ResultStore(tmp_path / "parts", question)
    kept.put("net", "00", answers)
    back = kept.get("net", "00")
    assert back is not None
    for one, other in zip(answers, back, strict=True):
        for name in ("title", "seen", "answer", "probability", "kinds", "layers", "failures"):
            assert getattr(one, name) == getattr(other, name)
        for method, values in one.values.items():
            assert np.array_equal(values, other.values[method])
    assert kept.get("net", "01") is None


def test_through_the_layers_of_one_network(tmp_path: Path) -> None:
    made = animation(tmp_path, 1, networks=["cactinet"], question=Request(layers=("all-stages",)))
    computed(made)
    frames = list(made.frames())
    assert len(frames) == len(made.answers.explanations_of(0, 0)) > 2
    assert len({frame.tobytes() for frame in frames}) == len(frames)
    with pytest.raises(ModelError, match="one network"):
        animation(tmp_path, question=Request(layers=("all-stages",)))


def test_through_the_top_classes(tmp_path: Path) -> None:
    made = animation(tmp_path, 1, question=Request(top=2))
    computed(made)
    first, second = made.answers.explanations_of(0, 0)
    assert first.answer != second.answer
    assert first.probability > second.probability
    assert first.probability + second.probability == pytest.approx(1)
    assert len(list(made.frames())) == 2


def test_a_shared_scale_holds_over_all_frames_and_networks(tmp_path: Path) -> None:
    made = animation(tmp_path, style=replace(SMALL, scale="shared"))
    computed(made)
    said = [
        made.answers.explanations_of(index, place)[0] for index in range(3) for place in range(2)
    ]
    largest = max(float(s.values["grad_cam"].max()) for s in said)
    assert {made._shared_scale.of(s, "grad_cam", made.style.scale) for s in said} == {largest}
    made.style = replace(SMALL, scale="own")
    assert len({made._shared_scale.of(s, "grad_cam", made.style.scale) for s in said}) > 1


def test_a_network_that_fails_says_so_in_its_panels(tmp_path: Path) -> None:
    bad = Checkpoint("bad", "cactinet", tmp_path / "nothing.pth")
    made = animation(tmp_path, networks=["cactinet", bad])
    computed(made)
    assert list(made.answers.failures) == ["bad"]
    assert len(list(made.frames())) == 3


def test_why_a_network_fails_is_said_once_in_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Sequence[Panel]] = []

    def draw(panels: Sequence[Panel], layout: Layout, **texts: str) -> NDArray[np.uint8]:
        drawn.append(panels)
        return draw_frame(panels, layout, **texts)

    monkeypatch.setattr(animations, "draw_frame", draw)
    gone = Checkpoint("gone", "cactinet", tmp_path / "nowhere.safetensors")
    question = Request(methods=("grad_cam", "saliency", "layer_cam"))
    networks = ("cactinet", gone)
    made = computed(animation(tmp_path, 1, networks=networks, question=question))
    made.frame(0)
    (panels,) = drawn
    said = [panel.caption for panel in panels if panel.title == "gone"]
    assert len(said) == 3 and "nowhere" in said[0] and said[1:] == ["", ""]


def test_a_picture_that_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    def broken() -> Picture:
        raise PictureError("It is no picture.")

    made = animation(tmp_path, pictures=[ref(0), PictureRef("bad", "bad.jpg", broken), ref(1)])
    computed(made)
    assert made.answers.sequence.skipped == {"bad.jpg": "It is no picture."}
    assert len(list(made.frames())) == 2


def test_a_row_for_each_method_and_one_for_a_single_network(tmp_path: Path) -> None:
    question = Request(methods=("grad_cam", "saliency", "layer_cam"))
    several = animation(tmp_path, 1, question=question).frame(0)
    single = animation(tmp_path, 1, question=question, networks=["cactinet"]).frame(0)
    assert several is not None
    assert single is not None
    assert several.shape[0] > 2 * single.shape[0]
    assert single.shape[1] > several.shape[1]  # four panels beside three


def test_frames_are_there_before_all_is_computed(tmp_path: Path) -> None:
    made = animation(tmp_path)
    early = made.frame(0)
    computed(made)
    late = made.frame(0)
    assert early is not None
    assert late is not None
    assert early.shape == late.shape
    assert (early != late).any()


def test_the_same_recipe_makes_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made = animation(tmp_path / name)
        computed(made)
        assert made.write(tmp_path / f"{name}.gif") == 3
        files.append((tmp_path / f"{name}.gif").read_bytes())
    assert files[0] == files[1]
    recipe = read_recipe(tmp_path / "a.gif")
    assert [p["sha256"] for p in recipe["pictures"]] == [picture(s).sha256 for s in range(3)]
    assert recipe["networks"][1]["checkpoint"]["file"] == WEIGHTS.name
    assert recipe["networks"][0]["weights"]
    assert Request(**from_json(recipe["question"], REQUEST)) == Request()
    assert Style(**from_json(recipe["look"], STYLE)) == SMALL


def test_a_film_of_trained_and_untrained_networks_is_replayed_as_it_was(tmp_path: Path) -> None:
    made = animation(
        tmp_path, 1, networks=["cactinet", "alexnet"], untrained=("alexnet",), pictures=[SCENE]
    )
    recipe = computed(made).recipe()
    assert [network["untrained"] for network in recipe["networks"]] == [False, True]
    again, style = remake_animation(recipe, tmp_path / "again")
    assert again.request.untrained == ("alexnet",) and style == SMALL
    again.compute()
    for place, untrained in enumerate((False, True)):
        (before,), (after,) = (
            made.answers.explanations_of(0, place),
            again.explanations_of(0, place),
        )
        assert before.untrained == after.untrained == untrained
        assert before.revision == after.revision
    assert differences(recipe, Animation(again, style).recipe()) == []


def test_choices_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="filters"):
        animation(tmp_path, question=Request(methods=("filters",)))
    with pytest.raises(MethodError, match="one to five"):
        Request(top=6)
    with pytest.raises(MethodError, match="together"):
        Request(top=2, target=Target(1))
    with pytest.raises(ModelError, match="own name"):
        animation(tmp_path, networks=["cactinet", "cactinet"])


def test_a_class_that_a_network_lacks_is_said_in_its_panel(tmp_path: Path) -> None:
    made = animation(tmp_path, 1, question=Request(target=Target("no such class")))
    computed(made)
    (said,) = made.answers.explanations_of(0, 0)
    assert isinstance(said, StoredExplanation)
    assert "no such class" in said.failures["grad_cam"]
    assert made.frame(0) is not None


def test_sources_of_each_kind(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        Image.fromarray(picture(0).rgb).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert [s.title for s in of_source(str(tmp_path), 5)] == ["a.png", "b.png"]
    assert [s.title for s in of_source(str(tmp_path / "b.png"), 5)] == ["b.png"]
    assert of_source("sample:chelsea", 5)[0].open().size == open_picture("sample:chelsea").size
    assert len(of_source("scenes", 2)) == 4
    (tmp_path / "cats").mkdir()
    Image.fromarray(picture(1).rgb).save(tmp_path / "cats" / "c.png")
    assert "c.png" in [s.title.split(" · ")[-1] for s in of_source(str(tmp_path), 5)]


def test_the_presets_name_what_there_is() -> None:
    from cactiviz.datasets import get_dataset_spec
    from cactiviz.models import get_spec

    for preset in PRESETS.values():
        assert get_dataset_spec(preset.dataset)
        assert all(get_spec(name).name == name for name in preset.networks)
    blog = PRESETS["efficientnet_blog"]
    assert (len(blog.networks), blog.each, blog.question.resize) == (5, 5, "squash")


def test_the_command_makes_a_preset(
    tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "blog.gif"
    data = data_dir / "caltech256-standin"
    arguments = ["animate", "--preset", "efficientnet_blog", "--data", str(data), "--keep"]
    arguments += ["--models", "cactinet", "--untrained", "--out", str(out), "--seconds", "0.5"]
    arguments += ["--panel", "96"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "19 frames" in said.out
    assert "19 of 35" in said.err
    assert (tmp_path / "blog.gif.parts").is_dir()
    frames = frames_of(out)
    assert len({frame.tobytes() for frame in frames}) == len(frames) == 19
    with Image.open(out) as image:
        assert image.info["duration"] == 500
    recipe = read_recipe(out)
    assert recipe["pictures"][0]["from"] == "caltech256:009.bear/009_0001.jpg"
    assert recipe["networks"][0]["untrained"] is True
    assert main(["animate", "sample:chelsea", "--models", "cactinet", "--out", str(out)]) == 0
    assert not (tmp_path / "blog.gif.parts").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["animate", "--out", "a.gif"], "Name pictures"),
        (["animate", "sample:chelsea", "--out", "a.avi"], "must end in"),
        (["animate", "nowhere", "--out", "a.gif"], "nowhere"),
        (["animate", "sample:chelsea", "--models", "nonet", "--out", "a.gif"], "nonet"),
        (["animate", "sample:chelsea", "--method", "nope", "--out", "a.gif"], "nope"),
    ],
)
def test_the_command_says_what_is_wrong(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_killed_command_leaves_no_file_and_goes_on(tmp_path: Path) -> None:
    out, parts = tmp_path / "out.gif", tmp_path / "out.gif.parts"
    program = [sys.executable, "-m", "cactiviz", "animate", "scenes", "--each", "150"]
    program += ["--models", "cactinet", "--panel", "64", "--out", str(out)]
    process = subprocess.Popen(program, cwd=ROOT, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        if parts.exists() and len(list(parts.iterdir())) > 3:
            break
        time.sleep(0.05)
    process.kill()
    process.wait(60)
    assert not out.exists()
    kept = {file.name for file in parts.iterdir() if not file.name.startswith(".")}
    assert kept
    arguments = ["animate", "scenes", "--each", "2", "--models", "cactinet", "--keep"]
    assert main([*arguments, "--panel", "64", "--out", str(out)]) == 0
    assert read_recipe(out)["makes"] == "animation"
    assert {file.name for file in parts.iterdir()} >= kept


def test_ctrl_c_stops_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def report(what: str, done: int, total: int | None) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(command, "progress", lambda _: nullcontext(report))
    out = tmp_path / "out.gif"
    arguments = ["animate", "scenes", "--each", "2", "--models", "cactinet", "--panel", "64"]
    assert main([*arguments, "--out", str(out)]) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["out.gif.parts"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
