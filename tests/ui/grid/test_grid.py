"""What the browser is told of a comparison, and what it may say."""

from __future__ import annotations

import base64
import gc
import json
import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.comparison.comparison import Comparison
from cactiviz.recipes.request import Style
from cactiviz.rendering import paint
from cactiviz.types import Box
from cactiviz.ui.components import loader
from cactiviz.ui.grid import component, encoding
from cactiviz.ui.grid import component as grid
from cactiviz.ui.grid import texts as grid_texts
from cactiviz.ui.grid.component import event
from tests.fixtures.grid_case import (
    FAILED,
    HOSTILE,
    METHOD_FAILED,
    NETWORKS,
    VIEWS,
    answers,
    comparison,
    explanation,
)


@pytest.fixture(scope="module")
def made() -> Comparison:
    return comparison()


@pytest.fixture(scope="module")
def told(made: Comparison) -> dict[str, Any]:
    return grid.payload(made)


def cell(told: dict[str, Any], network: str, view: str) -> dict[str, Any]:
    found: dict[str, Any] = told["cells"][VIEWS.index(view)][NETWORKS.index(network)]
    return found


def pixels(address: str) -> NDArray[np.uint8]:
    """Gray, or red, green, blue; channels last."""
    coded = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
    found = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
    return np.asarray(found if found.ndim == 2 else found[..., ::-1], np.uint8)


def test_a_heat_map_goes_as_its_values(made: Comparison, told: dict[str, Any]) -> None:
    values = made.explanations["alexnet"].attributions["grad_cam"].values
    sent = cell(told, "alexnet", "grad_cam")
    assert sent["display"] == "overlay" and sent["grid"] == [7, 9]
    assert np.allclose(np.reshape(sent["values"], (7, 9)), values, rtol=5e-4)
    assert sent["sum"] == pytest.approx(values.sum()) and sent["most"] == pytest.approx(
        values.max()
    )
    assert cell(told, "alexnet", "hires_cam")["display"] == "diverging"


def test_a_fine_heat_map_is_averaged() -> None:
    one = explanation("alexnet", "A", Box(0, 0, 1, 1), seed=3).attributions["grad_cam"]
    fine = replace(one, values=np.kron(np.arange(4.0).reshape(2, 2), np.ones((64, 64))))
    body = encoding.piece(fine).body
    assert body["grid"] == [64, 64] and set(body["values"]) == {0.0, 1.0, 2.0, 3.0}
    assert body["sum"] == fine.values.sum(), "shares are those of the map as it was"


def test_sizes_come_back_from_their_levels(made: Comparison, told: dict[str, Any]) -> None:
    values = made.explanations["alexnet"].attributions["saliency"].values
    sizes = np.abs(values).max(axis=0)
    sent = cell(told, "alexnet", "saliency")
    levels = pixels(sent["src"])
    assert levels.shape == sizes.shape
    back = sent["most"] * (levels / 255) ** 2
    # Half a level of the root of the share: the error grows with the root of the value.
    bound = sent["most"] * (np.sqrt(sizes / sent["most"]) / 255 + 0.25 / 255**2)
    assert (np.abs(back - sizes) <= 1.001 * bound).all()


def test_signs_come_back_from_a_jpeg(made: Comparison, told: dict[str, Any]) -> None:
    values = made.explanations["alexnet"].attributions["guided_backprop"].values
    sent = cell(told, "alexnet", "guided_backprop")
    assert sent["src"].startswith("data:image/jpeg;")
    sides = pixels(sent["src"]).transpose(2, 0, 1).astype(float) - encoding.MIDDLE
    back = sent["most"] * np.sign(sides) * (sides / encoding.LEVELS) ** 2
    vmax = sent["full"]["own"]
    painted = [127 * np.clip(one / vmax, -1, 1) for one in (back, values)]
    assert np.abs(painted[0] - painted[1]).mean() < 4, "of 127 levels, before cells average them"


def test_many_zeros_stay_zeros() -> None:
    one = explanation("alexnet", "A", Box(0, 0, 1, 1), seed=3).attributions["guided_backprop"]
    values = one.values.copy()
    values[:, :100] = 0
    sent = encoding.piece(replace(one, values=values)).body["src"]
    assert sent.startswith("data:image/png;")
    assert (pixels(sent)[:100] == encoding.MIDDLE).all()


@pytest.mark.parametrize("scale", paint.SCALES)
def test_scales_and_captions_are_the_comparisons(
    made: Comparison, told: dict[str, Any], scale: paint.Scale
) -> None:
    for view in VIEWS[:4]:
        for network in ("alexnet", "cactinet"):
            sent = cell(told, network, view)
            whole = made.cell(network, view, scale=scale)
            if whole.image is None:
                assert sent["why"] == whole.caption
                continue
            assert sent["captions"][scale] == whole.caption
            shown = [e.values for e in made.attributions() if e.method == view]
            values = made.explanations[network].attributions[view].values
            maps = paint.on_one_scale(values, shown, scale)
            assert sent["full"][scale] == paint.vmax_of(maps, sent["display"], scale)


