"""A large picture tile by tile: made-up networks whose answers are known, and mosaics of tiles."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor, nn

import cactiviz as cv
from cactiviz.cli import main
from cactiviz.datasets.registry import open_anywhere
from cactiviz.datasets.scenes.scene import draw_scene
from cactiviz.errors import Cancelled, ModelError, PictureError, TargetError
from cactiviz.explanations.tile import TileAnswers, tile
from cactiviz.models import LoadedModel
from cactiviz.models.familiarity import Familiarity
from cactiviz.training.tiles import split
from cactiviz.types import Picture, Preprocessing

NUMBERS = np.random.default_rng(0)


class Bright(nn.Module):
    """The logit is the mean of the red channel, in sixteens of levels above 128."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 1, 1, bias=False)
        self.stem.weight.data = torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean: Tensor = self.stem(x).mean(dim=(2, 3))
        return (mean * 255 - 128) / 16


@pytest.fixture(scope="module")
def bright() -> LoadedModel:
    """Told apart by red; what is darker than 20 levels, or brighter than 240, is a stranger."""
    own = Preprocessing((16, 16), "squash", 1.0, mean=(0, 0, 0), std=(1, 1, 1))
    names = ("dark", "bright")
    model = cv.network(Bright(), class_names=names, preprocessing=own, layer="stem", device="cpu")
    middle = np.full(7, 130 / 255, np.float32)
    whitening = np.zeros((7, 7), np.float32)
    whitening[0, 0] = 255.0
    return replace(model, familiarity=Familiarity("stem", 8, middle, whitening, 110.0**2))


def mosaic(levels: NDArray[np.int64], side: int = 8) -> Picture:
    rgb = np.repeat(np.repeat(levels, side, axis=0), side, axis=1)
    return Picture(np.stack([rgb, 0 * rgb, 255 - rgb], axis=2).astype(np.uint8))


LEVELS = np.array(
    [
        [100, 200, 100, 100, 100],
        [100, 100, 200, 100, 250],
        [5, 100, 100, 100, 100],
        [200, 200, 100, 130, 135],
    ]
)


def test_each_tile_has_the_answer_that_it_has_alone(bright: LoadedModel) -> None:
    found = tile(mosaic(LEVELS), bright)
    assert (found.side, found.stride) == (8, 8)
    assert (found.tops, found.lefts) == ((0, 8, 16, 24), (0, 8, 16, 24, 32))
    expected = 1 / (1 + np.exp((128 - LEVELS) / 16))
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4)
    np.testing.assert_array_equal(found.strangers, (LEVELS < 20) | (LEVELS > 240))
    np.testing.assert_array_equal(found.shows, (LEVELS > 128) & (LEVELS < 240))


def test_groups_are_what_touches(bright: LoadedModel) -> None:
    found = tile(mosaic(LEVELS), bright)
    boxes = [(b.top, b.left, b.height, b.width) for b in found.groups]
    assert sorted(boxes) == [(0, 8, 16, 16), (24, 0, 8, 16), (24, 24, 8, 16)]
    words = "20 tiles: bright in 6, which make 3 groups. 2 aren't desert, and don't count."
    assert (found.count, found.summary) == (6, words)
    nothing = tile(mosaic(0 * LEVELS + 100), bright)
    assert (nothing.groups, nothing.summary) == ((), "20 tiles: bright nowhere.")


@pytest.mark.parametrize(("stride", "size"), [(8, (32, 40)), (3, (32, 40)), (5, (37, 41))])
def test_the_map_is_the_mean_of_the_tiles_over_each_pixel(
    stride: int, size: tuple[int, int], bright: LoadedModel
) -> None:
    levels = ndimage.gaussian_filter(NUMBERS.uniform(-900, 1200, size), 4).clip(0, 255)
    rgb = np.stack([levels] * 3, axis=2).astype(np.uint8)
    found = tile(Picture(rgb), bright, stride=stride)
    total, covers = np.zeros(size), np.zeros(size)
    for top in found.tops:
        for left in found.lefts:
            red = rgb[top : top + 8, left : left + 8, 0].mean()
            if 20 <= red <= 240:
                total[top : top + 8, left : left + 8] += 1 / (1 + np.exp((128 - red) / 16))
                covers[top : top + 8, left : left + 8] += 1
    assert covers.max() > 1 or stride == 8
    with np.errstate(invalid="ignore"):
        expected = np.where(covers > 0, total / covers, np.nan)
    np.testing.assert_allclose(found.map(), expected, atol=0.02)
    count = ndimage.label(np.nan_to_num(found.map()) >= 0.5, np.ones((3, 3)))[1]
    assert len(found.groups) == count
    assert found.tops[-1] + 8 == size[0] and found.lefts[-1] + 8 == size[1]


def test_another_class_is_the_other_way_round(bright: LoadedModel) -> None:
    found, other = (tile(mosaic(LEVELS), bright, target=name) for name in ("bright", 0))
    assert other.class_name == "dark"
    np.testing.assert_allclose(other.probabilities, 1 - found.probabilities, atol=1e-6)


