"""Arrays -> images in data addresses, as the browser takes them."""

from __future__ import annotations

import base64
import io
from typing import Any

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.colormaps import DIVERGING
from cactiviz.types import Box, Picture

_QUALITY = 88
_STEPS = 127  # of colour on either side of 0; one byte holds them all
_MIDDLE = len(DIVERGING) // 2
_TABLE = DIVERGING[np.rint(np.linspace(0, 2 * _MIDDLE, 2 * _STEPS + 1)).astype(int)].tobytes()


def photograph(picture: Picture, longest: int) -> str:
    """The whole picture as JPEG, its longer side at most this many pixels; kept for a while."""
    return _photograph(picture.key, longest, picture)


@st.cache_data(max_entries=48, show_spinner=False)
def _photograph(key: str, longest: int, _picture: Picture) -> str:
    scale = min(1.0, longest / max(_picture.size))
    height, width = (max(1, round(side * scale)) for side in _picture.size)
    return jpeg(np.asarray(cv2.resize(_picture.rgb, (width, height), interpolation=cv2.INTER_AREA)))


def jpeg(rgb: NDArray[Any], quality: int = _QUALITY, *, whole_colours: bool = False) -> str:
    """uint8 (h, w, 3) as JPEG; colours are stored at half the resolution unless told otherwise."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if whole_colours:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return _encoded(rgb, "jpeg", options)


def png(pixels: NDArray[Any], *, quick: bool = False) -> str:
    """uint8 (h, w, 3) or (h, w) as PNG, where every pixel counts."""
    return _encoded(pixels, "png", [cv2.IMWRITE_PNG_COMPRESSION, 1] if quick else [])


def diverging(values: NDArray[Any], full: float, longest: int) -> str:
    """A map (h, w) in blue below 0, white at 0 and orange above, as PNG.

    Args:
        values: Raw.
        full: This value and beyond is painted in full orange, minus it in full blue.
        longest: A map with more pixels a side is averaged down.
    """
    scale = min(1.0, longest / max(values.shape))
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in values.shape)
        values = np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA))
    share = np.clip(values / full, -1, 1) if full > 0 else np.zeros(values.shape)
    image = Image.fromarray(np.rint(_STEPS + _STEPS * share).astype(np.uint8), "L")
    image.putpalette(_TABLE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return of("image/png", buffer.getvalue())


def in_fractions(box: Box, size: tuple[int, int]) -> Box:
    """A rectangle of a picture of this (height, width), in fractions of it.

    >>> in_fractions(Box(10, 0, 20, 50), (40, 100))
    Box(top=0.25, left=0.0, height=0.5, width=0.5)
    """
    height, width = size
    return Box(box.top / height, box.left / width, box.height / height, box.width / width)


def of(mime: str, data: bytes) -> str:
    """A file of this type as an address.

    >>> of("image/gif", b"GIF")
    'data:image/gif;base64,R0lG'
    """
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _encoded(pixels: NDArray[Any], kind: str, options: list[int]) -> str:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return of(f"image/{kind}", cv2.imencode(f".{kind}", bgr, options)[1].tobytes())
