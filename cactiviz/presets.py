"""Animations that one word asks for: which pictures, which networks, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cactiviz.datasets import open_dataset
from cactiviz.datasets.anywhere import open_anywhere
from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.errors import DataError
from cactiviz.images import open_picture
from cactiviz.kept import Question
from cactiviz.look import Look
from cactiviz.shots import Shot


@dataclass(frozen=True)
class Preset:
    """One animation by name.

    Attributes:
        title: What it is, in a sentence.
        dataset: A data set's name.
        classes: Its classes, in this order; empty for those that it shows first, or all.
        each: Pictures of each class at most.
        networks: Names.
        question: What they are asked.
        look: How it is painted.
    """

    title: str
    dataset: str
    classes: tuple[str, ...]
    each: int
    networks: tuple[str, ...]
    question: Question
    look: Look = field(default_factory=Look)


PRESETS = {
    "efficientnet_blog": Preset(
        "Five networks before seven categories of Caltech-256, five pictures each, squashed",
        "caltech256",
        (),
        5,
        ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3"),
        Question(resize="squash"),
        Look(squash=True, heading="Grad-CAM"),
    ),
    "cactinet": Preset(
        "CactiNet before tiles from the air, by three methods",
        "scenes",
        (),
        8,
        ("cactinet",),
        Question(("grad_cam", "layer_cam", "saliency"), layer=None),
        Look(heading="What CactiNet looks at"),
    ),
    "inaturalist": Preset(
        "Three networks before living things, two pictures of each class",
        "inaturalist",
        (),
        2,
        ("alexnet", "resnet50", "efficientnet_b0"),
        Question(),
        Look(heading="Grad-CAM"),
    ),
}


def of_dataset(dataset: Dataset, classes: Sequence[str], each: int) -> tuple[list[Shot], int]:
    """The first pictures of each class, and how many were hoped for.

    Args:
        dataset: Opened.
        classes: Their names; empty for those that the data set shows first, or all.
        each: Of each class at most.

    Raises:
        DataError: There is no such class.
    """
    chosen = list(classes or dataset.opening or dataset.classes)
    items = [item for name in chosen for item in dataset.page(0, each, name)]
    return [_shot(dataset, item) for item in items], each * len(chosen)


def open_preset_data(preset: Preset, data: str | None) -> Dataset:
    """The preset's data set, in a folder that is named or where it is kept.

    Raises:
        DataError: It isn't there.
    """
    folder = Path(os.path.expanduser(data)) if data else None
    return open_dataset(preset.dataset, folder)


def of_source(source: str, each: int) -> list[Shot]:
    """Pictures of a file, a folder, a data set by name or folder, or ``sample:NAME``.

    Args:
        source: As a person names it.
        each: Of each class of a data set at most.

    Raises:
        CactivizError: There is nothing of that name, or no picture in it.
    """
    path = Path(os.path.expanduser(source))
    if path.is_dir() and not any(child.is_dir() for child in path.iterdir()):
        files = sorted(child for child in path.iterdir() if child.suffix.lower() in _ENDINGS)
        if not files:
            raise DataError(f"There is no picture in the folder {path}.")
        return [of_file(str(Path(source, file.name))) for file in files]
    if path.is_file() and path.suffix.lower() != ".zip":
        return [of_file(source)]
    if source.startswith("sample:"):
        return [of_file(source)]
    shots, _ = of_dataset(open_anywhere(source), (), each)
    if not path.is_dir():
        return shots
    # A folder that isn't in the table of data sets is found again by its files' own paths.
    return [replace(shot, origin=_file_of(source, shot.origin)) for shot in shots]


def of_file(source: str) -> Shot:
    """A file, or ``sample:NAME``."""
    name = Path(source).name if not source.startswith("sample:") else source[7:]
    path = source if source.startswith("sample:") else Path(os.path.expanduser(source))
    return Shot(name, source, lambda: open_picture(path))


def _file_of(folder: str, address: str) -> str:
    """An item's file by the folder as it was typed, which tells no more than that."""
    file = Path(folder, address.partition(":")[2])
    return str(file) if os.path.isfile(os.path.expanduser(file)) else address


def _shot(dataset: Dataset, item: Item) -> Shot:
    kind = re.sub(r"^\d{3}\.", "", item.class_name)  # Caltech-256 counts its classes
    title = f"{kind} · {item.name}"
    return Shot(title, item.address, lambda: dataset.open(item))


_ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".heic", ".avif"),
}
