"""Writes frames as GIF, animated WebP, MP4, or a folder of PNGs, by the file's ending."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from cactiviz.errors import OutputError
from cactiviz.files import whole_file
from cactiviz.rendering.formats.gif import write_gif
from cactiviz.rendering.formats.mp4 import write_mp4
from cactiviz.rendering.formats.png import write_folder
from cactiviz.rendering.formats.quantize import Pixels, quantise
from cactiviz.rendering.formats.webp import write_webp

__all__ = ["LIMITS", "check_ending", "check_size", "quantise", "write_animation", "write_gif"]

#: The largest side in pixels by ending; "" is a folder.
LIMITS = {".gif": 65535, ".webp": 16383, ".mp4": 8192, "": 65535}
#: The most pixels of a frame; several copies of one are in memory at a time.
MOST_PIXELS = 100_000_000
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 60.0  # browsers slow down what is quicker


def check_ending(path: str | os.PathLike[str]) -> str:
    """The file's ending in lower case, if a writer for it exists.

    Raises:
        OutputError: There is none.

    >>> check_ending("Blog.GIF"), check_ending("frames/")
    ('.gif', '')
    """
    ending = Path(path).suffix.lower()
    if ending not in LIMITS:
        raise OutputError(
            f"The animation {Path(path).name} must end in .gif, .webp or .mp4; "
            "a name without an ending makes a folder of PNGs."
        )
    return ending


def check_size(size: tuple[int, int], ending: str) -> None:
    """Check that frames aren't too large for the memory or for the file format.

    Args:
        size: (height, width) of a frame in pixels.
        ending: ".gif", ".webp", ".mp4", or "" for a folder.

    Raises:
        OutputError: They are too large.
    """
    height, width = size
    if max(size) > LIMITS[ending]:
        raise OutputError(
            f"A frame of {width} × {height} pixels is too large for this kind of file; "
            f"it takes {LIMITS[ending]} at most. Choose smaller panels."
        )
    if height * width > MOST_PIXELS:
        raise OutputError(
            f"A frame of {width} × {height} pixels is too large; {MOST_PIXELS / 1e6:g} million "
            "pixels are the most. Choose smaller panels."
        )


def write_animation(
    path: str | os.PathLike[str],
    frames: Iterable[Pixels],
    *,
    seconds: float = 1.0,
    loop: int = 0,
    recipe: str = "",
) -> int:
    """Write frames in the format of the file's ending; return their number.

    The frames are taken one by one. The file appears under its name only once it is whole; what
    raises in the frames, such as ``Cancelled``, leaves nothing behind. Equal frames make equal
    bytes on one machine.

    Args:
        path: ``.gif``, ``.webp``, ``.mp4``, or a folder that isn't there yet.
        frames: uint8 (H, W, 3), all of one size.
        seconds: Duration of each frame, 0.02 to 60.
        loop: Number of repetitions, 0 for ever; ignored for MP4.
        recipe: JSON in ASCII, embedded in the file.

    Raises:
        OutputError: The ending is unknown, the file can't be written, or the frames don't fit.
        ValueError: Frames of several sizes, or a time or a number that can't be.
    """
    ending = check_ending(path)
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS or loop < 0:
        raise ValueError(f"{seconds} seconds a frame and {loop} rounds make no animation")
    checked = _checked(frames, ending)
    if ending == "":
        return write_folder(path, checked, recipe=recipe)
    if ending == ".mp4":
        return write_mp4(path, checked, seconds=seconds, recipe=recipe)
    with whole_file(path) as file:
        if ending == ".gif":
            return write_gif(file, checked, seconds=seconds, loop=loop, comment=recipe)
        return write_webp(file, checked, seconds=seconds, loop=loop, recipe=recipe)


def _checked(frames: Iterable[Pixels], ending: str) -> Iterator[Pixels]:
    """The same frames, checked: there is at least one, and they fit."""
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise OutputError("There is nothing to write: not one frame could be made.")
    check_size((first.shape[0], first.shape[1]), ending)
    for frame in chain([first], rest):
        if frame.shape != first.shape or frame.dtype != first.dtype:
            raise ValueError(f"frames of {first.shape} and {frame.shape} in one animation")
        yield frame