def test_what_it_tells_on_the_way(bright: LoadedModel) -> None:
    told: list[tuple[int, int | None]] = []
    picture = mosaic(np.full((20, 20), 100))
    tile(picture, bright, progress=lambda done, total: told.append((done, total)))
    assert told == [(128, 400), (256, 400), (384, 400), (400, 400)]
    stop = threading.Event()

    def after_one(done: int, total: int | None) -> None:
        told.append((done, total))
        stop.set()

    told.clear()
    with pytest.raises(Cancelled):
        tile(picture, bright, progress=after_one, cancel=stop)
    assert told == [(128, 400)]


def test_what_can_not_be_is_said(bright: LoadedModel) -> None:
    with pytest.raises(PictureError, match="smaller than one tile of 41"):
        tile(mosaic(LEVELS), bright, side=41)
    with pytest.raises(ModelError, match="1 to 8 pixels apart"):
        tile(mosaic(LEVELS), bright, stride=9)
    with pytest.raises(PictureError, match="longer stride"):
        tile(Picture(np.zeros((520, 520, 3), np.uint8)), bright, stride=1)
    with pytest.raises(TargetError):
        tile(mosaic(LEVELS), bright, target="green")
    with pytest.raises(ModelError, match="load_model"):
        tile(mosaic(LEVELS), "cactinet")  # type: ignore[arg-type]


def test_the_figure_shows_tiles_strangers_and_a_legend(bright: LoadedModel) -> None:
    found = tile(mosaic(LEVELS), bright)
    image = np.asarray(found.figure(width=160)).astype(int)
    assert image.shape[1] == 360 + 2 * 24
    left = 24
    is_drawn = (image[:, left : left + 160] < 250).any(axis=2).mean(axis=1) > 0.9
    top = int(np.argmax(is_drawn))
    cells = image[top : top + 128, left : left + 160].reshape(4, 32, 5, 32, 3)
    warm = cells[:, 8:24, :, 8:24].mean(axis=(1, 3))
    orange = warm[..., 0] - warm[..., 2] > 20  # of inferno's bright end
    np.testing.assert_array_equal(orange, found.shows)
    hatched = cells[:, 8:24, :, 8:24, 0].std(axis=(1, 3)) > 15
    np.testing.assert_array_equal(hatched, found.strangers)


def test_all_of_it_goes_into_json(bright: LoadedModel) -> None:
    found = tile(mosaic(LEVELS), bright)
    told = json.loads(json.dumps(found.to_json()))
    assert (told["tiles"], told["count"], told["strangers"]) == (20, 6, 2)
    assert np.array(told["is_stranger"]).tolist() == found.strangers.tolist()
    np.testing.assert_allclose(told["probabilities"], found.probabilities, atol=1e-6)
    assert told["groups"][0] == {"top": 0, "left": 8, "height": 16, "width": 16}


# The network that comes along


def test_drawn_cacti_are_found_where_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = NUMBERS.random((5, 7)) < 0.3
    rgb = np.zeros((5 * 32, 7 * 32, 3), np.uint8)
    for row, column in np.ndindex(*there.shape):
        scene = draw_scene(7 * row + column, 32, cactus=bool(there[row, column]))
        rgb[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = scene.rgb
    file, figure = tmp_path / "air.png", tmp_path / "map.png"
    Image.fromarray(rgb).save(file)
    assert main.main(["tile", str(file), "--device", "cpu", "--json", "--out", str(figure)]) == 0
    told = json.loads(capsys.readouterr().out)
    shows = np.array(told["probabilities"]) >= 0.5
    assert (shows != there).sum() <= 2
    assert told["strangers"] <= 1
    with Image.open(figure) as drawn:
        assert drawn.width >= 7 * 32
    assert main.main(["tile", str(file), "--device", "cpu"]) == 0
    assert f"35 tiles: cactus in {told['count']}, which make" in capsys.readouterr().out


def test_a_mosaic_of_excluded_tiles_and_a_cat(data_dir: Path) -> None:
    dataset = open_anywhere(str(data_dir / "aerial-cactus-identification"))
    _, excluded = split(dataset, 0)
    sorts = [[i for i in excluded if i.class_name == name] for name in ("no cactus", "cactus")]
    there = NUMBERS.random((6, 8)) < 0.2
    rgb = np.zeros((6 * 32, 8 * 32, 3), np.uint8)
    for row, column in np.ndindex(*there.shape):
        item = sorts[int(there[row, column])][8 * row + column]
        area = np.s_[32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
        rgb[area] = dataset.open(item).rgb
    cat = cv.open_picture("sample:chelsea").rgb[60:156, 100:196]
    rgb[96:, 160:] = cat
    there[3:, 5:] = False
    found: TileAnswers = cv.tile(rgb, cv.load_model("cactinet", device="cpu"))
    assert found.strangers[3:, 5:].sum() >= 8
    assert found.strangers.sum() - found.strangers[3:, 5:].sum() <= 2
    assert (found.shows != there).sum() <= 2
