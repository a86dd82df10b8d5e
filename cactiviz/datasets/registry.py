"""The table of data sets, and functions to find and open them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from cactiviz.datasets import aerial_cactus, caltech256, inaturalist
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.folder import open_folder
from cactiviz.datasets.scenes import scene
from cactiviz.errors import DataError
from cactiviz.pictures.open import SAMPLES, open_picture
from cactiviz.types import Picture


@dataclass(frozen=True)
class Archive:
    """A published file that a data set comes in.

    Attributes:
        url: Where it is.
        file_name: What it is called on disk.
        size_bytes: About how large it is.
        md5: Its published hash; None where none is published.
        unpacked: The folder in it, if it is a tar; empty for a zip, which is read in its place.
    """

    url: str
    file_name: str
    size_bytes: int
    md5: str | None = None
    unpacked: str = ""


@dataclass(frozen=True, eq=False)
class DatasetSpec:
    """One row of the table.

    Attributes:
        name: Registry key, snake_case.
        title: What to call it.
        about: What is in it, in one sentence.
        layout: How its files lie; a few words.
        how_to_get: What a person does to have it, in sentences.
        terms: Whose pictures they are and under which licence.
        open: From the place where it was found to the data set; raises a DataError.
        place: "installed" comes along and needs no folder, "named" is whatever folder or zip is
            named, "searched" is looked for in a folder and up to two folders below.
        locate: Maps a folder to the data set's own folder or file in it, or None.
        archive: What to download; None where nothing can be.
    """

    name: str
    title: str
    about: str
    layout: str
    how_to_get: str
    terms: str
    open: Callable[[Path], Dataset] = field(repr=False)
    place: Literal["installed", "named", "searched"] = "searched"
    locate: Callable[[Path], Path | None] = field(default=lambda _: None, repr=False)
    archive: Archive | None = None


_SAMPLES = "Photographs that come along"
_SAMPLE_TERMS = "CC0 or public domain; each photograph names its author"


def _open_samples() -> Dataset:
    """The packaged photographs as a data set of one class; each keeps its own credit."""

    def read(class_name: str, name: str) -> Picture:
        return open_picture(f"sample:{name}", name=f"samples:{class_name}/{name}")

    return Dataset("samples", _SAMPLES, _SAMPLE_TERMS, {"photographs": tuple(SAMPLES)}, read)


#: In the order in which they are listed.
ROWS = (
    DatasetSpec(
        "samples",
        _SAMPLES,
        "A cat, a cup, a rocket and an astronaut, to begin with.",
        "inside of scikit-image",
        "It is here already.",
        _SAMPLE_TERMS,
        lambda _: _open_samples(),
        place="installed",
    ),
    DatasetSpec(
        "scenes",
        scene.TITLE,
        "Aerial desert tiles drawn by a program, with and without columnar cacti.",
        "drawn when they are asked for",
        "It is here already.",
        scene.TERMS,
        lambda _: scene.open_scenes(),
        place="installed",
    ),
    DatasetSpec(
        "cactus",
        aerial_cactus.TITLE,
        "Tiles of 32 x 32 pixels of a Mexican desert from above, with and without a columnar "
        "cactus.",
        "train.csv beside train.zip or train/",
        "Make an account at Kaggle, accept the rules of the competition at "
        "https://www.kaggle.com/c/aerial-cactus-identification/rules, download train.csv and "
        "train.zip from its page “Data”, and put both into one folder of the data folder; "
        "train.zip needn't be unpacked. With `pip install cactiviz[kaggle]` and a key of "
        "Kaggle's, `cactiviz data get cactus` does the rest once the rules are accepted.",
        aerial_cactus.TERMS,
        aerial_cactus.open_cactus,
        locate=lambda folder: folder if aerial_cactus.is_here(folder) else None,
    ),
    DatasetSpec(
        "caltech256",
        caltech256.TITLE,
        "30,607 photographs of things and animals in 256 categories and one of clutter.",
        "256_ObjectCategories/009.bear/009_0001.jpg",
        "`cactiviz data get caltech256` downloads Caltech's own archive and unpacks it, which "
        "takes twice its size for a while.",
        caltech256.TERMS,
        caltech256.open_caltech256,
        locate=caltech256.find_categories,
        # The address and the hash as torchvision has them; Caltech's own page shows the same.
        archive=Archive(
            "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
            "256_ObjectCategories.tar",
            1_200_000_000,
            "67b4f42ca05d46448c6bb8ecd2220f6d",
            caltech256.FOLDER,
        ),
    ),
    DatasetSpec(
        "inaturalist",
        inaturalist.TITLE,
        "Photographs of living things: 12,000 in ten groups, or the competitions' sets of "
        "2017 to 2021 by species.",
        "inaturalist_12K/train/Aves/*.jpg, nature_12K.zip, or 2021_train/ and its like",
        "`cactiviz data get inaturalist` downloads the 12K set's archive, of which no hash is "
        "published; it is read in its place. The larger sets are those of torchvision's class "
        "INaturalist, in the folders that it makes.",
        inaturalist.TERMS,
        inaturalist.open_inaturalist,
        locate=inaturalist.find_set,
        archive=Archive(
            "https://storage.googleapis.com/wandb_datasets/nature_12K.zip",
            inaturalist.ZIP,
            3_800_000_000,
        ),
    ),
    DatasetSpec(
        "folder",
        "Any folder or zip",
        "Pictures of your own, a sub-folder a class.",
        "CLASS/picture.jpg",
        "Name your folder or zip.",
        "They are yours to know",
        open_folder,
        place="named",
    ),
)


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
        without: Files and folders of "folder" to leave out, such as what is about to be written.

    Raises:
        DataError: There is no such data set, it isn't on disk, or it can't be read.
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
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return [folder / name for name in names if not name.startswith(".")]


for _spec in ROWS:
    register(_spec)


def open_anywhere(named: str, without: Iterable[Path] = ()) -> Dataset:
    """A data set of the table by its name, cactus tiles by their list, else classes by folder.

    Args:
        named: As a person names it.
        without: Files and folders that don't count, such as what is about to be written.

    Raises:
        DataError: There is no such data set, folder or zip, or it can't be read.
    """
    path = Path(os.path.expanduser(named))
    if named in DATASETS and not os.path.exists(path):
        return open_dataset(named)
    return (
        aerial_cactus.open_cactus(path)
        if aerial_cactus.is_meant(path)
        else open_folder(path, without)
    )
