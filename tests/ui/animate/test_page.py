"""The page Animate: what it computes, keeps, stops, and hands out."""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.batch import store
from cactiviz.batch.collect import PictureSequence
from cactiviz.batch.presets import PictureRef
from cactiviz.batch.store import StoredExplanation
from cactiviz.models import load_model
from cactiviz.pictures.open import sample
from cactiviz.recipes.request import Request, Style
from cactiviz.runtime.runner import Network, Runner
from cactiviz.types import Picture
from cactiviz.ui import texts
from cactiviz.ui.animate import choice
from cactiviz.ui.animate import texts as animate_texts
from cactiviz.ui.animate import work as film_work
from cactiviz.ui.animate.work import AnimationFile, AnimationFolder, Plan, Work
from cactiviz.ui.pictures import picker
from cactiviz.ui.session import polling, state
from tests.fixtures.browsing import HOSTILE
from tests.fixtures.inside_pages import captions, open_page

SMALL = Style(panel=(60, 60), captions=False)


@pytest.fixture
def visit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[dict[str, str]], AppTest]]:
    """Opens the page by a link, with no weights but those that come along."""
    opened: list[AppTest] = []

    def visit_one(query: dict[str, str]) -> AppTest:
        opened.append(open_page("pages/animate.py", monkeypatch, tmp_path, query))
        return opened[-1]

    yield visit_one
    for app in opened:
        drawer_of(app).close()


@pytest.fixture
def app(visit: Callable[[dict[str, str]], AppTest]) -> AppTest:
    """The page with two pictures of each of two classes."""
    return visit({"each": "2"})


def drawer_of(app: AppTest) -> AnimationFolder:
    found: AnimationFolder = app.session_state[state.FILM]
    return found


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def finished(app: AppTest) -> Work:
    """Once all is computed and the page has been drawn with it."""
    work = drawer_of(app).work
    assert work is not None
    until(lambda: work.finished and not work.running)
    app.run()
    assert not app.exception
    return work


def written(making: AnimationFile | None) -> AnimationFile:
    assert making is not None and making.ended.wait(30)
    assert not making.sentence
    return making


def test_a_first_visit_computes_what_the_package_says_and_plays_it(
    visit: Callable[[dict[str, str]], AppTest],
) -> None:
    app = visit({})
    work = finished(app)
    plan = work.plan
    assert len(plan.pictures) == 16 and plan.pictures[0].title.startswith("cactus")
    model = load_model("cactinet", device="cpu")
    for index in (0, 9):
        expected = store.ask(model, plan.pictures[index].open(), plan.question)
        for mine, theirs in zip(work.explanations_of(index, 0), expected, strict=True):
            assert mine.answer == theirs.answer
            for method in plan.question.methods:
                assert np.array_equal(mine.values[method], theirs.values[method])
    style = next(style for style, _ in drawer_of(app)._files)
    written(drawer_of(app).made(style, "preview webp"))
    app.run()
    assert "16 frames" in " ".join(captions(app))


def test_another_look_is_painted_anew_and_computes_nothing(app: AppTest) -> None:
    work = finished(app)
    before = polling.runner().jobs.finished
    app.selectbox(key=state.FILM_LOOK + "palette").set_value("viridis")
    app.slider(key=state.FILM_LOOK + "seconds").set_value(0.5).run()
    assert not app.exception
    assert drawer_of(app).work is work and polling.runner().jobs.finished == before
    style = list(drawer_of(app)._files)[-1][0]
    assert (style.palette, style.seconds) == ("viridis", 0.5)


def test_a_file_is_made_when_it_is_asked_for_and_handed_out(app: AppTest) -> None:
    app.selectbox(key=state.FILM_LOOK + "panel").set_value(120).run()
    finished(app)
    app.button(key="film make").click().run()
    assert not app.exception
    drawer = drawer_of(app)
    making = written(next(m for (_, kind), m in drawer._files.items() if kind == "gif"))
    with Image.open(making.path) as image:
        assert getattr(image, "n_frames", 1) == 4  # two of each class
        assert image.info["duration"] == 1000
    app.run()
    assert not [button for button in app.button if button.key == "film make"]


