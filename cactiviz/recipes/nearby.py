"""Files that a recipe may open: in a folder or below it, found by what is left of their path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import takewhile
from pathlib import Path

_MOST_ENTRIES = 50_000  # of a folder that is looked through
_MOST_FOLDERS = 40  # of a path, from its end; each is tried as its first


class Place:
    """A folder in which a recipe's files may be.

    Args:
        folder: Where it is.
        follow_links: False takes no link that leads out of the folder, and nothing hidden: whoever
            made the recipe may have made what lies beside it, too.
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
        found: dict[str, list[tuple[str, ...]]] = {}
        left = _MOST_ENTRIES
        for above, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(above).relative_to(self.folder).parts
            for name in files:
                found.setdefault(name, []).append((*inside, name))
            left -= len(folders) + len(files)
            if left < 0:
                break
        return found


def folder_of(typed: Sequence[str]) -> Path | None:
    """The folder that holds what is at these paths as they were typed; None if nothing is there.

    Nothing is opened, and no server is asked: whether a file is there is only looked up to say what
    a person can type.
    """
    there = []
    for one in typed:
        path = os.path.expanduser(re.sub(r"(?i)^file:(//)?(?=/)", "", one))
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
