"""Layout of a data set's folders (wrapping, splits, classes), and which files are pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from cactiviz.datasets.archive import Files
from cactiviz.datasets.dataset import split_of
from cactiviz.pictures.decode import kind_of
from cactiviz.pictures.open import open_picture
from cactiviz.types import Picture

#: Of pictures, in small letters; upper case counts as well.
ENDINGS = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"),
)
#: Of files that hold other files.
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
#: So many of a file's first bytes tell what it is.
BEGINNING = 256

# Two letters are all that begins these kinds, and so do many texts; what follows must fit too.
_STRICTER = {
    "BMP": re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL),
    "PPM": re.compile(rb"P[1-6]\s+(#|\d)"),
}


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's.

    >>> is_picture("cat/IMG_1.JPG"), is_picture("scan.jfif"), is_picture("notes.txt")
    (True, True, False)
    """
    return PurePosixPath(name).suffix.lower() in ENDINGS


def is_archive(name: str) -> bool:
    """Whether a file's name ends as that of a zip or its like.

    >>> is_archive("train.ZIP"), is_archive("train.csv")
    (True, False)
    """
    return PurePosixPath(name).suffix.lower() in ARCHIVES


def begins_as_picture(name: str, beginning: bytes) -> bool:
    """Whether a file of another ending is a picture by its first bytes.

    TIFF counts only in a file without an ending: whole families of other formats, such as cameras'
    raw files, begin as TIFF does.

    Args:
        name: The file's.
        beginning: Its first bytes, :data:`BEGINNING` or all.

    >>> begins_as_picture("IMG_1", b"GIF89a"), begins_as_picture("README", b"BMW is a make of car")
    (True, False)
    """
    kind = kind_of(beginning)
    if kind == "TIFF" and PurePosixPath(name).suffix:
        return False
    stricter = _STRICTER.get(kind)
    return bool(kind) and (stricter is None or stricter.match(beginning) is not None)


#: The class of pictures that lie in no folder.
LOOSE = "pictures"


@dataclass(frozen=True)
class Layout:
    """Folders of a data set's classes.

    Attributes:
        start: Folder of all classes or parts, with a slash; empty for the root.
        parts: Part of a split -> the folder of its classes, with a slash; empty without a split.
    """

    start: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    def list(self, pictures: Iterable[str], folders: Collection[str]) -> dict[str, list[str]]:
        """Class -> names of its pictures; with parts a name begins with its part (``train/1.jpg``).

        A folder without pictures is an empty class if others beside it have some.
        """
        below = [name.removeprefix(self.start) for name in pictures if name.startswith(self.start)]
        inside = [name.removeprefix(self.start) for name in folders if name.startswith(self.start)]
        if not self.parts:
            return by_class(below, inside)
        of_parts = tuple(f"{part}/" for part in self.parts)
        classes = by_class([name for name in below if not name.startswith(of_parts)], ())
        for part, start in self.parts.items():
            own = by_class(
                [name.removeprefix(start) for name in below if name.startswith(start)],
                [name.removeprefix(start) for name in inside if name.startswith(start)],
            )
            for class_name, names in own.items():
                classes.setdefault(class_name, []).extend(f"{part}/{name}" for name in names)
        return {class_name: classes[class_name] for class_name in sorted(classes)}

    def path_of(self, class_name: str, name: str, names: Collection[str]) -> str:
        """Path of a listed picture within the folder or zip; it is one of ``names``."""
        part, _, inside = name.partition("/")
        start = self.parts.get(part)
        places = [] if start is None else [f"{start}{class_name}/{inside}", f"{start}{inside}"]
        places += [f"{class_name}/{name}", name]
        paths = (f"{self.start}{place}" for place in places)
        return next((path for path in paths if path in names), f"{self.start}{places[0]}")


