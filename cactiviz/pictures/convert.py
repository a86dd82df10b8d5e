"""Converts images of any mode and colour profile to 8-bit sRGB on white."""

from __future__ import annotations

import io
from functools import cache
from typing import Any, Protocol

import numpy as np
from PIL import Image, ImageCms

from cactiviz.pictures.containers import MAX_BLOCK_BYTES

# Rows are made smaller in pieces of about this many pixels, so that little is held twice.
_PIECE_PIXELS = 2_000_000
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}


class Rows(Protocol):
    """What is needed of an image: its rows. Pillow's images have them."""

    info: dict[str | tuple[int, int], Any]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), as Pillow counts."""

    def crop(self, box: tuple[int, int, int, int], /) -> Image.Image:
        """A part, as Pillow's images give it."""


def reduced(image: Rows, factor: int) -> Image.Image:
    """A whole image whose pixels are means over ``factor`` x ``factor`` of the original's."""
    width, height = image.size
    rows = factor * max(1, _PIECE_PIXELS // (width * factor)) if factor > 1 else height
    whole: Image.Image | None = None
    for top in range(0, height, rows):
        piece = image.crop((0, top, width, min(top + rows, height)))
        if factor == 1:
            return piece
        piece = _mean(piece, factor)
        if whole is None:
            whole = Image.new(piece.mode, (piece.width, -(-height // factor)))
        whole.paste(piece, (0, top // factor))
    assert whole is not None
    return whole


def on_canvas(image: Image.Image, canvas: tuple[int, int, int, int]) -> Image.Image:
    """An image on an empty sheet of (width, height), its corner (left, top) from the sheet's."""
    sheet = Image.new("RGBA", canvas[:2])
    sheet.paste(image.convert("RGBA"), canvas[2:])
    sheet.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return sheet


def _mean(piece: Image.Image, factor: int) -> Image.Image:
    if piece.mode in ("1", "P", "PA", "HSV") or "transparency" in piece.info:
        # Of palette entries and hues there is no mean.
        piece = piece.convert("RGBA" if piece.has_transparency_data else "RGB")
    return piece.reduce(factor)


def to_rgb(image: Image.Image, profile: object, notes: list[str]) -> Image.Image:
    """An image in RGB, laid on white.

    Args:
        image: Loaded, of any mode of 8 bits a value or less.
        profile: The bytes of the colour profile that came with it; anything else is none.
        notes: List to which a sentence for each change is added.
    """
    if not image.has_transparency_data:
        image = image.convert("RGB") if image.mode not in _PROFILE_SPACES else image
        return _in_srgb(image, profile, notes).convert("RGB")
    # Pillow has no direct way from La.
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    alpha = rgba.getchannel("A")
    paper = Image.new("RGB", rgba.size, "white")
    paper.paste(_in_srgb(rgba.convert("RGB"), profile, notes), mask=alpha)
    if int(alpha.getextrema()[0]) < 255:  # type: ignore[arg-type]
        notes.append("Transparent parts laid on white.")
    return paper


def _in_srgb(image: Image.Image, profile: object, notes: list[str]) -> Image.Image:
    """Apply a colour profile, unless it is broken, of another mode, or changes nothing."""
    if not isinstance(profile, bytes) or not 128 <= len(profile) <= MAX_BLOCK_BYTES:
        return image
    if profile[16:20].decode("latin-1") != _PROFILE_SPACES[image.mode]:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, _srgb(), image.mode, "RGB")
        if image.mode == "RGB":  # most profiles are sRGB, whose pixels should stay what they are
            before = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
            after = np.asarray(ImageCms.applyTransform(Image.fromarray(before), transform))
            if np.abs(after.astype(int) - before).max() <= 3:
                return image
        image = ImageCms.applyTransform(image, transform) or image
    except Exception:  # a picture with slightly wrong colours is better than none
        return image
    notes.append("Colours converted to sRGB by the file's own profile.")
    return image


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
