"""Converts NumPy arrays and torch tensors to Pillow images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.errors import PictureError

_CHANNELS = (1, 3, 4)
_ROUNDING = 1e-4  # what resizing may leave beyond 0..1
_FORM = "(height, width), (height, width, 3) or (3, height, width)"


def is_array(source: object) -> bool:
    """Whether a value is an array or a tensor of any package.

    >>> is_array(np.zeros(3)), is_array(Image.new("L", (1, 1))), is_array("a.png")
    (True, False, False)
    """
    shaped = hasattr(source, "shape") and hasattr(source, "dtype")
    return shaped and hasattr(source, "__array__")


def image_of(array: Any) -> Image.Image:
    """Convert an array to an image: RGB, RGBA or grey, with channels last or first.

    Whole numbers are 0..255 (of 16 bits without sign, where one is above 255: 0..65535), decimal
    ones 0..1, and ``True`` is white. One picture in a batch of one will do.

    Args:
        array: (H, W), (H, W, C), (C, H, W) or a batch of one of these; C is 1, 3 or 4.

    Raises:
        PictureError: Shape, type or values aren't those of a picture.

    >>> image_of(np.zeros((3, 20, 10), np.float32)).size
    (10, 20)
    """
    values = _in_memory(array)
    if values.dtype.kind not in "buif":
        raise PictureError(f"An array of {values.dtype} is no picture; it needs plain numbers.")
    values = _channels_last(values, first=hasattr(array, "detach"))
    if not values.size:
        raise PictureError("The array is empty, so it is no picture.")
    return Image.fromarray(_in_bytes(values))


def _in_memory(array: Any) -> NDArray[Any]:
    try:
        if hasattr(array, "detach"):  # a tensor: of a graph, of a GPU, of a type NumPy lacks
            array = array.detach().cpu()
            array = array.float() if array.is_floating_point() else array
            array = array.numpy()
        return np.asarray(array)
    except Exception as error:  # a tensor without numbers, one split over machines, …
        raise PictureError("The numbers of this array can't be read.") from error


def _channels_last(values: NDArray[Any], first: bool) -> NDArray[Any]:
    """(H, W), (H, W, 3) or (H, W, 4).

    Args:
        values: In any of the usual orders.
        first: The channels come first where either could be meant, as torch has them.
    """
    shape = values.shape
    if values.ndim == 4 and shape[0] == 1:
        values = values[0]
    elif values.ndim == 4:
        raise PictureError(f"The array holds {shape[0]} pictures; give one of them.")
    if values.ndim == 3:
        ahead, behind = (values.shape[side] in _CHANNELS for side in (0, -1))
        if not ahead and not behind:
            raise PictureError(_wrong_shape(shape))
        if ahead and (first or not behind):
            values = np.moveaxis(values, 0, -1)
        if values.shape[-1] == 1:
            values = values[..., 0]
    if values.ndim not in (2, 3):
        raise PictureError(_wrong_shape(shape))
    return values


def _wrong_shape(shape: tuple[int, ...]) -> str:
    return f"An array of the shape {shape} is no picture; it needs {_FORM}."


def _in_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    low, high = float(values.min()), float(values.max())  # not a number, if one of them is
    if values.dtype.kind == "f":
        return _of_decimals(values, low, high)
    if low < 0:
        raise PictureError(f"The array goes down to {low:g}; a picture has no number below 0.")
    if high <= 255:
        return values.astype(np.uint8)
    if values.dtype != np.uint16:
        raise PictureError(f"The array goes up to {high:g}; whole numbers of a picture end at 255.")
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _of_decimals(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if not np.isfinite(low) or not np.isfinite(high):
        raise PictureError("The array holds numbers that aren't finite, so it is no picture.")
    if low < -_ROUNDING:
        raise PictureError(
            f"The array goes down to {low:.3g}, as after a network's preprocessing; give the "
            "picture as it was before, from 0 to 1."
        )
    if high > 1 + _ROUNDING:
        raise PictureError(
            f"The array's decimal numbers go up to {high:.4g}, where a picture's end at 1; give "
            "numbers from 0 to 255 as array.astype('uint8')."
        )
    scaled = np.clip(values.astype(np.float64), 0, 1) * 255
    return np.round(scaled).astype(np.uint8)
