"""A data set as a person names it: by its name, or by the folder or zip that it lies in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cactiviz.datasets import aerial_cactus
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.folder import open_folder
from cactiviz.datasets.registry import DATASETS, open_dataset


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
