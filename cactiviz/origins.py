"""Where the pictures and checkpoints that a recipe names are now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cactiviz.addresses import parsed
from cactiviz.datasets import (
    Dataset,
    data_folder,
    find_dataset,
    get_dataset_spec,
    is_address,
    is_on_disk,
    open_dataset,
)
from cactiviz.errors import CactivizError, DataError, PictureError
from cactiviz.images import SAMPLES, open_picture, sample_path
from cactiviz.models import Checkpoint
from cactiviz.types import Picture
from cactiviz.web import fetch_picture

_IT, _THEY = (f"say where {what} with --data FOLDER" for what in ("it is", "they are"))
_NAMED = 3  # so many pictures are named where all are gone


class Origins:
    """Finds again what a recipe names, of which it holds only what was typed.

    A file is looked for under the path that was typed, a relative one from the working folder;
    then beside the recipe's own file; then in the folder that is named. In the last two its
    first folders may be gone: ``pictures/cats/a.png`` is also found as ``cats/a.png`` or
    ``a.png``. A data set is looked for in the folder that is named, then where data sets are kept.

    Args:
        beside: The folder that the recipe's own file is in.
        data: The folder or zip that is named.
        fetch: Whether a picture's web address may be asked: a recipe comes from anybody.
    """

    def __init__(
        self, beside: Path | None = None, data: Path | None = None, *, fetch: bool = False
    ) -> None:
        self._beside, self._data, self.fetch = beside, data, fetch
        self._datasets: dict[str, Dataset | CactivizError] = {}

    def file(self, typed: str) -> Path | None:
        """The file of this path as it was typed; None if it isn't there."""
        return next((path for path in self._candidates(typed) if os.path.isfile(path)), None)

    def places(self, origin: str) -> list[Path]:
        """Where a picture would be read from: its file, or the folder or zip of its data set."""
        if _is_web(origin):
            return []
        if origin.startswith("sample:"):
            return [sample_path(origin[7:])] if origin[7:] in SAMPLES else []
        file = self.file(origin)
        if file is not None or not is_address(origin):
            return [file] if file else []
        name = origin.partition(":")[0]
        return [
            found
            for folder in (self._data, None)
            if (found := find_dataset(name, folder)) and get_dataset_spec(name).place != "installed"
        ]

    def checkpoint(self, typed: Checkpoint) -> Checkpoint:
        """The checkpoint with its files where they are; where they aren't, as they were typed."""
        file = self.file(str(typed.file)) or typed.file
        classes = typed.classes
        if isinstance(classes, Path):
            classes = self.file(str(classes)) or classes
        return replace(typed, file=file, classes=classes)

    def open(self, origin: str) -> Picture:
        """A picture: a file, a sample, an item of a data set, or an address on the web.

        Raises:
            CactivizError: It isn't there, or can't be read.
        """
        if _is_web(origin):
            if not self.fetch:
                raise PictureError(_unasked(origin))
            found = fetch_picture(origin)
            return open_picture(found.data, name=found.name, credit=found.source)
        if origin.startswith("sample:"):
            return open_picture(origin)
        file = self.file(origin) if not is_address(origin) or os.path.exists(origin) else None
        if file is not None:
            return open_picture(file)
        if not is_address(origin):
            raise PictureError(self._gone(origin))
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
        raise DataError(f"None of the {len(why)} pictures is where it was ({few}); {_THEY}.")

    def _why_gone(self, origin: str) -> str:
        if _is_web(origin):
            return "" if self.fetch else _unasked(origin)
        if origin.startswith("sample:") or os.path.exists(origin):
            return ""
        if not is_address(origin):
            return "" if self.file(origin) else self._gone(origin)
        name, _, place = origin.partition(":")
        try:
            self._dataset(name).find(place)
        except CactivizError as error:
            return str(error)
        return ""

    def _candidates(self, typed: str) -> Iterator[Path]:
        path = Path(os.path.expanduser(typed))
        yield path
        parts = path.parts[path.is_absolute() :]
        for folder in filter(None, (self._beside, self._data)):
            for first in range(len(parts)):
                yield folder.joinpath(*parts[first:])

    def _gone(self, origin: str) -> str:
        where = (
            f"is neither where it was nor in {self._data}" if self._data else "isn't where it was"
        )
        return f"The picture {origin} {where}; {_IT}."

    def _dataset(self, name: str) -> Dataset:
        """Opened once, or refused with the same words each time."""
        if name not in self._datasets:
            try:
                self._datasets[name] = self._opened(name)
            except CactivizError as error:
                self._datasets[name] = error
        found = self._datasets[name]
        if isinstance(found, CactivizError):
            raise found
        return found

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
    return parsed(origin).netloc if _is_web(origin) else ""


def _unasked(origin: str) -> str:
    return (
        f"The picture is at {host_of(origin)}, which isn't asked unless you say --fetch; or save "
        "it beside the recipe."
    )


def _is_web(origin: str) -> bool:
    return origin.lower().startswith(("http://", "https://"))
