"""The table of data sets, and functions to find and open them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.folder import open_folder
from cactiviz.datasets.rows import ROWS
from cactiviz.datasets.spec import DatasetSpec
from cactiviz.errors import DataError
from cactiviz.types import Picture

_MOST_FOLDERS = 2000
_ANYWHERE = Path()


#: All data sets by name.
DATASETS: dict[str, DatasetSpec] = {}


def register(spec: DatasetSpec) -> None:
    """Add a row to the table.

    Raises:
        ValueError: There is one of that name already.
    """
    if spec.name in DATASETS:
        raise ValueError(f"there is a data set {spec.name} already")
    DATASETS[spec.name] = spec


def get_dataset_spec(name: str) -> DatasetSpec:
    """The row of this name.

    Raises:
        DataError: There is none of that name.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise DataError(f"There is no data set “{name}”; there are {', '.join(DATASETS)}.")
    return DATASETS[name]


def data_folder() -> Path:
    """Folder of data sets and downloads: ``CACTIVIZ_DATA``, or ~/cactiviz-data.

    It is made only when something is downloaded. Where there is no home folder, it is the folder
    cactiviz-data in the working folder.
    """
    home = os.path.expanduser("~/cactiviz-data").removeprefix("~/")
    return Path(os.path.expanduser(os.environ.get("CACTIVIZ_DATA") or home))


def find_dataset(name: str, folder: Path | None = None) -> Path | None:
    """Folder or zip of a data set, or None if it isn't on disk.

    What comes along is in no folder that matters, which is said with an empty path.

    Args:
        name: The data set's.
        folder: Where to look, there and up to two folders below; the data folder if not given.

    Raises:
        DataError: There is no data set of that name.
    """
    spec = get_dataset_spec(name)
    if spec.place == "installed":
        return _ANYWHERE
    folder = Path(os.path.expanduser(folder)) if folder is not None else None
    if spec.place == "named":
        return folder if folder is not None and os.path.exists(folder) else None
    for place in _places(folder or data_folder()):
        with suppress(OSError):  # a folder that may not be read isn't the one
            located = spec.locate(place)
            if located is not None:
                return located
    return None


def is_on_disk(name: str, folder: Path | None = None) -> bool:
    """Whether a data set can be opened without a download; as for :func:`find_dataset`."""
    return find_dataset(name, folder) is not None


def open_dataset(name: str, folder: Path | None = None, without: Iterable[Path] = ()) -> Dataset:
    """Find a data set and list what is in it.

    Args:
        name: The data set's.
        folder: As for :func:`find_dataset`; for "folder" the folder or zip itself.
        without: Files and folders of "folder" that don't count, such as what is about to be
            written.

    Raises:
        DataError: There is no such data set, it isn't there, or it can't be read; the sentence
            says where it was looked for and how to get it.
    """
    spec = get_dataset_spec(name)
    path = find_dataset(name, folder)
    if path is None:
        raise DataError(_not_here(spec, folder))
    return open_folder(path, without) if spec.place == "named" else spec.open(path)


def open_item(address: str, folder: Path | None = None) -> Picture:
    """Open the picture of an address ``NAME:CLASS/ITEM``.

    Args:
        address: E.g. ``samples:photographs/chelsea``.
        folder: As for :func:`open_dataset`.

    Raises:
        DataError: There is no such data set, class or item, or its file can't be read.
        PictureError: It is no picture.

    >>> open_item("samples:photographs/chelsea").size
    (300, 451)
    """
    if not isinstance(address, str):
        kind = type(address).__name__
        raise DataError(f"A data set's picture is named as NAME:CLASS/ITEM, not as {kind}.")
    name, _, place = address.partition(":")
    dataset = open_dataset(name, folder)
    return dataset.open(dataset.find(place))


def is_address(text: str) -> bool:
    """Whether a text begins as an address of an item does, with a data set's name and a colon.

    >>> is_address("cactus:no cactus/0004be2cfeaba1c0361d39e2b000257b.jpg")
    True
    >>> is_address("C:/cactus.jpg"), is_address("sample:chelsea")
    (False, False)
    """
    name, colon, _ = text.partition(":")
    return bool(colon) and name in DATASETS


def _not_here(spec: DatasetSpec, folder: Path | None) -> str:
    if spec.place == "named":
        if folder is not None:
            return f"There is no folder or zip {folder}."
        return f"The data set “{spec.title}” needs a folder or a zip to read; please name one."
    place = folder or data_folder()
    how = f"`cactiviz data info {spec.name}` says how to get it"
    if spec.archive is not None:
        size = f"{spec.archive.size_bytes / 1e9:.1f} GB"
        how = f"`cactiviz data get {spec.name}` downloads it, {size}"
    return (
        f"The data set {spec.title} isn't on this machine: {spec.layout} was looked for in {place} "
        f"and up to two folders below; {how}."
    )


def _places(folder: Path) -> Iterator[Path]:
    """A folder, then those in it, then those in these; or a zip that was named."""
    level = [folder]
    for _ in range(3):
        yield from level
        level = list(islice((below for above in level for below in _below(above)), _MOST_FOLDERS))


def _below(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if not name.startswith(".")]


for _spec in ROWS:
    register(_spec)
