"""Pillow's images of more than 8 bits a value as numbers in their full depth."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.samples import Depth

# How Pillow takes the lower half of each number, by how it takes the upper one.
_LOWER = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}


def is_deep(image: object) -> bool:
    """Whether an image has greys of more than 8 bits."""
    return isinstance(image, Image.Image) and image.mode[0] in "IF"


class DeepGrey:
    """A grey image of Pillow's; ``cactiviz.samples.Samples`` says what is what."""

    premultiplied = inverted = False
    missing: float | None = None

    def __init__(self, image: Image.Image, white: int) -> None:
        """Take a loaded image of mode I, F or any I;16, and its white, if the file says that."""
        self._image, self.size, self.info = image, image.size, image.info
        self._clear = image.info.get("transparency")
        self.has_alpha = isinstance(self._clear, int)
        bits = 16 if image.mode.startswith("I;") else 32
        form = {"I": "signed", "F": "float"}.get(image.mode, "unsigned")
        self.depth = Depth(bits, form, white)

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows, (rows, width, 1), or 2 where one grey stands for "transparent"."""
        grey = np.asarray(self._image.crop((0, top, self.size[0], bottom)))
        if not self.has_alpha:
            return grey[..., None]
        full = 2 ** (self.depth.bits - (self.depth.form == "signed")) - 1
        return np.stack((grey, np.where(grey == self._clear, 0, full).astype(grey.dtype)), axis=2)


class DeepColour:
    """A PNG of 16 bits a colour, of which Pillow keeps one half of each number at a time."""

    premultiplied = inverted = False
    missing: float | None = None

    def __init__(self, upper: Image.Image, data: bytes, white: int) -> None:
        """Take the image that Pillow loaded, the file, and its white, if it says that."""
        self._upper = upper
        self._lower = Image.OPEN["PNG"][0](io.BytesIO(data), "")
        tiles = self._lower.tile
        self._lower.tile = [tile._replace(args=_LOWER[str(tile.args)]) for tile in tiles]
        self._lower.load()
        self.size, self.info = upper.size, upper.info
        self.has_alpha = upper.mode == "RGBA"
        self.depth = Depth(16, "unsigned", white)

    def rows(self, top: int, bottom: int) -> NDArray[np.uint16]:
        """Some rows, (rows, width, 3 or 4)."""
        box = (0, top, self.size[0], bottom)
        upper, lower = (np.asarray(half.crop(box)) for half in (self._upper, self._lower))
        whole = upper.astype(np.uint16)
        whole <<= 8
        whole |= lower
        return whole


def halved(image: object) -> bool:
    """Whether this is a PNG, not yet loaded, of whose numbers Pillow drops the lower half."""
    tiles = getattr(image, "tile", None) or []
    return getattr(image, "format", "") == "PNG" and any(str(t.args) in _LOWER for t in tiles)


def is_dark(image: Image.Image) -> bool:
    """Whether no upper half of a colour goes beyond 14 bits: then the lower ones count."""
    colours = image.getextrema()[:3]
    return max(int(high) for _, high in colours) < 64  # type: ignore[misc]
