"""Files in a folder or in a zip, read in their place: nothing is ever unpacked.

A zip's names and sizes are the word of whoever made it, so they are checked before any use.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol

from cactiviz.errors import DataError
from cactiviz.images import MAX_BYTES

#: The most that all files of a zip may say they hold.
MAX_UNPACKED_BYTES = 20 * 1024**3
_MOST_FILES = 5_000_000


class Files(Protocol):
    """Named bytes, safe to read from threads.

    Attributes:
        names: Of the files: relative, with forward slashes, sorted; hidden ones are left out.
        folders: Of the folders, the same way, empty ones included.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """All bytes of one file.

        Raises:
            DataError: It isn't there, can't be read, or is larger than ``limit``.
        """
        ...


def open_files(path: Path) -> Files:
    """The files below a folder, or in a zip.

    Raises:
        DataError: It is neither, can't be read, or is a zip that isn't to be trusted.
    """
    try:
        if path.is_dir():
            return _Folder(path)
        if path.is_file() and zipfile.is_zipfile(path):
            return _Zip(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or 'unknown reason'}.") from error
    if path.exists():
        raise DataError(f"{path} is neither a folder nor a zip.")
    raise DataError(f"There is no folder or zip {path}.")


class _Folder:
    """Links to folders are not followed, so that no circle is walked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        found: list[str] = []
        folders: list[str] = []
        for folder, below, files in os.walk(root):
            below[:] = sorted(name for name in below if not name.startswith("."))
            inside = Path(folder).relative_to(root).as_posix()
            start = "" if inside == "." else f"{inside}/"
            found += (f"{start}{name}" for name in files if not name.startswith("."))
            folders += (f"{start}{name}" for name in below)
        self.names: tuple[str, ...] = tuple(sorted(found))
        self.folders: tuple[str, ...] = tuple(sorted(folders))

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        try:
            with (self._root / name).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise DataError(f"The file {name} can't be read: {reason}.") from error
        return _within(data, name, limit)


class _Zip:
    """Stays open: its list of files is read once, and reading it from threads is safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._packed = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(f"The zip {path.name} is damaged.") from error
        entries = self._packed.infolist()
        for entry in entries:
            parts = entry.filename.replace("\\", "/").split("/")
            if parts[0] == "" or ".." in parts or ":" in parts[0]:
                raise DataError(
                    f"The zip {path.name} isn't opened: its file “{entry.filename[:80]}” would "
                    "lie outside of it."
                )
        if len(entries) > _MOST_FILES or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
            raise DataError(
                f"The zip {path.name} isn't opened: it holds more than "
                f"{MAX_UNPACKED_BYTES // 1024**3} GB or {_MOST_FILES} files."
            )
        shown = [entry for entry in entries if not _hidden(entry.filename)]
        names = {entry.filename for entry in shown if not entry.is_dir()}
        folders = {entry.filename.rstrip("/") for entry in shown if entry.is_dir()}
        folders |= {str(above) for name in names for above in PurePosixPath(name).parents}
        self.names: tuple[str, ...] = tuple(sorted(names))
        self.folders: tuple[str, ...] = tuple(sorted(folders - {"."}))

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        try:
            with self._packed.open(name) as file:
                data = file.read(limit + 1)
        except KeyError as error:
            raise DataError(f"The zip {self._path.name} has no file {name}.") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise DataError(f"The file {name} in {self._path.name} is damaged.") from error
        except (RuntimeError, NotImplementedError) as error:  # a password, an unknown packing
            raise DataError(f"The file {name} in {self._path.name} can't be unpacked.") from error
        return _within(data, name, limit)


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _within(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise DataError(f"The file {name} is larger than {limit / 1024**2:g} MB.")
    return data
