"""Caltech-256, whole or in part: each category is read by its folder's name."""

from __future__ import annotations

import re
from pathlib import Path

from cactiviz.datasets.archive import open_files
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.folder import checked
from cactiviz.datasets.noticed import of_classes
from cactiviz.datasets.tree import Reader, by_class, is_picture
from cactiviz.errors import DataError

TITLE = "Caltech-256"
TERMS = (
    "Photograph of Caltech-256, Griffin, Holub and Perona 2007, CNS-TR-2007-001; gathered on the "
    "web, no licence is stated"
)
FOLDER = "256_ObjectCategories"
#: Shown first: the categories of a well-known comparison of EfficientNet's class activation maps.
OPENING = (
    *("009.bear", "038.chimp", "251.airplanes-101", "158.penguin"),
    *("190.snake", "024.butterfly", "151.ostrich"),
)
_CATEGORY = re.compile(r"\d{3}\.\S")


def find_categories(folder: Path) -> Path | None:
    """The folder of the categories, if it is this folder or one in it."""
    places = (folder / FOLDER, folder)
    return next((path for path in places if path.name == FOLDER and path.is_dir()), None)


def open_caltech256(folder: Path) -> Dataset:
    """List the pictures of ``256_ObjectCategories/009.bear/009_0001.jpg`` and the like.

    Only what lies in a category itself is listed: the published archive has forgotten folders
    further down, with copies in them.

    Raises:
        DataError: There is no category, or no picture in any.
    """
    place = find_categories(folder)
    if place is None:
        raise DataError(f"{folder} has no folder {FOLDER}.")
    files = open_files(place)
    items = {
        category: [name for name in names if "/" not in name]
        for category, names in by_class(filter(is_picture, files.names), files.folders).items()
        if _CATEGORY.match(category)
    }
    opening = tuple(category for category in OPENING if category in items)
    read, notes = Reader(files, "caltech256", TERMS), of_classes(items)
    return checked(Dataset("caltech256", TITLE, TERMS, items, read, notes, opening), place)
