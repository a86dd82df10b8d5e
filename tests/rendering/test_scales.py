from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cactiviz.comparison.compare import Comparison
from cactiviz.errors import CactivizError
from cactiviz.rendering import scales
from cactiviz.types import Box, Picture

RELATIVE: tuple[scales.Scale, ...] = ("rank", "evidence")


def test_tied_ranks_share_their_mean() -> None:
    # In order: 1 1 1 | 4 | 6 6 on places 0 1 2 | 3 | 4 5, of 5.
    values = np.array([[6.0, 1.0, 4.0], [1.0, 1.0, 6.0]])
    expected = [[4.5 / 5, 1 / 5, 3 / 5], [1 / 5, 1 / 5, 4.5 / 5]]
    assert scales.ranks(values) == pytest.approx(np.array(expected))
    assert scales.scaled(values, "overlay", "rank") == pytest.approx(np.array(expected))


def test_ranks_go_from_0_to_1() -> None:
    values = np.random.default_rng(0).permutation(30).reshape(5, 6).astype(np.float32)
    assert scales.ranks(values) == pytest.approx(values / 29)
    assert scales.ranks(np.array([[3.0]])).tolist() == [[0.0]]


def test_a_zero_stays_zero_among_ranks() -> None:
    values = np.array([[0.0, 0.0, 1.0, 2.0]])
    assert scales.ranks(values).tolist() == [[0.5 / 3, 0.5 / 3, 2 / 3, 1]]
    for display in scales.DISPLAYS:
        assert scales.scaled(values, display, "rank").tolist() == [[0, 0, 2 / 3, 1]]


def test_below_zero_there_are_no_ranks_in_an_overlay() -> None:
    values = np.array([[-5.0, -1.0, 1.0, 2.0]])
    assert scales.scaled(values, "overlay", "rank").tolist() == [[0, 0, 2 / 3, 1]]
    assert scales.vmax_of([-abs(values)], "overlay", "rank") == 0
    assert not scales.scaled(-abs(values), "overlay", "rank").any()


def test_signed_ranks_are_those_of_the_size() -> None:
    values = np.array([[-3.0, 1.0], [2.0, 0.0]])
    expected = np.array([[-1, 1 / 3], [2 / 3, 0]])
    for display in ("diverging", "signed"):
        assert scales.scaled(values, display, "rank") == pytest.approx(expected)
    assert scales.scaled(values, "magnitude", "rank") == pytest.approx(abs(expected))
    two = np.array([[-2.0, 2.0]])  # one size, but not one value
    assert scales.scaled(two, "signed", "rank").tolist() == [[-0.5, 0.5]]


def test_magnitudes_are_ranked_after_the_channel_maximum() -> None:
    values = np.array([[[-4.0, 0.5]], [[1.0, -1.0]], [[0.0, 0.0]]])
    assert scales.scaled(values, "magnitude", "rank").tolist() == [[1, 0]]
    assert scales.scaled(values, "magnitude", "evidence").tolist() == [[0.8, 0.2]]


@pytest.mark.parametrize("display", scales.DISPLAYS)
@pytest.mark.parametrize("value", [-2.0, 0.0, 1e-30, 3.0])
def test_a_constant_map_has_no_ranks(display: scales.Display, value: float) -> None:
    values = np.full((3, 3), value)
    assert scales.vmax_of([values], display, "rank") == 0
    assert not scales.scaled(values, display, "rank").any()


def test_the_full_rank_is_1_even_if_none_reaches_it() -> None:
    assert scales.vmax_of([np.array([[1.0, 2.0, 2.0]])], "overlay", "rank") == 1


@pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30, 1e300])
@pytest.mark.parametrize("display", scales.DISPLAYS)
def test_shares_add_up_to_1(display: scales.Display, factor: float) -> None:
    shape = (3, 9, 9) if display in ("magnitude", "signed") else (9, 9)
    values = np.random.default_rng(1).normal(size=shape) * factor
    shares = scales.scaled(values, display, "evidence")
    assert np.abs(shares).sum() == pytest.approx(1)
    shown = scales.unscaled(values, display)
    if display == "overlay":
        assert (shares[shown < 0] == 0).all() and (shares[shown > 0] > 0).all()
    else:
        assert np.array_equal(np.sign(shares), np.sign(shown))


def test_a_sum_too_large_for_a_float_still_has_shares() -> None:
    values = np.array([[1.5e308, 0.5e308], [0.5e308, 0.5e308]])
    assert scales.scaled(values, "overlay", "evidence") == pytest.approx(
        np.array([[0.5, 1 / 6], [1 / 6, 1 / 6]])
    )