def test_leaving_the_page_stops_the_work_and_coming_back_goes_on(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    asked = slow(monkeypatch, gate)
    app.number_input(key=state.FILM_EACH).set_value(9).run()  # one more than any other test
    work = drawer_of(app).work
    assert work is not None and work.running
    app.session_state[state.MODELS] = ["cactinet"]
    app.switch_page("app.py").run()  # which opens Compare
    assert not work.running
    gate.set()
    before = len(asked)
    app.switch_page("pages/animate.py").run()
    assert finished(app) is work and len(asked) > before


def test_a_network_without_weights_says_so_and_the_others_go_on(app: AppTest) -> None:
    app.number_input(key=state.FILM_EACH).set_value(1)
    app.button_group(key=state.FILM_MODELS).set_value(["alexnet", "cactinet"]).run()
    work = finished(app)
    assert (
        list(work.failures) == ["alexnet"]
        and not work.explanations_of(0, 0)
        and work.explanations_of(0, 1)
    )
    assert app.button(key="download alexnet").label.startswith("Download AlexNet")
    app.button(key="untrained for now").click().run()
    answers = finished(app).explanations_of(0, 0)
    assert answers and answers[0].untrained


def test_hostile_names_and_broken_files_are_sentences(app: AppTest, tmp_path: Path) -> None:
    folder = tmp_path / "own" / HOSTILE
    folder.mkdir(parents=True)
    Image.fromarray(sample("chelsea").rgb).resize((64, 64)).save(folder / "a.png")
    (folder / f"{HOSTILE}.jpg").write_bytes(b"no picture")
    app.number_input(key=state.FILM_EACH).set_value(8)
    app.selectbox(key=state.FILM_SET).set_value("folder").run()
    app.text_input(key=state.PLACE).set_value(str(tmp_path / "own")).run()
    work = finished(app)
    assert len(work.sequence.skipped) == 1 and len(work.view(SMALL).steps()) == 1
    (warning,) = app.warning
    assert texts.plain(HOSTILE) in warning.value and HOSTILE not in warning.value
    assert "2 of 8 pictures are here" in " ".join(captions(app))


def test_what_is_missing_is_one_sentence_and_its_names_are_folded(
    app: AppTest, tmp_path: Path
) -> None:
    folder = tmp_path / "own" / "cats"
    folder.mkdir(parents=True)
    Image.fromarray(sample("chelsea").rgb).resize((64, 64)).save(folder / "a.png")
    for name in ("broken one.jpg", "broken two.jpg"):
        (folder / name).write_bytes(b"no picture")
    app.number_input(key=state.FILM_EACH).set_value(3)
    app.selectbox(key=state.FILM_SET).set_value("folder").run()
    app.text_input(key=state.PLACE).set_value(str(tmp_path / "own")).run()
    finished(app)
    assert [one.value for one in app.warning] == [animate_texts.film_lacks(0, 2)]
    (folded,) = [one for one in app.expander if one.label == animate_texts.FILM_WHICH]
    (listed,) = folded.markdown
    assert listed.value.count("\n") == 1 and "broken two" in listed.value
    assert not folded.proto.expanded


def test_compares_networks_are_taken_over_in_the_order_of_the_chips(
    visit: Callable[[dict[str, str]], AppTest],
) -> None:
    def columns(app: AppTest) -> list[str]:
        work = drawer_of(app).work
        assert work is not None and not app.exception
        return [network.name for network in work.plan.networks]

    def seen_on_compare(models: list[str]) -> None:
        app.switch_page("pages/learn.py").run()
        app.session_state[state.MODELS] = models
        app.switch_page("pages/animate.py").run()

    app = visit({})
    assert columns(app) == ["cactinet"]  # nothing was chosen on Compare
    seen_on_compare(["cactinet", "alexnet", "efficientnet_lite0"])
    assert columns(app) == ["efficientnet_lite0", "alexnet", "cactinet"]
    chips = [option.split(" ")[0] for option in app.button_group(key=state.FILM_MODELS).options]
    assert chips.index("Lite0") < chips.index("AlexNet") < chips.index("CactiNet")
    assert app.selectbox(key=state.FILM_SET).value == "samples"  # which suit them better
    app.number_input(key=state.FILM_EACH).set_value(2).run()
    seen_on_compare(["alexnet"])
    assert columns(app) == ["alexnet"]
    assert app.number_input(key=state.FILM_EACH).value == 2  # what else was chosen stays
    app.button_group(key=state.FILM_MODELS).set_value(["resnet152"]).run()
    seen_on_compare(["cactinet"])
    assert columns(app) == ["resnet152"]  # which was chosen here


@pytest.mark.parametrize(("named", "other"), [("alexnet", "cactinet"), ("cactinet", "alexnet")])
def test_a_links_own_networks_stay(
    named: str, other: str, visit: Callable[[dict[str, str]], AppTest]
) -> None:
    app = visit({"networks": named})
    app.switch_page("pages/learn.py").run()
    app.session_state[state.MODELS] = [other]
    app.switch_page("pages/animate.py").run()
    assert app.button_group(key=state.FILM_MODELS).value == [named]


def test_no_film_is_shown_of_which_no_network_can_answer(
    visit: Callable[[dict[str, str]], AppTest],
) -> None:
    app = visit({"networks": "alexnet", "each": "1"})
    finished(app)
    assert [one.value for one in app.info] == [animate_texts.FILM_SILENT]
    assert app.button(key="film make").disabled


def test_more_pictures_than_the_limit_are_left_out_and_it_is_said(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "MOST_PICTURES", 5)
    app.number_input(key=state.FILM_EACH).set_value(4).run()
    assert len(finished(app).plan.pictures) == 5
    assert "The first 5 of 8 pictures" in " ".join(captions(app))


def test_layers_and_answers_of_one_picture(app: AppTest) -> None:
    app.button_group(key=state.FILM_KIND).set_value("layers").run()
    work = finished(app)
    assert work.plan.question.layers == ("all-stages",)
    labels = [said.label for said in work.explanations_of(0, 0)]
    assert len(labels) == len(set(labels)) > 1 and len(work.view(SMALL).steps()) == len(labels)
    app.button_group(key=state.FILM_KIND).set_value("answers").run()
    work = finished(app)
    assert work.plan.question.top == 3
    assert [said.answer for said in work.explanations_of(0, 0)] == ["cactus", "no cactus"]


def test_an_upload_is_told_by_its_name_and_from_others_of_that_name() -> None:
    files = []
    for shade in (10, 200):
        buffer = BytesIO()
        Image.fromarray(np.full((20, 30, 3), shade, np.uint8)).save(buffer, "PNG")
        files.append(buffer)
    broken = BytesIO(b"no picture")
    pictures = [picker.uploaded("a.png", file) for file in (*files, broken)]
    assert len(set(pictures)) == 3
    sequence = PictureSequence(pictures)
    opened = [sequence.open(index) for index in range(3)]
    assert [picture and int(picture.rgb[0, 0, 0]) for picture in opened] == [10, 200, None]
    assert [shown["from"] for shown in sequence.recipe()] == ["a.png", "a.png"]
    assert len(sequence.skipped) == 1


# --- Below the page ---


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner("cpu")
    yield made
    made.jobs.close()


def plan_of(count: int, networks: int = 1) -> Plan:
    pictures = []
    for index in range(count):
        picture = Picture(np.full((16, 16, 3), index, np.uint8), f"p{index}")
        pictures.append(PictureRef(f"p{index}", f"p{index}", lambda picture=picture: picture))  # type: ignore[misc]
    # Several sets of weights under names of their own, of which none is loaded from afar.
    names = [Network("cactinet", revision=str(n)) for n in range(networks)]
    return Plan(tuple(pictures), tuple(names), Request())


def slow(
    monkeypatch: pytest.MonkeyPatch, gate: threading.Event, free: int = 0
) -> list[tuple[int, str]]:
    """Which picture each network is asked about; after the first few only once the gate opens."""
    asked: list[tuple[int, str]] = []
    true = store.ask

    def ask(
        model: object, picture: Picture, question: Request, cancel: object
    ) -> list[StoredExplanation]:
        asked.append((int(picture.rgb[0, 0, 0]), picture.name))
        if len(asked) > free:
            gate.wait(20)
        return true(model, picture, question, cancel)  # type: ignore[arg-type]

    monkeypatch.setattr(film_work, "ask", ask)
    return asked


def test_what_was_stopped_goes_on_and_asks_nothing_twice(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    asked = slow(monkeypatch, gate, free=3)
    work = Work(plan_of(6), runner, tmp_path, lambda _: False)
    work.go_on()
    until(lambda: len(asked) == 4)
    work.stop()
    gate.set()
    until(lambda: not work.running and work.done == 3)
    assert not work.finished and len(list(tmp_path.iterdir())) == 3
    work.go_on()
    until(lambda: work.finished)
    assert sorted(set(asked)) == [(i, f"p{i}") for i in range(6)]
    assert all(asked.count((i, f"p{i}")) == 1 for i in range(3))
    again = Work(plan_of(6), runner, tmp_path, lambda _: False)
    before = len(asked)
    again.go_on()
    until(lambda: again.finished)
    assert len(asked) == before


def test_the_first_picture_is_put_to_all_then_network_after_network(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    gate.set()
    asked = slow(monkeypatch, gate)
    work = Work(plan_of(3, networks=2), runner, tmp_path, lambda _: False)
    work.go_on()
    until(lambda: work.finished)
    assert [index for index, _ in asked] == [0, 0, 1, 2, 1, 2]
    assert work.complete == 3 and work.first_frame.is_set()


def test_others_wait_for_one_question_of_an_animation_not_for_all(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    asked = slow(monkeypatch, gate)
    work = Work(plan_of(8), runner, tmp_path, lambda _: False)
    work.go_on()
    until(lambda: len(asked) == 1)
    other = runner.jobs.submit("other", lambda cancel: len(asked))
    assert other.ahead() == 1
    gate.set()
    assert other.result(20) == 1
    until(lambda: work.finished)


def test_what_nobody_looks_at_stops(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(film_work, "_FORGOTTEN_SECONDS", -1)
    work = Work(plan_of(2), runner, tmp_path, lambda _: False)
    work.go_on()
    until(lambda: not work.running)
    assert work.done == 0 and not work.problem


def test_no_room_is_a_sentence(runner: Runner, tmp_path: Path) -> None:
    work = Work(plan_of(2), runner, tmp_path, lambda _: True)
    work.go_on()
    until(lambda: not work.running)
    assert work.problem == animate_texts.FILM_NO_ROOM


def test_a_zip_holds_a_png_for_each_frame_and_stopping_leaves_nothing(
    runner: Runner, tmp_path: Path
) -> None:
    work = Work(plan_of(4), runner, tmp_path / "answers", lambda _: False)
    work.go_on()
    until(lambda: work.finished)
    made = written(AnimationFile(work.view(SMALL), tmp_path / "a.zip"))
    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist() == [f"000{n}.png" for n in (1, 2, 3, 4)]
    made.path.unlink()
    short = written(AnimationFile(work.view(SMALL), tmp_path / "b.webp", most=2))
    with Image.open(short.path) as image:
        assert getattr(image, "n_frames", 1) == 2
    short.path.unlink()
    with film_work._writing:
        stopped = AnimationFile(work.view(SMALL), tmp_path / "c.gif")
        stopped.cancel.set()
        assert stopped.ended.wait(10)
    late = AnimationFile(work.view(replace(SMALL, seconds=-1)), tmp_path / "d.gif")
    assert late.ended.wait(10) and late.sentence == animate_texts.FILM_NOT_WRITTEN
    assert not stopped.ready and [p.name for p in tmp_path.iterdir()] == ["answers"]


def test_a_drawer_goes_with_all_that_is_in_it() -> None:
    drawer = AnimationFolder()
    folder = drawer.path
    (folder / "something").write_text("x")
    drawer.close()
    assert not folder.exists()
