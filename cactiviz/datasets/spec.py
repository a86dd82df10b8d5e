"""What the table of data sets says about each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cactiviz.datasets.dataset import Dataset


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
        locate: From a folder to the data set's own folder or file in it, or None; only of what is
            searched.
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
