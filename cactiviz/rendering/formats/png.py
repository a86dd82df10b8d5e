"""Writes frames as a folder of PNGs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cactiviz.errors import OutputError
from cactiviz.files import unfinished_folder
from cactiviz.rendering.formats.quantize import Pixels


def write_folder(
    path: str | os.PathLike[str], frames: Iterable[Pixels], *, recipe: str = ""
) -> int:
    """Write ``0001.png`` and so on into a new folder; return the number of frames.

    Args:
        path: A folder that isn't there yet, or is empty.
        frames: uint8 (H, W, 3).
        recipe: Embedded in the first picture as the text ``recipe``.

    Raises:
        OutputError: The folder holds something, or can't be written.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{target} is there already; name a new folder.")
    count = 0
    try:
        with unfinished_folder(target) as temporary:
            for count, frame in enumerate(frames, 1):
                info = PngInfo()
                if count == 1 and recipe:
                    info.add_text("recipe", recipe)
                Image.fromarray(frame).save(temporary / f"{count:04d}.png", pnginfo=info)
            os.chmod(temporary, 0o755)  # a temporary folder is its owner's alone
            os.replace(temporary, target)
        return count
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise OutputError(f"The folder {target} can't be written: {reason}.") from error
