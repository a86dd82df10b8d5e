"""Reads files in a folder or a zip in place; nothing is unpacked.

A zip's names and sizes are the word of whoever made it, so they are checked before any use.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from cactiviz.datasets.hidden import why_hidden
from cactiviz.datasets.noticed import Noticed
from cactiviz.datasets.walk import Walk
from cactiviz.errors import DataError
from cactiviz.pictures.open import MAX_BYTES

#: The most that all files of a zip may say they hold.
MAX_UNPACKED_BYTES = 20 * 1024**3
_MOST_FILES = 5_000_000
_LOCKED = 0x1  # of a zip's flags: a password is needed
_UTF_8 = 0x800
#: Of other ways to pack, Python unpacks all that a piece of the file holds, whatever is asked for.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Files(Protocol):
    """Files in a folder or a zip; thread-safe.

    Attributes:
        names: Relative paths of the files, with forward slashes, sorted; without hidden ones.
        folders: Relative paths of the folders, including empty ones.
        noticed: Files and folders that were left out.
        locked: Names of the files that need a password.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]
    noticed: Sequence[Noticed]
    locked: frozenset[str]

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """All bytes of one file.

        Raises:
            DataError: It isn't there, can't be read, or is larger than ``limit``.
        """
        ...

    def beginning(self, name: str, count: int) -> bytes:
        """The first bytes of one file.

        Raises:
            DataError: It isn't there, or can't be read.
        """
        ...


def open_files(path: Path, without: Iterable[Path] = ()) -> Files:
    """The files below a folder, or in a zip.

    Args:
        path: The folder or the zip.
        without: Files and folders that are left out of a folder.

    Raises:
        DataError: It is neither, can't be read, or is a zip that isn't to be trusted.
    """
    try:
        if path.is_dir():
            return _Folder(path, without)
        if path.is_file() and zipfile.is_zipfile(path):
            return _Zip(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or 'unknown reason'}.") from error
    if path.exists():
        raise DataError(f"{path} is neither a folder nor a zip.")
    raise DataError(f"There is no folder or zip {path}.")


class _Folder:
    locked: frozenset[str] = frozenset()

    def __init__(self, root: Path, without: Iterable[Path]) -> None:
        self._root = root
        walk = Walk(root, without)
        self.names, self.folders = walk.names, walk.folders
        self.noticed: Sequence[Noticed] = walk.noticed

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        return _within(self.beginning(name, limit + 1), name, limit)

    def beginning(self, name: str, count: int) -> bytes:
        try:
            with (self._root / name).open("rb") as file:
                return file.read(count)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise DataError(f"The file {name} can't be read: {reason}.") from error


class _Zip:
    """Stays open: its list of files is read once, and reading it from threads is safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._packed = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(f"The zip {path.name} is damaged.") from error
        entries = self._packed.infolist()
        if len(entries) > _MOST_FILES or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
            raise DataError(
                f"The zip {path.name} isn't opened: it holds more than "
                f"{MAX_UNPACKED_BYTES // 1024**3} GB or {_MOST_FILES} files."
            )
        self._files: dict[str, zipfile.ZipInfo] = {}
        folders: set[str] = set()
        hidden: set[str] = set()
        noticed: list[Noticed] = []
        for entry in entries:
            name, is_folder = self._name_of(entry)
            if (mark := _hidden_part(name)) is not None:
                hidden |= {mark} - {""}
            elif is_folder:
                folders.add(name)
            else:
                noticed += [Noticed("twice", name)] if name in self._files else []
                self._files[name] = entry
        folders |= {str(above) for name in self._files for above in PurePosixPath(name).parents}
        self.names: tuple[str, ...] = tuple(sorted(self._files))
        self.folders: tuple[str, ...] = tuple(sorted(folders - {".", ""}))
        self.noticed: Sequence[Noticed] = [*noticed, *(Noticed("hidden", n) for n in hidden)]
        self.locked = frozenset(n for n, e in self._files.items() if e.flag_bits & _LOCKED)

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        return _within(self.beginning(name, limit + 1), name, limit)

    def beginning(self, name: str, count: int) -> bytes:
        try:
            entry = self._files[name]
            if entry.compress_type not in _BOUNDED:
                raise NotImplementedError(entry.compress_type)
            with self._packed.open(entry) as file:
                return file.read(count)
        except KeyError as error:
            raise DataError(f"The zip {self._path.name} has no file {name}.") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise DataError(f"The file {name} in {self._path.name} is damaged.") from error
        except (RuntimeError, NotImplementedError) as error:  # a password, an unknown packing
            raise DataError(
                f"The file {name} in {self._path.name} can't be unpacked; pack it anew, as an "
                "ordinary zip without a password."
            ) from error

    def _name_of(self, entry: zipfile.ZipInfo) -> tuple[str, bool]:
        """An entry's name in the one form that all others have, and whether it is a folder."""
        written = _decoded(entry).replace("\\", "/")  # as older programs on Windows write them
        parts = written.split("/")
        if parts[0] == "" or ".." in parts or ":" in parts[0]:
            raise DataError(
                f"The zip {self._path.name} isn't opened: its file “{entry.filename[:80]}” would "
                "lie outside of it."
            )
        name = "/".join(part for part in parts if part not in ("", "."))
        return name, written.endswith("/") or name == ""


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The name; macOS writes UTF-8 without saying so, which then reads as another alphabet."""
    if entry.flag_bits & _UTF_8 or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _hidden_part(name: str) -> str | None:
    """The hidden file or folder that a name lies in; empty for a system's own, None for none."""
    parts = name.split("/")
    for end, part in enumerate(parts, 1):
        if why := why_hidden(part):
            return "/".join(parts[:end]) if why == "hidden" else ""
    return None


def _within(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise DataError(f"The file {name} is larger than {limit / 1024**2:g} MB.")
    return data
