"""Does a heat map of CactiNet find the cactus? Every method at every stage, with baselines.

On drawn scenes, whose cacti are known to the pixel and stand anywhere: the map's energy inside the
cacti over their share of the area (1 is what a flat map has), and how often its peak lies on one.
On real tiles that were excluded from training, shifted by chance with mirrored edges, since they
are centred on what they show: the mean drop of the logit when the 15 % of the tile where the map is
largest is covered with the tile's median colour.

    python benchmarks/cactus_maps.py [--data DIR] [--checkpoint NAME=cactinet:FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cactiviz.datasets.registry import open_anywhere
from cactiviz.datasets.scenes.scene import Scene, cacti_of, render_scene
from cactiviz.engine import class_pass
from cactiviz.errors import DataError
from cactiviz.methods import METHODS
from cactiviz.metrics.baselines import centre, smooth_noise
from cactiviz.metrics.grid import on_grid
from cactiviz.metrics.localization import covered, energy_ratio, largest, peak_inside
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocess import normalise
from cactiviz.training.augmentation import shifted
from cactiviz.training.tiles import load_tiles, split
from cactiviz.types import Layer

SHARE = 0.15
CAMS = ("grad_cam", "layer_cam", "hires_cam")
GRADIENTS = ("saliency", "guided_backprop")
STAGES = ("stem", *(f"stages.{index}" for index in range(5)))  # those of at least 4 x 4
#: Share of a side by which scenes' cacti, and tiles, are shifted at most, along each axis.
SHIFT = 0.375
CACTUS = 1
BATCH = 64

Maps = dict[str, NDArray[np.float32]]  # how it was made -> (B, H, W), not below 0


def maps_of(model: LoadedModel, pixels: NDArray[np.uint8]) -> Maps:
    """All maps of a batch of pictures (B, H, W, 3), at the pictures' own size."""
    inputs = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), model.spec.preprocessing)
    layers = [Layer(name) for name in STAGES]
    evidence = class_pass.run(
        model.module,
        inputs,
        [CACTUS] * len(inputs),
        layers=layers,
        needs=frozenset({"activations", "input_gradients", "guided_gradients"}),
    )
    found = {}
    for index, layer in enumerate(layers):
        side = evidence.maps[index][0].shape[-1]
        for name in CAMS:
            values = METHODS[name].function(evidence.at(index)).relu().numpy()
            grid = f"{METHODS[name].title} at {layer}, {side} x {side}"
            found[grid] = np.stack([on_grid(v, pixels.shape[1:3]) for v in values])
    for name in GRADIENTS:
        values = METHODS[name].function(evidence).abs().amax(dim=1).numpy()
        found[METHODS[name].title] = values
    return found


def baselines(pixels: NDArray[np.uint8], seed: int) -> Maps:
    """What knows nothing of the network."""
    count, height, width, _ = pixels.shape
    size = (height, width)
    bright = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return {
        "baseline: smooth noise": np.stack([smooth_noise(size, seed + at) for at in range(count)]),
        "baseline: the centre": np.repeat(centre(size)[None], count, axis=0),
        "baseline: bright pixels": bright,
        "baseline: edges": np.stack([edges(one) for one in bright]),
    }


def edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """How steep a picture is, softened to the grain of a map."""
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.GaussianBlur(np.hypot(across, down), (0, 0), grey.shape[0] / 32))


def scene_anywhere(seed: int, size: int) -> Scene:
    """A scene whose cacti stand anywhere, those of its middle moved together."""
    offset = np.random.default_rng((seed, 77)).uniform(-SHIFT, SHIFT, 2).astype(np.float32)
    cacti = [replace(c, line=c.line + offset, shadow=c.shadow + offset) for c in cacti_of(seed)]
    return render_scene(seed, size, cacti)


