"""Decodes picture files to upright, opaque, 8-bit RGB pixels within size limits."""

from __future__ import annotations

import ctypes
import io
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.Image import Transpose
from PIL.JpegImagePlugin import JpegImageFile

from cactiviz.pictures.bit_depth import DeepColour, DeepGrey, is_dark, is_deep, to_8_bits
from cactiviz.pictures.containers import (
    MAX_BLOCK_BYTES,
    Contents,
    OtherKind,
    Overloaded,
    brands,
    contents,
    foreign,
)
from cactiviz.pictures.raster import Raster

# Rows are made smaller in pieces of about this many pixels, so that little is held twice.
_PIECE_PIXELS = 2_000_000
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}


def _reduced(image: Image.Image | Heic, factor: int) -> Image.Image:
    """A whole image whose pixels are means over ``factor`` x ``factor`` of the original's."""
    width, height = image.size
    rows = factor * max(1, _PIECE_PIXELS // (width * factor)) if factor > 1 else height
    whole: Image.Image | None = None
    for top in range(0, height, rows):
        piece = image.crop((0, top, width, min(top + rows, height)))
        if factor == 1:
            return piece
        if piece.mode in ("1", "P", "PA", "HSV") or "transparency" in piece.info:
            # Of palette entries and hues there is no mean.
            piece = piece.convert("RGBA" if piece.has_transparency_data else "RGB")
        piece = piece.reduce(factor)
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


class Heic:
    """What is needed of Pillow's images: size, info and rows.

    Not Pillow's plugin, which would be registered for the whole process.
    """

    def __init__(self, data: bytes) -> None:
        """Read the header; ``info`` has the colour profile, if there is one."""
        try:
            file = pillow_heif.open_heif(data)
            self._image = file[file.primary_index]
        except (IndexError, ValueError) as error:
            # The container is sound, but of its pictures none is packed in a way known here.
            if isinstance(error, IndexError) or "unsupported" in str(error):
                raise OtherKind("an unusual kind of HEIF picture", "save it as JPEG") from error
            raise
        self.n_frames = len(file)
        # EXIF's own turn doesn't count in this format; it's often there all the same.
        self.info: dict[str | tuple[int, int], object] = {
            "icc_profile": self._image.info.get("icc_profile")
        }
        plain = not self._image.has_alpha and self._image.info["bit_depth"] == 8
        self.bytes_per_pixel = 5 if plain else 10  # measured

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), as Pillow counts."""
        return self._image.size

    def load(self) -> None:
        """Decode it."""
        self._image.load()

    def crop(self, box: tuple[int, int, int, int], /) -> Image.Image:
        """Some whole rows."""
        stride, mode = self._image.stride, self._image.mode
        rows = self._image.data[box[1] * stride : box[3] * stride]
        return Image.frombytes(mode, (box[2], box[3] - box[1]), rows, "raw", mode, stride)


#: The most bytes that decoding may take beside the file itself.
MAX_DECODING_BYTES = 280_000_000

# Not all that Pillow knows: EPS runs a program, ICO decodes on opening, QOI takes minutes.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "PPM")
# A file may carry the brands of both families; then it is AVIF.
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}
# Bytes a pixel while decoding, measured, where they are more than the 4 of Pillow's own images.
_BYTES_PER_PIXEL = {"WEBP": 17, "AVIF": 11, "JPEG2000": 22}

_NOT_A_PICTURE = (
    "is not a picture that can be read here; please choose a JPEG, PNG, WebP, GIF, BMP, TIFF, "
    "HEIC or AVIF file"
)
_OTHER_KIND = "is not a picture that can be read here but {what}; please {advice}"
_DAMAGED = "is damaged or incomplete; please save or download it again"
_OVERLOADED = (
    "takes too much time or memory to open; please make it smaller or save it as an ordinary "
    "JPEG or PNG file"
)

# By EXIF orientation; 1 is upright.
_TURNS = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM}
_TURNS |= {5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE}
_TURNS |= {8: Transpose.ROTATE_90}


class Unreadable(Exception):
    """A file can't be decoded; the text ends a sentence that begins with its name."""


