"""Samples of Pillow images with more than 8 bits per channel, in full depth."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.pictures.bit_depth import Depth

# How Pillow takes the lower half of each number, by how it takes the upper one.
_LOWER = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}


def is_deep(image: object) -> bool:
    """Whether an image has greys of more than 8 bits."""
    return isinstance(image, Image.Image) and image.mode[0] in "IF"


class DeepGrey:
    """A grey image of Pillow's; ``cactiviz.pictures.bit_depth.Samples`` says what is what."""

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
        self._upper, self.size, self.info = upper, upper.size, upper.info
        self._clear = upper.info.get("transparency") if upper.mode == "RGB" else None
        self._is_grey = data[25] == 4  # which Pillow gives as RGBA
        self.has_alpha = upper.mode != "RGB" or isinstance(self._clear, tuple)
        self.depth = Depth(16, "unsigned", white)
        if self._is_grey:  # as bytes, a pixel is like one of red, green, blue and alpha
            head = b"IHDR" + data[16:24] + b"\x08\6" + data[26:29]
            data = data[:12] + head + struct.pack(">L", zlib.crc32(head)) + data[33:]
        self._lower = Image.OPEN["PNG"][0](io.BytesIO(data), "")
        if not self._is_grey:
            tiles = self._lower.tile
            self._lower.tile = [tile._replace(args=_LOWER[str(tile.args)]) for tile in tiles]
        self._lower.load()

    def rows(self, top: int, bottom: int) -> NDArray[np.uint16]:
        """Some rows, (rows, width, 1 or 3 colours and perhaps alpha)."""
        box = (0, top, self.size[0], bottom)
        lower = np.asarray(self._lower.crop(box))
        if self._is_grey:
            return lower.view(">u2").astype(np.uint16)
        whole = np.asarray(self._upper.crop(box)).astype(np.uint16)
        whole <<= 8
        whole |= lower
        if self._upper.mode == "RGBA" or not self.has_alpha:
            return whole
        opaque = (whole != np.array(self._clear)).any(axis=2, keepdims=True)
        return np.concatenate([whole, opaque.astype(np.uint16) * np.uint16(65535)], axis=2)


def is_dark(image: Image.Image) -> bool:
    """Whether no upper half of a colour goes beyond 14 bits: then the lower ones count."""
    colours = [band for band in image.getbands() if band != "A"]
    return all(sum(image.getchannel(band).histogram()[64:]) == 0 for band in colours)
