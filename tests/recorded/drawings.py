"""Pictures that a program draws and photographs that come along, by the public names alone."""

from __future__ import annotations

from typing import Any

from PIL import Image

from . import measured

SCENES = ("scenes:cactus/0", "scenes:cactus/178", "scenes:no cactus/0", "scenes:no cactus/999")


def of_all() -> dict[str, Any]:
    """Each picture's name, credit and hash."""
    import cactiviz as cv

    pictures = [*(cv.open_item(address) for address in SCENES), *cv.samples().values()]
    return {
        picture.name: {
            **measured.of_drawing(Image.fromarray(picture.rgb)),
            "source": picture.source,
            "digest": picture.sha256,
        }
        for picture in pictures
    }
