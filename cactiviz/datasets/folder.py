"""Folders and zips of pictures, with sub-folders as classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from cactiviz.datasets import aerial_cactus, noticed
from cactiviz.datasets.archive import Files, open_files
from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.noticed import Noticed
from cactiviz.datasets.tree import (
    BEGINNING,
    Layout,
    Reader,
    begins_as_picture,
    is_archive,
    is_picture,
    layout_of,
    natural,
)
from cactiviz.errors import DataError
from cactiviz.redaction import folder_name

# Reading the first bytes of a file takes up to a tenth of a millisecond.
_MOST_LOOKED_INTO = 100_000


def open_folder(path: Path, without: Iterable[Path] = ()) -> Dataset:
    """List the pictures of a folder or a zip; a zip is read in its place, never unpacked.

    Classes may lie within a wrapping folder. Parts of a split, such as ``train/cat`` and
    ``val/cat``, are joined: a picture's name begins with its part. Cactus tiles are read by their
    list. Pictures of a class are in natural order, 2.jpg before 10.jpg.

    Args:
        path: The folder or the zip.
        without: Files and folders that don't count, such as what is about to be written.

    Raises:
        DataError: It isn't there, can't be read, isn't to be trusted, or holds no picture.
    """
    if aerial_cactus.is_meant(path):
        return aerial_cactus.open_cactus(path, "folder")
    files = open_files(path, without)
    by_content = _by_content(files)
    pictures = [name for name in files.names if is_picture(name) or name in by_content]
    if not pictures:
        raise DataError(_no_picture(path, files))
    if files.locked.issuperset(pictures):
        raise DataError(
            f"The pictures in {path.name} need a password; please unpack it and name the folder."
        )
    layout = layout_of(pictures)
    items = {
        class_name: sorted(names, key=natural)
        for class_name, names in layout.list(pictures, files.folders).items()
    }
    notes = (
        *noticed.of_classes(items),
        *noticed.of_files(_noticed(files, frozenset(pictures), items, layout)),
        *noticed.of_files(Noticed("content", name) for name in by_content),
    )
    terms = f"From your own folder {folder_name(path)}"
    names = frozenset(files.names)
    reader = Reader(files, "folder", terms, lambda kind, name: layout.path_of(kind, name, names))
    title = f"Folder {path.absolute().name}"
    return Dataset("folder", title, terms, items, reader, notes, path_of=reader.path_of)


def checked(dataset: Dataset, path: Path) -> Dataset:
    """The data set itself, if there is a picture in it.

    Raises:
        DataError: There is none.
    """
    if not len(dataset):
        raise DataError(f"There are no pictures in {path}.")
    return dataset


def _by_content(files: Files) -> frozenset[str]:
    """The files that are pictures though their names don't tell."""
    unclear = [name for name in files.names if not (is_picture(name) or is_archive(name))]
    pictures = set()
    for name in unclear[:_MOST_LOOKED_INTO]:
        with suppress(DataError):
            if begins_as_picture(name, files.beginning(name, BEGINNING)):
                pictures.add(name)
    return frozenset(pictures)


def _noticed(
    files: Files, pictures: Collection[str], items: Collection[str], layout: Layout
) -> list[Noticed]:
    """All that is left out, and pictures beside the folders of classes."""
    left_out = list(files.noticed)
    full = {str(above) for name in pictures for above in PurePosixPath(name).parents}
    bare = [
        folder
        for folder in files.folders
        if folder not in full and str(PurePosixPath(folder).parent) in (".", layout.start[:-1])
    ]
    empty_classes = {f"{layout.start}{name}" for name in items if not layout.parts}
    left_out += (Noticed("empty", folder) for folder in bare if folder not in empty_classes)
    of_bare = tuple(f"{folder}/" for folder in bare)
    for name in files.names:
        if is_archive(name):
            left_out.append(Noticed("archive", name))
        elif name not in pictures and not name.startswith(of_bare):
            left_out.append(Noticed("other", name))
    for name in pictures if len(items) > 1 else ():
        inside = name.removeprefix(layout.start)
        if "/" not in inside.removeprefix(layout.parts.get(inside.partition("/")[0], "")):
            left_out.append(Noticed("loose", name))
    return left_out


def _no_picture(path: Path, files: Files) -> str:
    """Why a folder or zip can't be listed, and what to do about it."""
    packed = [name for name in files.names if is_archive(name)]
    if not packed:
        return " ".join([f"There are no pictures in {path}.", *noticed.of_files(files.noticed)])
    zips = [name for name in packed if name.lower().endswith(".zip")]
    kind = "zip" if len(zips) == len(packed) else "packed file"
    amount = f"a {kind}" if len(packed) == 1 else f"{len(packed)} {kind}s"
    if path.is_file():
        what = f"please unpack {path.name} and name the folder that comes out"
    elif zips:
        what = (
            f"please name one of them, such as {path / zips[0]}"
            if zips[1:]
            else (f"please name {path / zips[0]}")
        )
    else:
        what = "please unpack what you need and name its folder"
    return f"There are no pictures in {path}, but {amount} ({noticed.few(packed)}): {what}."