def test_a_shared_scale_follows_another_network(made: Comparison) -> None:
    """What is kept of an explanation must not keep the company it was in."""
    alone = replace(
        made, models=("alexnet",), explanations={"alexnet": made.explanations["alexnet"]}
    )
    both = replace(made, models=("alexnet", "cactinet"))
    vmax = [
        grid.payload(one)["cells"][0][0]["full"]["shared"] for one in (alone, both, alone, both)
    ]
    assert vmax[0] == vmax[2] < vmax[1] == vmax[3]


def test_filters_come_painted(made: Comparison, told: dict[str, Any]) -> None:
    sent = cell(told, "cactinet", "filters")
    kernels = made.explanations["cactinet"].filters
    assert kernels is not None and sent["display"] == "picture"
    assert (pixels(sent["src"]) == paint.paint_filters(kernels.kernels, 320)).all()
    assert sent["caption"] == made.cell("cactinet", "filters").caption


def test_waiting_failed_and_a_method_that_failed(told: dict[str, Any]) -> None:
    columns = dict(zip(NETWORKS, told["columns"], strict=True))
    assert columns["resnet152"]["why"] == FAILED and not columns["resnet152"]["waiting"]
    assert columns["densenet121"]["waiting"] and not columns["densenet121"]["why"]
    assert all(cell(told, "densenet121", view) is None for view in VIEWS)
    assert cell(told, "cactinet", "guided_backprop") == {"why": METHOD_FAILED}
    assert "why" not in cell(told, "cactinet", "saliency")


def test_values_that_are_no_numbers_leave_a_sentence(made: Comparison) -> None:
    one = made.explanations["alexnet"]
    broken = replace(one.attributions["grad_cam"], values=np.full((2, 2), np.nan))
    changed = replace(one, attributions={**one.attributions, "grad_cam": broken})
    told = grid.payload(replace(made, explanations={"alexnet": changed}))
    assert "can't be painted" in cell(told, "alexnet", "grad_cam")["why"]
    assert "why" not in cell(told, "alexnet", "saliency")


def test_words_for_those_who_can_not_see_it(told: dict[str, Any]) -> None:
    part = cell(told, "alexnet", "grad_cam")["alt"]
    assert part.startswith(f"Grad-CAM of {HOSTILE} for “{HOSTILE}”: brightest ")
    assert part.endswith(" of what it saw")
    assert cell(told, "cactinet", "grad_cam")["alt"].endswith(" of the picture")


def test_seen_is_a_share_of_the_picture(told: dict[str, Any]) -> None:
    top, left, height, width = told["columns"][0]["seen"]
    assert (top, height) == (pytest.approx(0.0625), pytest.approx(0.875))
    assert left == pytest.approx((1 - width) / 2, abs=1e-4) and width < height
    assert told["columns"][1]["seen"] == (0, 0, 1, 1)


def saw(made: Comparison, **boxes: Box) -> Comparison:
    """The comparison with other networks' views of its picture, which is 300 x 451 pixels."""
    one = made.explanations["cactinet"]
    seen = {name: replace(one, seen=box) for name, box in boxes.items()}
    return replace(made, models=tuple(boxes), explanations=seen)


def test_only_what_some_network_saw_is_shown_in_whole_pixels(made: Comparison) -> None:
    height, width = made.picture.size
    whole = Box(0, 0, height, width)
    assert component.seen_by_any(replace(made, explanations={})) == whole
    assert component.seen_by_any(made) == whole  # CactiNet saw all of it
    few = saw(made, a=Box(12.5, 80.25, 100.0, 60.5), b=Box(40, 60.75, 99.25, 30))
    assert component.seen_by_any(few) == Box(12, 60, 128, 81)  # to 139.25 and 140.75
    # A millionth of a pixel is no pixel more; what lies outside of the picture isn't shown.
    rounded = saw(made, a=Box(10 - 1e-9, 20 + 1e-9, 50 + 2e-9, 40 - 2e-9))
    assert component.seen_by_any(rounded) == Box(10, 20, 50, 40)
    assert component.seen_by_any(saw(made, a=Box(-9, -9, height + 18, width + 18))) == whole


@pytest.mark.parametrize(
    ("seen", "shares"),
    [
        (Box(10, 20, 50, 40), (0, 0, 1, 1)),
        (Box(20, 30, 25, 10), (0.2, 0.25, 0.5, 0.25)),
        (Box(0, 0, 300, 451), (0, 0, 1, 1)),
        (Box(50, 50, 100, 100), (0.8, 0.75, 0.2, 0.25)),
    ],
)
def test_what_a_network_saw_is_a_share_of_what_is_shown(
    seen: Box, shares: tuple[float, ...]
) -> None:
    assert component._shares(seen, Box(10, 20, 50, 40)) == pytest.approx(shares)