@dataclass(frozen=True)
class Limits:
    """Limits of a picture, as for :func:`~cactiviz.pictures.open.open_picture`."""

    max_megapixels: float
    keep_megapixels: float
    min_side: int
    max_aspect: float

    def check(self, width: int, height: int) -> None:
        """Raise ``Unreadable`` for a size beyond the limits."""
        if min(width, height) < 1:
            raise Unreadable(_DAMAGED)
        if (megapixels := width * height / 1e6) > self.max_megapixels:
            raise Unreadable(
                f"has {megapixels:.1f} megapixels, more than the {self.max_megapixels:g} that can "
                "be read here; please make it smaller first"
            )
        if min(width, height) < self.min_side:
            raise Unreadable(
                f"is only {width} pixels wide and {height} high; please choose one with at least "
                f"{self.min_side} each way"
            )
        if max(width, height) > self.max_aspect * min(width, height):
            raise Unreadable(
                f"is a strip, {width} pixels wide and {height} high; please cut out a part that "
                f"is at most {self.max_aspect:g} times as long as it is wide"
            )

    def factor(self, width: int, height: int) -> int:
        """Power of two by which each side is divided."""
        factor = 1
        while width * height / factor**2 > self.keep_megapixels * 1e6:
            factor *= 2
        return factor


