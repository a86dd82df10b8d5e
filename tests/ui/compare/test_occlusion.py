"""What if a part were covered, and why A and not B: the numbers that the app shows of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch

from cactiviz.comparison.comparison import Comparison
from cactiviz.engine import class_pass
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.models import LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.occlusion import cover
from cactiviz.pictures.open import sample
from cactiviz.types import Box, Picture, Prediction, Target
from cactiviz.ui import texts
from cactiviz.ui.compare import contrast, occlusion
from cactiviz.ui.compare import texts as compare_texts
from cactiviz.ui.compare.occlusion import Covered, covered_from
from cactiviz.ui.compare.progress import Progress
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice

CAT = sample("chelsea")
BOX = (0.2, 0.25, 0.5, 0.5)
COVERED = Covered(CAT.key, BOX, "grey")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def alexnet() -> LoadedModel:
    return load_model("alexnet", untrained=True, device="cpu", dtype=torch.float64)


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return load_model("cactinet", untrained=True, device="cpu", dtype=torch.float64)


def scores_of(model: LoadedModel, picture: Picture) -> tuple[list[float], list[float]]:
    """Every class's score and probability, by the network alone."""
    inputs = preprocess(picture, model.spec.preprocessing).double()
    with torch.no_grad():
        logits = model.module(inputs)
    return class_pass.class_scores(logits)[0].tolist(), class_pass.probabilities(logits)[0].tolist()


# --- What comes from the browser ----------------------------------------------------------------


def test_a_box_that_makes_sense_is_taken_as_it_is() -> None:
    found = covered_from({"box": list(BOX), "how": "blur", "serial": 3}, "abc")
    assert found == Covered("abc", BOX, "blur")
    assert found.on((300, 400)) == Box(60, 100, 150, 200)


def test_a_box_beyond_the_picture_is_cut_to_it() -> None:
    found = covered_from({"box": [-1, 0.5, 3, 0.9], "how": "grey"}, "")
    assert found is not None and found.box == (0, 0.5, 1, 0.5)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "box",
        [],
        {},
        {"box": list(BOX)},
        {"box": None, "how": "grey"},
        {"box": list(BOX), "how": HOSTILE},
        {"box": list(BOX), "how": ["grey"]},
        {"box": [0.1, 0.1, 0.1], "how": "grey"},
        {"box": [0.1, 0.1, 0.1, "0.1"], "how": "grey"},
        {"box": [0.1, 0.1, 0.1, True], "how": "grey"},
        {"box": [0.1, 0.1, 0.1, math.nan], "how": "grey"},
        {"box": [0.1, 0.1, math.inf, 0.1], "how": "grey"},
        {"box": [0.1, 10**400, 0.1, 0.1], "how": "grey"},
        {"box": [0.1, 0.1, -0.1, 0.1], "how": "grey"},
        {"box": [1, 0.1, 0.1, 0.1], "how": "grey"},
        {"box": "0123", "how": "grey"},
    ],
)
def test_anything_else_covers_nothing(value: object) -> None:
    assert covered_from(value, "") is None


# --- What if ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["grey", "blur"])
def test_the_change_is_that_of_the_first_answer_in_each_network(
    alexnet: LoadedModel, cactinet: LoadedModel, how: str
) -> None:
    """Against the networks themselves; the first answer may be far from the top by now."""
    covered = replace(COVERED, how=how)  # type: ignore[arg-type]
    other = cover(CAT, covered.on(CAT.size), covered.how)
    both = {"cactinet": cactinet, "alexnet": alexnet}
    first = {name: explain(model, CAT, []) for name, model in both.items()}
    now = {name: explain(model, other, []) for name, model in both.items()}
    progress = Progress(Comparison(other, tuple(both), ("grad_cam",), now), first=first)
    rows = occlusion.rows(progress, covered)
    assert [row["title"] for row in rows] == ["CactiNet", "AlexNet"]
    for row, model in zip(rows, both.values(), strict=True):
        before, after = scores_of(model, CAT)[1], scores_of(model, other)[1]
        top, new = int(np.argmax(before)), int(np.argmax(after))
        assert row["name"] == model.spec.class_name(top)
        assert row["first"] == pytest.approx(before[top], rel=1e-9)
        assert row["now"] == pytest.approx(after[top], rel=1e-9)
        assert row["changed"] == (top != new)
        wanted = model.spec.class_name(new) if top != new else compare_texts.COVER_UNCHANGED
        assert row["topName"] == wanted
        assert not row["waiting"] and not row["why"] and not row["unseen"]
    for name, answers in occlusion.before(progress).items():
        shares = scores_of(both[name], CAT)[1]
        for answer in answers:
            assert answer.probability == pytest.approx(shares[answer.class_index], rel=1e-9)
        assert [a.class_name for a in answers] == [a.class_name for a in now[name].predictions]


