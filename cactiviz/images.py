"""Bytes from anywhere -> a checked, upright, opaque, 8-bit RGB picture, or one sentence why not."""

from __future__ import annotations

import io
import os
import stat
import struct
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Transpose
from PIL.JpegImagePlugin import JpegImageFile

from cactiviz.errors import PictureError
from cactiviz.types import Picture

#: The most bytes that a file may have.
MAX_BYTES = 50 * 1024**2
#: The most pixels that a picture may have, in millions.
MAX_MEGAPIXELS = 50.0

#: The photographs that come along (inside scikit-image's package), and whom to thank for them.
SAMPLES = {
    "chelsea": "Chelsea the cat, photograph by Stefan van der Walt, CC0, from scikit-image",
    "coffee": "Coffee cup, photograph by Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0, "
    "from scikit-image",
    "rocket": "Falcon 9 carrying DSCOVR, photograph by SpaceX, public domain, from scikit-image",
    "astronaut": "Eileen Collins, photograph by NASA, public domain, from scikit-image",
}

# Not all that Pillow knows: EPS runs a program, ICO decodes on opening, QOI takes minutes.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")

_NOT_A_PICTURE = (
    "is not a picture that can be read here; please choose a JPEG, PNG, WebP, GIF, BMP, TIFF or "
    "AVIF file (a phone's HEIC photograph can be exported as JPEG)"
)
_DAMAGED = "is damaged or incomplete; please save or download it again"

# By EXIF orientation; 1 is upright.
_TURNS = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM}
_TURNS |= {5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE}
_TURNS |= {8: Transpose.ROTATE_90}

#: What a picture can be read from; of a stream only ``read`` is needed.
Source = bytes | str | os.PathLike[str] | Image.Image | Picture | BinaryIO


def open_picture(
    source: Source,
    *,
    name: str | None = None,
    credit: str = "",
    max_bytes: int = MAX_BYTES,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Picture:
    """Read a picture from wherever it is, judged by its content and never by its file's name.

    It is turned upright by its EXIF orientation and laid on white where it is transparent. Greys
    of more than 8 bits are scaled, not clipped: 16 bits by 65535, 32-bit integers by 255 or, where
    one is above, 65535, floats by 1; values beyond are stretched from smallest to largest. Colour
    profiles are not applied. Of an animation the first frame is taken. Safe to call from threads.

    Args:
        source: A file's bytes, its path, an open file or upload (read from its start), a Pillow
            image, ``sample:NAME``, or a picture, which is given back.
        name: What to call it; the file's name if not given.
        credit: Where it came from and under which terms.
        max_bytes: The most bytes a file may have, looked at before decoding.
        max_megapixels: The most millions of pixels, looked at before decoding.

    Raises:
        PictureError: It can't be read, or is larger than the limits.

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
    if isinstance(source, Image.Image):
        image = source
    else:
        image = _identified(_content(source, name, max_bytes), name)
    if (size := image.width * image.height / 1e6) > max_megapixels:
        limit = f"more than the {max_megapixels:g} that can be read here"
        raise _refusal(name, f"has {size:.1f} megapixels, {limit}; please make it smaller first")
    try:
        image.load()
        turn = _TURNS.get(_orientation(image))
        return Picture(_rgb(image if turn is None else image.transpose(turn)), name, credit)
    except Exception as error:  # a hostile file can raise anything in a decoder
        raise _refusal(name, _DAMAGED) from error


@cache
def sample(name: str) -> Picture:
    """One of the photographs named in ``SAMPLES``, with its credit.

    Raises:
        PictureError: There is no such sample, or scikit-image isn't installed.

    >>> sample("rocket").source
    'Falcon 9 carrying DSCOVR, photograph by SpaceX, public domain, from scikit-image'
    """
    if name not in SAMPLES:
        *others, last = SAMPLES
        raise _refusal(name, f"is not a sample; there are {', '.join(others)} and {last}")
    package = find_spec("skimage")  # finds the folder without the slow import
    if package is None or not package.submodule_search_locations:
        raise _refusal(name, "comes with scikit-image, which is not installed")
    file_name = f"{name}.jpg" if name == "rocket" else f"{name}.png"
    path = Path(package.submodule_search_locations[0], "data", file_name)
    return open_picture(path, name=name, credit=SAMPLES[name])


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
            status = os.stat(source)
            size = status.st_size
            if not stat.S_ISREG(status.st_mode):  # a folder, or a pipe that would keep us waiting
                raise _refusal(name, "is a folder, not a file; please choose a picture inside it")
            with open(source, "rb") as stream:
                data = stream.read(limit + 1) if size <= limit else b""
        else:
            data = _drained(source, limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _refusal(name, "can't be found; please check where it is") from error
    except PermissionError as error:
        raise _refusal(name, "may not be read; please ask its owner for permission") from error
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


class _Jpeg(JpegImageFile):
    """A JPEG whose EXIF block Pillow leaves alone; it warns, on standard error, about damage."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


def _identified(data: bytes, name: str) -> Image.Image:
    """The image whose header these bytes begin with, its pixels not yet decoded."""
    Image.init()  # and not Image.open, which warns by itself about large pictures
    cause: Exception | None = None
    for kind in _FORMATS:
        factory, accept = Image.OPEN.get(kind, (None, None))
        if factory is None or accept is None or accept(data[:16]) is not True:
            continue
        try:
            return (_Jpeg if kind == "JPEG" else factory)(io.BytesIO(data), "")
        except Exception as error:  # a hostile file can raise anything here as well
            cause = error
    raise _refusal(name, _DAMAGED if cause else _NOT_A_PICTURE) from cause


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 where there is none. Pillow's own reader trips over damaged blocks."""
    block = image.info.get("exif", b"").removeprefix(b"Exif\0\0")
    order = ">" if block.startswith(b"MM") else "<"
    with suppress(struct.error):  # what stands before the damage still counts
        (start,) = struct.unpack_from(f"{order}L", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", block, entry)
            if tag == 0x0112:
                value = struct.unpack_from(order + ("L" if kind == 4 else "H"), block, entry + 8)
                return int(value[0])
    return 1


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) from a loaded image of any mode, on white."""
    if image.mode[0] in "IF":
        return np.repeat(_grey(image)[..., None], 3, axis=2)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    # Pillow has no direct way from La.
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    paper = Image.new("RGB", rgba.size, "white")
    paper.paste(rgba, mask=rgba)
    return np.asarray(paper)


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    """uint8 (H, W) from greys of more than 8 bits, which Pillow's own conversion clips to white."""
    raw = np.asarray(image)
    values = raw.astype(np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scales = {"F": (1.0,), "I": (255.0, 65535.0)}.get(image.mode, (65535.0,))
    if low >= 0 and high <= scales[-1]:
        low, high = 0.0, next(full for full in scales if high <= full)
    with np.errstate(over="ignore", invalid="ignore"):  # extreme floats end at black or white
        values = (values - low) / ((high - low) or 1.0) * 255
    grey = np.rint(np.clip(np.nan_to_num(values), 0, 255)).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[raw == transparent] = 255
    return grey