class _Jpeg(JpegImageFile):
    """A JPEG whose EXIF block Pillow leaves alone; it warns, on standard error, about damage."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


def decode(
    source: bytes | Image.Image, limits: Limits, *, apply_profile: bool
) -> tuple[NDArray[np.uint8], list[str]]:
    """Decode a file: pixels, uint8 (H, W, 3), and a sentence for each change made.

    Raises:
        Unreadable: The content isn't a picture, is damaged, or is beyond the limits.
    """
    notes: list[str] = []
    try:
        if isinstance(source, Image.Image):
            image: Image.Image | Heic | Raster = source
            lean = Contents(b"")
        else:
            image, lean = _opened(source, limits, notes)
        limits.check(*image.size)
        width, height = lean.canvas[:2] if lean.canvas else image.size
        factor = left = limits.factor(width, height)
        if isinstance(image, _Jpeg) and factor > 1:  # most of its pixels need never be made
            part = min(factor, 8)
            image.draft(image.mode, (width // part, height // part))
            left = factor // part
        profile = image.info.get("icc_profile") if apply_profile else None
        rgb = to_rgb(_small(image, lean, left, notes), profile, notes)
        turn = _TURNS.get(_orientation(image.info))
        if turn is not None:
            rgb = rgb.transpose(turn)
            width, height = (height, width) if turn in _ON_ITS_SIDE else (width, height)
        if factor > 1:
            size = f"{rgb.width} x {rgb.height}"
            notes.append(f"Scaled down from {width} x {height} to {size} pixels.")
    except Unreadable:
        raise
    except Overloaded as error:
        raise Unreadable(_OVERLOADED) from error
    except OtherKind as error:
        words = _OTHER_KIND.format(what=error.what, advice=error.advice)
        raise Unreadable(words) from error
    except Exception as error:  # a hostile file can raise anything in a decoder
        raise Unreadable(_DAMAGED) from error
    return np.asarray(rgb), notes


_ON_ITS_SIDE = {_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]}


def _small(
    image: Image.Image | Heic | Raster, lean: Contents, factor: int, notes: list[str]
) -> Image.Image:
    """The decoded image, of 8 bits a value, its sides divided by ``factor``."""
    if isinstance(image, Raster):
        return to_8_bits(image, factor, notes)
    image.load()
    if isinstance(image, Heic):
        return _reduced(image, factor)
    if lean.canvas:
        image = on_canvas(image, lean.canvas)
    elif is_deep(image):
        return to_8_bits(DeepGrey(image, lean.white), factor, notes)
    elif lean.halved and is_dark(image):
        if image.format != "PNG":
            raise OtherKind("a JPEG 2000 picture of few bits in 16", "save it as TIFF")
        pixels = image.size[0] * image.size[1]
        each = 24 if image.mode == "RGB" else 35  # of those that are kept, measured
        _check_memory(8 * pixels + each * pixels // factor**2)
        return to_8_bits(DeepColour(image, lean.data, lean.white), factor, notes)
    elif lean.halved:
        notes.append("16-bit values scaled to 8 bits.")
    return _reduced(image, factor)


def _opened(
    data: bytes, limits: Limits, notes: list[str]
) -> tuple[Image.Image | Heic | Raster, Contents]:
    """The image whose header these bytes begin with, its pixels not yet decoded."""
    kind = kind_of(data)
    if not kind:
        raise foreign(data) or Unreadable(_NOT_A_PICTURE)
    image: Image.Image | Heic | Raster
    lean = Contents(data)
    if kind == "HEIC":
        image = Heic(data)
        frames, each = image.n_frames, image.bytes_per_pixel
    else:
        lean = contents(kind, data)
        if lean.size is not None:
            limits.check(*lean.size)
        if kind == "TIFF":
            _quieten_libtiff()
        image = Raster(lean.data, lean.layout) if lean.layout else _by_pillow(kind, lean.data)
        frames = max(lean.frames, getattr(image, "n_frames", 1) if kind in _COUNTED else 1)
        each = _BYTES_PER_PIXEL.get(kind, 1 if getattr(image, "mode", "") in ("1", "L", "P") else 4)
    limits.check(*image.size)
    pixels = image.size[0] * image.size[1]
    if kind == "JPEG":  # of a large one only every second, fourth or eighth pixel is made
        pixels //= min(limits.factor(*image.size), 8) ** 2
    canvas = 8 * lean.canvas[0] * lean.canvas[1] if lean.canvas else 0
    if not isinstance(image, Raster):  # which looks to it by itself
        _check_memory(pixels * each + lean.work_bytes + canvas)
    if frames > 1:
        whole = {"TIFF": "pages", "HEIC": "pictures in the file"}.get(kind)
        first = "main one" if kind == "HEIC" else "first"
        notes.append(f"The {first} of {frames} {whole or 'frames of an animation'}.")
    if isinstance(image, Raster) and image.remark:
        notes.append(image.remark)
    return image, lean


def _by_pillow(kind: str, data: bytes) -> Image.Image:
    """Not by Image.open, which warns by itself about large pictures."""
    factory = _Jpeg if kind == "JPEG" else Image.OPEN[kind][0]
    try:
        return factory(io.BytesIO(data), "")
    except (OSError, SyntaxError, ValueError) as error:
        if _UNSUPPORTED.match(str(error)):
            name = "JPEG 2000" if kind == "JPEG2000" else kind
            raise OtherKind(f"an unusual kind of {name} file", "save it as PNG or JPEG") from error
        raise


def _check_memory(size: int) -> None:
    if size > MAX_DECODING_BYTES:
        raise Overloaded


#: What Pillow says of a sound file that it doesn't read.
_UNSUPPORTED = re.compile(r"unsupported|cannot handle|unknown pixel mode|unable to determine", re.I)
_COUNTED = ("WEBP", "AVIF")  # by their decoders' headers; Pillow walks over the others' frames


def kind_of(data: bytes) -> str:
    """File format by the first 256 bytes: Pillow's name of it, "HEIC", or "".

    >>> kind_of(b"GIF89a"), kind_of(b"Dear diary")
    ('GIF', '')
    """
    Image.init()
    if names := brands(data):
        kind = "AVIF" if names & _AVIF_BRANDS else "HEIC" if names & _HEIC_BRANDS else ""
        return kind if kind in ("", "HEIC") or kind in Image.OPEN else ""
    for kind in _FORMATS:
        accept = Image.OPEN[kind][1] if kind in Image.OPEN else None
        if accept is not None and accept(data[:16]) is True:
            return kind
    return ""


@cache
def _quieten_libtiff() -> None:
    """Keep the library under Pillow from writing about damage to standard error by itself."""
    with suppress(AttributeError, OSError):  # where it's not a library of its own, it stays loud
        # The symbols of Pillow's own library include those of the libraries that it needs.
        library = ctypes.CDLL(Image.core.__file__)  # type: ignore[attr-defined]
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


def _orientation(info: Mapping[Any, Any]) -> int:
    """EXIF's orientation, 1 where there is none. Pillow's own reader trips over damaged blocks."""
    if "orientation" in info:
        return int(info["orientation"])
    block = info.get("exif")
    block = block.removeprefix(b"Exif\0\0") if isinstance(block, bytes) else b""
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