def made(name: str, shares: list[float], **options: object) -> Explanation:
    """A reading of three classes with these probabilities."""
    answers = [Prediction(i, f"class {i}", math.log(p), p) for i, p in enumerate(shares)]
    return Explanation(
        name,
        name,
        untrained=False,
        revision="",
        seen=Box(0, 0, 300, 451),
        predictions=tuple(sorted(answers, key=lambda a: -a.probability)),
        scores=np.array([a.logit for a in answers]),
        shares=np.array(shares),
        **options,  # type: ignore[arg-type]
    )


def test_a_readers_own_sum_comes_out() -> None:
    """52.449 - 11.351 is 41.098, but of the numbers shown, 52.4 and 11.4, it is 41.0."""
    first, now = made("a", [0.52449, 0.27551, 0.2]), made("a", [0.11351, 0.28649, 0.6])
    progress = Progress(Comparison(CAT, ("a",), (), {"a": now}), first={"a": first})
    (row,) = occlusion.rows(progress, COVERED)
    shown = (row["firstText"], row["nowText"], row["change"], row["sign"])
    assert shown == ("52.4 %", "11.4 %", "−41.0", "down")
    assert (row["topName"], row["topText"], row["changed"]) == ("class 2", "60.0 %", True)


def test_each_network_is_there_from_the_start_and_says_why_it_is_not() -> None:
    first = {"a": made("a", [0.5, 0.3, 0.2]), "b": made("b", [0.5, 0.3, 0.2])}
    comparison = Comparison(CAT, ("c", "b", "a"), (), {"b": first["b"]}, {"c": HOSTILE})
    rows = occlusion.rows(Progress(comparison, ("a",), first=first), COVERED)
    assert [(row["why"], row["waiting"]) for row in rows] == [
        (HOSTILE, False),
        ("", False),
        ("", True),
    ]
    assert rows[1]["change"] == "none" and rows[1]["topName"] == "as before"
    assert rows[2]["name"] == "class 0" and rows[2]["nowText"] == ""
    json.dumps(rows)


def test_a_network_that_never_saw_the_covered_part_says_so() -> None:
    seen = Box(0, 75.5, 300, 300)  # the middle of 300 x 451
    left = Covered(CAT.key, (0, 0, 1, 75 / 451), "grey")
    over = Covered(CAT.key, (0, 0, 1, 77 / 451), "grey")
    explanation = replace(made("a", [0.5, 0.3, 0.2]), seen=seen)
    progress = Progress(Comparison(CAT, ("a",), (), {"a": explanation}), first={"a": explanation})
    assert occlusion.rows(progress, left)[0]["unseen"] == compare_texts.COVER_UNSEEN
    assert occlusion.rows(progress, over)[0]["unseen"] == ""


def panel_of(session: dict[str, object], covered: Covered | None) -> dict[str, Any]:
    """What the editor is sent: one network sees three quarters from the left, one the middle."""
    session[state.COVERED] = covered
    boxes = {"a": Box(0, 0, 300, 338), "b": Box(0, 75.5, 300, 300)}
    heard = {name: replace(made(name, [0.5, 0.3, 0.2]), seen=box) for name, box in boxes.items()}
    now = CAT if covered is None else Picture(CAT.rgb[::-1].copy())
    progress = Progress(Comparison(now, ("a", "b"), (), {} if covered else heard), first=heard)
    return occlusion.payload(Choice(CAT, ("a", "b"), ()), progress)


