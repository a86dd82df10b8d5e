"""Finds the files and data that a recipe names."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from cactiviz.datasets import (
    Dataset,
    data_folder,
    find_dataset,
    get_dataset_spec,
    is_address,
    is_on_disk,
    open_dataset,
)
from cactiviz.errors import CactivizError, DataError, PictureError, WeightsError
from cactiviz.files import is_stream
from cactiviz.models import Checkpoint
from cactiviz.pictures.open import SAMPLES, open_picture, sample_path
from cactiviz.pictures.web import fetch_picture, parsed
from cactiviz.redaction import is_web, told_paths
from cactiviz.types import Picture

_MOST_ENTRIES = 50_000  # of a folder that is looked through
_MOST_FOLDERS = 40  # of a path, from its end; each is tried as its first


class Place:
    """A folder in which a recipe's files may be.

    Args:
        folder: Where it is.
        follow_links: False takes no link that leads out of the folder, and nothing hidden.
    """

    def __init__(self, folder: Path, *, follow_links: bool) -> None:
        # Whole, so that no name in it can be taken for a home.
        self.folder = Path(os.path.realpath(folder))
        self._follow_links = follow_links

    def exactly(self, typed: str) -> Path | None:
        """The file of this whole path; None if there is none, or it may not be opened."""
        parts = _parts(typed)
        return self._opened(parts) if _goes_down(parts) else None

    def find(self, typed: str) -> Path | None:
        """The file of this path, whose first folders may be gone; None if there is none.

        Else the one file deeper in the folder that has its name, and most of its last folders.
        """
        for parts in _ends(typed):
            if (file := self._opened(parts)) is not None:
                return file
        deeper = self._deeper(typed)
        return deeper[0] if len(deeper) == 1 else None

    def several(self, typed: str) -> bool:
        """Whether files deeper in the folder could be meant, and nobody can say which."""
        return len(self._deeper(typed)) > 1

    def _opened(self, parts: Sequence[str]) -> Path | None:
        path = self.folder.joinpath(*parts)
        with suppress(OSError, ValueError):  # ValueError: a name that can't be one
            if not os.path.isfile(path):  # neither folders nor devices and pipes
                return None
            if self._follow_links:
                return path
            real = Path(os.path.realpath(path))
            if real.is_relative_to(self.folder):
                inside = real.relative_to(self.folder).parts
                return None if any(part.startswith(".") for part in (*inside, *parts)) else path
        return None

    def _deeper(self, typed: str) -> list[Path]:
        """Of the files with this name those that share the most of its last folders."""
        several: dict[Path, int] = {}
        for parts in _ends(typed):
            for inside in self._by_name.get(parts[-1], ()):
                if (path := self._opened(inside)) is not None:
                    alike = zip(reversed(parts), reversed(inside), strict=False)
                    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], alike))
                    several[path] = max(several.get(path, 0), shared)
        most = max(several.values(), default=0)
        return [path for path, shared in several.items() if shared == most]

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[str, ...]]]:
        by_name: dict[str, list[tuple[str, ...]]] = {}
        left = _MOST_ENTRIES
        for above, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(above).relative_to(self.folder).parts
            for name in files:
                by_name.setdefault(name, []).append((*inside, name))
            left -= len(folders) + len(files)
            if left < 0:
                break
        return by_name


def folder_of(typed: Sequence[str]) -> Path | None:
    """The folder that holds what is at these paths as they were typed; None if nothing is there.

    Nothing is opened, and no server is asked: whether a file is there is only looked up to say what
    a person can type.
    """
    there = []
    for origin in typed:
        path = os.path.expanduser(re.sub(r"(?i)^file:(//)?(?=/)", "", origin))
        with suppress(OSError, ValueError):
            if not path.startswith(("//", "\\\\")) and os.path.isfile(path):
                there.append(os.path.dirname(path) or ".")
    with suppress(ValueError):  # some from the root and some not; several drives
        return Path(os.path.commonpath(there)) if there else None
    return Path(there[0])


def _parts(typed: str) -> list[str]:
    return typed.split("/") if os.sep == "/" else re.split(r"[\\/]", typed)


def _goes_down(parts: Sequence[str]) -> bool:
    """Whether a path only goes down from where it begins: no root, no drive, nothing upwards."""
    return bool(parts) and not any(
        part in ("", ".", "..") or "\0" in part or (os.name == "nt" and ":" in part)
        for part in parts
    )


def _ends(typed: str) -> Iterator[list[str]]:
    """The path, then the same without its first folders, as far as they only go down.

    >>> list(_ends("../pics/a.png"))
    [['pics', 'a.png'], ['a.png']]
    """
    split = [_parts(typed)]
    if "\\" in typed and os.sep == "/":  # typed on Windows
        split.append(re.split(r"[\\/]", typed))
    for parts in split:
        parts = [part for part in parts if part not in ("", ".")][-_MOST_FOLDERS:]
        for first in range(len(parts)):
            if _goes_down(parts[first:]):
                yield parts[first:]


_IT, _THEY = (f"say where {what} with --data FOLDER" for what in ("it is", "they are"))
_NAMED = 3  # so many pictures are named where all are gone
_LONGEST_NAME = 300  # characters of a path in a sentence


@dataclass(frozen=True)
class Resolved(Checkpoint):
    """A recipe's checkpoint with its files where they are, or why it can't be loaded.

    Attributes:
        typed: As the recipe has it, which is what an export of it tells.
        why: Why a file of it isn't read; empty if all are there.
        left_out: What of its paths the recipe left out.
    """

    typed: Checkpoint | None = None
    why: str = ""
    left_out: str = ""

    def at_home(self) -> Checkpoint:
        """The checkpoint itself: its files are where they are said to be.

        Raises:
            WeightsError: One isn't.
        """
        if self.why:
            raise WeightsError(self.why)
        return self


class Origins:
    """Finds again what a recipe names, and nothing else: a recipe may come from anybody.

    A file is looked for beside the recipe, where no link leads out of the folder, then in the named
    folder; no path goes upwards. Its first folders may be gone: ``pictures/cats/a.png`` is also
    found as ``cats/a.png``, as ``a.png``, and as the only file of that name further down. A data
    set is looked for in the named folder, then where data sets are kept.

    Args:
        beside: The folder that the recipe's own file is in; None where it is in none.
        data: The folder or zip that is named.
        fetch: Whether a picture's web address may be asked: a recipe comes from anybody.
    """

    def __init__(
        self, beside: Path | None = None, data: Path | None = None, *, fetch: bool = False
    ) -> None:
        self._data, self.fetch = data, fetch
        self._places = [Place(beside, follow_links=False)] if beside is not None else []
        self._places += [Place(data, follow_links=True)] if data is not None else []
        self._datasets: dict[str, Dataset | CactivizError] = {}

    @classmethod
    def of(cls, recipe: Path, data: Path | None = None, *, fetch: bool = False) -> Origins:
        """Those of a recipe's file or folder; beside a pipe or a device there is nothing."""
        beside = None if is_stream(recipe) else Path(os.path.realpath(recipe)).parent
        return cls(beside, data, fetch=fetch)

    def file(self, typed: str) -> Path | None:
        """The file of this path, if it is where a recipe's files may be; else None."""
        files = (place.find(typed) for place in self._places)
        return next((file for file in files if file is not None), None)

    def places(self, origin: str) -> list[Path]:
        """Where a picture would be read from: its file, or the folder or zip of its data set."""
        if is_web(origin):
            return []
        if origin.startswith("sample:"):
            return [sample_path(origin[7:])] if origin[7:] in SAMPLES else []
        file = self._file_of(origin)
        if file is not None or not is_address(origin):
            return [file] if file else []
        name = origin.partition(":")[0]
        return [
            place
            for folder in (self._data, None)
            if (place := find_dataset(name, folder)) and get_dataset_spec(name).place != "installed"
        ]

    def checkpoint(self, typed: Checkpoint, left_out: str = "") -> Resolved:
        """The checkpoint with its files where they are; without them it says why when loaded.

        Args:
            typed: As the recipe has it.
            left_out: What of its paths the recipe left out.
        """
        file, classes = self.file(str(typed.file)), typed.classes
        why = "" if file else self._gone("file of weights", str(typed.file))
        if isinstance(classes, Path):
            listed = self.file(str(classes))
            if listed is None and not why:
                why = self._gone("list of classes", str(classes))
            classes = listed
        return Resolved(
            typed.name,
            typed.architecture,
            file or Path(told_paths([str(typed.file)])[0]),
            classes,
            typed.preprocessing,
            typed=typed,
            why=why,
            left_out=left_out,
        )

    def places_of(self, typed: Checkpoint) -> list[Path]:
        """Where a checkpoint's files would be read from."""
        paths = [path for path in (typed.file, typed.classes) if isinstance(path, Path)]
        return list(filter(None, map(self.file, map(str, paths))))

    def open(self, origin: str) -> Picture:
        """A picture: a file, a sample, an item of a data set, or an address on the web.

        Raises:
            CactivizError: It isn't there, or can't be read.
        """
        if is_web(origin):
            if not self.fetch:
                raise PictureError(_unasked(origin))
            fetched = fetch_picture(origin)
            return open_picture(fetched.data, name=fetched.name, credit=fetched.source)
        if origin.startswith("sample:"):
            return open_picture(origin)
        file = self._file_of(origin)
        if file is not None:
            return open_picture(file)
        if not is_address(origin):
            raise PictureError(self._gone("picture", origin))
        name, _, place = origin.partition(":")
        dataset = self._dataset(name)
        try:
            item = dataset.find(place)
        except DataError as error:
            raise DataError(f"{str(error).rstrip('.')}; if it is elsewhere, {_IT}.") from error
        return dataset.open(item)

    def check(self, origins: Sequence[str]) -> None:
        """Refuse, before any work, if not one of these pictures is there. None is opened for it.

        Raises:
            DataError: None is; the sentence says why, and what to do.
        """
        why = {origin: self._why_gone(origin) for origin in origins}
        sentences = list(dict.fromkeys(why.values()))
        if not sentences or "" in sentences:
            return
        if len(sentences) == 1:
            raise DataError(sentences[0])
        few = ", ".join(list(why)[:_NAMED]) + (", …" if len(why) > _NAMED else "")
        hint = self._hint(origins, _THEY)
        raise DataError(f"None of the {len(why)} pictures is where it was ({few}); {hint}.")

    def _why_gone(self, origin: str) -> str:
        if is_web(origin):
            return "" if self.fetch else _unasked(origin)
        if origin.startswith("sample:") or self._file_of(origin) is not None:
            return ""
        if not is_address(origin):
            return self._gone("picture", origin)
        name, _, place = origin.partition(":")
        try:
            self._dataset(name).find(place)
        except CactivizError as error:
            return str(error)
        return ""

    def _file_of(self, origin: str) -> Path | None:
        """A picture's file. What may be a data set's picture is one by its whole name only."""
        if not is_address(origin):
            return self.file(origin)
        files = (place.exactly(origin) for place in self._places)
        return next((file for file in files if file is not None), None)

    def _gone(self, what: str, typed: str) -> str:
        where = (
            f"is neither where it was nor in {self._data}" if self._data else "isn't where it was"
        )
        if any(place.several(typed) for place in self._places):
            where = "is there several times"
        short = typed if len(typed) <= _LONGEST_NAME else f"…{typed[-_LONGEST_NAME:]}"
        return f"The {what} {short} {where}; {self._hint([typed], _IT)}."

    def _hint(self, typed: Sequence[str], otherwise: str) -> str:
        """What to type: the folder where such a file is, which a recipe alone may not open."""
        folder = folder_of(typed)
        if folder is None:
            return otherwise
        name = shlex.quote(str(folder))
        return f"a recipe reads only what lies beside it; if this is yours, say --data {name}"

    def _dataset(self, name: str) -> Dataset:
        """Opened once, or refused with the same words each time."""
        if name not in self._datasets:
            try:
                self._datasets[name] = self._opened(name)
            except CactivizError as error:
                self._datasets[name] = error
        dataset = self._datasets[name]
        if isinstance(dataset, CactivizError):
            raise dataset
        return dataset

    def _opened(self, name: str) -> Dataset:
        if self._data is not None and is_on_disk(name, self._data):
            return open_dataset(name, self._data)
        if is_on_disk(name):
            return open_dataset(name)
        spec = get_dataset_spec(name)
        if spec.place == "named":
            raise DataError(f"The pictures are of a folder or zip that isn't here; {_IT}.")
        named = f"is neither in {self._data} nor" if self._data else "isn't"
        raise DataError(f"The data set {spec.title} {named} in {data_folder()}; {_IT}.")


def host_of(origin: str) -> str:
    """Whom a picture's web address would be asked of; empty for other origins.

    >>> host_of("https://example.org/a.jpg"), host_of("a.jpg")
    ('example.org', '')

    Raises:
        DownloadError: It isn't an address that a picture may be fetched from.
    """
    return parsed(origin).netloc if is_web(origin) else ""


def _unasked(origin: str) -> str:
    return (
        f"The picture is at {host_of(origin)}, which isn't asked unless you say --fetch; or save "
        "it beside the recipe."
    )
