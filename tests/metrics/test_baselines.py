"""Baselines, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cactiviz.metrics.baselines import centre, edges, smooth_noise


def test_the_centre_falls_off_as_a_gaussian_by_each_sides_own_length() -> None:
    found = centre((4, 10))
    assert found.shape == (4, 10) and found.dtype == np.float32
    for row in range(4):
        for column in range(10):
            down, across = (row - 1.5) / 4 / 0.18, (column - 4.5) / 10 / 0.18
            expected = math.exp(-(down**2 + across**2) / 2)
            assert found[row, column] == pytest.approx(expected, rel=1e-5)
    assert centre((5, 5))[2, 2] == 1


def test_smooth_noise_is_a_blur_of_uniform_noise_from_0_up() -> None:
    noise = np.random.default_rng(3).random((60, 40)).astype(np.float64)
    # Gaussian of 6 pixels over the picture mirrored at its border (without its last row), by
    # hand, as far as it reaches in float32.
    reach = 30
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * 6.0**2))
    weights /= weights.sum()
    wide = np.pad(noise, reach, mode="reflect")
    rows = np.stack([np.convolve(row, weights, "valid") for row in wide])
    spots = np.stack([np.convolve(column, weights, "valid") for column in rows.T]).T
    found = smooth_noise((60, 40), 3)
    assert found.min() == 0 and found.dtype == np.float32
    assert np.abs(found - (spots - spots.min())).max() < 0.01 * np.ptp(spots)


def test_a_seed_makes_smooth_noise_and_another_seed_other_noise() -> None:
    assert np.array_equal(smooth_noise((32, 32), 1), smooth_noise((32, 32), 1))
    other = np.corrcoef(smooth_noise((32, 32), 1).ravel(), smooth_noise((32, 32), 2).ravel())[0, 1]
    assert abs(other) < 0.9


def test_edges_are_sobels_by_hand() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    grey = rgb[..., 0] * 0.299 + rgb[..., 1] * 0.587 + rgb[..., 2] * 0.114
    padded = np.pad(grey, 1, mode="reflect")
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    found = edges(rgb)
    assert found.shape == (5, 6) and found.dtype == np.float32
    for row in range(5):
        for column in range(6):
            patch = padded[row : row + 3, column : column + 3]
            expected = math.hypot((patch * kernel).sum(), (patch * kernel.T).sum())
            assert found[row, column] == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_one_colour_has_no_edges_whatever_it_is() -> None:
    assert edges(np.full((4, 4, 3), (200, 10, 30), np.uint8)).max() < 1e-3