def test_what_no_network_sees_is_dark_and_a_cover_there_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", session)
    plain = panel_of(session, None)
    assert CAT.size == (300, 451)
    assert plain["seen"] == pytest.approx([0, 0, 1, 376 / 451]) and not plain["outside"]
    right, over = (Covered(CAT.key, (0.2, left / 451, 0.5, 0.1), "grey") for left in (376, 370))
    for part, outside in ((right, True), (over, False), (COVERED, False)):
        sent = panel_of(session, part)  # no network has answered about it yet
        assert sent["seen"] == plain["seen"] and sent["outside"] == outside
    whole = replace(made("a", [1.0]), seen=Box(0, 0, 300, 451))
    choice, comparison = Choice(CAT, ("a",), ()), Comparison(CAT, ("a",), (), {"a": whole})
    session[state.COVERED] = None
    assert occlusion.payload(choice, Progress(comparison))["seen"] is None
    nothing = occlusion.payload(choice, Progress(replace(comparison, explanations={}), ("a",)))
    assert nothing["seen"] is None


# --- Why A and not B ----------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [("Egyptian cat", "tabby"), ("tabby", 285), (None, "goldfish")])
def test_the_margin_is_the_difference_of_the_logits(
    alexnet: LoadedModel, pair: tuple[str | None, str | int]
) -> None:
    logits, shares = scores_of(alexnet, CAT)
    names = [alexnet.spec.class_name(index) for index in range(1000)]
    first = int(np.argmax(logits)) if pair[0] is None else names.index(pair[0])
    second = pair[1] if isinstance(pair[1], int) else names.index(pair[1])
    found = contrast.margin(explain(alexnet, CAT, ["grad_cam"], target=Target(*pair)))
    assert found is not None and not found.one_score
    assert found.ahead == pytest.approx(logits[first] - logits[second], rel=1e-9)
    assert found.first.probability == pytest.approx(shares[first], rel=1e-9)
    assert found.second.probability == pytest.approx(shares[second], rel=1e-9)
    assert found.part == pytest.approx(1 / (1 + math.exp(-found.ahead)), rel=1e-9)


def test_of_a_single_score_the_contrast_is_twice_the_score_and_twice_the_map(
    cactinet: LoadedModel,
) -> None:
    """What the page says of CactiNet: z - (-z) = 2z, and the same map, twice as large."""
    views = ["hires_cam", "saliency", "grad_cam"]
    target = Target("cactus", "no cactus")
    both = explain(cactinet, CAT, views, target=target)
    alone = explain(cactinet, CAT, views, target="cactus")
    found = contrast.margin(both)
    z = cactinet.module(preprocess(CAT, cactinet.spec.preprocessing).double()).item()
    assert found is not None and found.one_score
    assert found.ahead == pytest.approx(2 * z, rel=1e-9)
    assert found.part == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-9), "the probability itself"
    for view in views:
        one, other = both.attributions[view].values, alone.attributions[view].values
        one = np.maximum(one, 0) if view == "grad_cam" else one  # a map alone ends at 0
        assert np.abs(one - 2 * other).max() <= 1e-9 * np.abs(one).max()
    shown = contrast.payload(
        Choice(CAT, ("cactinet",), tuple(views), target=target),
        Comparison(CAT, ("cactinet",), tuple(views), {"cactinet": both}),
    )
    assert "single score" in shown["notes"][-1] and "twice as large" in shown["notes"][-1]
    ahead = "cactus" if z > 0 else "no cactus"
    assert shown["cards"][0]["ahead"].split("of ", 1)[1].startswith(f"“{ahead}” than of")


def test_two_scores_of_two_classes_are_no_single_score() -> None:
    explanation = made("a", [0.7, 0.3])
    explanation = replace(
        explanation, explained=explanation.predictions[0], against=explanation.predictions[1]
    )
    found = contrast.margin(explanation)
    assert found is not None and not found.one_score


def test_a_network_that_does_not_know_a_class_says_so_in_its_place(
    alexnet: LoadedModel, cactinet: LoadedModel
) -> None:
    target = Target("Egyptian cat", HOSTILE)
    models = {"alexnet": alexnet, "cactinet": cactinet}
    explanations = {
        name: explain(m, CAT, ["saliency"], target=target) for name, m in models.items()
    }
    names = ("alexnet", "cactinet", "resnet50", "densenet121")
    failures = {"resnet50": "No weights."}
    comparison = Comparison(CAT, names, ("saliency",), explanations, failures)
    shown = contrast.payload(Choice(CAT, names, ("saliency",), target=target), comparison)
    whys = [card["why"] for card in shown["cards"]]
    assert whys[0].startswith(f"AlexNet has no class “{HOSTILE}”")
    assert whys[1].startswith("CactiNet has no class “Egyptian cat”")
    assert whys[2:] == ["No weights.", texts.WAITING]
    assert HOSTILE in shown["title"], "plain text, which the browser sets as such"
    assert len(shown["notes"]) == 1


