"""Fits what tells a trained network's pictures from strangers, on its training tiles alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.errors import DataError, PictureError
from cactiviz.models.familiarity import Familiarity, features, fitted
from cactiviz.models.preprocess import normalise
from cactiviz.training.augmentation import shifted
from cactiviz.training.tiles import Tiles
from cactiviz.types import Preprocessing

STAGE = "stem"
#: Share of the training tiles held out from the fit that are no strangers.
ACCEPTED = 0.995
SHRINKAGE = 0.05
#: Grain of the tiles at most, in levels of 255, and their shift at most, as a share of a side.
GRAIN, SHIFT = 10.0, 0.375
_MOST = 8192  # tiles
_HELD_OUT = 4  # each fourth tile
#: With fewer training tiles nothing is said of strangers.
FEWEST = 32
_MEASURED = 64  # tiles whose own size is looked at
_BATCH = 128


def own_side(dataset: Dataset, items: Sequence[Item]) -> int:
    """The median of the shorter sides of a few pictures, in their own pixels.

    Raises:
        DataError: None of them can be read.
    """
    sides = []
    for item in items[:: max(1, len(items) // _MEASURED)]:
        try:
            sides.append(min(dataset.open(item).size))
        except (PictureError, DataError):
            continue
    if not sides:
        raise DataError(f"No picture of {dataset.title} can be read.")
    return round(median(sides))


def fit_familiarity(
    network: nn.Module,
    tiles: Tiles,
    preprocessing: Preprocessing,
    side: int,
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Familiarity:
    """Fit a network's :class:`Familiarity` to its training tiles, as they are and changed.

    Each tile counts twice: as it is, and shifted and grained, so that neither makes it a stranger.

    Args:
        network: In eval mode.
        tiles: What it learnt from; at most 8,192 of them are used, evenly chosen.
        preprocessing: Only its normalisation is done here.
        side: The tiles' side in their own pixels.
        seed: Of shifts and grain.
        progress: Called with the tiles done and the total.

    Raises:
        DataError: There are fewer than :data:`FEWEST` tiles.
    """
    count = len(tiles.items)
    if count < FEWEST:
        raise DataError(f"{count} tiles are too few to tell a stranger by.")
    chosen = torch.arange(0, count, max(1, -(-count // _MOST)))
    generator = torch.Generator().manual_seed(seed)
    weight = next(network.parameters())
    found = []
    for start in range(0, len(chosen), _BATCH):
        pixels = tiles.pixels[chosen[start : start + _BATCH]]
        pair = []
        for each in (pixels, _changed(pixels, side, generator)):
            x = normalise(each, preprocessing).to(device=weight.device, dtype=weight.dtype)
            pair.append(features(network, x, STAGE, side))
        found.append(np.stack(pair, axis=1))
        if progress is not None:
            progress(min(start + _BATCH, len(chosen)), len(chosen))
    both = np.concatenate(found)  # (tiles, 2, D): a tile and its change are held out together
    is_held = np.arange(len(both)) % _HELD_OUT == 0
    learnt, held = (both[rows].reshape(-1, both.shape[2]) for rows in (~is_held, is_held))
    return fitted(learnt, held, STAGE, side, accepted=ACCEPTED, shrinkage=SHRINKAGE)


def _changed(pixels: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Tiles shifted by chance, under grain of their own pixels."""
    count, channels, height, width = pixels.shape
    reach = torch.rand(count, 2, generator=generator) * 2 - 1
    moved = shifted(pixels, (reach * SHIFT * torch.tensor([height, width])).round().long())
    levels = torch.rand(count, 1, 1, 1, generator=generator) * GRAIN
    own = (min(side, height), min(side, width))
    noise = torch.randn((count, channels, *own), generator=generator)
    noise = F.interpolate(noise, (height, width), mode="bilinear")
    return (moved + noise * levels).round().clamp(0, 255).to(torch.uint8)
