from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.rendering.captions import describe_region, evidence_region, where_is_the_peak

# Sum 32; the largest first: 12 8 4 4 2 1 1, and a negative value that counts as nothing.
MAP = np.array([[0, 0, 1, 0], [0, 12, 8, 0], [2, 4, 4, 0], [-50, 0, 1, 0]], np.float32)


def squares(mask: NDArray[np.bool_]) -> set[tuple[int, ...]]:
    return {tuple(place) for place in np.argwhere(mask).tolist()}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1e-9, {(1, 1)}),
        (12 / 32, {(1, 1)}),  # reached exactly
        (0.376, {(1, 1), (1, 2)}),
        (0.5, {(1, 1), (1, 2)}),
        (20 / 32, {(1, 1), (1, 2)}),
        (0.63, {(1, 1), (1, 2), (2, 1), (2, 2)}),  # one would do; both squares of 4 belong
        (0.9, {(1, 1), (1, 2), (2, 1), (2, 2), (2, 0)}),
        (0.95, {(1, 1), (1, 2), (2, 1), (2, 2), (2, 0), (0, 2), (3, 2)}),
        (1.0, {(1, 1), (1, 2), (2, 1), (2, 2), (2, 0), (0, 2), (3, 2)}),
    ],
)
@pytest.mark.parametrize("factor", [1.0, 1e-30, 1e30])
def test_a_region_by_hand(share: float, expected: set[tuple[int, ...]], factor: float) -> None:
    mask = evidence_region(MAP * np.float32(factor), share)
    assert mask.dtype == bool
    assert squares(mask) == expected


def test_all_in_one_square() -> None:
    values = np.zeros((4, 4))
    values[3, 0] = 0.1
    for share in (0.01, 0.5, 1.0):
        assert squares(evidence_region(values, share)) == {(3, 0)}
    assert describe_region(values) == "6 % of what it saw holds half of the evidence"


def test_rounding_adds_no_square() -> None:
    values = np.full((4, 4), 0.1)
    values[2:] = 0.05
    values[0, 0], values[0, 1] = 0.3, 0.2  # 0.5 + 6 * 0.1 + 8 * 0.05 = 1.5
    assert evidence_region(values, 1.1 / 1.5).sum() == 8
    tenths = np.linspace(0.1, 1.0, 10)[None]  # sum 5.5
    for count in range(1, 10):
        share = tenths[0, -count:].sum() / 5.5
        assert evidence_region(tenths, share).sum() == count


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_a_uniform_map_is_one_region(share: float) -> None:
    values = np.full((4, 4), 0.1)
    assert evidence_region(values, share).all()
    assert describe_region(values, share) == "the evidence is spread evenly over what it saw"


def test_a_sum_too_large_for_a_float_still_has_a_region() -> None:
    values = np.array([[0.5e308, 1.5e308], [0.5e308, 0.5e308]])
    assert squares(evidence_region(values)) == {(0, 1)}


def test_the_whole_share_keeps_the_smallest_value() -> None:
    values = np.array([[1e-20, 1.0, 0.0]])
    assert evidence_region(values, 1.0).tolist() == [[True, True, False]]


@pytest.mark.parametrize("values", [np.zeros((4, 4)), np.full((4, 4), -1.0), -abs(MAP)])
def test_no_evidence_has_no_region(values: NDArray[np.floating]) -> None:
    assert not evidence_region(values).any()
    assert describe_region(values) == "no positive evidence"


def test_regions_in_words() -> None:
    assert describe_region(MAP) == "12 % of what it saw holds half of the evidence"
    assert describe_region(MAP, 0.9) == "31 % of what it saw holds 90 % of the evidence"
    assert describe_region(MAP, 1.0) == "44 % of what it saw holds all of the evidence"
    pixel = np.zeros((50, 50))
    pixel[3, 3] = 1
    assert describe_region(pixel) == "<1 % of what it saw holds half of the evidence"


@pytest.mark.parametrize("share", [0.0, -1.0, 1.01, np.nan])
def test_a_share_outside_of_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        evidence_region(MAP, share)


@pytest.mark.parametrize("shape", [(4,), (3, 4, 4), (0, 4)])
def test_only_maps_have_regions(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be"):
        evidence_region(np.ones(shape))
    with pytest.raises(ValueError, match="must be"):
        where_is_the_peak(np.ones(shape if len(shape) < 3 else (1, *shape)))


@pytest.mark.parametrize("size", [3, 4, 7, 12, 13])
def test_the_peak_lies_in_one_of_nine_places(size: int) -> None:
    thirds = {3: "012", 4: "0112", 7: "0011122", 12: "000011112222", 13: "0000111112222"}[size]
    upper = ["upper left", "top", "upper right"]
    names = [*upper, "left", "centre", "right", "lower left", "bottom", "lower right"]
    for row in range(size):
        for column in range(size):
            values = np.full((size, size), -3.0)
            values[row, column] = 1
            place = 3 * int(thirds[row]) + int(thirds[column])
            assert where_is_the_peak(values) == names[place]


def test_the_peak_of_other_maps() -> None:
    assert where_is_the_peak(np.array([[0.0, 1.0]])) == "right"
    assert where_is_the_peak(np.array([[0.0], [1.0], [0.0]])) == "centre"
    gradient = np.zeros((3, 9, 9))
    gradient[1, 8, 4], gradient[2, 0, 0] = -5, 4
    assert where_is_the_peak(gradient) == "bottom"
    assert where_is_the_peak(np.array([[1.0, 0.0, 1.0]])) == "left"  # the first
    for value in (-1.0, 0.0, 2.0):
        assert where_is_the_peak(np.full((4, 4), value)) == "even"
    assert where_is_the_peak(np.array([[-1.0, -2.0]])) == "nowhere"


def test_the_values_stay_as_they_were() -> None:
    values = MAP.copy()
    values.flags.writeable = False
    evidence_region(values)
    describe_region(values)
    where_is_the_peak(values)
    assert np.array_equal(values, MAP)
