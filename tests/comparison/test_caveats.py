"""What is said beside a comparison: of whom, once, and where a reader finds it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import cactiviz as cv
from cactiviz.comparison import comparison as comparison_module
from cactiviz.comparison.caveats import NUMBERS
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import report_html
from cactiviz.engine.trace import trace
from cactiviz.explanations.caveats import UNTRAINED
from cactiviz.methods import METHODS
from cactiviz.models import MODELS
from cactiviz.recipes.request import Style
from cactiviz.rendering.figures.html import page
from cactiviz.rendering.figures.sheet import Remark

HOSTILE = "<img src=x onerror=alert(1)>"
HATCHED = "It saw only a part of the picture; the rest is hatched, or cut off."
VIEWS = ("grad_cam", "saliency", "filters")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """AlexNet and ResNet50 look at the middle alone, CactiNet at the whole; all untrained."""
    models = ["alexnet", "resnet50", "cactinet"]
    return cv.compare("sample:chelsea", models, VIEWS, untrained=True)


def test_methods_come_first_and_networks_of_which_the_same_is_said_share_a_remark(
    comparison: Comparison,
) -> None:
    assert comparison.limits() == (
        Remark("Grad-CAM", (METHODS["grad_cam"].limit,)),
        Remark("Saliency", (METHODS["saliency"].limit,)),
        Remark("AlexNet (untrained), ResNet50 (untrained)", (UNTRAINED, HATCHED)),
        Remark("CactiNet (untrained)", (UNTRAINED,)),
    )


def test_methods_with_the_same_limit_share_a_remark(comparison: Comparison) -> None:
    same = replace(comparison, methods=("grad_cam", "hires_cam", "saliency"), models=())
    assert [one.about for one in same.limits()] == ["Grad-CAM, HiResCAM", "Saliency"]


def test_what_was_measured_is_said_of_its_own_network() -> None:
    known = MODELS["cactinet"].cautions
    networks = [
        cv.load_model("cactinet", untrained=True),
        cv.load_model("alexnet", untrained=True),
    ]
    trained = replace(networks[0], untrained=False)
    remarks = cv.compare(
        "sample:chelsea", [trained, networks[1]], ["grad_cam", "saliency"]
    ).limits()
    said = {one.about: one.says for one in remarks}
    assert said["CactiNet"] == (known["grad_cam"], known["saliency"])
    assert not set(known.values()) & set(said["AlexNet (untrained)"])


def test_what_was_measured_at_one_layer_is_not_said_of_another() -> None:
    loaded = cv.load_model("cactinet", untrained=True)
    told = replace(loaded.spec, cautions={"grad_cam": "Measured.", "saliency": "Measured too."})
    model = replace(loaded, untrained=False, spec=told)
    for layer, beside in ((None, ("Measured.",)), ("stages.2", ("Measured.",)), ("stages.1", ())):
        found = cv.explain(model, "sample:chelsea", ["grad_cam", "saliency"], layer=layer)
        assert found.attributions["grad_cam"].notes == beside
        assert found.attributions["saliency"].notes == ("Measured too.",)


def test_where_nothing_is_painted_nothing_is_hatched() -> None:
    bare = cv.compare("sample:chelsea", ["alexnet"], ["filters"], untrained=True)
    assert bare.limits() == ()
    whole = cv.compare("sample:chelsea", ["alexnet"], ["saliency"], untrained=True, resize="squash")
    assert HATCHED not in whole.limits()[-1].says


def test_what_was_asked_is_said_once(comparison: Comparison) -> None:
    def said(target: cv.Target) -> tuple[str, ...]:
        found = cv.compare(
            "sample:chelsea", ["cactinet"], ["grad_cam", "saliency"], target=target, untrained=True
        )
        return found.limits()[-1].says

    top = comparison.explanations["cactinet"].predictions[0].class_name
    other = {"cactus": "no cactus", "no cactus": "cactus"}[top]
    assert said(cv.Target(top)) == (UNTRAINED,)
    assert said(cv.Target(other)) == (f"The maps show what speaks for “{other}”.", UNTRAINED)
    against = f"The maps show what speaks for “{top}” and not for “{other}”."
    assert said(cv.Target(top, other)) == (against, UNTRAINED)


def test_notes_on_the_picture_come_before_all(comparison: Comparison) -> None:
    noted = replace(comparison, picture=replace(comparison.picture, notes=("It was shrunk.",)))
    assert noted.limits()[0] == Remark("The picture", ("It was shrunk.",))


def test_a_network_that_failed_is_passed_over(comparison: Comparison) -> None:
    failed = replace(comparison, explanations={}, failures=dict.fromkeys(comparison.models, "No."))
    assert [one.about for one in failed.limits()] == ["Grad-CAM", "Saliency"]


def test_a_sheet_and_a_report_hold_every_remark_and_what_the_numbers_are(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Remark] = []
    draw = comparison_module.draw_sheet
    monkeypatch.setattr(
        comparison_module,
        "draw_sheet",
        lambda *a, **k: drawn.extend(k["remarks"]) or draw(*a, **k),  # type: ignore[func-returns-value]
    )
    comparison.sheet()
    every = [*comparison.limits(), NUMBERS]
    assert drawn == every
    html = report_html(comparison, Style(), {})
    assert re.findall("<dt>(.*?)</dt>", html) == [one.about for one in every]
    assert html.count("<dd>") == sum(len(one.says) for one in every)


def test_a_page_escapes_its_remarks() -> None:
    assert HOSTILE not in page("t", "", remarks=[Remark(HOSTILE, (HOSTILE,))])


def test_what_a_note_advises_can_be_chosen() -> None:
    caution, best = MODELS["cactinet"].cautions["grad_cam"], MODELS["cactinet"].best_view
    advised = re.findall(r"stages\.\d", caution)
    model = cv.load_model("cactinet", untrained=True)
    offered = {str(stage) for stage in trace(model.module, (3, 64, 64)).stages()}
    assert advised and set(advised) <= offered
    assert best is not None
    assert METHODS[best[0]].title in caution
    assert str(best[1]) in advised
