"""Drawn scenes: the same at every run and size, exact about their cacti, and taken for real."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cactiviz.datasets.aerial_cactus import open_cactus
from cactiviz.datasets.scenes import canvas, terrain
from cactiviz.datasets.scenes import scene as scenes
from cactiviz.datasets.scenes.canvas import Canvas, to_polyline
from cactiviz.datasets.scenes.scene import (
    Cactus,
    Scene,
    cacti_of,
    draw_body,
    draw_scene,
    masks_of,
    open_scenes,
    render_scene,
)
from cactiviz.errors import CactivizError, DataError
from cactiviz.models import load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.types import Picture
from tests.fixtures.sampling import long

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "cactiviz" / "models" / "weights" / "cactinet.safetensors"
SEEDS = (0, 3, 14, 159)
#: How far, as a share of the tile, the camera's lens carries light: its reach is 3.5 deviations of
#: the widest blur and then of 1.1 times that, along each axis; and what the painted edge adds.
LENS = 3.5 * 2.1 * 0.017 * 2**0.5 + 0.03


@pytest.fixture
def uncompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file in between: its rounding carries a trace of everything over a quarter of the tile."""
    monkeypatch.setattr(canvas, "_through_jpeg", lambda picture, quality: picture)


def digest(scene: Scene) -> str:
    return hashlib.sha256(scene.rgb.tobytes() + scene.masks.tobytes()).hexdigest()


def smaller(pixels: NDArray[np.uint8] | NDArray[np.bool_], size: int) -> NDArray[np.float32]:
    shrunk = cv2.resize(pixels.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32)


def near(cactus: Cactus, size: int, margin: float) -> NDArray[np.bool_]:
    """The pixels that the light of a cactus or of its shadow can reach."""
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    reach = cactus.half_width + margin
    body, shadow = (
        to_polyline(axis[:, None], axis[None], line)[0] for line in (cactus.line, cactus.shadow)
    )
    inside: NDArray[np.bool_] = np.minimum(body, shadow) <= reach
    return inside


