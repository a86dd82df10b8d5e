"""Strangers, against SciPy's Mahalanobis distance in float64."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.spatial.distance import mahalanobis
from torch import nn

from cactiviz.models import Checkpoint, get_spec, load_model
from cactiviz.models.familiarity import GRIDS, KEY, Familiarity, features, fitted, from_text

NUMBERS = np.random.default_rng(0)


class Plain(nn.Module):
    """Its first stage leaves pictures as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Identity()
        self.last = nn.Linear(1, 1)


def known(side: int = 16) -> Familiarity:
    learnt = NUMBERS.normal(size=(500, 21)) @ NUMBERS.normal(size=(21, 21))
    return fitted(learnt, learnt, "stem", side, accepted=0.99, shrinkage=0.1)


def test_features_are_means_and_extremes_of_cells() -> None:
    pictures = torch.from_numpy(NUMBERS.normal(size=(2, 3, 16, 16)))
    found = features(Plain(), pictures, "stem", 16)
    for picture, row in zip(pictures.numpy(), found, strict=True):
        expected = [picture.mean(axis=(1, 2))]
        for grid in GRIDS:
            cells = picture.reshape(3, grid, 16 // grid, grid, 16 // grid).mean(axis=(2, 4))
            expected += [cells.max(axis=(1, 2)), cells.min(axis=(1, 2))]
        np.testing.assert_allclose(row, np.concatenate(expected), atol=1e-12)


def test_a_finer_picture_is_reduced_first() -> None:
    fine = torch.zeros(1, 3, 16, 16, dtype=torch.float64)
    fine[..., ::2] = 1  # stripes of one pixel, grey from afar
    found = features(Plain(), fine, "stem", 4)[0]
    assert found.max() - found.min() < 0.2
    sharp = torch.zeros(1, 3, 16, 16, dtype=torch.float64)
    sharp[..., :2] = 1
    assert features(Plain(), sharp, "stem", 16)[0].max() == 1
    assert features(Plain(), sharp, "stem", 4)[0].max() < 0.8


def test_the_distance_is_mahalanobis() -> None:
    mixed = NUMBERS.normal(size=(21, 21))
    learnt, others = (NUMBERS.normal(size=(n, 21)) @ mixed + 3 for n in (400, 50))
    found = fitted(learnt, others, "stem", 16, accepted=0.9, shrinkage=0.0)
    inverse = np.linalg.inv(np.cov(learnt, rowvar=False, ddof=0))
    expected = [mahalanobis(row, learnt.mean(axis=0), inverse) ** 2 for row in others]
    whitened = (others - found.mean) @ found.whitening.astype(np.float64).T
    np.testing.assert_allclose((whitened**2).sum(axis=1), expected, rtol=1e-2)
    assert found.limit == pytest.approx(np.quantile(expected, 0.9), rel=1e-2)


def test_what_lies_beyond_the_limit_is_a_stranger() -> None:
    pictures = torch.from_numpy(NUMBERS.normal(size=(300, 3, 16, 16)))
    seen = features(Plain(), pictures, "stem", 16)
    found = fitted(seen[:200], seen[200:], "stem", 16, accepted=0.95, shrinkage=0.05)
    assert found.strangers(Plain(), pictures[200:]).sum() == 5
    assert found.strangers(Plain(), pictures[:3] * 4 + 5).all()


def test_it_is_kept_in_a_text() -> None:
    before = known()
    after = from_text(before.to_text())
    assert after is not None
    assert (after.stage, after.side, after.limit) == ("stem", 16, before.limit)
    np.testing.assert_array_equal(after.mean, before.mean)
    np.testing.assert_array_equal(after.whitening, before.whitening)


def damaged(**changes: object) -> str:
    return json.dumps({**json.loads(known().to_text()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "3", '{"stage": "stem"}'),
        damaged(side="a"),
        damaged(limit=None),
        damaged(limit=float("nan")),
        damaged(mean="AAAA"),
        damaged(mean="é"),
        damaged(whitening=""),
        damaged(whitening=3),
    ],
)
def test_a_damaged_text_is_none(text: str) -> None:
    assert from_text(text) is None


def test_a_file_says_what_its_network_knows(tmp_path: Path) -> None:
    spec = get_spec("cactinet")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = spec.build(1).state_dict()
    channels = 7 * 32
    its = replace(
        known(),
        mean=np.zeros(channels, np.float32),
        whitening=np.eye(channels, dtype=np.float32),
        limit=1e9,
    )
    half = {name: v.half() if v.is_floating_point() else v for name, v in weights.items()}
    for name, text in (
        ("right", its.to_text()),
        ("small", known().to_text()),
        ("gone", replace(its, stage="nowhere").to_text()),
        ("bad", "{"),
    ):
        save_file(half, tmp_path / f"{name}.safetensors", {KEY: text})
    found = {
        file.stem: load_model(Checkpoint("mine", "cactinet", file), device="cpu").familiarity
        for file in tmp_path.iterdir()
    }
    assert found.pop("right").limit == 1e9  # type: ignore[union-attr]
    assert found == {"small": None, "gone": None, "bad": None}