def test_shares_by_hand() -> None:
    values = np.array([[-2.0, 1.0], [3.0, 4.0]])
    assert scales.scaled(values, "overlay", "evidence") == pytest.approx(
        np.array([[0, 1 / 8], [3 / 8, 4 / 8]])
    )
    assert scales.scaled(values, "diverging", "evidence") == pytest.approx(values / 10)
    assert scales.vmax_of([values, 7 * values], "overlay", "evidence") == 0.5
    assert scales.vmax_of([-values], "diverging", "evidence") == pytest.approx(0.4)


@pytest.mark.parametrize("scale", scales.SCALES)
@pytest.mark.parametrize("display", scales.DISPLAYS)
def test_zeros_have_neither_scale_nor_share(display: scales.Display, scale: scales.Scale) -> None:
    zero = np.zeros((3, 3), np.float32)
    assert not scales.scaled(zero, display, scale).any()
    assert scales.vmax_of([zero, -zero], display, scale) == 0
    assert scales.vmax_of([], display, scale) == 0


@pytest.mark.parametrize("scale", ["own", "shared"])
def test_own_and_shared_leave_the_values_alone(scale: scales.Scale) -> None:
    values = np.array([[-2.0, 1.0]], np.float32)
    for display in ("overlay", "diverging", "signed"):
        assert scales.scaled(values, display, scale).tolist() == [[-2, 1]]


def test_a_signed_map_is_full_at_its_largest_size() -> None:
    values = np.ones((50, 50))
    values[3, 3] = -1000  # a square of a coarse map is no stray pixel
    assert scales.vmax_of([values], "diverging") == 1000


@pytest.mark.parametrize("scale", scales.SCALES)
@pytest.mark.parametrize("display", scales.DISPLAYS)
def test_the_values_stay_as_they_were(display: scales.Display, scale: scales.Scale) -> None:
    values = np.random.default_rng(2).normal(size=(5, 5))
    copy = values.copy()
    found = scales.scaled(values, display, scale)
    found[:] = 7
    assert np.array_equal(values, copy)


def test_which_maps_share_a_full_value() -> None:
    one, two, other = np.ones((7, 7)), np.zeros((7, 7)), np.ones((13, 13))
    maps = [one, two, other]

    def places(values: Any, scale: Any) -> list[int]:
        found = scales.on_one_scale(values, maps, scale)
        return [next(i for i, map_ in enumerate(maps) if map_ is f) for f in found]

    assert places(two, "own") == places(two, "rank") == [1]
    assert places(two, "shared") == [0, 1, 2]
    assert places(two, "evidence") == [0, 1]
    assert places(other, "evidence") == [2]


def test_unknown_names_get_a_sentence() -> None:
    values: Any = np.ones((2, 2))
    for call in (
        lambda: scales.on_one_scale(values, [values], "log"),  # type: ignore[arg-type]
        lambda: scales.vmax_of([values], "overlay", "log"),  # type: ignore[arg-type]
        lambda: scales.scaled(values, "overlay", "log"),  # type: ignore[arg-type]
    ):
        with pytest.raises(CactivizError, match=r"“log”; there are own, shared, rank, evidence\.$"):
            call()


def test_a_row_of_cells_has_one_full_share_on_each_grid() -> None:
    peak = np.zeros((4, 4), np.float32)
    peak[0, 0], peak[3, 3] = 6, 2
    maps = {"a": peak, "b": np.full((4, 4), 9, np.float32), "c": np.ones((2, 2), np.float32)}
    explanations: Any = {}
    for name, values in maps.items():
        found = SimpleNamespace(method="grad_cam", values=values, kind="positive", place="")
        explanation = {"grad_cam": found}

        class Explanation(dict[str, Any]):
            attributions = explanation
            seen = Box(0, 0, 40, 40)

        explanations[name] = Explanation(explanation)
    picture = Picture(np.zeros((40, 40, 3), np.uint8))
    comparison = Comparison(picture, tuple(maps), ("grad_cam",), explanations)

    def captions(scale: scales.Scale, **options: Any) -> list[str]:
        return [comparison.cell(name, "grad_cam", scale=scale, **options).caption for name in maps]

    assert [said.split(" · ")[0] for said in captions("evidence")] == [
        "share of the evidence, full colour at 75 % a square of 4 × 4",
        "share of the evidence, full colour at 75 % a square of 4 × 4",
        "share of the evidence, full colour at 25 % a square of 2 × 2",
    ]
    assert [said.split(" · ")[0] for said in captions("rank")] == [
        "percentile rank, full colour at 100 %",
        *["no structure: every value is the same"] * 2,
    ]
    assert [said.split(" · ")[0] for said in captions("shared")] == [
        "shared scale, full colour at 9"
    ] * 3
    assert captions("own", contour=0.7)[0] == (
        "own scale, full colour at 6 · min 0 max 6 · "
        "outline: 6 % of what it saw holds 70 % of the evidence"
    )
    plain, lined = (comparison.cell("a", "grad_cam", contour=c).image for c in (None, 0.7))
    assert not np.array_equal(plain, lined)
