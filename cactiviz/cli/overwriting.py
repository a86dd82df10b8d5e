"""Whether what is to be written would fall upon a file that is read, or upon another output."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cactiviz.errors import OutputPlaceError
from cactiviz.files import is_stream

# No data set is read from files of these kinds, so in its folder they are results of before.
_RESULTS = (".json", ".npz", ".html")


def check_kept(
    reads: Sequence[Path],
    writes: Sequence[Path],
    folders: Sequence[Path] = (),
    *,
    is_own: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Refuse to write over what is read, and to write two outputs to one place.

    Paths are compared by the files that they lead to: links, other spellings and file systems
    that take capital letters for small ones are seen through. Nothing is opened.

    Args:
        reads: Files, and folders of which every file is read. What isn't there is passed over.
        writes: Files, or folders that are made as a whole; devices and pipes hold nothing that
            could be lost.
        folders: Folders into which several files are written.
        is_own: Of a file in a folder that is read: whether it is an earlier output, which is
            to be replaced.

    Raises:
        OutputPlaceError: One of them would be lost.
    """
    files = [path for path in writes if not is_stream(path)]
    for index, path in enumerate(files):
        for other in files[:index]:
            if _is_one_place(path, other):
                raise OutputPlaceError(
                    f"{other} and {path} are one file; give each output a place of its own."
                )
        for read in reads:
            if _is_same(path, read):
                raise OutputPlaceError(
                    f"{path} is what is read here and would be lost; choose another name for what "
                    "is written."
                )
            if _is_member(path, read) and not is_own(path):
                raise OutputPlaceError(
                    f"{path} is one of the files in {read}, which is read here, and would be lost; "
                    "choose another name for what is written."
                )
    for path in folders:
        for read in reads:
            if os.path.isdir(read) and any(_is_same(above, read) for above in _upwards(path)):
                raise OutputPlaceError(
                    f"{path} lies in the data that are read here; choose a folder outside of "
                    f"{read}."
                )


def _is_same(one: Path, other: Path) -> bool:
    """Whether both lead to one file or folder that is there."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _is_one_place(one: Path, other: Path) -> bool:
    """Whether two outputs, which need not be there yet, are one file in the end."""
    if _is_same(one, other):
        return True
    ends = [Path(os.path.realpath(path)) for path in (one, other)]
    # Some file systems take A.png for a.png, and an accented letter for its two parts.
    names = {unicodedata.normalize("NFC", end.name).casefold() for end in ends}
    first, second = (end.parent for end in ends)
    return len(names) == 1 and (first == second or _is_same(first, second))


def _upwards(path: Path) -> Iterator[Path]:
    """What a path leads to, and the folders that this lies in."""
    end = Path(os.path.realpath(path))
    yield end
    yield from end.parents


def _is_member(path: Path, folder: Path) -> bool:
    """Whether a file that is there is read as a part of a folder."""
    end = Path(os.path.realpath(path))
    if not os.path.isdir(folder) or not os.path.isfile(end):
        return False
    return _is_below(end, folder, set())


def _is_below(end: Path, folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a file lies in a folder, or a link in that folder leads to it."""
    if end.suffix.lower() not in _RESULTS and any(_is_same(up, folder) for up in end.parents):
        return True
    try:
        status, own = os.stat(folder), os.stat(end)
        if (status.st_dev, status.st_ino) in seen:
            return False
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    found = _is_below(end, Path(entry.path), seen)
                elif entry.is_symlink():
                    linked = Path(entry.path)
                    found = _is_same(linked, end) or (
                        linked.is_dir() and _is_below(end, linked, seen)
                    )
                else:
                    found = own.st_nlink > 1 and _is_same(Path(entry.path), end)
                if found:
                    return True
    except OSError:  # a folder that may not be read gives no picture either
        return False
    return False