def test_the_picture_is_cut_where_no_network_saw_it(made: Comparison) -> None:
    part = saw(made, a=Box(30, 100, 200, 150), b=Box(30, 100, 200, 75))
    shown = grid.payload(part)
    assert shown["picture"]["size"] == [200, 150]
    assert shown["picture"]["part"] == grid_texts.SEEN_OF_IT
    assert [column["seen"] for column in shown["columns"]] == [(0, 0, 1, 1), (0, 0, 1, 0.5)]
    sent = pixels(shown["picture"]["large"]).astype(float)
    there = made.picture.rgb[30:230, 100:250]
    assert sent.shape == there.shape and np.abs(sent - there).mean() < 3, "JPEG changes a little"
    all_of_it = grid.payload(made)["picture"]
    assert all_of_it["size"] == list(made.picture.size) and not all_of_it["part"]
    assert all_of_it["id"] != shown["picture"]["id"]


def test_a_network_that_says_otherwise_has_a_badge(made: Comparison) -> None:
    one = made.explanations["cactinet"]
    other = replace(one, predictions=answers(0, 0.9)[1:])
    few = replace(
        made, models=("a", "b", "c"), explanations={"a": one, "b": other, "c": one}, failures={}
    )
    badges = [column["badge"] for column in grid.payload(few)["columns"]]
    assert badges == ["", grid_texts.SAYS_OTHERWISE, ""]


def test_before_and_now(made: Comparison) -> None:
    before = (*answers(0.1, 0.2, 0.6), *answers(0, 0, 0, 0.08)[3:])
    before = tuple(sorted(before, key=lambda answer: -answer.probability))
    shown = grid.payload(made, before={"alexnet": before})["columns"][0]["answers"]
    assert [one["before"] for one in shown] == [0.1, 0.2, 0.6]
    assert shown[0]["change"] == "10 % → 60 %"
    # Its first answer before is now the last of four: it is shown in place of the third.
    fell = tuple(answers(0, 0, 0, 0.9)[3:])
    shown = grid.payload(made, before={"alexnet": fell})["columns"][0]["answers"]
    assert [one["change"] for one in shown] == ["<90 % → 60 %", "<90 % → 30 %", "90 % → 3 %"]
    assert shown[0]["before"] is None
    assert "change" not in grid.payload(made)["columns"][0]["answers"][0]


def test_offers_only_while_few_are_compared(made: Comparison) -> None:
    offers = [{"name": "xception", "title": HOSTILE, "text": "Add"}]
    assert grid.payload(made, offers=offers)["offers"] == []
    three = replace(made, models=("alexnet", "cactinet", "resnet152"))
    assert grid.payload(three, offers=offers)["offers"] == []
    few = replace(made, models=("alexnet", "cactinet"))
    assert grid.payload(few, offers=offers)["offers"][0]["title"] == HOSTILE


def test_it_is_json_and_the_same_each_time(made: Comparison, told: dict[str, Any]) -> None:
    file = grid.Download("a.png", "image/png", b"\0\xff", 3)
    again = grid.payload(made, download=file)
    assert json.loads(json.dumps(again))["download"]["data"] == base64.b64encode(b"\0\xff").decode()
    assert {**again, "download": None} == told


def test_encoded_once_and_let_go() -> None:
    mine = comparison(("alexnet", "cactinet"))
    grid.payload(mine)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        grid.payload(mine)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.01
    kept = len(encoding._encoded)
    del mine
    gc.collect()
    assert len(encoding._encoded) <= kept - 7


@pytest.mark.parametrize(
    "said",
    [
        *(None, "export", 3, [], {}, {"kind": "export"}, {"kind": "export", "value": ["png"]}),
        *({"kind": "export", "value": "exe"}, {"kind": "delete", "value": "png"}),
        *({"kind": "add", "value": "xception"}, {"kind": ["add"], "value": "alexnet"}),
    ],
)
def test_nonsense_from_a_browser_is_no_event(said: object) -> None:
    assert event(said, {"alexnet"}) is None


def test_an_event_carries_a_look_that_there_is() -> None:
    style = {"scale": "rank", "palette": "../etc", "strength": float("nan")}
    found = event({"kind": "export", "value": "gif", "look": style}, set())
    assert found == grid.Event("export", "gif", Style("rank", "inferno", 0.5))
    assert event({"kind": "add", "value": "alexnet", "look": 7}, {"alexnet"}) == grid.Event(
        "add", "alexnet", Style()
    )
    assert event({"kind": "trust", "value": "x"}, set()) == grid.Event("trust", "", Style())


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), "much", None, True, [0.5], 10**400])
def test_a_strength_out_of_range_is_the_first_one(strength: object) -> None:
    assert grid.style_from({"strength": strength}) == Style()
    with pytest.raises(ValueError, match="no such style"):
        Style(strength=2.0)


def test_the_files_are_one_module_that_never_writes_html() -> None:
    script = component._tables() + loader.text("grid", component._SCRIPTS)
    sheet = loader.text("grid", component._SHEETS)
    assert script.count("export default") == 1
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script
    assert "http://" not in script + sheet and "https://" not in script + sheet