def test_a_seed_draws_the_same_tile_in_another_process_on_one_core() -> None:
    program = (
        "import hashlib, sys, types, cv2; cv2.setNumThreads(1)\n"
        # A bare package stands in for the front door, which imports torch.
        "package = sys.modules['cactiviz'] = types.ModuleType('cactiviz')\n"
        "package.__path__ = ['cactiviz']\n"
        "from cactiviz.datasets.scenes.scene import draw_scene\n"
        f"for seed in {SEEDS[::-1]}:\n"  # in another order: no drawing may depend on the last
        "    for cactus in (True, False):\n"
        "        scene = draw_scene(seed, 80, cactus)\n"
        "        content = scene.rgb.tobytes() + scene.masks.tobytes()\n"
        "        print(seed, cactus, hashlib.sha256(content).hexdigest())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    there = {tuple(line.split()[:2]): line.split()[2] for line in printed.stdout.splitlines()}
    here = {
        (str(seed), str(cactus)): digest(draw_scene(seed, 80, cactus))
        for seed in SEEDS
        for cactus in (True, False)
    }
    assert there == here
    assert len(set(here.values())) == 2 * len(SEEDS)


@pytest.mark.parametrize(
    ("large", "small"),
    [(256, 64), (192, 32), pytest.param(1024, 256, marks=long), (250, 50)],
)
def test_a_seed_is_the_same_place_at_another_size(large: int, small: int) -> None:
    for seed in SEEDS:
        at_large, at_small = draw_scene(seed, large), draw_scene(seed, small)
        pictures = (smaller(at_large.rgb, small), at_small.rgb.astype(np.float32))
        assert np.corrcoef(*(picture.ravel() for picture in pictures))[0, 1] > 0.98
        assert np.abs(pictures[0] - pictures[1]).mean() < 3
        assert len(at_large.masks) == len(at_small.masks)
        shrunk = np.stack([smaller(mask, small) >= 0.5 for mask in at_large.masks])
        shared = (shrunk & at_small.masks).sum() / (shrunk | at_small.masks).sum()
        assert shared > (0.85 if small >= 50 else 0.7)


def test_a_scene_has_the_shapes_that_it_says() -> None:
    for size in (16, 37, 1024):
        scene = draw_scene(5, size)
        assert scene.rgb.shape == (size, size, 3)
        assert scene.rgb.dtype == np.uint8
        assert scene.masks.shape[1:] == (size, size)
        assert scene.masks.dtype == np.bool_
        assert len(scene.masks) == len(cacti_of(5))
    assert draw_scene(5, 16, cactus=False).masks.shape == (0, 16, 16)


@pytest.mark.parametrize(("seed", "size"), [(0, 15), (0, 1025), (0, 0), (0, -64), (-1, 64)])
def test_a_size_or_seed_out_of_range_is_refused(seed: int, size: int) -> None:
    for draw in (lambda: draw_scene(seed, size), lambda: draw_scene(seed, size, cactus=False)):
        with pytest.raises(DataError, match=r"^A scene.+, not -?\d+\.$") as caught:
            draw()
        assert isinstance(caught.value, CactivizError)


def test_every_cactus_of_the_data_set_has_a_mask_of_its_own() -> None:
    counts = set()
    for seed in range(1000):
        cacti = cacti_of(seed)
        counts.add(len(cacti))
        for size in (16, 32):
            masks = masks_of(cacti, size)
            assert masks.any(axis=(1, 2)).all(), seed
            assert masks.sum(axis=0).max() == 1, seed
    assert min(counts) == 1
    assert max(counts) >= 4
    drawn = [draw_scene(seed, 64).masks for seed in range(100)]
    shares = [masks.mean(axis=(1, 2)) for masks in drawn]
    assert np.concatenate(shares).min() > 0.005
    assert np.concatenate(shares).max() < 0.15
    assert max(share.sum() for share in shares) < 0.35
    middle = np.mean([masks.any(axis=0)[24:40, 24:40].any() for masks in drawn])
    assert middle > 0.9  # real tiles are centred on their cactus


def test_a_cactus_that_others_hide_keeps_one_pixel() -> None:
    cactus = cacti_of(0)[0]
    masks = masks_of((cactus, cactus), 64)
    assert masks[0].sum() == 1
    assert np.array_equal(masks.any(axis=0), cactus.mask(64))
    assert not (masks[0] & masks[1]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mask_is_the_outline_that_is_painted(seed: int) -> None:
    size = 256
    for cactus in cacti_of(seed):
        painted = []
        for shade in (0, 255):
            drawn = Canvas(size, (shade, shade, shade))
            draw_body(drawn, cactus, 120)
            painted.append(drawn.rgb)
        opacity = 1 - (painted[1] - painted[0]).mean(axis=2) / 255
        painted_half = opacity >= 0.5
        assert np.mean(painted_half != cactus.mask(size)) < 1e-4  # float32 at the very edge
        assert painted_half.sum() > 100


@pytest.mark.usefixtures("uncompressed")
@pytest.mark.parametrize("seed", SEEDS)
def test_without_its_body_a_scene_changes_within_the_mask(seed: int) -> None:
    size = 128
    cacti = cacti_of(seed)
    whole = render_scene(seed, size, cacti, shadows=False)
    for index, cactus in enumerate(cacti):
        others = cacti[:index] + cacti[index + 1 :]
        without = render_scene(seed, size, others, shadows=False)
        changed = np.abs(whole.rgb.astype(int) - without.rgb).max(axis=2)
        mask = whole.masks[index]
        pixels = 2 * round(LENS * size) + 3
        reached = cv2.dilate(mask.astype(np.uint8), np.ones((pixels, pixels), np.uint8)) > 0
        assert not changed[~reached].any()
        assert changed[mask].mean() > 30
        assert changed[mask].mean() > 4 * changed[~mask].mean()
        assert len(without.masks) == len(cacti) - 1
        assert cactus.mask(size)[mask].all()


@pytest.mark.usefixtures("uncompressed")
@pytest.mark.parametrize("seed", SEEDS)
def test_with_and_without_a_cactus_differ_in_cactus_and_shadow_alone(seed: int) -> None:
    size = 128
    scene, bare = draw_scene(seed, size), draw_scene(seed, size, cactus=False)
    assert np.array_equal(bare.rgb, render_scene(seed, size, ()).rgb)
    changed = np.abs(scene.rgb.astype(int) - bare.rgb).max(axis=2)
    reached = np.zeros((size, size), bool)
    for cactus in cacti_of(seed):
        reached |= near(cactus, size, LENS)
    assert not changed[~reached].any()
    lit = render_scene(seed, size, cacti_of(seed), shadows=False).rgb.mean(axis=2)
    shadowed = np.abs(lit - scene.rgb.mean(axis=2)) > 8
    assert shadowed.sum() > 20
    assert (scene.rgb.mean(axis=2) < lit)[shadowed].mean() > 0.9


def test_the_file_leaves_only_traces_of_a_cactus_elsewhere() -> None:
    traces = []
    for seed in range(20):
        scene, bare = draw_scene(seed, 128), draw_scene(seed, 128, cactus=False)
        away = np.ones((128, 128), bool)
        for cactus in cacti_of(seed):
            away &= ~near(cactus, 128, LENS)
        changed = np.abs(scene.rgb.astype(int) - bare.rgb).mean(axis=2)
        traces += [changed[away].mean()] if away.any() else []
        assert changed[scene.masks.any(axis=0)].mean() > 20
    assert len(traces) > 10
    assert 0 < np.mean(traces) < 2
    assert max(traces) < 5


@pytest.fixture(scope="module")
def small_tiles() -> dict[tuple[int, bool], NDArray[np.int_]]:
    """By seed, and whether it has a cactus."""
    return {(s, c): draw_scene(s, 32, c).rgb.astype(int) for s in range(40) for c in (False, True)}


@pytest.mark.parametrize(
    ("module", "kind", "least"),
    [
        (scenes, "draw_plants", 0.6),
        pytest.param(terrain, "_gravel", 0.5, marks=long),
        pytest.param(terrain, "_fold", 0.4, marks=long),
        (terrain, "_track", 0.1),
    ],
)
def test_distractors_lie_in_tiles_of_both_classes(
    module: ModuleType,
    kind: str,
    least: float,
    small_tiles: dict[tuple[int, bool], NDArray[np.int_]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So many tiles would look otherwise if one kind of distractor were drawn elsewhere."""
    draw = getattr(module, kind)

    def elsewhere(drawn: Canvas, *others: object) -> object:
        return draw(Canvas(drawn.side, (120, 120, 120)), *others)

    monkeypatch.setattr(module, kind, elsewhere)
    for cactus in (False, True):
        before = {
            seed: tile for (seed, with_one), tile in small_tiles.items() if with_one == cactus
        }
        changes = [np.abs(draw_scene(s, 32, cactus).rgb - tile).max() for s, tile in before.items()]
        assert np.mean(np.array(changes) > 20) > least


def test_the_data_set_has_a_thousand_of_each_class() -> None:
    dataset = open_scenes(64)
    assert (dataset.name, dataset.title) == ("scenes", "Drawn scenes")
    assert dataset.classes == ("no cactus", "cactus")
    for class_name in dataset.classes:
        assert list(dataset.items[class_name]) == [str(seed) for seed in range(1000)]
    with_cactus = dataset.open(dataset.find("cactus/42"))
    without = dataset.open(dataset.find("no cactus/42"))
    assert with_cactus.name == "scenes:cactus/42"
    assert without.name == "scenes:no cactus/42"
    assert "cactiviz" in with_cactus.source
    assert "CC0" in with_cactus.source
    assert np.array_equal(with_cactus.rgb, draw_scene(42, 64).rgb)
    assert np.array_equal(without.rgb, draw_scene(42, 64, cactus=False).rgb)
    assert open_scenes().read("cactus", "999").size == (256, 256)
    for place in (("cactus", "1000"), ("cactus", "-1"), ("cactus", "1.5"), ("shrub", "1")):
        with pytest.raises(DataError, match="has no picture"):
            dataset.read(*place)


@long
def test_drawn_tiles_have_the_colours_and_contrast_of_real_ones(data_dir: Path) -> None:
    folder = data_dir / "aerial-cactus-identification"
    if not folder.is_dir():
        pytest.skip("The real tiles are not among the test data.")
    real = open_cactus(folder)
    for class_name in real.classes:
        tiles = [
            np.stack([read(class_name, name) for name in names]).astype(float)
            for read, names in (
                (
                    lambda c, n: real.read(c, n).rgb,
                    [i.name for i in real.draw(300, 1, class_name)],
                ),
                (
                    lambda c, n: smaller(draw_scene(int(n), 128, c == "cactus").rgb, 32),
                    map(str, range(300)),
                ),
            )
        ]
        colours, spreads, contrasts = (
            [measure(t) for t in tiles]
            for measure in (
                lambda t: t.mean(axis=(0, 1, 2)),
                lambda t: t.mean(axis=(1, 2)).std(axis=0),
                lambda t: np.quantile(t.mean(axis=3).std(axis=(1, 2)), (0.25, 0.5, 0.75)),
            )
        )
        assert np.abs(colours[0] - colours[1]).max() < 16
        assert np.abs(spreads[0] - spreads[1]).max() < 10
        assert np.abs(contrasts[0] - contrasts[1]).max() < 5


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="CactiNet's trained weights are not here.")
@pytest.mark.parametrize("size", [64, pytest.param(256, marks=long)])
def test_a_network_that_saw_real_tiles_alone_finds_the_drawn_cacti(size: int) -> None:
    network = load_model("cactinet", device="cpu")
    right = []
    for cactus in (False, True):
        pictures = [Picture(draw_scene(seed, size, cactus).rgb) for seed in range(0, 1000, 10)]
        batch = torch.cat([preprocess(picture, network.spec.preprocessing) for picture in pictures])
        with torch.inference_mode():
            logits = torch.cat([network.module(part)[:, 0] for part in batch.split(25)])
        right.append(((logits > 0) == cactus).double().mean().item())
    assert np.mean(right) >= 0.95
    assert min(right) >= 0.9