def test_the_first_networks_two_likeliest_classes_are_offered() -> None:
    explanation = made("b", [0.2, 0.5, 0.3])
    explained = replace(explanation, explained=explanation.predictions[0])
    choice = Choice(CAT, ("a", "b"), ())
    comparison = Comparison(CAT, ("a", "b"), (), {"b": explained}, {"a": "No weights."})
    assert contrast.offered(choice, comparison) == ("class 1", "class 2")
    nothing = Comparison(CAT, ("a", "b"), (), {"b": explanation}, {"a": "No weights."})
    assert contrast.offered(choice, nothing) is None
    random = replace(made("a", [0.6, 0.3, 0.1]), untrained=True)
    random = replace(random, explained=random.predictions[0])
    both = replace(comparison, explanations={"a": random, "b": explained}, failures={})
    assert contrast.offered(choice, both) == ("class 1", "class 2"), "what has learnt nothing waits"
    alone = replace(both, explanations={"a": random})
    assert contrast.offered(choice, alone) == ("class 0", "class 1")


def answering(name: str, *classes: str, untrained: bool = False) -> Explanation:
    """A reading that explains the first of these classes, its likeliest."""
    answers = tuple(
        Prediction(i, class_, 1.0 - i, 0.5 - 0.1 * i) for i, class_ in enumerate(classes)
    )
    explanation = replace(made(name, [1.0]), predictions=answers, explained=answers[0])
    return replace(explanation, untrained=untrained)


def pair_of(*explanations: Explanation) -> tuple[str, str] | None:
    by_name = {explanation.model: explanation for explanation in explanations}
    comparison = Comparison(CAT, tuple(by_name), (), by_name)
    return contrast.offered(Choice(CAT, tuple(by_name), ()), comparison)


def test_the_classes_that_most_networks_know_are_offered() -> None:
    cactinet = answering("cactinet", "cactus", "no cactus")
    alexnet = answering("alexnet", "tabby", "tiger cat")
    densenet = answering("densenet121", "Egyptian cat", "tabby")
    assert pair_of(cactinet, alexnet, densenet) == ("tabby", "tiger cat")
    assert pair_of(densenet, cactinet, alexnet) == ("Egyptian cat", "tabby")
    assert pair_of(cactinet, alexnet) == ("cactus", "no cactus"), "as many: the first"
    assert pair_of(alexnet, cactinet) == ("tabby", "tiger cat")
    random = replace(alexnet, untrained=True)
    assert pair_of(random, cactinet) == ("cactus", "no cactus"), "the one that has learnt"
    assert pair_of(random, cactinet, densenet) == ("cactus", "no cactus"), "as many have learnt it"
    assert pair_of(random) == ("tabby", "tiger cat"), "none has learnt"
    mine = answering("mine", "tabby", "my cat")
    assert pair_of(mine, cactinet, alexnet, densenet) == ("tabby", "tiger cat"), "unlisted classes"


def test_a_name_of_two_classes_is_not_offered() -> None:
    """ImageNet's cardigan is a dog and a jacket: each network would ask which."""
    knitted = answering("alexnet", "cardigan", "wool")
    assert pair_of(knitted) is None
    assert pair_of(knitted, answering("resnet152", "tabby", "tiger cat")) == ("tabby", "tiger cat")


def test_each_networks_own_answer_is_said_where_no_class_was_chosen(alexnet: LoadedModel) -> None:
    target = Target(None, 281)
    explanation = explain(alexnet, CAT, ["saliency"], target=target)
    shown = contrast.payload(
        Choice(CAT, ("alexnet",), ("saliency",), target=target),
        Comparison(CAT, ("alexnet",), ("saliency",), {"alexnet": explanation}),
    )
    assert "each network’s own first answer" in shown["title"]
    assert "“tabby”" in shown["title"], "its name and not its number"
