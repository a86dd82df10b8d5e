"""The page Learn: what it says holds in the numbers that it shows, and nothing is told early."""

from __future__ import annotations

import html
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cactiviz.datasets.scenes.scene import open_scenes
from cactiviz.errors import CactivizError
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import METHODS, VIEWS
from cactiviz.metrics.agreement import agreement
from cactiviz.models import MODELS, LoadedModel, find_weights, load_model
from cactiviz.runtime.runner import Network
from cactiviz.types import Target
from cactiviz.ui import texts
from cactiviz.ui.learn import figures, lessons
from cactiviz.ui.learn import page as learn
from cactiviz.ui.learn import texts as learn_texts
from cactiviz.ui.learn.lessons import play
from cactiviz.ui.session import polling, state

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "<img src=x onerror=alert(1)>"

needs_weights = pytest.mark.skipif(
    find_weights(MODELS["cactinet"]) is None,
    reason="the trained weights are not in this checkout",
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The page, with no weights but those that come along."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/learn.py")
    return app


def settled(app: AppTest, part: str | None = None) -> AppTest:
    """The page once all that the part asked for is there."""
    if part is not None:
        if app.get("html"):
            app.button_group(key=state.LESSON).set_value(part)
        else:  # nothing is shown yet
            app.session_state[state.LESSON] = part
    for _ in range(100):
        app.run()
        assert not app.exception
        busy = any("hourglass" in one.value for one in app.caption)
        if not busy and f">{texts.WAITING}<" not in shown(app):
            return app
        time.sleep(0.15)
    raise AssertionError("still waiting")


def shown(app: AppTest) -> str:
    """All HTML of the page but its style."""
    return "".join(one.value for one in app.get("html") if "<style" not in one.value)


def words(app: AppTest) -> str:
    return html.unescape(shown(app)).replace("\u00a0", " ")


def reveal(app: AppTest, name: str, said: str, turn: int = 0) -> AppTest:
    app.radio(key=f"{state.GUESS} {name} {turn}").set_value(said).run()
    next(one for one in app.button if one.label == learn_texts.LEARN_REVEAL).click()
    return settled(app)


@cache
def network(untrained: bool = False) -> LoadedModel:
    return load_model("cactinet", untrained=untrained)


def read(
    number: int, method: str, *, class_: str = "cactus", untrained: bool = False, **more: str
) -> Explanation:
    picture = open_scenes().read("cactus", str(number))
    return explain(network(untrained), picture, [method], target=Target(class_), **more)  # type: ignore[arg-type]


def test_every_view_has_a_paragraph_of_its_own() -> None:
    assert set(learn_texts.LEARN_VIEWS) == set(VIEWS)
    assert len(set(learn_texts.LEARN_VIEWS.values())) == len(VIEWS)


def test_every_part_has_its_words_and_there_are_four_lessons() -> None:
    assert list(learn.PARTS) == list(learn_texts.LEARN_PARTS)
    assert list(learn.PARTS) == [*learn_texts.LEARN_TITLES, "methods"]
    assert len(learn_texts.LEARN_TITLES) == 4


def test_all_methods_are_shown_with_their_question_limit_and_scale(app: AppTest) -> None:
    page = settled(app, "methods")
    assert shown(page).count("<img") == 1 + len(VIEWS)
    said = words(page)
    for method in METHODS.values():
        assert method.asks in said and method.limit in said and method.source in said
    assert said.count("own scale") == 2 * len(METHODS)  # below the picture, and in its alt text
    for word in ("Class", "Gradient", "Heat map", "Layer", "Logit"):
        assert f"<dt>{word}</dt>" in said


