"""A walk through a folder that meets each file once and says what it passes by."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cactiviz.datasets.hidden import why_hidden
from cactiviz.datasets.noticed import Failure, Noticed

_Key = tuple[int, int]


class Walk:
    """What lies below a folder.

    A link to a folder is followed once: not where it leads back up, nor to what is listed anyway.
    Folders come before links, so that a picture is listed where it really lies.

    Args:
        root: The folder.
        without: Files and folders that are passed by, such as what is about to be written.

    Attributes:
        names: Of the files: relative, with forward slashes, sorted.
        folders: Of the folders, the same way, empty ones included.
        noticed: What is passed by, but for what systems keep there for themselves.

    Raises:
        OSError: The folder itself can't be read.
    """

    def __init__(self, root: Path, without: Iterable[Path] = ()) -> None:
        self._without = {key for path in without if (key := _key_of(path)) is not None}
        self._root = os.path.realpath(root)
        self._names: list[str] = []
        self._folders: list[str] = []
        self.noticed: list[Noticed] = []
        self._met: set[_Key] = set()
        self._links: list[tuple[str, str]] = []
        os.scandir(root).close()
        self._enter(str(root), "")
        while self._links:  # those of a link's own folder come behind all others
            self._follow(*self._links.pop(0))
        self.names = tuple(sorted(self._names))
        self.folders = tuple(sorted(self._folders))

    def _enter(self, folder: str, start: str) -> None:
        """Go through a folder and all below it; ``start`` is its name with a slash, or nothing."""
        waiting = [(folder, start)]
        while waiting:
            folder, start = waiting.pop()
            key = _key_of(Path(folder))
            try:
                with os.scandir(folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                self._pass_by("shut", start.rstrip("/"))
                continue
            if key is None or key in self._met:  # met by a way that doesn't look like a link
                self._pass_by("listed", start.rstrip("/"))
                continue
            self._met.add(key)
            self._folders += [start.rstrip("/")] if start else []
            for entry in found:
                name = f"{start}{entry.name}"
                kind = self._look_at(entry, name)
                if kind == "file":
                    self._names.append(name)
                elif kind == "folder":
                    waiting.append((entry.path, f"{name}/"))
                elif kind == "link":
                    self._links.append((entry.path, name))

    def _look_at(self, entry: os.DirEntry[str], name: str) -> str:
        """What it is: "file", "folder", "link" to a folder; empty for what is passed by."""
        why = why_hidden(entry.name)
        if why == "system":
            return ""
        if self._without and _key_of(Path(entry.path)) in self._without:
            self._pass_by("own", name)
            return ""
        if why or not _is_text(entry.name):
            self._pass_by("hidden" if why else "unnamed", name)
            return ""
        try:
            if entry.is_dir():
                return "link" if entry.is_symlink() else "folder"
            if entry.is_file():
                return "file"
        except OSError:  # a link that leads to itself, a disk that is gone
            pass
        broken = entry.is_symlink() and not os.path.exists(entry.path)
        self._pass_by("nowhere" if broken else "other", name)  # a pipe or a device is no picture
        return ""

    def _follow(self, path: str, name: str) -> None:
        target, key = os.path.realpath(path), _key_of(Path(path))
        above = os.path.join(target, "")
        if key is None or key in self._met or os.path.join(self._root, "").startswith(above):
            self._pass_by("listed", name)
            return
        self._enter(path, f"{name}/")

    def _pass_by(self, why: Failure, name: str) -> None:
        self.noticed.append(Noticed(why, name))


def _is_text(name: str) -> bool:
    """False for bytes of another encoding, which no page and no recipe can hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key_of(path: Path) -> _Key | None:
    """What tells a file or folder from all others, whatever it is called here."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
