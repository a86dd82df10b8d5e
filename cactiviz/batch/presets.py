"""Presets of animations, and the pictures of a source that a person names."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cactiviz.datasets import open_dataset
from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.datasets.noticed import of_classes
from cactiviz.datasets.registry import open_anywhere
from cactiviz.datasets.tree import is_picture
from cactiviz.pictures.open import open_picture
from cactiviz.recipes.request import Request, Style
from cactiviz.types import Picture

#: Pictures of each class of a data set, unless another number is asked for.
EACH = 5


@dataclass(frozen=True)
class PictureRef:
    """A picture that is opened only when needed.

    Attributes:
        title: Text above its frame.
        origin: File or address, as a recipe names it.
        open: Opens the picture; raises a ``CactivizError`` if it can't.
        mark: Tells apart pictures of equal origin, such as files of several folders.
        left_out: What a recipe omitted from its origin, in words; may be empty.
    """

    title: str
    origin: str
    open: Callable[[], Picture] = field(compare=False)
    mark: str = ""
    left_out: str = ""

    @property
    def key(self) -> str:
        """Origin and mark, unique within a sequence."""
        return f"{self.origin} {self.mark}".strip()


@dataclass(frozen=True)
class Preset:
    """A named animation.

    Attributes:
        title: One sentence about it.
        dataset: Name of its data set.
        classes: Classes in the order shown; empty for the data set's opening classes, or all.
        each: Maximum number of pictures per class.
        networks: Names of the networks.
        question: Methods, layers and resizing.
        style: Layout, scale and colours.
    """

    title: str
    dataset: str
    classes: tuple[str, ...]
    each: int
    networks: tuple[str, ...]
    question: Request
    style: Style = field(default_factory=Style)


PRESETS = {
    "photographs": Preset(
        "Three networks that come along before four photographs, by two methods",
        "samples",
        (),
        4,
        ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"),
        Request(methods=("grad_cam", "guided_backprop")),
    ),
    "efficientnet_blog": Preset(
        "Five networks before seven categories of Caltech-256, five pictures each, squashed",
        "caltech256",
        (),
        5,
        ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3"),
        Request(resize="squash"),
        Style(squash=True),
    ),
    "cactinet": Preset(
        "CactiNet before tiles from the air, by three methods",
        "scenes",
        (),
        8,
        ("cactinet",),
        Request(methods=("grad_cam", "layer_cam", "saliency"), layer=None),
    ),
    "inaturalist": Preset(
        "Three networks before living things, two pictures of each class",
        "inaturalist",
        (),
        2,
        ("alexnet", "resnet50", "efficientnet_b0"),
        Request(),
    ),
}


def of_dataset(dataset: Dataset, classes: Sequence[str], each: int) -> tuple[list[PictureRef], int]:
    """The first pictures of each class, and the number that full classes would give.

    Args:
        dataset: The data set.
        classes: Names of the classes; empty for the data set's opening classes, or all.
        each: Maximum number of pictures per class.

    Raises:
        DataError: There is no such class.
    """
    chosen = classes or dataset.opening or dataset.classes
    return [_shot(dataset, item) for item in _first(dataset, chosen, each)], each * len(chosen)


def open_preset_data(preset: Preset, data: str | None) -> Dataset:
    """Open a preset's data set, in this folder or where data sets are kept.

    Raises:
        DataError: It isn't there.
    """
    folder = Path(os.path.expanduser(data)) if data else None
    return open_dataset(preset.dataset, folder)


def of_source(
    source: str,
    each: int | None = None,
    *,
    without: Sequence[Path] = (),
    say: Callable[[str], None] = lambda _: None,
) -> list[PictureRef]:
    """Pictures of a file, a folder, a zip, a data set by name or folder, or ``sample:NAME``.

    Args:
        source: Path or name of the source; a folder without classes gives all its pictures.
        each: Maximum per class; None for :data:`EACH`, or for all of a single class on disk.
        without: Files and folders to leave out, such as what is about to be written.
        say: Called with each note on the listing, a sentence.

    Raises:
        CactivizError: There is nothing of that name, or no picture in it.
    """
    path = Path(os.path.expanduser(source))
    if not os.path.exists(path) and source.startswith("sample:"):
        return [of_file(source)]
    if any(path.exists() and other.exists() and path.samefile(other) for other in without):
        say(f"{source} is what this command writes, and was left out.")
        return []
    if path.is_file() and (is_picture(path.name) or not zipfile.is_zipfile(path)):
        return [of_file(source)]
    dataset = open_anywhere(source, without)
    path_of = dataset.path_of  # within the folder or zip, where that is known
    paths = {item: path_of(item.class_name, item.name) for item in dataset} if path_of else {}
    one_class = path_of is not None and sum(map(bool, dataset.items.values())) == 1
    is_flat = bool(paths) and not any("/" in inside for inside in paths.values())
    notes = [note for note in dataset.notes if not (is_flat and note in of_classes(dataset.items))]
    for note in notes:
        say(note)
    if is_flat or (each is None and one_class):
        items = list(dataset)
    else:
        most = each or EACH
        items = _first(dataset, (), most)
        if len(items) < len(dataset):
            opening = f"{len(dataset.opening)} of the {len(dataset.classes)} classes"
            few = f"{most} of {opening if dataset.opening else 'each class'}"
            shown = f"{len(items)} of {len(dataset)} pictures are shown"
            say(f"{shown}, at most {few}; --each N shows more.")
    if not path.is_dir():
        return [_shot(dataset, item) for item in items]
    if is_flat:
        return [of_file(str(Path(source, item.name))) for item in items]
    # A folder that isn't in the table of data sets is found again by its files' own paths.
    origins = {item: str(Path(source, inside)) for item, inside in paths.items()}
    return [_shot(dataset, item, origins.get(item, "")) for item in items]


def of_file(source: str) -> PictureRef:
    """Reference to a picture file, or to ``sample:NAME``."""
    name = Path(source).name if not source.startswith("sample:") else source[7:]
    path = source if source.startswith("sample:") else Path(os.path.expanduser(source))
    return PictureRef(name, source, lambda: open_picture(path))


def _first(dataset: Dataset, classes: Sequence[str], each: int) -> list[Item]:
    chosen = classes or dataset.opening or dataset.classes
    return [item for name in chosen for item in dataset.page(0, each, name)]


def _shot(dataset: Dataset, item: Item, origin: str = "") -> PictureRef:
    kind = re.sub(r"^\d{3}\.", "", item.class_name)  # Caltech-256 counts its classes
    title = f"{kind} · {item.name}"
    return PictureRef(title, origin or item.address, lambda: dataset.open(item))