def test_a_method_without_words_of_its_own_is_shown_with_those_of_the_table(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(learn_texts.LEARN_VIEWS, "saliency")
    assert METHODS["saliency"].limit in words(settled(app, "methods"))


def test_only_the_part_that_is_open_is_computed(app: AppTest) -> None:
    st.cache_resource.clear()  # what other tests had computed
    settled(app, "methods")
    assert polling.runner().jobs.finished == 1
    assert polling.runner().in_memory() == ["efficientnet_lite2"]
    settled(app, "untrained")
    assert polling.runner().jobs.finished == 3
    assert sorted(polling.runner().in_memory()) == ["cactinet", "cactinet", "efficientnet_lite2"]


@needs_weights
def test_lesson_1_tells_whose_map_is_whose_only_after_the_guess(app: AppTest) -> None:
    page = settled(app, "untrained")
    pictures = shown(page)[shown(page).index('<div class="cv-figures">') :]
    assert pictures.count("<img") == 3
    assert ">Map A<" in pictures and ">Map B<" in pictures
    figures_only = pictures[: pictures.index("cv-glossary")]
    assert "trained" not in figures_only.casefold()
    assert "min" not in figures_only.split("base64,")[2].split(" ", 1)[1]  # the range would tell
    assert learn_texts.LEARN_REVEAL not in [one.label for one in page.button]
    this = play(1)
    wrong = "AB".replace(this.untrained, "")
    page = reveal(page, "untrained", wrong, 1)
    said = words(page)
    assert f"You said: Map {wrong}. The answer: Map {this.untrained}." in said
    assert f">Map {this.untrained}, untrained<" in said and f">Map {wrong}, trained<" in said
    assert "Adebayo" in said and said.count("black and white at ±") == 4
    next(one for one in page.button if one.label == learn_texts.LEARN_1_AGAIN).click()
    said = words(settled(page))
    assert "Round 2. The method is Saliency." in said and "You said" not in said


def test_the_rounds_differ_and_either_side_can_be_the_untrained_one() -> None:
    rounds = [play(number) for number in range(1, 31)]
    assert {one.method for one in rounds} == {"guided_backprop", "saliency", "grad_cam"}
    assert len({one.scene for one in rounds}) > 25
    assert 8 <= sum(one.untrained == "A" for one in rounds) <= 22
    assert rounds == [play(number) for number in range(1, 31)]


@needs_weights
def test_lesson_2s_claim_holds_in_its_numbers() -> None:
    both = {
        method: agreement(
            *(
                read(lessons.SCENE, method, class_=name).attributions[method].values
                for name in ("cactus", "no cactus")
            )
        )
        for method in ("guided_backprop", "grad_cam", "saliency")
    }
    assert both["guided_backprop"] > 0.99
    assert both["grad_cam"] < 0
    assert both["saliency"] == pytest.approx(-1, abs=1e-6)  # the signed gradients
    assert lessons.right(both) == "guided_backprop"


@needs_weights
def test_lesson_2_shows_the_other_class_only_after_the_guess(app: AppTest) -> None:
    page = settled(app, "classes")
    assert "for “no cactus”<" not in words(page) and shown(page).count("<img") == 3
    said = words(reveal(page, "classes", "grad_cam"))
    assert "You said: Grad-CAM. The answer: Guided backprop." in said
    assert said.count("<img") == 5 and "agree by 1.00" in said and "agree by −1.00" in said


@needs_weights
def test_lesson_3s_scenes_differ_as_it_needs_and_both_ways() -> None:
    method, layer = lessons.SCALE_METHOD, lessons.SCALE_LAYER
    ratios = []
    for number in lessons.SCALE_SCENES:
        learnt, random = (
            read(number, method, untrained=untrained, layer=layer).attributions[method].values.max()
            for untrained in (False, True)
        )
        ratios.append(learnt / random)
    assert ratios[0] > 5 and ratios[1] < 1 / 5


@needs_weights
def test_lesson_3_keeps_its_ranges_until_the_guess_and_then_shares_the_scale(app: AppTest) -> None:
    page = settled(app, "scale")
    assert "full colour at" not in words(page) and "shared scale" not in words(page)
    said = words(reveal(page, "scale", "unknown"))
    assert "That is right." in said and "it is the other way round" in said
    assert said.count("<img") == 3 + 2 + 3 + 2
    assert said.count("<span>shared scale") == 4 and said.count("<span>own scale") == 4


@needs_weights
def test_lesson_4s_last_map_is_one_square_at_32_pixels(app: AppTest) -> None:
    scene = open_scenes().read("cactus", str(lessons.SCENE))
    grids = {}
    for pixels in (64, 32):
        found = explain(
            lessons.at_size(network(), pixels), scene, ["grad_cam"], layers=lessons.LAYERS
        )
        grids[pixels] = [one.grid[0] for one in found.attributions.values()]
    assert grids == {64: [16, 8, 4, 2], 32: [8, 4, 2, 1]}
    assert network().spec.preprocessing.input_size == (64, 64)  # left as it was
    page = settled(app, "size")
    assert "1 × 1" not in words(page)
    said = words(reveal(page, "size", "2"))
    assert "You said: 2 × 2. The answer: 1 × 1." in said
    assert "One square: 32 halved five times is 1." in said and "it can’t tell them apart" in said
    assert said.count("<img") == 10


def test_squares_repeat_values_and_keep_their_range() -> None:
    explanation = read(lessons.SCENE, "grad_cam")
    coarse = explanation.attributions["grad_cam"]
    fine = lessons.squares(coarse)
    assert fine.grid == (64, 64) and coarse.grid == (8, 8)
    assert np.array_equal(fine.values[::8, ::8], coarse.values)
    assert len(np.unique(fine.values)) == len(np.unique(coarse.values))


def test_a_guess_and_its_answer_outlive_a_visit_to_another_part(app: AppTest) -> None:
    page = reveal(settled(app, "classes"), "classes", "neither")
    settled(page, "size")
    assert "You said" not in words(page)
    assert "You said: Neither." in words(settled(page, "classes"))


def test_a_part_has_an_address_which_is_followed_and_written(app: AppTest) -> None:
    app.query_params["lesson"] = "size"
    page = settled(app)
    assert page.session_state[state.LESSON] == "size"
    page.button(key="cv-next").click()
    settled(page)
    assert page.query_params["lesson"] in ("methods", ["methods"])
    page.query_params["lesson"] = "scale"  # as Back does
    assert settled(page).session_state[state.LESSON] == "scale"
    page.query_params["lesson"] = "<b>"
    assert settled(page).session_state[state.LESSON] == "scale"


def test_the_way_on_leads_through_all_parts(app: AppTest) -> None:
    page = settled(app)
    seen = []
    for _ in learn.PARTS:
        page.button(key="cv-next").click()
        settled(page)
        seen.append(page.session_state[state.LESSON])
    assert seen == ["classes", "scale", "size", "methods", "untrained"]


def test_what_cannot_be_computed_is_a_sentence_and_the_page_lives_on(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> object:
        raise CactivizError(f"It is broken {HOSTILE}.")

    monkeypatch.setattr(polling.Runner, "read", fail)
    page = settled(app, "methods")
    assert shown(page).count("<img") == 1 and "&lt;img src=x" in shown(page)
    assert shown(page).count("It is broken") == len(VIEWS)
    page = settled(app, "classes")
    assert len(page.info) == 1 and "\\<img" in page.info[0].value
    assert "<dt>Logit</dt>" in shown(page)


def test_without_trained_weights_a_lesson_says_so(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "trained_network", lambda: Network("cactinet", untrained=True))
    page = settled(app, "scale")
    assert page.info[0].value == learn_texts.LEARN_NO_WEIGHTS and not page.radio


def test_a_network_of_imagenet_is_taken_where_its_weights_are_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = {"cactinet", "densenet121"}
    missing = [spec for name, spec in MODELS.items() if name not in here]
    monkeypatch.setattr(learn.catalog, "missing", lambda: missing)
    name, picture = learn._subject()
    assert name == "densenet121" and picture.name == "chelsea"


def test_texts_in_figures_never_become_html() -> None:
    figure = figures.Figure(HOSTILE, f'"{HOSTILE}', "data:,", HOSTILE)
    for made in (figures.row([figure], HOSTILE), figures.prose(HOSTILE), figures.one(figure)):
        assert "<img src=x" not in made and "&lt;img src=x" in made
    assert 'alt="&quot;' in figures.one(figure)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [10, 20, 90], 1.0),
        ([1, 2, 3], [9, 0, -5], -1.0),
        ([1, 1, 1], [1, 2, 3], float("nan")),
    ],
)
def test_agreement_is_that_of_the_order(
    first: list[float], second: list[float], expected: float
) -> None:
    found = agreement(np.array(first, float), np.array(second, float))
    assert found == pytest.approx(expected, nan_ok=True)
    with pytest.raises(ValueError, match="no places in common"):
        agreement(np.zeros(3), np.zeros(4))


def test_sentences_follow_the_numbers() -> None:
    assert "nobody can be sure" in learn_texts.learn_1_alike(0.7)
    assert "in good part" in learn_texts.learn_1_alike(0.4)
    assert "the two differ" in learn_texts.learn_1_alike(-0.2)
    assert "can’t be compared" in learn_texts.learn_1_alike(float("nan"))
    assert "tossing a coin" in learn_texts.learn_1_who(1, 0.5)
    assert "sounds sure" in learn_texts.learn_1_who(1, 0.9)
    assert "and Grad-CAM drew two" not in learn_texts.learn_2_numbers(0.95, 0.8)
    assert "exact opposites" not in learn_texts.learn_2_plain(0.3)
    assert "the same way round" in learn_texts.learn_3_second(2, 1, 3, 1)
    assert "can’t tell them apart" not in learn_texts.learn_4_answers(0.9, 0.1, 0.9, 0.1)
    assert "One square" not in learn_texts.learn_4_last((2, 2), 0.0, 1.0)
    assert learn_texts.learn_larger("A", 0.0, "B", 2.0).endswith("larger than in A (0)")
    assert learn_texts.learn_larger("A", 0.0, "B", 0.0).endswith("about as large as in B (0)")
