"""Arrays -> images in data addresses, as the browser takes them."""

from __future__ import annotations

import base64
import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.colormaps import DIVERGING
from cactiviz.types import Box, Picture

_QUALITY = 88
_STEPS = 127  # of colour on either side of 0; one byte holds them all
_MIDDLE = len(DIVERGING) // 2
_TABLE = DIVERGING[np.rint(np.linspace(0, 2 * _MIDDLE, 2 * _STEPS + 1)).astype(int)].tobytes()


def photograph(picture: Picture, longest: int) -> str:
    """The whole picture as JPEG, its longer side at most this many pixels."""
    scale = min(1.0, longest / max(picture.size))
    height, width = (max(1, round(side * scale)) for side in picture.size)
    return jpeg(np.asarray(cv2.resize(picture.rgb, (width, height), interpolation=cv2.INTER_AREA)))


def jpeg(rgb: NDArray[Any]) -> str:
    """uint8 (h, w, 3) as JPEG."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return _address("jpeg", data.tobytes())


def png(rgb: NDArray[Any]) -> str:
    """uint8 (h, w, 3) as PNG, where every pixel counts."""
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return _address("png", data.tobytes())


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
    return _address("png", buffer.getvalue())


def in_fractions(box: Box, size: tuple[int, int]) -> Box:
    """A rectangle of a picture of this (height, width), in fractions of it.

    >>> in_fractions(Box(10, 0, 20, 50), (40, 100))
    Box(top=0.25, left=0.0, height=0.5, width=0.5)
    """
    height, width = size
    return Box(box.top / height, box.left / width, box.height / height, box.width / width)


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
