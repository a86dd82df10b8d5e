"""Folders of pictures, one a class: the layout of most data sets."""

from __future__ import annotations

from pathlib import PurePosixPath

from cactiviz.datasets.files import Files
from cactiviz.images import open_picture
from cactiviz.types import Picture

#: Endings of what is listed; whether it is a picture is judged by its content when it is opened.
ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm"),
}
#: The class of pictures that lie in no folder.
LOOSE = "pictures"


def is_picture(name: str) -> bool:
    """Whether a file's name looks like a picture's."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def top(files: Files) -> str:
    """The folder that holds the classes, with a slash behind it, or nothing.

    A folder that is alone and holds its pictures in folders is a wrapping (``inaturalist_12K/``).
    """
    start = ""
    while True:
        inside = [name.removeprefix(start) for name in files.names if name.startswith(start)]
        folders = {name.partition("/")[0] for name in inside if "/" in name}
        below = {name.partition("/")[2] for name in inside if "/" in name}
        loose = any("/" not in name and is_picture(name) for name in (*inside, *below))
        if len(folders) != 1 or loose:
            return start
        start += f"{folders.pop()}/"


def by_class(files: Files, start: str = "") -> dict[str, list[str]]:
    """Class -> its pictures: the first folder below ``start`` is the class, the rest the name.

    A folder without pictures is an empty class; pictures in no folder are of the class
    :data:`LOOSE`, or of a longer name where a folder is called that.
    """
    below = (name.removeprefix(start) for name in files.folders if name.startswith(start))
    found: dict[str, list[str]] = {name: [] for name in sorted(below) if "/" not in name}
    loose = f"{LOOSE} in no folder" if LOOSE in found else LOOSE
    for name in files.names:
        if name.startswith(start) and is_picture(name):
            class_name, _, inside = name.removeprefix(start).partition("/")
            if inside:
                found[class_name].append(inside)
            else:
                found.setdefault(loose, []).append(class_name)
    return found


def read_from(files: Files, path: str, address: str, terms: str) -> Picture:
    """Open one file as a picture that is called by its address.

    Raises:
        DataError: The file can't be read.
        PictureError: It is no picture.
    """
    return open_picture(files.read(path), name=address, credit=terms)
