"""Loads a data set's pictures, resized, into memory with their labels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.errors import Cancelled, DataError, PictureError
from cactiviz.models.preprocess import resize
from cactiviz.types import Cancel, Preprocessing, Progress

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
    known = torch.tensor([labels[item.class_name] for item in read], dtype=torch.long)
    return Tiles(pixels[: len(read)], known, tuple(read), tuple(skipped))


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
