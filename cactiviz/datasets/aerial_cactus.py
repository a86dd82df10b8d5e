"""Aerial cactus tiles in the layout of Kaggle's ``aerial-cactus-identification``."""

from __future__ import annotations

import csv
import io
from pathlib import Path, PurePosixPath

from cactiviz.datasets.archive import open_files
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.tree import Reader
from cactiviz.errors import DataError

TITLE = "Aerial cactus"
TERMS = (
    "Tile of the competition Aerial Cactus Identification on Kaggle, from Lopez-Jimenez et al. "
    "2019, Ecological Informatics; licence unknown"
)
#: In the order of a one-logit network's classes.
CLASSES = ("no cactus", "cactus")
_MOST_CSV_BYTES = 100_000_000
_LONGEST_HEADER = 1000
_COLUMNS = {"id", "has_cactus"}


def is_here(folder: Path) -> bool:
    """Whether a folder looks like this data set."""
    return (folder / "train.csv").is_file() and _packed(folder) is not None


def is_meant(folder: Path) -> bool:
    """Whether it is this data set, by its list's own columns.

    Many a competition's folder has a ``train.csv`` beside its pictures.
    """
    try:
        if not is_here(folder):
            return False
        with (folder / "train.csv").open(encoding="utf-8-sig") as file:
            header = file.readline(_LONGEST_HEADER)
    except (OSError, UnicodeDecodeError):
        return False
    return {column.strip().strip('"') for column in header.split(",")} >= _COLUMNS


def open_cactus(folder: Path, name: str = "cactus") -> Dataset:
    """Read ``train.csv`` and list the tiles in ``train/`` or ``train.zip``.

    Args:
        folder: Where they are.
        name: What the data set is called in its pictures' addresses.

    Raises:
        DataError: Something of it is missing or damaged.
    """
    packed = _packed(folder)
    if packed is None:
        raise DataError(f"{folder} has neither a folder train nor a train.zip.")
    files = open_files(packed)
    paths = {PurePosixPath(path).name: path for path in files.names}
    labels = _labels(folder / "train.csv")
    missing = [name for name in labels if name not in paths]
    if len(missing) == len(labels):
        raise DataError(f"None of the {len(labels)} files that train.csv names is in {packed}.")
    notes: tuple[str, ...] = ()
    if missing:
        notes = (
            f"{len(missing)} of the {len(labels)} files that train.csv names are missing, "
            f"{missing[0]} first; they are left out.",
        )
    items = {
        class_name: tuple(n for n, label in labels.items() if label == index and n in paths)
        for index, class_name in enumerate(CLASSES)
    }
    reader = Reader(files, name, TERMS, lambda _, tile: paths[tile])
    return Dataset(name, TITLE, TERMS, items, reader, notes)


def _packed(folder: Path) -> Path | None:
    places = (folder / "train", folder / "train.zip")
    return next((path for path in places if path.exists()), None)


def _labels(path: Path) -> dict[str, int]:
    """File name -> 0 or 1."""
    try:
        if path.stat().st_size > _MOST_CSV_BYTES:
            raise DataError(f"{path} is too large for a list of tiles.")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The list {path} can't be read.") from error
    labels: dict[str, int] = {}
    try:
        rows = csv.DictReader(io.StringIO(text))
        if not set(rows.fieldnames or ()) >= _COLUMNS:
            raise DataError(f"{path} has no columns id and has_cactus.")
        for row in rows:
            if row["has_cactus"] not in ("0", "1") or not row["id"]:
                raise DataError(f"Line {rows.line_num} of {path} names no tile with a 0 or a 1.")
            labels[row["id"]] = int(row["has_cactus"])
    except csv.Error as error:
        raise DataError(f"{path} isn't a table of tiles and labels.") from error
    if not labels:
        raise DataError(f"{path} names no tile.")
    return labels
