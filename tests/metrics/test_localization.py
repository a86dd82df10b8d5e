"""Figures about maps, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cactiviz.metrics.localization import covered, energy_ratio, largest, peak_inside

OBJECT = np.zeros((4, 5), dtype=bool)
OBJECT[1:3, 1:3] = True  # 4 of 20


def test_energy_is_counted_by_area() -> None:
    assert energy_ratio(np.ones((4, 5)), OBJECT) == pytest.approx(1)
    assert energy_ratio(OBJECT.astype(float), OBJECT) == pytest.approx(5)  # all of it on a fifth
    assert energy_ratio((~OBJECT).astype(float), OBJECT) == 0
    half = np.where(OBJECT, 1.0, 0.25)  # 4 inside, 4 outside
    assert energy_ratio(half, OBJECT) == pytest.approx(2.5)
    assert energy_ratio(7 * half, OBJECT) == pytest.approx(2.5)


def test_an_empty_map_has_no_ratio_and_a_wrong_one_is_refused() -> None:
    assert math.isnan(energy_ratio(np.zeros((4, 5)), OBJECT))
    for amounts, inside in [
        (np.full((4, 5), -1.0), OBJECT),
        (np.ones((5, 4)), OBJECT),
        (np.ones((4, 5)), np.zeros((4, 5), dtype=bool)),
        (np.ones((4, 5)), np.ones((4, 5), dtype=bool)),
    ]:
        with pytest.raises(ValueError, match="must"):
            energy_ratio(amounts, inside)


def test_the_peak_is_the_largest_value_wherever_it_lies() -> None:
    amounts = np.zeros((4, 5))
    amounts[3, 4] = 1
    assert not peak_inside(amounts, OBJECT)
    amounts[2, 1] = 2
    assert peak_inside(amounts, OBJECT)


@pytest.mark.parametrize(("share", "count"), [(0.15, 3), (0.5, 10), (0.001, 1), (1.0, 20)])
def test_the_largest_are_exactly_so_many(share: float, count: int) -> None:
    amounts = np.random.default_rng(0).integers(0, 4, (4, 5)).astype(float)  # with ties
    region = largest(amounts, share)
    assert region.sum() == count
    assert amounts[region].min() >= amounts[~region].max(initial=-1)


def test_ties_go_to_the_first_in_reading_order() -> None:
    assert largest(np.zeros((2, 2)), 0.5).tolist() == [[True, True], [False, False]]


def test_a_region_is_covered_with_the_median_colour_and_nothing_else_changes() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    before = pixels.copy()
    found = covered(pixels, OBJECT)
    median = [sorted(before[..., c].ravel().tolist())[9:11] for c in range(3)]
    for channel, (low, high) in enumerate(median):
        assert set(found[OBJECT][:, channel].tolist()) == {int(np.rint((low + high) / 2))}
    assert np.array_equal(found[~OBJECT], before[~OBJECT])
    assert np.array_equal(pixels, before)


def test_a_seed_breaks_ties_at_random_and_nothing_else() -> None:
    amounts = np.zeros((10, 10))
    amounts[4, 4:7] = (3, 2, 1)
    regions = [largest(amounts, 0.15, seed) for seed in range(20)]
    assert all(region.sum() == 15 and region[4, 4:7].all() for region in regions)
    assert np.array_equal(regions[3], largest(amounts, 0.15, 3))
    among_zeros = np.mean(regions, axis=0)[amounts == 0]  # 12 of 97 places each time
    assert 0 < among_zeros.mean() < 0.2 and (among_zeros < 0.6).all()
    assert np.array_equal(largest(amounts, 0.03, 0), largest(amounts, 0.03))
