"""A picture, or a set of arrays, as the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.formats.metadata import signature


def png(image: Image.Image) -> bytes:
    """A picture as a PNG that is signed as this package's.

    >>> png(Image.new("RGB", (1, 1)))[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    image.save(file, format="PNG", exif=signature())
    return file.getvalue()


def npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as a compressed NumPy file; equal arrays give equal bytes.

    >>> npz({"a": np.zeros(3)}) == npz({"a": np.zeros(3)})
    True
    """
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()
