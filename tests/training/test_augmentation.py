"""Changes of training tiles, against NumPy, SciPy and Pillow."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from cactiviz.datasets.dataset import Item
from cactiviz.training import augmentation
from cactiviz.training.augmentation import augmented, blurred, compressed, lit, shifted
from cactiviz.training.run import Recipe
from cactiviz.training.tiles import Batches, Tiles
from cactiviz.training.train import preprocessing_of

NUMBERS = np.random.default_rng(0)
TILES = torch.from_numpy(NUMBERS.integers(0, 256, (6, 3, 16, 16), dtype=np.uint8))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def only(monkeypatch: pytest.MonkeyPatch, *changes: str) -> None:
    """Make these changes to every tile, and no other."""
    chances = {name: float(name in changes) for name in augmentation.CHANCES}
    monkeypatch.setattr(augmentation, "CHANCES", chances)


def test_shifted_tiles_are_mirrored_as_numpy_mirrors() -> None:
    steps = torch.tensor([[0, 0], [3, -5], [-15, 15], [15, 0], [0, -1], [7, 7]])
    found = shifted(TILES, steps)
    for tile, (down, right), moved in zip(TILES.numpy(), steps.tolist(), found, strict=True):
        padded = np.pad(tile, ((0, 0), (15, 15), (15, 15)), "reflect")
        expected = padded[:, 15 - down : 31 - down, 15 - right : 31 - right]
        np.testing.assert_array_equal(moved.numpy(), expected)


def test_each_tile_is_blurred_as_scipy_blurs_it() -> None:
    sigmas = torch.tensor([0.0, 0.3, 0.7, 1.0, 1.3, 1.3], dtype=torch.float64)
    found = blurred(TILES.double(), sigmas)
    for tile, sigma, soft in zip(TILES.double(), sigmas.tolist(), found, strict=True):
        expected = tile.numpy()
        for axis in (1, 2) if sigma else ():
            expected = ndimage.gaussian_filter1d(expected, sigma, axis, mode="mirror", radius=4)
        np.testing.assert_allclose(soft.numpy(), expected, atol=1e-9)


def test_light_multiplies_and_contrast_turns_about_the_mean() -> None:
    tile = TILES[:1].double()
    tones = torch.tensor([[0.2, -0.1, 0.3, 0.0, -0.3]], dtype=torch.float64)
    mean = tile.mean()
    white = np.exp(np.array([0.1, 0.0, -0.1]))[:, None, None]
    expected = ((tile[0].numpy() - float(mean)) * np.exp(-0.1) + float(mean)) * np.exp(0.2) * white
    np.testing.assert_allclose(lit(tile, tones)[0].numpy(), expected, rtol=1e-12)
    assert torch.equal(lit(tile, 0 * tones), tile)


def test_jpeg_is_pillows() -> None:
    tile = TILES[0]
    file = io.BytesIO()
    Image.fromarray(tile.permute(1, 2, 0).contiguous().numpy()).save(file, "JPEG", quality=40)
    expected = np.asarray(Image.open(file)).transpose(2, 0, 1)
    np.testing.assert_array_equal(compressed(tile, 40).numpy(), expected)
    error = [(compressed(tile, q).double() - tile.double()).abs().mean() for q in (95, 60, 30)]
    assert error[0] < error[1] < error[2]


def test_grain_has_levels_up_to_the_most_and_two_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "grain")
    grey = torch.full((400, 3, 32, 32), 128, dtype=torch.uint8)
    difference = augmented(grey, 1.0, generator()).double() - 128
    levels = difference.std(dim=(1, 2, 3))
    assert 0.9 * augmentation.GRAIN < levels.max() <= 1.05 * augmentation.GRAIN
    assert levels.min() < 1
    assert abs(float(difference.mean())) < 0.05
    strong = difference[levels > 3]
    beside = (strong[..., 1:] * strong[..., :-1]).mean(dim=(1, 2, 3)) / strong.var(dim=(1, 2, 3))
    fine, coarse = beside < 0.1, beside > 0.4  # independent pixels, and an enlarged tile's
    assert (fine | coarse).all() and fine.any() and coarse.any()


def test_shifts_go_as_far_as_they_may_and_no_farther(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "shift")
    tile = torch.zeros((300, 3, 32, 32), dtype=torch.uint8)
    tile[:, :, 16, 16] = 255
    found = augmented(tile, 1.0, generator())
    places = torch.stack([one[0].flatten().argmax() for one in found])
    offsets = torch.stack([places // 32, places % 32], dim=1) - 16
    assert offsets.abs().max() == round(augmentation.SHIFT * 32)
    assert {bool(o > 6) for o in offsets[:, 0]} == {bool(o < -6) for o in offsets[:, 1]}
    half = augmented(tile, 0.5, generator())
    places = torch.stack([one[0].flatten().argmax() for one in half])
    assert (places // 32 - 16).abs().max() == round(augmentation.SHIFT * 16)


def test_a_tile_is_changed_by_chance_alone_and_not_by_its_neighbours() -> None:
    other = TILES.clone()
    other[2] = 255 - other[2]
    first, second = (augmented(tiles, 1.0, generator(3)) for tiles in (TILES, other))
    same = [bool(torch.equal(a, b)) for a, b in zip(first, second, strict=True)]
    assert same == [True, True, False, True, True, True]
    assert not torch.equal(first, augmented(TILES, 1.0, generator(4)))


def test_nothing_changes_at_strength_0_and_the_tiles_stay() -> None:
    before = TILES.clone()
    same = augmented(TILES, 0.0, generator())
    assert torch.equal(same, TILES) and same.data_ptr() != TILES.data_ptr()
    augmented(TILES, 1.0, generator())
    assert torch.equal(TILES, before)


def batches(strength: float, seed: int = 0) -> Batches:
    steps = torch.arange(3 * 64).reshape(3, 8, 8)
    pixels = (steps + 3 * torch.arange(20)[:, None, None, None]) % 256
    items = tuple(Item("made_up", "cactus", str(n)) for n in range(20))
    tiles = Tiles(pixels.to(torch.uint8), torch.arange(20) % 2, items)
    return Batches(tiles, preprocessing_of(Recipe()), 4, seed, strength)


def whole(epoch: Batches) -> list[Tensor]:
    return [pictures for pictures, _ in epoch]


def test_changed_batches_go_on_exactly() -> None:
    first = batches(1.0)
    epochs = [whole(first), whole(first)]
    again = batches(1.0)
    stream = iter(again)
    for _ in range(3):
        next(stream)
    state = json.loads(json.dumps(again.state_dict()))
    resumed = batches(1.0)
    resumed.load_state_dict(state)
    for expected, found in zip(epochs[0][3:], whole(resumed), strict=True):
        assert torch.equal(expected, found)
    for expected, found in zip(epochs[1], whole(resumed), strict=True):
        assert torch.equal(expected, found)
    assert not torch.equal(epochs[0][0], whole(batches(0.0))[0])
    assert not torch.equal(epochs[0][0], whole(batches(1.0, seed=1))[0])