def layout_of(pictures: Sequence[str]) -> Layout:
    """Derive the layout of a data set from its pictures' paths.

    A folder that holds all pictures, in sub-folders, is a wrapping. Two or more folders with names
    of splits that hold classes are parts.

    >>> layout_of(["set/train/cat/1.jpg", "set/val/cat/1.jpg"])
    Layout(start='set/', parts={'train': 'train/', 'val': 'val/'})
    >>> layout_of(["set/cat/1.jpg", "set/train/1.jpg"])
    Layout(start='set/', parts={})
    """
    start = wrapping(pictures)
    below = [name.removeprefix(start) for name in pictures]
    folders = sorted({name.partition("/")[0] for name in below if "/" in name})
    named = [folder for folder in folders if split_of(folder)]
    parts = {}
    for part in named:
        own = [name.removeprefix(f"{part}/") for name in below if name.startswith(f"{part}/")]
        parts[part] = f"{part}/{wrapping(own)}"
    holds_classes = any(
        "/" in name.removeprefix(parts[part])
        for part in named
        for name in below
        if name.startswith(parts[part])
    )
    return Layout(start, parts if len(named) > 1 and holds_classes else {})


def wrapping(names: Sequence[str]) -> str:
    """Folders that wrap all classes, with a slash; empty if there are none.

    >>> wrapping(["inaturalist_12K/train/Aves/1.jpg", "inaturalist_12K/val/Aves/1.jpg"])
    'inaturalist_12K/'
    >>> wrapping(["cat/1.jpg", "cat/2.jpg"])
    ''
    """
    start = ""
    while True:
        inside = [name.removeprefix(start) for name in names]
        folders = {name.partition("/")[0] for name in inside}
        if len(folders) != 1 or any(name.count("/") < 2 for name in inside):
            return start
        start += f"{folders.pop()}/"


def by_class(pictures: Iterable[str], folders: Iterable[str]) -> dict[str, list[str]]:
    """Class -> names of its pictures: the first folder is the class, the rest the name.

    Folders without pictures are empty classes, unless all are. Pictures in no folder are of the
    class :data:`LOOSE`, or "LOOSE in no folder" if a folder has that name.

    >>> by_class(["cat/1.jpg", "cat/more/2.jpg", "3.jpg"], ["cat", "cat/more", "dog"])
    {'cat': ['1.jpg', 'more/2.jpg'], 'dog': [], 'pictures': ['3.jpg']}
    >>> by_class(["1.jpg", "2.jpg"], ["empty"])
    {'pictures': ['1.jpg', '2.jpg']}
    """
    classes: dict[str, list[str]] = {name: [] for name in sorted(folders) if "/" not in name}
    loose: list[str] = []
    for path in pictures:
        class_name, slash, name = path.partition("/")
        if slash:
            classes.setdefault(class_name, []).append(name)
        else:
            loose.append(path)
    if not any(classes.values()):
        classes = {}
    if loose:
        classes[f"{LOOSE} in no folder" if LOOSE in classes else LOOSE] = loose
    return classes


def natural(name: str) -> tuple[object, ...]:
    """Sort key that compares digits in names as numbers: 2.jpg before 10.jpg.

    >>> sorted(["10.jpg", "2.jpg", "B.jpg", "a.jpg"], key=natural)
    ['2.jpg', '10.jpg', 'a.jpg', 'B.jpg']
    """
    pieces: list[object] = []
    for number, piece in enumerate(re.split(r"([0-9]+)", name)):
        digits = piece.lstrip("0")
        pieces.append((len(digits), digits) if number % 2 else piece.casefold())
    return tuple(pieces), name


@dataclass(frozen=True, eq=False)
class Reader:
    """Opens a data set's pictures, each called by its address ``NAME:CLASS/ITEM``.

    Attributes:
        files: The folder or the zip.
        dataset: Name of the data set.
        terms: Credit of each picture.
        path_of: From a class and a picture's name to its path within the folder or zip.
    """

    files: Files
    dataset: str
    terms: str
    path_of: Callable[[str, str], str] = "{}/{}".format

    def __call__(self, class_name: str, name: str) -> Picture:
        """Open a picture.

        Raises:
            DataError: The file can't be read.
            PictureError: It is no picture.
        """
        data, address = self.files.read(self.path_of(class_name, name)), f"{class_name}/{name}"
        return open_picture(data, name=f"{self.dataset}:{address}", credit=self.terms)
