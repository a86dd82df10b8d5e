"""Seeded, resumable batches of shuffled and augmented tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from cactiviz.errors import DataError
from cactiviz.models.preprocess import normalise
from cactiviz.training.in_memory import Tiles
from cactiviz.types import Preprocessing


class Batches:
    """An epoch of batches (pictures, labels), then the next; the last, smaller one is left out.

    Order and turns depend on the seed, the epoch and the batch only: a run that was interrupted
    goes on as if it hadn't been. Lightning keeps ``state_dict`` in its checkpoints.

    Attributes:
        size: Tiles in a batch: as many as requested, or all if there are fewer.
    """

    def __init__(self, tiles: Tiles, preprocessing: Preprocessing, size: int, seed: int) -> None:
        self._tiles = tiles
        self._preprocessing = preprocessing
        self.size = min(size, len(tiles.items))
        self._seed = seed
        self._epoch = 0
        self._next = 0

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self._tiles.items) // self.size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over the rest of the epoch; then the next one starts."""
        epoch, first = self._epoch, self._next
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
        order = torch.randperm(len(self._tiles.items), generator=generator)
        turns = torch.randint(8, (len(order),), generator=generator)
        for index in range(first, len(self)):
            # Before the batch is given: whoever knows the length never asks for one more.
            last = index + 1 == len(self)
            self._epoch, self._next = (epoch + 1, 0) if last else (epoch, index + 1)
            rows = slice(index * self.size, (index + 1) * self.size)
            pixels = turned(self._tiles.pixels[order[rows]], turns[rows])
            yield normalise(pixels, self._preprocessing), self._tiles.labels[order[rows]]

    def state_dict(self) -> dict[str, Any]:
        """Position within the epoch, and the number of tiles."""
        return {"epoch": self._epoch, "next": self._next, "tiles": len(self._tiles.items)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a position.

        Raises:
            DataError: It was a place among another number of tiles, which makes other epochs.
        """
        before, now = state.get("tiles"), len(self._tiles.items)
        if before not in (None, now):
            raise DataError(
                f"The run learnt from {before} pictures, and {now} can be read now; bring back "
                "those it learnt from, or name another folder."
            )
        self._epoch, self._next = state["epoch"], state["next"]


def turned(pixels: Tensor, turns: Tensor) -> Tensor:
    """Each tile of (B, C, S, S) under one of the eight flips and turns of a square.

    Args:
        pixels: Square tiles.
        turns: (B,), 0..7: the number modulo 4 of quarter turns, then mirrored from 4 on; 0 leaves
            a tile as it is.
    """
    found = pixels.clone()
    for turn in range(1, 8):
        rows = turns == turn
        if bool(rows.any()):
            tiles = torch.rot90(pixels[rows], turn % 4, (2, 3))
            found[rows] = tiles.flip(3) if turn >= 4 else tiles
    return found
