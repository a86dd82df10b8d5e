"""iNaturalist data sets on disk: the 12K set, and the competitions' sets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from cactiviz.datasets.archive import Files, open_files
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.folder import checked
from cactiviz.datasets.noticed import of_classes
from cactiviz.datasets.tree import Layout, Reader, by_class, is_picture
from cactiviz.errors import DataError

TITLE = "iNaturalist"
TERMS = (
    "Photograph from iNaturalist, in a data set made for research; its licence is its author's "
    "choice and isn't stated in the file"
)
FOLDER = "inaturalist_12K"
ZIP = "nature_12K.zip"
_PARTS = ("train", "val")
#: torchvision's names of the competitions' sets, which it takes for the folders' names.
VERSIONS = ("2021_train", "2021_train_mini", "2021_valid", "2019", "2018", "2017")
# 00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris
_SPECIES = re.compile(r"\d{5}(_[^_]+){7}$")
_GROUPS = {
    *("Actinopterygii", "Amphibia", "Animalia", "Arachnida", "Aves", "Bacteria", "Chromista"),
    *("Fungi", "Insecta", "Mammalia", "Mollusca", "Plantae", "Protozoa", "Reptilia"),
    *("Amphibians", "Birds", "Insects", "Plants", "Reptiles"),  # in 2019
}
_MOST_LOOKED_AT = 50


def find_set(place: Path) -> Path | None:
    """The set's own folder or zip, if it is this place or in it."""
    layout = _found(place)
    return None if layout is None else layout[0]


def open_inaturalist(place: Path) -> Dataset:
    """List the pictures of the set that is there; of several, the 12K set, then the latest.

    In the 12K set a class is a group such as "Aves", and a picture's name begins with "train/" or
    "val/". In torchvision's layouts a class is a species: its folder's name (2021), or the group
    and the category's number with a slash between (2017 to 2019).

    Raises:
        DataError: None is there, it is damaged, or it has no picture.
    """
    layout = _found(place)
    if layout is None:
        raise DataError(f"{place} holds no data set of iNaturalist.")
    path, list_classes = layout
    files = open_files(path)
    items, path_of = list_classes(files)
    read, notes = Reader(files, "inaturalist", TERMS, path_of), of_classes(items)
    return checked(Dataset("inaturalist", TITLE, TERMS, items, read, notes), path)


_Listing = tuple[dict[str, list[str]], Callable[[str, str], str]]


def _found(place: Path) -> tuple[Path, Callable[[Files], _Listing]] | None:
    """The set's own folder or zip, and how its classes are listed."""
    for path in (place / FOLDER, place):
        if path.name == FOLDER and any((path / part).is_dir() for part in _PARTS):
            return path, _list_12k
    for path in (place / ZIP, place):
        if path.name == ZIP and path.is_file():
            return path, _list_12k
    for version in VERSIONS:
        for path in (place / version, place):
            if path.name == version and path.is_dir() and _holds_classes(path, version):
                return path, _list_species if version.startswith("2021") else _list_groups
    return None


def _holds_classes(path: Path, version: str) -> bool:
    # A folder may be called 2019 for many reasons.
    with os.scandir(path) as entries:
        names = [entry.name for entry in islice(entries, _MOST_LOOKED_AT)]
    if version.startswith("2021"):
        return any(map(_SPECIES.match, names))
    return not _GROUPS.isdisjoint(names)


def _list_12k(files: Files) -> _Listing:
    wrapping = f"{FOLDER}/"
    start = wrapping if any(name.startswith(wrapping) for name in files.names) else ""
    layout = Layout(start, {part: f"{part}/" for part in _PARTS})
    folders = {
        name.removeprefix(inside)
        for inside in (f"{start}{part}/" for part in _PARTS)
        for name in files.folders
        if name.startswith(inside)
    }
    listed = layout.list(filter(is_picture, files.names), files.folders)
    items = {name: listed[name] for name in listed if name in folders}
    names = frozenset(files.names)
    return items, lambda class_name, name: layout.path_of(class_name, name, names)


def _list_species(files: Files) -> _Listing:
    """As ``by_class``, without pictures that lie in no folder."""
    folders = frozenset(files.folders)
    classes = by_class(filter(is_picture, files.names), folders)
    return {name: names for name, names in classes.items() if name in folders}, "{}/{}".format


def _list_groups(files: Files) -> _Listing:
    groups: dict[str, list[str]] = {name: [] for name in files.folders if name.count("/") == 1}
    for path in files.names:
        group, category, name = (*path.split("/", 2), "", "")[:3]
        if name and is_picture(path):
            groups[f"{group}/{category}"].append(name)
    return groups, "{}/{}".format
