"""Opens pictures from paths, bytes, files, arrays and samples."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.errors import PictureError
from cactiviz.files import read_stream
from cactiviz.pictures.decode import Limits, Unreadable, decode
from cactiviz.types import Picture

_CHANNELS = (1, 3, 4)
_ROUNDING = 1e-4  # what resizing may leave beyond 0..1
_FORM = "(height, width), (height, width, 3) or (3, height, width)"


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


#: The most bytes that a file may have.
MAX_BYTES = 50 * 1024**2
#: The most pixels that a picture may have, in millions.
MAX_MEGAPIXELS = 50.0
#: A picture of more millions of pixels is made smaller; networks look at less than a tenth of one.
KEEP_MEGAPIXELS = 8.0
#: The fewest pixels that a picture may have each way.
MIN_SIDE = 8
#: The most times that a picture may be as long as it is wide, or as wide as it is long.
MAX_ASPECT = 20.0

#: The photographs that come along (inside scikit-image's package), and whom to thank for them.
SAMPLES = {
    "chelsea": "Chelsea the cat, photograph by Stefan van der Walt, CC0, from scikit-image",
    "coffee": "Coffee cup, photograph by Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0, "
    "from scikit-image",
    "rocket": "Falcon 9 carrying DSCOVR, photograph by SpaceX, public domain, from scikit-image",
    "astronaut": "Eileen Collins, photograph by NASA, public domain, from scikit-image",
}

#: What a picture can be read from; of a stream only ``read`` is needed. ``Any`` is an array.
Source = bytes | str | os.PathLike[str] | Image.Image | Picture | BinaryIO | Any


def open_picture(
    source: Source,
    *,
    name: str | None = None,
    credit: str = "",
    max_bytes: int = MAX_BYTES,
    max_megapixels: float = MAX_MEGAPIXELS,
    keep_megapixels: float = KEEP_MEGAPIXELS,
    min_side: int = MIN_SIDE,
    max_aspect: float = MAX_ASPECT,
    apply_profile: bool = True,
) -> Picture:
    """Open a picture; its format is detected by content, never by its file's name.

    It is turned upright by its EXIF orientation (HEIC and AVIF: by the file's own turn) and laid on
    white where it is transparent. Values of more than 8 bits are scaled, not clipped: integers by
    what the file says is white, or else by 8, 10, 12, 14 or 16 bits, as many as the highest value
    needs, floats by 1; values beyond, or below zero, are stretched from smallest to largest. Of a
    TIFF of many bands the first three are shown as red, green and blue. Colours are converted to
    sRGB by the file's profile, if it has a sound one. Of an animation, or of several pages, the
    first is taken; a thumbnail, a mask or a raw file's preview never is. A large picture is
    divided by 2, 4 or 8 each way, a JPEG already while it is decoded. Nothing but the pixels is
    kept of a file; the picture's ``notes`` say what was done. Safe to call from threads.

    Under 300 MB are used beside the file; a file that asks for more is refused, e.g. WebP of more
    than 16 megapixels, AVIF of more than 25 and JPEG 2000 of more than 12.

    Args:
        source: A file's bytes, its path, an open file or upload (read from its start), a Pillow
            image, an array or tensor as :func:`cactiviz.pictures.open.image_of` takes it,
            ``sample:NAME``, or a picture, which is given back.
        name: Display name; the file's name if not given.
        credit: Origin and licence.
        max_bytes: Maximum size of a file, checked before decoding.
        max_megapixels: Maximum millions of pixels, checked before decoding.
        keep_megapixels: Millions of pixels above which the picture is scaled down.
        min_side: Minimum length of each side in pixels.
        max_aspect: Maximum ratio of the longer to the shorter side.
        apply_profile: False leaves colours as they are stored, as most tools for training do.

    Raises:
        PictureError: It can't be read, or is beyond the limits.

    >>> open_picture("sample:chelsea").size
    (300, 451)
    """
    if isinstance(source, str) and source.startswith("sample:"):
        source = sample(source.removeprefix("sample:"))
    if isinstance(source, Picture):
        if name is None and not credit:
            return source
        return replace(source, name=name or source.name, source=credit or source.source)
    name = name or _name_of(source)
    if all(hasattr(source, name) for name in ("shape", "dtype", "__array__")):  # also a tensor
        source = image_of(source)
    limits = Limits(max_megapixels, keep_megapixels, min_side, max_aspect)
    if not isinstance(source, Image.Image):
        source = _content(source, name, max_bytes)
    try:
        rgb, notes = decode(source, limits, apply_profile=apply_profile)
    except Unreadable as error:
        raise _refusal(name, str(error)) from error.__cause__
    return Picture(rgb, name, credit, tuple(notes))


@cache
def sample(name: str) -> Picture:
    """One of the photographs named in ``SAMPLES``, with its credit.

    Raises:
        PictureError: There is no such sample, or scikit-image isn't installed.

    >>> sample("rocket").source
    'Falcon 9 carrying DSCOVR, photograph by SpaceX, public domain, from scikit-image'
    """
    # As scikit-image itself gives them, so that figures about them can be compared.
    return open_picture(sample_path(name), name=name, credit=SAMPLES[name], apply_profile=False)


def sample_path(name: str) -> Path:
    """The file of a sample.

    Raises:
        PictureError: There is no such sample, or scikit-image isn't installed.
    """
    if name not in SAMPLES:
        *others, last = SAMPLES
        raise _refusal(name, f"is not a sample; there are {', '.join(others)} and {last}")
    package = find_spec("skimage")  # finds the folder without the slow import
    if package is None or not package.submodule_search_locations:
        raise _refusal(name, "comes with scikit-image, which is not installed")
    file_name = f"{name}.jpg" if name == "rocket" else f"{name}.png"
    return Path(package.submodule_search_locations[0], "data", file_name)


def samples() -> dict[str, Picture]:
    """All samples by name."""
    return {name: sample(name) for name in SAMPLES}


def _refusal(name: str, reason: str) -> PictureError:
    return PictureError(f'"{" ".join(name.split())[:80]}" {reason}.')


def _name_of(source: Source) -> str:
    # An open file has a name, a Pillow image a filename.
    path = getattr(source, "name", "") or getattr(source, "filename", "")
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else path
    return (os.path.basename(path) if isinstance(path, str) else "") or "picture"


def _content(source: bytes | str | os.PathLike[str] | BinaryIO, name: str, limit: int) -> bytes:
    """All bytes of a file, or a refusal; never more than one byte over the limit is read."""
    size = 0
    try:
        if isinstance(source, bytes | bytearray | memoryview):
            data = bytes(source)
        elif isinstance(source, str | os.PathLike):
            path = os.path.expanduser(source)
            status = os.stat(path)
            size = status.st_size
            if stat.S_ISDIR(status.st_mode):
                raise _refusal(name, "is a folder, not a file; please choose a picture inside it")
            if not stat.S_ISREG(status.st_mode):
                data = read_stream(path, limit + 1)
            else:
                with open(path, "rb") as stream:
                    data = stream.read(limit + 1) if size <= limit else b""
        elif callable(getattr(source, "read", None)):
            data = _drained(source, limit + 1)
        else:
            kind = type(source).__name__
            raise _refusal(name, f"is given as {kind}; give a path, a Pillow image or an array")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _refusal(name, "can't be found; please check where it is") from error
    except PermissionError as error:
        raise _refusal(name, "may not be read; please ask its owner for permission") from error
    except TimeoutError as error:
        raise _refusal(name, "gives nothing; please check what is to be written there") from error
    except (OSError, ValueError) as error:  # ValueError: a closed file, a path that can't be one
        raise _refusal(name, "can't be read; please choose another file") from error
    if max(size, len(data)) > limit:
        raise _refusal(name, f"is larger than {limit / 1024**2:g} MB; please make it smaller first")
    if not data:
        raise _refusal(name, "is an empty file; please choose another one")
    return data


def _drained(stream: BinaryIO, limit: int) -> bytes:
    """Up to ``limit`` bytes from a stream's start."""
    with suppress(AttributeError, OSError):  # an upload may have been read before
        stream.seek(0)
    data = bytearray()
    while len(data) < limit and (piece := stream.read(limit - len(data))):
        if isinstance(piece, str):
            raise ValueError("the stream gives text, not bytes")
        data += piece
    return bytes(data)
