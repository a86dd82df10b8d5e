"""Files in a folder or a zip, read in place: nothing is unpacked.

A zip's names and sizes are the word of whoever made it, so they are checked before any use.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from cactiviz.datasets.noticed import Failure, Noticed
from cactiviz.errors import DataError
from cactiviz.pictures.open import MAX_BYTES

# In small letters. Windows, macOS, and the storage devices and desktops of other makers.
_OF_SYSTEMS = {
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "recycler"),
    *("system volume information", "zbthumbnail.info", "picasa.ini"),
    *("__macosx", "icon\r", ".ds_store", ".appledouble", ".appledb", ".appledesktop"),
    *(".spotlight-v100", ".fseventsd", ".trashes", ".temporaryitems", ".localized"),
    *(".documentrevisions-v100", "network trash folder", "temporary items"),
    *("@eadir", "#recycle", "#snapshot", "@tmp", "lost+found", ".thumbnails", ".directory"),
}


def why_hidden(name: str) -> Literal["system", "hidden", ""]:
    """Why a file or folder of this name is left out; empty if it isn't.

    Args:
        name: Its own name, without the folders above.

    >>> why_hidden("Thumbs.db"), why_hidden("._a.jpg"), why_hidden(".ipynb_checkpoints")
    ('system', 'system', 'hidden')
    >>> why_hidden("a.jpg")
    ''
    """
    if name.lower() in _OF_SYSTEMS or name.startswith("._"):
        return "system"
    return "hidden" if name.startswith(".") else ""


_Key = tuple[int, int]


class Walk:
    """Files and folders below a folder, each listed once.

    A link to a folder is followed unless it leads back up or to a folder that is listed anyway;
    folders come before links, so that a file is listed under its real path.

    Args:
        root: The folder.
        without: Files and folders to leave out, such as what is about to be written.

    Attributes:
        names: Relative paths of the files, with forward slashes, sorted.
        folders: Relative paths of the folders, including empty ones.
        noticed: Files and folders that were left out, except operating systems' own.

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
            path, name = self._links.pop(0)
            above = os.path.join(os.path.realpath(path), "")
            key = _key_of(Path(path))
            if key is None or key in self._met or os.path.join(self._root, "").startswith(above):
                self._pass_by("listed", name)
            else:
                self._enter(path, f"{name}/")
        self.names = tuple(sorted(self._names))
        self.folders = tuple(sorted(self._folders))

    def _enter(self, folder: str, start: str) -> None:
        """List a folder and all below it; ``start`` is its relative path with a slash, or empty."""
        waiting = [(folder, start)]
        while waiting:
            folder, start = waiting.pop()
            key = _key_of(Path(folder))
            try:
                with os.scandir(folder) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                self._pass_by("shut", start.rstrip("/"))
                continue
            if key is None or key in self._met:  # met by a way that doesn't look like a link
                self._pass_by("listed", start.rstrip("/"))
                continue
            self._met.add(key)
            self._folders += [start.rstrip("/")] if start else []
            for entry in inside:
                name = f"{start}{entry.name}"
                kind = self._look_at(entry, name)
                if kind == "file":
                    self._names.append(name)
                elif kind == "folder":
                    waiting.append((entry.path, f"{name}/"))
                elif kind == "link":
                    self._links.append((entry.path, name))

    def _look_at(self, entry: os.DirEntry[str], name: str) -> str:
        """Kind of an entry: "file", "folder", "link" to a folder; empty if it is left out."""
        why = why_hidden(entry.name)
        if why == "system":
            return ""
        if self._without and _key_of(Path(entry.path)) in self._without:
            self._pass_by("own", name)
            return ""
        if why:
            self._pass_by("hidden", name)
            return ""
        try:
            entry.name.encode()
            if entry.is_dir():
                return "link" if entry.is_symlink() else "folder"
            if entry.is_file():
                return "file"
        except UnicodeEncodeError:  # bytes of another encoding, which no page and recipe can hold
            self._pass_by("unnamed", name)
            return ""
        except OSError:  # a link that leads to itself, a disk that is gone
            pass
        broken = entry.is_symlink() and not os.path.exists(entry.path)
        self._pass_by("nowhere" if broken else "other", name)  # a pipe or a device is no picture
        return ""

    def _pass_by(self, why: Failure, name: str) -> None:
        self.noticed.append(Noticed(why, name))


def _key_of(path: Path) -> _Key | None:
    """Device and inode, which identify a file or folder under any path."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


#: The most that all files of a zip may say they hold.
MAX_UNPACKED_BYTES = 20 * 1024**3
_MOST_FILES = 5_000_000
_LOCKED = 0x1  # of a zip's flags: a password is needed
_UTF_8 = 0x800
#: Of other ways to pack, Python unpacks all that a piece of the file holds, whatever is asked for.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Files:
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
        data = self.beginning(name, limit + 1)
        if len(data) > limit:
            raise DataError(f"The file {name} is larger than {limit / 1024**2:g} MB.")
        return data

    def beginning(self, name: str, count: int) -> bytes:
        """The first bytes of one file.

        Raises:
            DataError: It isn't there, or can't be read.
        """
        raise NotImplementedError


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


class _Folder(Files):
    locked = frozenset()

    def __init__(self, root: Path, without: Iterable[Path]) -> None:
        self._root = root
        walk = Walk(root, without)
        self.names, self.folders = walk.names, walk.folders
        self.noticed = walk.noticed

    def beginning(self, name: str, count: int) -> bytes:
        try:
            with (self._root / name).open("rb") as file:
                return file.read(count)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise DataError(f"The file {name} can't be read: {reason}.") from error


class _Zip(Files):
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
        self.names = tuple(sorted(self._files))
        self.folders = tuple(sorted(folders - {".", ""}))
        self.noticed = [*noticed, *(Noticed("hidden", n) for n in hidden)]
        self.locked = frozenset(n for n, e in self._files.items() if e.flag_bits & _LOCKED)

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
        written = entry.filename
        if not (entry.flag_bits & _UTF_8 or written.isascii()):
            with suppress(UnicodeError):  # macOS writes UTF-8 without saying so
                written = written.encode("cp437").decode("utf-8")
        written = written.replace("\\", "/")  # as older programs on Windows write them
        parts = written.split("/")
        if parts[0] == "" or ".." in parts or ":" in parts[0]:
            raise DataError(
                f"The zip {self._path.name} isn't opened: its file “{entry.filename[:80]}” would "
                "lie outside of it."
            )
        name = "/".join(part for part in parts if part not in ("", "."))
        return name, written.endswith("/") or name == ""


def _hidden_part(name: str) -> str | None:
    """The hidden file or folder that a name lies in; empty for a system's own, None for none."""
    parts = name.split("/")
    for end, part in enumerate(parts, 1):
        if why := why_hidden(part):
            return "/".join(parts[:end]) if why == "hidden" else ""
    return None
