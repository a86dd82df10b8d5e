"""One picture before several networks: what is computed, told, painted and saved."""

from __future__ import annotations

import importlib
import json
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import cactiviz as cv
from cactiviz.comparison import comparison as comparison_module
from cactiviz.errors import Cancelled, MethodError, ModelError, PictureError, TargetError
from cactiviz.explanations.target import find_class, find_target
from cactiviz.models.preprocess import preprocess
from cactiviz.rendering import paint
from cactiviz.rendering.figures.sheet import Column
from cactiviz.rendering.scales import number

compare_module = importlib.import_module("cactiviz.comparison.compare")

CARDIGANS = (264, 474)  # a dog and a garment
METHODS = ("grad_cam", "saliency", "guided_backprop")
VIEWS = (*METHODS, "filters")


@pytest.fixture(scope="module")
def alexnet() -> cv.LoadedModel:
    return cv.load_model("alexnet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def cactinet() -> cv.LoadedModel:
    return cv.load_model("cactinet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def both(alexnet: cv.LoadedModel, cactinet: cv.LoadedModel) -> cv.Comparison:
    return cv.compare("sample:chelsea", [alexnet, cactinet], VIEWS)


def values(comparison: cv.Comparison, model: str, method: str) -> NDArray[Any]:
    found = comparison[model, method]
    assert isinstance(found, cv.Attribution)
    return found.values


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    return tmp_path


# --- what is computed -------------------------------------------------------------------------


def test_each_cell_is_what_explain_says(
    both: cv.Comparison, alexnet: cv.LoadedModel, cactinet: cv.LoadedModel
) -> None:
    picture = cv.open_picture("sample:chelsea")
    for model in (alexnet, cactinet):
        alone = cv.explain(model, picture, METHODS)
        for method in METHODS:
            found = both[model.name, method]
            assert isinstance(found, cv.Attribution)
            assert np.array_equal(found.values, alone.attributions[method].values)
            assert found.values.any(), "a map of zeros would show nothing here"
            assert (found.model, found.method) == (model.name, method)
            assert found.seconds > 0
        assert both.explanations[model.name].predictions == alone.predictions


def test_networks_by_name_are_those_that_load_model_gives(both: cv.Comparison) -> None:
    named = cv.compare("sample:chelsea", ["cactinet"], ["saliency"], untrained=True)
    assert np.array_equal(
        values(named, "cactinet", "saliency"), values(both, "cactinet", "saliency")
    )
    assert named.explanations["cactinet"].revision == "untrained, seed 0"


def test_views_and_networks_stand_in_the_order_asked_for(
    alexnet: cv.LoadedModel, cactinet: cv.LoadedModel
) -> None:
    asked = ["saliency", "grad_cam", "saliency"]
    comparison = cv.compare("sample:coffee", [cactinet, alexnet], asked)
    assert comparison.models == ("cactinet", "alexnet")
    assert comparison.methods == ("saliency", "grad_cam")
    assert [(e.model, e.method) for e in comparison.attributions()] == [
        ("cactinet", "saliency"),
        ("cactinet", "grad_cam"),
        ("alexnet", "saliency"),
        ("alexnet", "grad_cam"),
    ]


def test_the_filters_are_the_first_convolutions_raw_kernels(
    both: cv.Comparison, alexnet: cv.LoadedModel
) -> None:
    grid = both["alexnet", "filters"]
    assert isinstance(grid, cv.FilterGrid)
    assert grid.layer == "features.0"
    expected = alexnet.module.get_parameter("features.0.weight").detach().numpy()
    assert expected.shape == (64, 3, 11, 11)
    assert np.array_equal(grid.kernels, expected)


def test_a_class_by_index_by_text_and_by_name_is_the_same_class(alexnet: cv.LoadedModel) -> None:
    picture = cv.open_picture("sample:chelsea")
    asked = (281, "281", "tabby", " Tabby ", cv.Target(281), cv.Target("tabby"))
    found = [cv.explain(alexnet, picture, ["grad_cam"], target=t)["grad_cam"] for t in asked]
    for one in found:
        assert isinstance(one, cv.Attribution)
        assert (one.class_index, one.class_name) == (281, "tabby")
        assert isinstance(found[0], cv.Attribution)
        assert np.array_equal(one.values, found[0].values)
        assert one.logit == found[0].logit


def test_a_class_index_may_come_from_numpy(alexnet: cv.LoadedModel) -> None:
    assert find_class(alexnet.spec, np.int64(281)) == 281  # type: ignore[arg-type]


def test_the_two_classes_of_one_logit_are_each_others_opposite(cactinet: cv.LoadedModel) -> None:
    picture = cv.open_picture("sample:chelsea")
    against = cv.explain(cactinet, picture, ["saliency"], target="no cactus")["saliency"]
    towards = cv.explain(cactinet, picture, ["saliency"], target=1)["saliency"]
    assert isinstance(against, cv.Attribution) and isinstance(towards, cv.Attribution)
    np.testing.assert_allclose(against.values, -towards.values, rtol=1e-5, atol=1e-9)
    assert against.logit == pytest.approx(-towards.logit)
    assert against.probability + towards.probability == pytest.approx(1)
    assert (against.class_index, towards.class_name) == (0, "cactus")


def test_squash_shows_a_network_the_whole_picture(
    both: cv.Comparison, alexnet: cv.LoadedModel
) -> None:
    squashed = cv.compare("sample:chelsea", [alexnet], ["grad_cam"], resize="squash")
    seen = squashed.explanations["alexnet"].seen
    assert (seen.top, seen.left, seen.height, seen.width) == (0, 0, 300, 451)
    assert both.explanations["alexnet"].seen.height == pytest.approx(300 * 224 / 256)
    assert not np.array_equal(
        values(squashed, "alexnet", "grad_cam"), values(both, "alexnet", "grad_cam")
    )


def test_another_layer_has_its_own_grid(alexnet: cv.LoadedModel, both: cv.Comparison) -> None:
    for layer, grid in (("features.2", (27, 27)), ("features.11:module", (13, 13))):
        comparison = cv.compare("sample:chelsea", [alexnet], ["grad_cam"], layer=layer)
        found = comparison["alexnet", "grad_cam"]
        assert isinstance(found, cv.Attribution)
        assert found.grid == grid == found.values.shape
    assert np.array_equal(
        values(comparison, "alexnet", "grad_cam"), values(both, "alexnet", "grad_cam")
    )


# --- what cannot be computed ------------------------------------------------------------------


def test_a_network_that_fails_leaves_a_sentence_and_the_others_stay(
    no_weights: Path, cactinet: cv.LoadedModel
) -> None:
    comparison = cv.compare(
        "sample:chelsea", ["alexnet", cactinet], ["grad_cam"], may_download=False
    )
    assert list(comparison.explanations) == ["cactinet"]
    assert list(comparison.failures) == ["alexnet"]
    sentence = comparison.failures["alexnet"]
    assert "AlexNet" in sentence and "alexnet-owt-7be5be79.pth" in sentence
    assert str(no_weights) in sentence
    assert values(comparison, "cactinet", "grad_cam").shape == (8, 8)
    with pytest.raises(ModelError, match="aren't on this machine"):
        comparison["alexnet", "grad_cam"]
    cell = comparison.cell("alexnet", "grad_cam")
    assert cell.image is None and cell.caption == sentence
    report = comparison.to_json()
    assert list(report["predictions"]) == ["cactinet"]
    assert report["failures"] == [{"model": "alexnet", "why": sentence}]
    assert list(comparison.arrays()) == ["cactinet/grad_cam"]
    assert comparison.sheet().size[0] > 2 * 240


def test_a_class_that_one_network_lacks_fails_in_its_cells_only(
    alexnet: cv.LoadedModel, cactinet: cv.LoadedModel, both: cv.Comparison
) -> None:
    comparison = cv.compare("sample:chelsea", [alexnet, cactinet], VIEWS, target="cactus")
    assert comparison.failures == {}
    explanation = comparison.explanations["alexnet"]
    assert set(explanation.failures) == set(METHODS)
    assert explanation.predictions == both.explanations["alexnet"].predictions
    for method in METHODS:
        with pytest.raises(MethodError, match="AlexNet has no class “cactus”"):
            comparison["alexnet", method]
        cell = comparison.cell("alexnet", method)
        assert cell.image is None and "no class “cactus”" in cell.caption
        found = comparison["cactinet", method]
        assert isinstance(found, cv.Attribution)
        assert (found.class_index, found.class_name) == (1, "cactus")
    assert isinstance(comparison["alexnet", "filters"], cv.FilterGrid)
    assert {f["method"] for f in comparison.to_json()["failures"]} == set(METHODS)
    kept = {"alexnet/filters", "cactinet/filters", *(f"cactinet/{method}" for method in METHODS)}
    assert set(comparison.arrays()) == kept


def test_a_layer_that_one_network_lacks_fails_where_it_is_needed_only(
    alexnet: cv.LoadedModel, cactinet: cv.LoadedModel, both: cv.Comparison
) -> None:
    comparison = cv.compare("sample:chelsea", [alexnet, cactinet], METHODS, layer="features.2")
    assert comparison.explanations["alexnet"].failures == {}
    assert list(comparison.explanations["cactinet"].failures) == ["grad_cam"]
    assert "features.2" in comparison.explanations["cactinet"].failures["grad_cam"]
    for method in ("saliency", "guided_backprop"):
        expected = values(both, "cactinet", method)
        assert np.array_equal(values(comparison, "cactinet", method), expected)


def test_a_layer_without_rows_and_columns_is_told(alexnet: cv.LoadedModel) -> None:
    comparison = cv.compare("sample:chelsea", [alexnet], ["grad_cam"], layer="classifier.1")
    assert "no rows and columns" in comparison.explanations["alexnet"].failures["grad_cam"]


def test_an_ambiguous_name_names_both_classes(alexnet: cv.LoadedModel) -> None:
    names = alexnet.spec.class_names
    assert [i for i, name in enumerate(names) if name.casefold() == "cardigan"] == [*CARDIGANS]
    comparison = cv.compare("sample:chelsea", [alexnet], ["grad_cam"], target="CARDIGAN")
    assert re.search(r"\b264 and 474\b", comparison.explanations["alexnet"].failures["grad_cam"])


def test_a_misspelt_name_is_answered_with_those_near_it(alexnet: cv.LoadedModel) -> None:
    for wrong, near in (
        ("egyptian cats", "is Egyptian cat"),
        ("tabbi", "is tabby"),
        ("norfich terrier", "are Norwich terrier and Norfolk terrier"),
    ):
        with pytest.raises(TargetError, match=f"; near it {near}\\.$"):
            find_class(alexnet.spec, wrong)


@pytest.mark.parametrize("wrong", ["cactus", "saguaro", "cat", "qqqqqqqqqqqq"])
def test_what_only_sounds_alike_is_not_called_near(wrong: str, alexnet: cv.LoadedModel) -> None:
    with pytest.raises(TargetError, match=f"AlexNet has no class “{wrong}”\\.$"):
        find_class(alexnet.spec, wrong)


@pytest.mark.parametrize("wrong", [-1, 1000, "1000", "-1", "", "class 3", "9" * 5000])
def test_a_class_that_is_not_there_is_told_in_a_sentence(
    wrong: int | str, alexnet: cv.LoadedModel
) -> None:
    with pytest.raises(TargetError, match=r"AlexNet has no class .*\.$"):
        find_class(alexnet.spec, wrong)


def test_the_edges_of_what_is_a_class(alexnet: cv.LoadedModel, cactinet: cv.LoadedModel) -> None:
    assert find_class(alexnet.spec, None) is None
    assert find_target(alexnet.spec, cv.Target()) == (None, None)
    assert find_class(alexnet.spec, 0) == 0
    assert find_class(alexnet.spec, 999) == 999
    assert find_class(alexnet.spec, " Egyptian Cat ") == 285
    assert find_class(cactinet.spec, "CACTUS") == 1
    with pytest.raises(TargetError, match="it has 0 to 1"):
        find_class(cactinet.spec, 2)


def test_a_network_given_twice_is_refused(alexnet: cv.LoadedModel) -> None:
    for models in ([alexnet, alexnet], [alexnet, "alexnet"], []):
        with pytest.raises(ModelError, match="own name"):
            cv.compare("sample:chelsea", models, ["grad_cam"], untrained=True)


def test_what_is_unknown_is_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch, alexnet: cv.LoadedModel
) -> None:
    monkeypatch.setattr(compare_module, "explain", None)
    with pytest.raises(MethodError, match=r"grad_cam, saliency, guided_backprop, .*, filters"):
        cv.compare("sample:chelsea", [alexnet], ["grad_cam", "gradcam"])
    with pytest.raises(MethodError):
        cv.compare("sample:chelsea", [alexnet], [])
    with pytest.raises(ModelError, match="there are efficientnet_lite0"):
        cv.compare("sample:chelsea", ["alexnett"], ["grad_cam"])
    with pytest.raises(PictureError, match="is not a sample"):
        cv.compare("sample:nobody", [alexnet], ["grad_cam"])


def test_what_was_not_asked_for_is_told(both: cv.Comparison, alexnet: cv.LoadedModel) -> None:
    with pytest.raises(ModelError, match="“resnet152” isn't in this comparison"):
        both["resnet152", "grad_cam"]
    one = cv.compare("sample:chelsea", [alexnet], ["grad_cam"])
    with pytest.raises(MethodError, match="“saliency” wasn't computed"):
        one["alexnet", "saliency"]


def test_a_cancelled_comparison_ends_at_once(
    alexnet: cv.LoadedModel, cactinet: cv.LoadedModel
) -> None:
    cancel = threading.Event()
    reached = []

    def report(what: str, done: int, total: int | None) -> None:
        reached.append(what)
        if what == "cactinet":
            cancel.set()

    with pytest.raises(Cancelled):
        cv.compare(
            "sample:chelsea", [cactinet, alexnet], ["grad_cam"], report=report, cancel=cancel
        )
    assert reached == ["cactinet"]


def test_the_report_counts_the_networks(alexnet: cv.LoadedModel, cactinet: cv.LoadedModel) -> None:
    told: list[tuple[str, int, int | None]] = []
    cv.compare("sample:chelsea", [alexnet, cactinet], ["filters"], report=lambda *t: told.append(t))
    assert told == [("alexnet", 0, 2), ("cactinet", 1, 2), ("done", 2, 2)]


# --- what is saved ----------------------------------------------------------------------------


def test_the_json_has_the_form_promised(both: cv.Comparison) -> None:
    report = json.loads(json.dumps(both.to_json(), allow_nan=False))
    assert set(report) == {"picture", "predictions", "explanations", "failures"}
    assert report["picture"] == {
        "name": "chelsea",
        "source": both.picture.source,
        "sha256": both.picture.sha256,
        "size": [300, 451],
    }
    assert list(report["predictions"]) == ["alexnet", "cactinet"]
    for model, count in (("alexnet", 5), ("cactinet", 2)):
        prediction = report["predictions"][model]
        assert set(prediction) == {"untrained", "stranger", "top"}
        assert prediction["untrained"] is True
        assert len(prediction["top"]) == count
        for answer in prediction["top"]:
            assert set(answer) == {"class_index", "class_name", "logit", "probability"}
        shares = [answer["probability"] for answer in prediction["top"]]
        assert shares == sorted(shares, reverse=True) and 0 < shares[-1] < shares[0] < 1
    assert sum(a["probability"] for a in report["predictions"]["cactinet"]["top"]) == pytest.approx(
        1
    )
    assert {answer["class_name"] for answer in report["predictions"]["cactinet"]["top"]} == {
        "cactus",
        "no cactus",
    }
    assert len(report["explanations"]) == 2 * len(METHODS)
    for attribution in report["explanations"]:
        assert set(attribution) == {
            *("model", "method", "class_index", "class_name", "logit", "probability"),
            *("grid", "min", "max", "seconds", "notes", "layer", "layer_grid", "against"),
        }
        top = report["predictions"][attribution["model"]]["top"][0]
        assert {key: attribution[key] for key in top} == top
    assert report["failures"] == []


def test_the_answers_are_the_networks_largest_logits(
    both: cv.Comparison, alexnet: cv.LoadedModel
) -> None:
    with torch.no_grad():
        logits = alexnet.module(preprocess(both.picture, alexnet.spec.preprocessing))[0].numpy()
    answers = both.explanations["alexnet"].predictions
    order = np.argsort(-logits)[:5]
    assert [answer.class_index for answer in answers] == order.tolist()
    np.testing.assert_allclose([a.logit for a in answers], logits[order], rtol=1e-4)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose([a.probability for a in answers], shares[order], rtol=1e-4)
    assert [a.class_name for a in answers] == [alexnet.spec.class_names[i] for i in order]


def test_the_npz_holds_each_raw_array_and_the_json_its_range(
    both: cv.Comparison, tmp_path: Path
) -> None:
    both.save_npz(tmp_path / "maps.npz")
    report = both.to_json()
    with np.load(tmp_path / "maps.npz") as saved:
        views = [f"{m}/{v}" for m in ("alexnet", "cactinet") for v in VIEWS]
        assert sorted(saved.files) == sorted(views)
        for attribution in report["explanations"]:
            model, method = attribution["model"], attribution["method"]
            array = saved[f"{model}/{method}"]
            assert array.dtype == np.float32
            assert np.array_equal(array, values(both, model, method))
            assert attribution["grid"] == list(array.shape[-2:])
            assert (attribution["min"], attribution["max"]) == (array.min(), array.max())
        assert saved["alexnet/grad_cam"].shape == (13, 13)
        assert saved["cactinet/grad_cam"].shape == (8, 8)
        assert saved["alexnet/saliency"].shape == (3, 224, 224)
        assert saved["alexnet/filters"].shape == (64, 3, 11, 11)


def test_maps_of_a_network_in_double_precision_stay_so() -> None:
    comparison = cv.compare(
        "sample:chelsea", ["cactinet"], ["grad_cam"], untrained=True, dtype=torch.float64
    )
    assert comparison.arrays()["cactinet/grad_cam"].dtype == np.float64


# --- what is painted --------------------------------------------------------------------------


def test_a_caption_says_scale_and_range(both: cv.Comparison) -> None:
    for model in both.models:
        for method in METHODS:
            raw = values(both, model, method)
            painted = np.abs(raw).max(axis=0) if method == "saliency" else raw
            caption = both.cell(model, method).caption
            assert "own scale" in caption
            assert caption.endswith(f"min {shown(painted.min())} max {shown(painted.max())}")


def shown(value: float) -> str:
    """A number as the captions print it."""
    return "0" if value == 0 else number(float(value))


def test_a_cell_is_painted_by_the_maps_own_largest_value(both: cv.Comparison) -> None:
    for model in both.models:
        raw = values(both, model, "grad_cam")
        expected = paint.paint(
            both.picture,
            raw,
            both.explanations[model].seen,
            display="overlay",
            vmax=float(raw.max()),
            size=(160, 240),
        )
        image = both.cell(model, "grad_cam").image
        assert image is not None
        assert np.array_equal(image, expected)


def test_a_shared_scale_paints_all_networks_against_the_same_value(both: cv.Comparison) -> None:
    largest = {model: float(values(both, model, "grad_cam").max()) for model in both.models}
    low, high = sorted(largest, key=lambda model: largest[model])
    assert largest[low] < 0.9 * largest[high], "too alike to tell the scales apart"
    for model in both.models:
        cell = both.cell(model, "grad_cam", scale="shared")
        assert f"shared scale, full colour at {shown(largest[high])} " in cell.caption
        assert f"max {shown(largest[model])}" in cell.caption
    expected = paint.paint(
        both.picture,
        values(both, low, "grad_cam"),
        both.explanations[low].seen,
        display="overlay",
        vmax=largest[high],
        size=(160, 240),
    )
    own, shared = both.cell(low, "grad_cam").image, both.cell(low, "grad_cam", scale="shared").image
    assert own is not None and shared is not None
    assert np.array_equal(shared, expected)
    assert not np.array_equal(shared, own)
    first, second = both.cell(high, "grad_cam"), both.cell(high, "grad_cam", scale="shared")
    assert first.image is not None and second.image is not None
    assert np.array_equal(first.image, second.image)


def test_a_shared_scale_is_one_methods_never_anothers(both: cv.Comparison) -> None:
    vmax = {
        method: {
            re.search(r"(?:at|±) ?(\S+) ·", both.cell(m, method, scale="shared").caption)[1]  # type: ignore[index]
            for m in both.models
        }
        for method in METHODS
    }
    assert all(len(found) == 1 for found in vmax.values())
    assert len(set.union(*vmax.values())) == len(METHODS)


def test_a_scale_or_palette_that_is_not_there_is_refused(both: cv.Comparison) -> None:
    with pytest.raises(cv.CactivizError, match="shred"):
        both.cell("alexnet", "grad_cam", scale="shred")  # type: ignore[arg-type]
    with pytest.raises(cv.CactivizError, match="rainbow"):
        both.cell("alexnet", "grad_cam", palette="rainbow")


def find(sheet: Image.Image, image: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Where, as (top, left), the image stands in the sheet, pixel for pixel."""
    whole = np.asarray(sheet)
    score = cv2.matchTemplate(whole[..., 1], image[..., 1].copy(), cv2.TM_SQDIFF)  # green
    found = zip(*np.nonzero(score <= max(float(score.min()), 1) * 2), strict=True)
    height, width = image.shape[:2]
    return [
        (int(y), int(x))
        for y, x in found
        if np.array_equal(whole[y : y + height, x : x + width], image)
    ]


@pytest.mark.parametrize("scale", paint.SCALES)
def test_the_sheet_holds_each_cell_where_its_row_and_column_cross(
    scale: paint.Scale, both: cv.Comparison
) -> None:
    sheet = both.sheet(scale=scale, palette="viridis")
    assert sheet.mode == "RGB"
    places: dict[tuple[str, str], tuple[int, int]] = {}
    for model in both.models:
        for method in both.methods:
            cell = both.cell(model, method, scale=scale, palette="viridis")
            assert cell.image is not None and cell.image.std() > 1
            (places[model, method],) = find(sheet, cell.image)
    for method in both.methods:
        assert places["alexnet", method][0] == places["cactinet", method][0]
        assert places["alexnet", method][1] < places["cactinet", method][1]
    tops = [places["alexnet", method][0] for method in both.methods]
    assert tops == sorted(tops) and len(set(tops)) == len(VIEWS)


def test_a_network_without_training_says_so_everywhere(
    both: cv.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Column] = []
    draw = comparison_module.draw_sheet

    def spy(picture: cv.Picture, columns: list[Column], *rest: Any, **more: Any) -> Image.Image:
        drawn.extend(columns)
        image: Image.Image = draw(picture, columns, *rest, **more)
        return image

    monkeypatch.setattr(comparison_module, "draw_sheet", spy)
    both.sheet()
    assert [column.title for column in drawn] == ["AlexNet (untrained)", "CactiNet (untrained)"]
    assert all("random weights" in column.message for column in drawn)
    assert [explanation.title for explanation in both.explanations.values()] == [
        c.title for c in drawn
    ]
    for attribution in both.to_json()["explanations"]:
        assert any(note.startswith("Untrained: ") for note in attribution["notes"])


def test_a_trained_network_is_not_called_untrained(
    tmp_path: Path, cactinet: cv.LoadedModel
) -> None:
    torch.save(cactinet.module.state_dict(), tmp_path / "c.pth")
    own = cv.Checkpoint("mine", "cactinet", tmp_path / "c.pth")
    comparison = cv.compare("sample:chelsea", [own, cactinet], ["saliency"], untrained=True)
    assert comparison.explanations["mine"].title == "mine"
    report = comparison.to_json()
    assert report["predictions"]["mine"]["untrained"] is False
    assert report["predictions"]["cactinet"]["untrained"] is True
    mine, theirs = report["explanations"]
    assert not [note for note in mine["notes"] if "ntrained" in note]
    assert [note for note in theirs["notes"] if "ntrained" in note]
    assert np.array_equal(
        values(comparison, "mine", "saliency"), values(comparison, "cactinet", "saliency")
    )


def test_the_notes_tell_where_guiding_leaves_the_paper(both: cv.Comparison) -> None:
    notes = {(e.model, e.method): " ".join(e.notes) for e in both.attributions()}
    assert "adapted" in notes["cactinet", "guided_backprop"]
    assert "adapted" not in notes["alexnet", "guided_backprop"]
    assert "adapted" not in notes["cactinet", "saliency"]


def test_a_map_of_one_square_says_that_it_cannot_say_where(cactinet: cv.LoadedModel) -> None:
    for layer, side in (("stages.6", 2), ("stages.6.0.excite.expand", 1)):
        found = cv.compare("sample:chelsea", [cactinet], ["grad_cam"], layer=layer)
        (attribution,) = found.attributions()
        assert attribution.grid == (side, side)
        assert ("1 x 1, so it can't say where" in " ".join(attribution.notes)) == (side == 1)


def test_no_positive_evidence_is_told_and_left_unpainted(
    cactinet: cv.LoadedModel, both: cv.Comparison
) -> None:
    # Of the two opposite scores at a layer after a ReLU one may well have nothing; here it's made.
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 8, 8),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
    )
    network.append(torch.nn.Linear(4, 3)).eval()
    with torch.no_grad():
        network[4].weight[0] = -1.0
        network[4].weight[1] = 1.0
    spec = cv.MODELS["cactinet"]
    changes: dict[str, Any] = {"class_names": ("less", "more", "other"), "logits": 3, "name": "toy"}
    toy = cv.LoadedModel(replace(spec, **changes), network, untrained=False, revision="toy")
    for target, count in (("less", 0), ("more", 1)):
        comparison = cv.compare("sample:chelsea", [toy], ["grad_cam"], target=target, layer="1")
        (attribution,) = comparison.attributions()
        assert bool((attribution.values > 0).any()) == bool(count)
        told = [note for note in attribution.notes if note.startswith("No positive evidence")]
        assert len(told) == 1 - count
        cell = comparison.cell("toy", "grad_cam")
        assert ("no positive evidence" in cell.caption) == (count == 0)
        assert cell.image is not None
        is_grey = (cell.image == cell.image[..., :1]).all()
        assert is_grey == (count == 0)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a/b\\c", "猫\n\t猫", "x" * 5000])
def test_a_pictures_name_is_never_more_than_a_name(name: str, cactinet: cv.LoadedModel) -> None:
    picture = cv.Picture(cv.open_picture("sample:chelsea").rgb, name=name)
    comparison = cv.compare(picture, [cactinet], ["grad_cam"])
    report = json.loads(json.dumps(comparison.to_json()))
    assert report["picture"]["name"] == name
    sheet = comparison.sheet()
    image = comparison.cell("cactinet", "grad_cam").image
    assert image is not None
    assert len(find(sheet, image)) == 1
    assert sheet.size[1] < 1000


def test_what_was_measured_of_a_networks_maps_stands_beside_them_and_only_there() -> None:
    loaded = cv.load_model("cactinet", untrained=True)
    said = "Measured here: it finds nothing."
    known = replace(loaded, untrained=False, spec=replace(loaded.spec, cautions={"grad_cam": said}))
    cat = cv.open_picture("sample:chelsea")
    explanation = cv.explain(known, cat, ["grad_cam", "layer_cam"])
    assert said in explanation.attributions["grad_cam"].notes
    assert said not in explanation.attributions["layer_cam"].notes
    untrained = cv.explain(
        replace(known, untrained=True), cv.open_picture("sample:chelsea"), ["grad_cam"]
    )
    assert said not in untrained.attributions["grad_cam"].notes
