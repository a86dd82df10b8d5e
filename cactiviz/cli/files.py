"""What a command reads and writes: checked before its work, so that nothing is lost by it.

Each command that writes has a function from its options to :class:`Files`. What can't be found is
left out there: the command itself says that better.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cactiviz.cli.command import Options
from cactiviz.datasets import DATASETS, aerial_cactus, find_dataset, is_address
from cactiviz.errors import CactivizError, OutputError, OutputPlaceError
from cactiviz.files import is_stream
from cactiviz.models import find_weights, get_spec
from cactiviz.pictures.open import SAMPLES, sample_path
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import checkpoint_in, read_recipe
from cactiviz.rendering.formats.metadata import is_signed

_LONGEST_NAME = 240  # bytes; a temporary name needs some of the usual 255
#: Ending of a sheet -> Pillow's name of its format.
SHEET_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP"}
# No data set is read from files of these kinds, so in its folder they are results of before.
_RESULTS = (".json", ".npz", ".html")


@dataclass(frozen=True)
class Files:
    """What one call of a command reads and writes.

    Attributes:
        reads: Files, and folders of which every file is read.
        writes: Files, or folders made as a whole; None stands for an output not asked for.
        folders: Folders into which several files are written.
        replaces: Whether an earlier export in a folder that is read is replaced, and no input.
    """

    reads: Iterable[Path] = ()
    writes: Sequence[Path | None] = ()
    folders: Sequence[Path] = ()
    replaces: bool = False


def check_files(named: Files) -> None:
    """Refuse a call that would write over what it reads, or two outputs to one place.

    Raises:
        OutputPlaceError: It would.
    """
    writes = [path for path in named.writes if path is not None]
    if writes or named.folders:
        is_own = _is_export if named.replaces else lambda _: False
        check_kept(list(named.reads), writes, named.folders, is_own=is_own)


@dataclass(frozen=True)
class Kept:
    """A step before a command's work: refuses it where an output would replace what is read.

    Attributes:
        files: From the command's options to what it reads and writes.
    """

    files: Callable[[Options], Files]

    def __call__(self, options: Options) -> None:
        """Refuse it, or do nothing.

        Raises:
            OutputPlaceError: An input or another output would be lost.
        """
        check_files(self.files(options))


def of_origin(origin: str, data_dir: Path | None = None) -> Iterator[Path]:
    """The file that a picture is read from as it was typed, or where its data set lies."""
    if origin.startswith("sample:"):
        with suppress(CactivizError):
            yield sample_path(origin.removeprefix("sample:"))
    elif is_address(origin) and not os.path.exists(origin):
        yield from of_dataset(origin.partition(":")[0], data_dir)
    else:
        yield Path(os.path.expanduser(origin))


def of_dataset(name: str, folder: Path | None = None) -> Iterator[Path]:
    """Where a data set of the table lies."""
    with suppress(CactivizError, OSError):
        found = find_dataset(name, folder)
        if DATASETS[name].place != "installed":
            yield from _parts_of(found) if found is not None else ()
        elif name == "samples":
            yield from map(sample_path, SAMPLES)


def of_source(named: str) -> Iterator[Path]:
    """Pictures or a data set as a person names them: a path goes before a data set's name."""
    path = Path(os.path.expanduser(named))
    if named in DATASETS and not os.path.exists(path):
        yield from of_dataset(named)
    elif os.path.isdir(path):
        yield from _parts_of(path)
    else:
        yield from of_origin(named)


def _parts_of(place: Path) -> Iterator[Path]:
    """A data set's folder or zip; of cactus tiles what is read beside whatever else is there."""
    if not aerial_cactus.is_here(place):
        yield place
    else:
        yield from (place / name for name in ("train.csv", "train", "train.zip"))


def of_networks(options: Options, names: Iterable[str]) -> Iterator[Path]:
    """Weights and class names of each ``--checkpoint``, and the weights of networks by name."""
    own = {checkpoint.name for checkpoint in options.checkpoint}
    for checkpoint in options.checkpoint:
        for path in (checkpoint.file, checkpoint.classes):
            if isinstance(path, Path):  # else there is no list, or one that comes along
                yield Path(os.path.expanduser(path))
    for name in names:
        if name not in own:
            yield from of_weights(name, options.weights_dir)


def of_weights(name: str, weights_dir: Path | None) -> Iterator[Path]:
    """The published weights of a network, if they are on this machine."""
    with suppress(CactivizError, OSError):
        found = find_weights(get_spec(name), weights_dir)
        if found is not None:
            yield found


def of_recipe(
    path: Path, recipe: Mapping[str, Any], data: Path | None, weights_dir: Path | None
) -> Iterator[Path]:
    """A recipe's file, and all that it names."""
    yield path
    with suppress(CactivizError):
        origins = Origins.of(path, data)
        for shown in _entries(recipe, "pictures"):
            yield from origins.places(str(shown.get("from", "")))
        for network in _entries(recipe, "networks"):
            with suppress(KeyError, TypeError):
                own = checkpoint_in(network)
                if own is not None:
                    yield from origins.places_of(own)
                    continue
            yield from of_weights(str(network.get("name", "")), weights_dir)


def _entries(recipe: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = recipe.get(key)
    if isinstance(found, list):
        yield from (part for part in found if isinstance(part, dict))


def _is_export(path: Path) -> bool:
    """Whether a file was made by an earlier call: it is signed, or holds its recipe."""
    if is_signed(path):
        return True
    with suppress(CactivizError):
        return bool(read_recipe(path))
    return False


def check_outputs(*paths: Path | None) -> None:
    """Refuse before the work what can't be written after it.

    Raises:
        OutputError: A folder isn't there or is read-only, or a name is too long.
    """
    for path in paths:
        if path is None or is_stream(path):
            continue
        folder = Path(os.path.realpath(path)).parent  # of what a link leads to
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder; name a file in it.")
        if not os.path.isdir(folder):
            raise OutputError(f"The file {path} can't be written: there is no such folder.")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"The file {path} can't be written: its folder is read-only.")
        if len(os.fsencode(path.name)) > _LONGEST_NAME:
            raise OutputError(f"The name {path.name[:20]}… is too long for a file.")


def check_results(sheet: Path | None = None, **results: Path | None) -> None:
    """Refuse before the work what can't be written after it, or ends like another kind of file.

    Args:
        sheet: A picture.
        results: Ending, without its dot -> a file; a device or a pipe may have any name.

    Raises:
        OutputError: It can't be written.
    """
    check_outputs(sheet, *results.values())
    for kind, path in results.items():
        if path and path.suffix.lower() != f".{kind}" and not is_stream(path):
            raise OutputPlaceError(
                f"The file {path.name} must end in .{kind}, as what is written there."
            )
    if sheet:
        sheet_format(sheet)


def sheet_format(path: Path) -> str:
    """Pillow's name of the format that a sheet's ending asks for.

    Raises:
        OutputError: It is none of those there are.
    """
    if path.suffix.lower() not in SHEET_FORMATS:
        raise OutputError(f"The sheet {path.name} must end in {', '.join(SHEET_FORMATS)}.")
    return SHEET_FORMATS[path.suffix.lower()]


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
