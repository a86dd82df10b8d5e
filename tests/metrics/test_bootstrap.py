"""The bootstrap interval, against the distribution that it draws from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cactiviz.metrics.bootstrap import interval


def binomial_quantile(n: int, p: float, share: float) -> int:
    total = 0.0
    for count in range(n + 1):
        total += math.comb(n, count) * p**count * (1 - p) ** (n - count)
        if total >= share:
            return count
    return n


def test_the_interval_of_yes_and_no_is_the_binomials() -> None:
    # Of 50 pictures 35 hit: the number of hits among 50 drawn is binomial with 0.7.
    found = interval([1.0] * 35 + [0.0] * 15)
    assert found.mean == pytest.approx(0.7)
    assert found.low == pytest.approx(binomial_quantile(50, 0.7, 0.025) / 50, abs=0.021)
    assert found.high == pytest.approx(binomial_quantile(50, 0.7, 0.975) / 50, abs=0.021)
    narrower = interval([1.0] * 35 + [0.0] * 15, share=0.5)
    assert narrower.low == pytest.approx(binomial_quantile(50, 0.7, 0.25) / 50, abs=0.021)
    assert narrower.high == pytest.approx(binomial_quantile(50, 0.7, 0.75) / 50, abs=0.021)


def test_many_values_give_1_96_standard_errors_on_each_side() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = interval(values)
    error = values.std() / math.sqrt(400)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)


def test_a_seed_gives_the_same_interval_and_pictures_without_a_value_dont_count() -> None:
    values = [0.1, 0.5, 0.9, 1.3]
    assert interval(values, seed=2) == interval([*values, float("nan")], seed=2)
    assert interval(values, seed=2) != interval(values, seed=3, draws=99)
    assert all(math.isnan(end) for end in interval([float("nan")]))