def shifted_tiles(pixels: Tensor) -> NDArray[np.uint8]:
    """Tiles (N, 3, H, W) moved by chance, edges mirrored: (N, H, W, 3)."""
    reach = torch.rand(len(pixels), 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    steps = (reach * SHIFT * pixels.shape[-1]).round().long()
    return shifted(pixels, steps).permute(0, 2, 3, 1).contiguous().numpy()


def logits(model: LoadedModel, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    x = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2), model.spec.preprocessing)
    with torch.no_grad():
        return np.asarray(model.module(x)[:, 0].numpy())


def on_scenes(
    make: Callable[[NDArray[np.uint8], int], Maps], count: int, size: int
) -> dict[str, tuple[float, float]]:
    """How it was made -> (mean energy ratio, share of peaks on a cactus)."""
    ratios: dict[str, list[float]] = {}
    peaks: dict[str, list[bool]] = {}
    for start in range(0, count, BATCH):
        scenes = [scene_anywhere(s, size) for s in range(start, min(start + BATCH, count))]
        pixels = np.stack([scene.rgb for scene in scenes])
        for name, maps in make(pixels, start).items():
            for amounts, scene in zip(maps, scenes, strict=True):
                mask = scene.masks.any(axis=0)
                ratios.setdefault(name, []).append(energy_ratio(amounts, mask))
                peaks.setdefault(name, []).append(peak_inside(amounts, mask))
    known = {name: [r for r in found if r == r] or [float("nan")] for name, found in ratios.items()}
    return {name: (float(np.mean(known[name])), float(np.mean(peaks[name]))) for name in known}


def on_tiles(
    model: LoadedModel,
    make: Callable[[NDArray[np.uint8], int], Maps],
    tiles: NDArray[np.uint8],
) -> dict[str, float]:
    """How it was made -> mean drop of ``model``'s logit under deletion."""
    drops: dict[str, list[float]] = {}
    for start in range(0, len(tiles), BATCH):
        pixels = tiles[start : start + BATCH]
        before = logits(model, pixels)
        for name, maps in make(pixels, start).items():
            without = [covered(p, largest(m, SHARE)) for p, m in zip(pixels, maps, strict=True)]
            drops.setdefault(name, []).extend(before - logits(model, np.stack(without)))
    return {name: float(np.mean(found)) for name, found in drops.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cactus", help="the tiles' folder")
    parser.add_argument("--checkpoint", type=Checkpoint.parse)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--tiles", type=int, default=400)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    trained = load_model(options.checkpoint or "cactinet", device="cpu")
    untrained = load_model("cactinet", untrained=True, device="cpu")
    size = trained.spec.preprocessing.input_size[0]
    try:
        dataset = open_anywhere(options.data)
    except DataError as error:
        print(f"Nothing was measured: {error}")
        return
    excluded = split(dataset, 0)[1]
    chosen = [item for item in excluded if item.class_name == "cactus"][: options.tiles]
    labels = {"cactus": CACTUS}
    pixels = load_tiles(dataset, chosen, labels, trained.spec.preprocessing).pixels
    tiles = shifted_tiles(pixels)
    makers: dict[str, Callable[[NDArray[np.uint8], int], Maps]] = {
        "": lambda p, _: maps_of(trained, p),
        "baseline": baselines,
        "random weights": lambda p, _: maps_of(untrained, p),
    }
    table = {}
    for label, make in makers.items():
        scenes = on_scenes(make, options.scenes, size)
        drops = on_tiles(trained, make, tiles)
        for name, (ratio, peak) in scenes.items():
            title = f"{name}, random weights" if label == "random weights" else name
            table[title] = {"energy_ratio": ratio, "peak": peak, "drop": drops[name]}
    print(f"{options.scenes} scenes, {len(tiles)} excluded tiles with a cactus, {size} px\n")
    print("| map | energy ratio | peak on a cactus | drop of the logit |\n|---|---|---|---|")
    for name, row in table.items():
        print(f"| {name} | {row['energy_ratio']:.2f} | {row['peak']:.2f} | {row['drop']:.2f} |")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
