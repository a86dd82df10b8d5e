"""Training data in memory: tiles, their split, and batches with augmentation."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.errors import Cancelled, DataError, PictureError
from cactiviz.models.preprocess import normalise, resize
from cactiviz.training.augmentation import augmented
from cactiviz.types import Cancel, Preprocessing, Progress

#: The share of a data set that is excluded from training.
SHARE = 0.1


def is_excluded(name: str, seed: int, share: float = SHARE) -> bool:
    """Whether a picture is kept out of training, by its own name and the seed alone.

    It depends on no other picture, so what is excluded from a part of a data set is excluded from
    the whole of it too.

    >>> [is_excluded(name, 0) for name in ("a.jpg", "b.jpg", "c.jpg")]
    [False, False, False]
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def split(items: Iterable[Item], seed: int) -> tuple[list[Item], list[Item]]:
    """(to train with, excluded), each in the order given."""
    kept: list[Item] = []
    excluded: list[Item] = []
    for item in items:
        (excluded if is_excluded(item.name, seed) else kept).append(item)
    return kept, excluded


#: The most memory that pictures may take.
MAX_BYTES = 12 * 1024**3
_REPORT_EVERY = 256


@dataclass(frozen=True, eq=False)
class Tiles:
    """Pictures and labels.

    Attributes:
        pixels: uint8 (N, 3, H, W), resized, on the CPU.
        labels: int64 (N,), class indices.
        items: Which picture each is.
        skipped: A sentence for each picture that couldn't be read and was left out.
    """

    pixels: Tensor
    labels: Tensor
    items: tuple[Item, ...]
    skipped: tuple[str, ...] = ()


def load_tiles(
    dataset: Dataset,
    items: Sequence[Item],
    labels: Mapping[str, int],
    preprocessing: Preprocessing,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Tiles:
    """Open and resize pictures; those that can't be read are named and left out.

    Args:
        dataset: The data set.
        items: The pictures to load.
        labels: Class name -> class index, as :func:`labels_for` gives them.
        preprocessing: Only its resizing is done here.
        progress: Called with the pictures done and the total.
        cancel: Checked between pictures.

    Raises:
        Cancelled: ``cancel`` was set.
        DataError: So many pictures of this size are more than :data:`MAX_BYTES`.
    """
    size = len(items) * 3 * math.prod(preprocessing.input_size)
    if size > MAX_BYTES:
        raise DataError(
            f"{len(items)} pictures of this size need {size / 1024**3:.0f} GB of memory; choose "
            "a smaller input size or fewer pictures."
        )
    pixels = torch.empty((len(items), 3, *preprocessing.input_size), dtype=torch.uint8)
    read: list[Item] = []
    skipped: list[str] = []
    for done, item in enumerate(items):
        if done % _REPORT_EVERY == 0:
            if cancel is not None and cancel.is_set():
                raise Cancelled("Reading the pictures was stopped.")
            if progress is not None:
                progress(done, len(items))
        try:
            pixels[len(read)] = resize(dataset.open(item), preprocessing)
        except (PictureError, DataError) as error:
            skipped.append(str(error))
        else:
            read.append(item)
    if progress is not None:
        progress(len(items), len(items))
    class_indices = torch.tensor([labels[item.class_name] for item in read], dtype=torch.long)
    return Tiles(pixels[: len(read)], class_indices, tuple(read), tuple(skipped))


def labels_for(class_names: Sequence[str], items: Iterable[Item], title: str) -> dict[str, int]:
    """Class name -> the network's class index, by name; upper and lower case are the same.

    Args:
        class_names: The network's.
        items: Whose classes are wanted.
        title: How to call the data set in a sentence.

    Raises:
        DataError: The network has no class of such a name, or several; or there is no item.
    """
    indices = {name.casefold(): index for index, name in enumerate(class_names)}
    counts = Counter(name.casefold() for name in class_names)
    labels: dict[str, int] = {}
    for name in dict.fromkeys(item.class_name for item in items):
        if name.casefold() not in indices:
            few = ", ".join(class_names[:6]) + (", …" if len(class_names) > 6 else "")
            raise DataError(
                f"{title} has pictures of “{name}”, but the network's classes are "
                f"{few or 'without names'}."
            )
        if counts[name.casefold()] > 1:
            raise DataError(f"The network has several classes called “{name}”; rename the folder.")
        labels[name] = indices[name.casefold()]
    if not labels:
        raise DataError(f"There is no picture in {title} to work with.")
    return labels


class Batches:
    """An epoch of batches (pictures, labels), then the next; the last, smaller one is left out.

    Order, turns and changes depend on the seed, the epoch and the batch only: a run that was
    interrupted goes on as if it hadn't been. Lightning keeps ``state_dict`` in its checkpoints.

    Args:
        tiles: What is learnt from.
        preprocessing: Only its normalisation is done here.
        size: Tiles in a batch.
        seed: Of all chance.
        augmentation: Strength of the changes that go beyond flips and turns; 0 for none.

    Attributes:
        size: Tiles in a batch: as many as requested, or all if there are fewer.
    """

    def __init__(
        self,
        tiles: Tiles,
        preprocessing: Preprocessing,
        size: int,
        seed: int,
        augmentation: float = 0.0,
    ) -> None:
        self._tiles = tiles
        self._augmentation = augmentation
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
            if self._augmentation:
                chance = torch.Generator().manual_seed(self._number(epoch, index))
                pixels = augmented(pixels, self._augmentation, chance)
            yield normalise(pixels, self._preprocessing), self._tiles.labels[order[rows]]

    def _number(self, epoch: int, index: int) -> int:
        """A seed for one batch alone."""
        return ((self._seed * 1_000_003 + epoch) * 1_000_033 + index + 1) % 2**63

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
        turns: (B,), 0..7: quarter turns modulo 4, mirrored from 4 on.
    """
    copied = pixels.clone()
    for turn in range(1, 8):
        rows = turns == turn
        if bool(rows.any()):
            tiles = torch.rot90(pixels[rows], turn % 4, (2, 3))
            copied[rows] = tiles.flip(3) if turn >= 4 else tiles
    return copied
