"""Any folder or zip of pictures: its sub-folders are the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.files import Files, open_files
from cactiviz.datasets.tree import by_class, read_from, top
from cactiviz.errors import DataError
from cactiviz.types import Picture

_MOST_NAMED = 5


def open_folder(path: Path) -> Dataset:
    """List the pictures of a folder or a zip; a zip is read in its place, never unpacked.

    A folder that is alone and holds folders only is looked through, so that the classes may lie
    within a wrapping.

    Raises:
        DataError: It isn't there, can't be read, isn't to be trusted, or holds no picture.
    """
    files = open_files(path)
    start = top(files)
    items = by_class(files, start)
    title = f"Folder {path.absolute().name}"
    terms = f"From {path.absolute().name}; its terms are known to whoever put it there"
    return checked(
        Dataset("folder", title, terms, items, _Reader(files, start, terms), remarks(items)), path
    )


def checked(dataset: Dataset, path: Path) -> Dataset:
    """The data set itself, if there is a picture in it.

    Raises:
        DataError: There is none.
    """
    if not len(dataset):
        raise DataError(f"There are no pictures in {path}.")
    return dataset


def remarks(items: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One sentence for each thing about the classes that a person should know.

    >>> remarks({"bear": ["1.jpg"], "chimp": []})
    ('The class “chimp” has no picture.', 'All pictures are of one class, “bear”.')
    """
    empty = [name for name, found in items.items() if not found]
    full = [name for name, found in items.items() if found]
    found = [f"The class “{name}” has no picture." for name in empty[:_MOST_NAMED]]
    if len(empty) > _MOST_NAMED:
        found.append(f"{len(empty) - _MOST_NAMED} more classes have no picture.")
    if len(full) == 1:
        found.append(f"All pictures are of one class, “{full[0]}”.")
    return tuple(found)


class _Reader:
    def __init__(self, files: Files, start: str, terms: str) -> None:
        self._files = files
        self._start = start
        self._terms = terms
        self._names = frozenset(files.names)

    def __call__(self, class_name: str, name: str) -> Picture:
        path = f"{self._start}{class_name}/{name}"
        if path not in self._names:  # it lies in no folder
            path = f"{self._start}{name}"
        return read_from(self._files, path, f"folder:{class_name}/{name}", self._terms)
