"""Pictures as they come: turned, transparent, deep, broken, too large, or no pictures at all."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import sys
import threading
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps

from cactiviz.errors import PictureError
from cactiviz.pictures import open
from cactiviz.pictures.open import MAX_BYTES, SAMPLES, sample, samples
from cactiviz.types import Picture
from tests.fixtures.hostile_files import measure

# Most pictures here have a few pixels only, so that one can see them all.
open_picture = partial(open.open_picture, min_side=1, max_aspect=1000)

# 2 x 3, every pixel different, so that each turn and flip gives another picture.
SMALL = np.array(
    [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[10, 20, 30], [200, 100, 50], [90, 90, 0]]], np.uint8
)
# How a camera stores SMALL under each EXIF orientation (EXIF 2.3, table 6).
STORED = {
    1: SMALL,
    2: SMALL[:, ::-1],
    3: SMALL[::-1, ::-1],
    4: SMALL[::-1],
    5: SMALL.transpose(1, 0, 2),
    6: np.rot90(SMALL),
    7: SMALL[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(SMALL, -1),
}


def encoded(image: Image.Image | NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.ascontiguousarray(image))
    stream = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(stream, **options)
    else:
        image.save(stream, kind, **options)
    return stream.getvalue()


def pixels(source: bytes | Image.Image) -> list[list[list[int]]]:
    return open_picture(source).rgb.tolist()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG put together by hand, for what Pillow doesn't write."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def refusal(source: object, **options: object) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert text.endswith(".") and text.count(". ") == 0 and "\n" not in text
    for foreign in ("Error", "Traceback", "Errno", "PIL", "object at"):
        assert foreign not in text
    cause = caught.value.__cause__
    assert cause is None or not str(cause) or str(cause) not in text
    return text


# Upright


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_picture_stands_upright_whatever_its_orientation(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(STORED[orientation], kind, exif=exif, **options)
    assert open_picture(data).rgb.tolist() == SMALL.tolist()
    with Image.open(io.BytesIO(data)) as image:
        assert open_picture(image).rgb.tolist() == SMALL.tolist()


@pytest.mark.parametrize("orientation", STORED)
def test_jpeg_stands_upright_like_pillow_does_it(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.kron(STORED[orientation], np.ones((16, 16, 1), np.uint8))
    data = encoded(stored, "JPEG", exif=exif, quality=95)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    picture = open_picture(data)
    assert picture.size == (32, 48)
    assert np.array_equal(picture.rgb, expected)
    assert np.abs(picture.rgb[8::16, 8::16].astype(int) - SMALL).max() <= 12


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"garbage",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",  # orientation 99
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_exif_does_not_cost_the_picture(block: bytes, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(SMALL, kind, exif=b"Exif\0\0" + block, **options)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        picture = open_picture(data)
    assert not warned
    assert picture.size == (2, 3)
    if kind != "JPEG":
        assert picture.rgb.tolist() == SMALL.tolist()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_orientation_before_the_damage_still_counts(order: str, kind: int) -> None:
    value = struct.pack(f"{order}HH", 6, 0) if kind == 3 else struct.pack(f"{order}L", 6)
    block = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HLH", 42, 8, 9)
    block += struct.pack(f"{order}HHL", 0x0112, kind, 1) + value + b"\xff\xff"
    data = encoded(STORED[6], exif=b"Exif\0\0" + block)
    assert pixels(data) == SMALL.tolist()


# Opaque


def test_transparent_pixels_lie_on_white() -> None:
    rgba = np.array([[[200, 100, 50, 128], [0, 0, 0, 0], [1, 2, 3, 255], [0, 0, 0, 51]]], np.uint8)
    expected = np.rint(rgba[..., :3] * (rgba[..., 3:] / 255) + 255 - rgba[..., 3:]).astype(int)
    assert expected.tolist() == [[[227, 177, 152], [255, 255, 255], [1, 2, 3], [204, 204, 204]]]
    assert pixels(encoded(rgba)) == expected.tolist()
    assert pixels(encoded(rgba, "WEBP", lossless=True, exact=True)) == expected.tolist()


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_every_mode_with_alpha_lies_on_white(mode: str) -> None:
    image = Image.new("LA", (2, 1), (0, 0))
    image.putpixel((1, 0), (100, 255))
    image = image.convert("RGBA").convert(mode) if mode != "La" else image.convert("La")
    assert image.mode == mode
    white, grey = open_picture(image).rgb[0].tolist()
    assert white == [255, 255, 255]
    assert np.abs(np.array(grey) - 100).max() <= (3 if mode == "PA" else 0)


def test_transparent_colour_of_a_palette_is_white() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.putdata([0, 1, 2])
    assert pixels(encoded(image)) == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]
    assert pixels(encoded(image, transparency=1)) == [[[10, 20, 30], [255] * 3, [70, 80, 90]]]
    half = pixels(encoded(image, transparency=bytes([255, 0, 51])))
    assert half == [[[10, 20, 30], [255] * 3, [218, 220, 222]]]
    assert pixels(encoded(image, "GIF", transparency=0))[0][0] == [255, 255, 255]


def test_transparent_grey_and_transparent_colour_are_white() -> None:
    grey = Image.fromarray(np.array([[18, 19]], np.uint8))
    assert pixels(encoded(grey, transparency=18)) == [[[255] * 3, [19] * 3]]
    colour = Image.fromarray(SMALL)
    seen = open_picture(encoded(colour, transparency=(10, 20, 30))).rgb
    assert seen[1, 0].tolist() == [255, 255, 255]
    assert seen[0].tolist() == SMALL[0].tolist() and seen[1, 1:].tolist() == SMALL[1, 1:].tolist()
    deep = png(2, 1, 16, 0, b"\0\x12\x34\x80\x80", chunk(b"tRNS", b"\x12\x34"))
    assert pixels(deep) == [[[255] * 3, [128] * 3]]


# 8-bit RGB


@pytest.mark.parametrize("dimmed", [1, 3])  # of a quarter it is taken for 14 bits
@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_16_bit_ramp_keeps_its_ramp(mode: str, dimmed: int) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256) // dimmed
    stored = ramp.astype(">u2") if mode == "I;16B" else ramp
    image = Image.frombytes(mode, (256, 256), stored.tobytes())
    seen = open_picture(image).rgb
    assert np.array_equal(seen, np.repeat(np.rint(ramp / 257)[..., None], 3, axis=2))
    if mode != "I;16L":
        assert open_picture(encoded(image, "TIFF")).sha256 == open_picture(image).sha256
        assert open_picture(encoded(image)).sha256 == open_picture(image).sha256


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100, 255], [0, 100, 255]),
        ([0, 257, 65535], [0, 1, 255]),
        ([256, 2570, 25700], [1, 10, 100]),
        ([0, 100_000, 200_000], [0, 128, 255]),
        ([-100, 0, 100], [0, 128, 255]),
    ],
)
def test_32_bit_integers_are_scaled_not_clipped(values: list[int], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.int32))
    assert image.mode == "I"
    assert open_picture(image).rgb[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.2, 1.0], [0, 51, 255]),
        ([0.2, 0.4, 0.6], [51, 102, 153]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 500.0, 1000.0], [0, 128, 255]),
        ([7.0, 7.0, 7.0], [0, 0, 0]),
        ([0.0, float("nan"), 1.0], [0, 0, 255]),
        ([float("-inf"), 0.2, float("inf")], [0, 51, 255]),
        ([float("nan")] * 3, [0, 0, 0]),
        ([-3.4e38, 0.0, 3.4e38], [0, 255, 255]),
    ],
)
def test_floats_are_scaled_not_clipped(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    assert image.mode == "F"
    seen = open_picture(image).rgb
    if max(values) < 1e38:
        assert seen[0, :, 0].tolist() == expected
    assert (seen[..., 0] == seen[..., 1]).all() and seen[0, -1, 0] >= seen[0, 0, 0]


def test_cmyk_white_is_white_and_black_is_black() -> None:
    image = Image.new("CMYK", (16, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 0, 16, 8))
    for kind in ("TIFF", "JPEG"):
        seen = open_picture(encoded(image, kind)).rgb.astype(int)
        assert seen[:, :8].min() >= 253 and seen[:, 8:].max() <= 2


@pytest.mark.parametrize("mode", ["HSV", "YCbCr", "LAB", "RGBX"])
def test_other_colour_spaces_come_back_as_the_colours_they_were(mode: str) -> None:
    soft = SMALL // 2 + 64  # 8 bits of LAB don't reach the purest colours
    seen = open_picture(Image.fromarray(soft).convert(mode)).rgb.astype(int)
    assert np.abs(seen - soft).max() <= (0 if mode == "RGBX" else 4)


def test_black_and_white_is_0_and_255() -> None:
    image = Image.fromarray(np.array([[0, 255, 255, 0]], np.uint8)).convert("1")
    assert pixels(encoded(image)) == [[[0] * 3, [255] * 3, [255] * 3, [0] * 3]]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP", "JPEG2000", "GIF", "AVIF"])
def test_every_format_that_keeps_its_pixels_gives_them_back(kind: str) -> None:
    big = np.kron(SMALL, np.ones((16, 16, 1), np.uint8))
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}
    seen = open_picture(encoded(big, kind, **options.get(kind, {}))).rgb.astype(int)
    assert np.abs(seen - big).max() <= (6 if kind == "AVIF" else 0)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(first, kind, save_all=True, append_images=[second], **options)
    assert (open_picture(data).rgb == [255, 0, 0]).all()


def test_picture_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        open_picture(encoded(SMALL)).rgb[0, 0, 0] = 1


# Phones' formats


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_phone_picture_is_turned_exactly_once(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.kron(STORED[orientation], np.ones((32, 32, 1), np.uint8)))
    if kind == "HEIC":
        data = encoded(image, kind, quality=90, chroma=444, exif=exif.tobytes())
    else:
        data = encoded(image, kind, exif=exif, quality=95, subsampling="4:4:4")
    picture = open_picture(data)
    assert picture.size == (64, 96) and picture.notes == ()
    assert np.abs(picture.rgb[16::32, 16::32].astype(int) - SMALL).max() <= 12


def test_exif_alone_does_not_turn_a_heic_picture() -> None:
    """The standard's own turn is what counts; phones write both, and some tools only EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.kron(SMALL, np.ones((32, 32, 1), np.uint8)))
    data = encoded(image, "HEIC", exif=exif.tobytes())
    assert open_picture(data).size == (96, 64)
    assert data.count(b"irot") == 1
    assert open_picture(data.replace(b"irot", b"skip")).size == (64, 96)


def test_heic_is_known_by_its_content_and_has_alpha_and_grey() -> None:
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[:16, :, :] = (200, 0, 0, 255)
    seen = open_picture(encoded(rgba, "HEIC", quality=95), name="cat.jpg")
    assert seen.notes == ("Transparent parts laid on white.",)
    assert (seen.rgb[24:] > 250).all() and np.abs(seen.rgb[:8] - [200.0, 0, 0]).max() < 12
    grey = Image.linear_gradient("L").resize((64, 64))
    seen = open_picture(encoded(grey, "HEIC", quality=95))
    assert np.abs(seen.rgb[..., 0].astype(int) - np.asarray(grey)).max() < 8


def test_opening_heic_leaves_pillow_as_it_was() -> None:
    before = set(Image.OPEN) | set(Image.EXTENSION)
    open_picture(encoded(Image.new("RGB", (64, 64)), "HEIC"))
    assert set(Image.OPEN) | set(Image.EXTENSION) == before and "HEIF" not in Image.OPEN


def test_size_of_heic_is_looked_at_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("RGB", (256, 128)), "HEIC")
    monkeypatch.setattr(
        pillow_heif.HeifImage, "load", lambda _: pytest.fail("decoded before its size was checked")
    )
    assert "megapixels" in refusal(data, max_megapixels=0.01)


def test_several_heic_pictures_in_a_file_are_told() -> None:
    file = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red"))
    file.add_from_pillow(Image.new("RGB", (96, 64), "blue"))
    stream = io.BytesIO()
    file.save(stream, primary_index=1)
    picture = open_picture(stream.getvalue())
    assert picture.notes == ("The main one of 2 pictures in the file.",)
    assert picture.size == (64, 96) and picture.rgb[0, 0, 2] > 200


def test_avif_with_the_brand_of_the_family_is_read() -> None:
    data = encoded(Image.new("RGB", (64, 64), "red"), "AVIF")
    assert data[8:12] == b"avif"
    assert open_picture(data[:8] + b"mif1" + data[12:]).size == (64, 64)


# What was done is said


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_first_frame_is_taken_and_said(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = open_picture(
        encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    )
    what = "pages" if kind == "TIFF" else "frames of an animation"
    assert picture.notes == (f"The first of 3 {what}.",)
    assert np.abs(picture.rgb - [255.0, 0, 0]).max() <= 3
    assert open_picture(encoded(frames[0], kind)).notes == ()


def test_scaled_values_and_white_paper_are_said() -> None:
    deep = Image.fromarray(np.full((9, 9), 40_000, np.uint16))
    assert open_picture(deep).notes == ("16-bit values scaled to 8 bits.",)
    assert open_picture(deep.convert("F")).notes == ("Floating-point values scaled to 8 bits.",)
    assert open_picture(deep.convert("I")).notes == ("32-bit values scaled to 8 bits.",)
    clear = Image.new("RGBA", (9, 9), (0, 0, 0, 254))
    assert open_picture(clear).notes == ("Transparent parts laid on white.",)
    assert open_picture(Image.new("RGBA", (9, 9), (0, 0, 0, 255))).notes == ()


def test_notes_stay_with_a_renamed_picture() -> None:
    picture = open_picture(Image.new("RGBA", (9, 9)))
    assert open_picture(picture, name="other").notes == picture.notes != ()


# Large ones are made smaller


@pytest.mark.parametrize("turned", [1, 6])
def test_large_jpeg_is_opened_small_in_little_time_and_memory(turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    soft = Image.fromarray(np.kron(SMALL, np.ones((8, 8, 1), np.uint8)))
    large = soft.resize((6000, 4000), Image.Resampling.BICUBIC)
    data = encoded(large, "JPEG", exif=exif)
    del large
    (outcome,) = measure([("24 megapixels", data)])
    size, small = ("6000 x 4000", "3000 x 2000")
    if turned == 6:
        size, small = ("4000 x 6000", "2000 x 3000")
    assert outcome.text == f"Scaled down from {size} to {small} pixels."
    assert outcome.cpu_seconds < 1 and outcome.megabytes < 100


@pytest.mark.parametrize(
    "mode", ["L", "P", "1", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "F", "La", "RGBa"]
)
def test_every_mode_is_made_smaller_by_means_over_squares(mode: str) -> None:
    soft = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    image = soft.convert({"La": "LA", "RGBa": "RGBA", "I;16": "I"}.get(mode, mode)).convert(mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image) * np.uint16(257))
    if mode == "F":
        image = Image.fromarray(np.asarray(image) / np.float32(255))
    whole = open_picture(image).rgb.reshape(50, 4, 75, 4, 3).mean((1, 3))
    small = open_picture(image, keep_megapixels=0.005)
    assert small.size == (50, 75)
    assert small.notes[-1] == "Scaled down from 300 x 200 to 75 x 50 pixels."
    assert np.abs(small.rgb - whole).max() <= (3 if mode in ("LA", "La", "CMYK", "YCbCr") else 1.5)


def test_pieces_of_a_large_picture_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (61, 47, 3), np.uint8)
    whole = open_picture(noise_image := Image.fromarray(noise), keep_megapixels=0.001).rgb
    monkeypatch.setattr("cactiviz.pictures.decode._PIECE_PIXELS", 100)
    assert np.array_equal(open_picture(noise_image, keep_megapixels=0.001).rgb, whole)
    assert whole.shape == (31, 24, 3)


def test_transparent_colour_does_not_bleed_when_made_smaller() -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[:, ::2] = (200, 100, 50, 255)  # every other column, between invisible black
    seen = open_picture(Image.fromarray(rgba), keep_megapixels=0.0004).rgb
    assert (
        np.abs(seen.astype(int) - [(200 + 255) // 2, (100 + 255) // 2, (50 + 255) // 2]).max() < 2
    )


def test_picture_that_is_just_small_enough_stays_as_it_is() -> None:
    image = Image.new("RGB", (100, 100))
    assert open_picture(image, keep_megapixels=0.01).size == (100, 100)
    assert open_picture(image, keep_megapixels=0.0099).size == (50, 50)


# Shape


@pytest.mark.parametrize("size", [(8, 7), (7, 8), (1, 8), (300, 1)])
def test_picture_of_few_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError) as caught:
        open.open_picture(encoded(Image.new("RGB", size)), name="dot")
    assert str(caught.value) == (
        f'"dot" is only {size[0]} pixels wide and {size[1]} high; please choose one with at least '
        "8 each way."
    )
    assert open.open_picture(Image.new("RGB", (8, 8))).size == (8, 8)


def test_strip_is_refused() -> None:
    for size in ((161, 8), (8, 161)):
        with pytest.raises(PictureError, match="is a strip"):
            open.open_picture(encoded(Image.new("RGB", size)))
    assert open.open_picture(Image.new("RGB", (160, 8))).size == (8, 160)
    assert open.open_picture(Image.new("RGB", (161, 8)), max_aspect=21).size == (8, 161)


# Colour profiles


def swapped_profile() -> bytes:
    """sRGB with red and blue exchanged: a profile whose work can be seen."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpZ").replace(b"bXYZ", b"rXYZ").replace(b"tmpZ", b"bXYZ")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "HEIC"])
def test_colours_are_converted_by_the_files_profile(kind: str) -> None:
    image = Image.new("RGB", (64, 64), (220, 60, 20))
    options = {"HEIC": {"quality": 95}}.get(kind, {})
    if kind == "HEIC":
        image.info["icc_profile"] = swapped_profile()
        data = encoded(image, kind, **options)
    else:
        data = encoded(image, kind, icc_profile=swapped_profile(), **options)
    picture = open_picture(data)
    assert np.abs(picture.rgb - [20.0, 60, 220]).max() <= 8
    assert picture.notes == ("Colours converted to sRGB by the file's own profile.",)
    stored = open_picture(data, apply_profile=False)
    assert np.abs(stored.rgb - [220.0, 60, 20]).max() <= 8 and stored.notes == ()


def test_profile_of_a_transparent_or_large_picture_counts_too() -> None:
    image = Image.new("RGBA", (64, 64), (220, 60, 20, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    data = encoded(image, icc_profile=swapped_profile())
    for keep in (8, 0.002):
        picture = open_picture(data, keep_megapixels=keep)
        assert np.abs(picture.rgb[1:, 1:] - [20.0, 60, 220]).max() <= 3
        assert "Colours converted to sRGB by the file's own profile." in picture.notes


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        b"",
        bytes(500),
        swapped_profile()[:200],
        swapped_profile()[:16] + b"CMYK" + swapped_profile()[20:],
        swapped_profile() + bytes(5 * 1024**2),
    ],
    ids=["srgb", "lab", "none", "zeros", "cut", "cmyk", "huge"],
)
def test_profile_that_changes_nothing_or_is_broken_leaves_each_pixel(profile: bytes) -> None:
    big = Image.fromarray(np.kron(SMALL, np.ones((16, 16, 1), np.uint8)))
    for kind in ("PNG", "TIFF"):
        picture = open_picture(encoded(big, kind, icc_profile=profile))
        assert np.array_equal(picture.rgb, np.asarray(big)) and picture.notes == ()


# From anywhere


def test_same_picture_has_the_same_hash_wherever_it_comes_from(tmp_path: Path) -> None:
    data = encoded(SMALL)
    path = tmp_path / "small.JPEG"  # judged by content, not by this name
    path.write_bytes(data)
    image = Image.fromarray(SMALL)
    with path.open("rb") as stream, Image.open(path) as opened:
        sources = [data, bytearray(data), path, str(path), stream, io.BytesIO(data), image, opened]
        hashes = {open_picture(source).sha256 for source in sources}
    assert hashes == {hashlib.sha256(SMALL.tobytes()).hexdigest()}


def test_stream_is_read_from_its_start_and_needs_only_read() -> None:
    stream = io.BytesIO(encoded(SMALL))
    assert open_picture(stream).sha256 == open_picture(stream).sha256

    class Drips:
        data = encoded(SMALL)

        def read(self, size: int) -> bytes:
            piece, self.data = self.data[: min(size, 5)], self.data[min(size, 5) :]
            return piece

    assert open_picture(Drips()).rgb.tolist() == SMALL.tolist()  # type: ignore[arg-type]


def test_picture_passes_through_and_can_be_renamed() -> None:
    picture = open_picture(encoded(SMALL), name="one", credit="me")
    assert open_picture(picture) is picture
    other = open_picture(picture, name="two")
    assert (other.name, other.source, other.sha256) == ("two", "me", picture.sha256)


def test_name_is_the_files_unless_given(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(encoded(SMALL))
    upload = io.BytesIO(encoded(SMALL))
    upload.name = "upload.png"  # type: ignore[attr-defined]
    with path.open("rb") as stream, Image.open(path) as image:
        assert [open_picture(s).name for s in (path, str(path), stream, image)] == ["small.png"] * 4
    assert open_picture(upload).name == "upload.png"
    assert open_picture(encoded(SMALL)).name == "picture"
    assert open_picture(path, name="mine").name == "mine"


def test_callers_image_is_left_as_it_was() -> None:
    image = Image.fromarray(SMALL).convert("RGBA")
    before = image.tobytes()
    open_picture(image)
    assert (image.mode, image.tobytes()) == ("RGBA", before)


# Limits


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("decoded a picture that is too large")

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)


@pytest.mark.parametrize("side", [8_000, 12_000, 30_000])
def test_small_file_of_many_pixels_is_refused_by_its_header(
    side: int, no_decoding: None, capfd: pytest.CaptureFixture[str]
) -> None:
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    bomb = png(side, side, 1, 0, b"").replace(
        chunk(b"IDAT", zlib.compress(b"", 9)), chunk(b"IDAT", body)
    )
    assert len(bomb) < 150_000
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        text = refusal(bomb)
    assert f"{side * side / 1e6:.1f} megapixels" in text and "50" in text
    assert not warned and capfd.readouterr() == ("", "")


def test_megapixels_at_the_limit_are_read_and_one_row_more_is_not() -> None:
    image = Image.new("L", (1000, 1000))
    assert open_picture(image, max_megapixels=1).size == (1000, 1000)
    assert "megapixels" in refusal(Image.new("L", (1000, 1001)), max_megapixels=1)


def test_bytes_at_the_limit_are_read_and_one_more_is_not(tmp_path: Path) -> None:
    data = encoded(SMALL)
    path = tmp_path / "small.png"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data)):
        assert open_picture(source, max_bytes=len(data)).size == (2, 3)
        assert "larger than" in refusal(source, max_bytes=len(data) - 1)


def test_file_that_is_too_large_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # takes no room on the disk

    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += min(size, 1024**2)
            return bytes(min(size, 1024**2))

    tracemalloc.start()
    try:
        assert "50 MB" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 1024**2
    finally:
        tracemalloc.stop()
    endless = Endless()
    assert "50 MB" in refusal(endless)
    assert endless.given == MAX_BYTES + 1


# Refusals


@pytest.mark.parametrize(
    "data",
    [
        b"just some text, long enough to be looked at",
        b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>",
        b"PK\x03\x04" + bytes(60),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x18ftypisom\0\0\0\0mp41avc1",
        b"\0",
    ],
)
def test_what_is_no_picture_is_told_so(data: bytes) -> None:
    assert "is not a picture" in refusal(data, name="holiday.jpg")


def test_refusal_of_each_kind_of_path_says_what_to_do(tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    assert refusal(tmp_path / "none.png") == (
        '"none.png" can\'t be found; please check where it is.'
    )
    assert "can't be found" in refusal(empty / "below.png")
    assert "folder" in refusal(tmp_path)
    assert "empty" in refusal(empty)
    assert "empty" in refusal(b"")
    assert "can't be read" in refusal("a\0b")
    assert "can't be read" in refusal(io.StringIO("text"))
    closed = io.BytesIO(encoded(SMALL))
    closed.close()
    assert "can't be read" in refusal(closed)
    os.mkfifo(tmp_path / "pipe")
    refusal(tmp_path / "pipe")


def test_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "secret.png"
    path.write_bytes(encoded(SMALL))
    monkeypatch.setattr("builtins.open", forbidden)
    assert "may not be read" in refusal(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM"])
def test_truncated_file_never_passes_for_a_whole_one(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    data = encoded(noise, kind)
    assert open_picture(data).size == (48, 64)
    for tenth in range(10):
        refusal(data[: len(data) * tenth // 10])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000"])
def test_bytes_overwritten_anywhere_never_escape_as_another_exception(kind: str) -> None:
    random = np.random.default_rng(1)
    clean = np.frombuffer(encoded(np.kron(SMALL, np.ones((4, 4, 1), np.uint8)), kind), np.uint8)
    for _ in range(150):
        data = clean.copy()
        reach = 40 if random.random() < 0.5 else len(data)
        where = random.integers(4, reach, 3)
        data[where] = random.integers(0, 256, 3)
        try:
            assert isinstance(open_picture(data.tobytes(), max_megapixels=1), Picture)
        except PictureError as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize(
    "raised",
    [struct.error, SyntaxError, ValueError, OverflowError, MemoryError, RecursionError, zlib.error],
)
@pytest.mark.parametrize("where", ["load", "__init__"])
def test_whatever_a_decoder_raises_becomes_the_sentence(
    raised: type[Exception], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise raised("secret internals")

    data = encoded(SMALL)
    monkeypatch.setattr(ImageFile.ImageFile, where, fail)
    assert "damaged" in refusal(data)


def test_stopping_the_program_is_not_taken_for_a_broken_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFile.ImageFile, "load", stop)
    with pytest.raises(KeyboardInterrupt):
        open_picture(encoded(SMALL))


def test_file_name_is_shown_on_one_short_line() -> None:
    text = refusal(b"text", name="a\nb\t<b>" + "x" * 500)
    assert text.startswith('"a b <b>xxx') and len(text) < 300


def test_picture_without_pixels_is_a_sentence() -> None:
    refusal(Image.new("RGB", (0, 5)))


def test_many_threads_read_the_same_pictures() -> None:
    sources = [encoded(STORED[n], kind) for n in (1, 6) for kind in ("PNG", "TIFF", "BMP")]
    expected = [open_picture(source).sha256 for source in sources]
    start = threading.Barrier(4)

    def read_all(_: int) -> list[str]:
        start.wait(5)
        return [open_picture(source).sha256 for source in sources]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read_all, range(4))) == [expected] * 4


# Samples


def test_samples_are_the_four_photographs_with_their_credits() -> None:
    sizes = {name: picture.size for name, picture in samples().items()}
    assert sizes == {
        "chelsea": (300, 451),
        "coffee": (400, 600),
        "rocket": (427, 640),
        "astronaut": (512, 512),
    }
    for name, picture in samples().items():
        assert (picture.name, picture.source) == (name, SAMPLES[name])
        assert "CC0" in picture.source or "public domain" in picture.source


def test_sample_is_what_scikit_image_gives() -> None:
    data = pytest.importorskip("skimage.data")
    for name in SAMPLES:
        assert np.array_equal(sample(name).rgb, getattr(data, name)())
    assert open_picture("sample:coffee", name="cup").name == "cup"
    assert open_picture("sample:coffee").sha256 == sample("coffee").sha256


def test_unknown_sample_names_the_four() -> None:
    text = refusal("sample:mona lisa")
    assert all(name in text for name in ("mona lisa", *SAMPLES))


def test_a_sample_does_not_wait_for_scikit_image_to_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, module)
    assert sample.__wrapped__("rocket").sha256 == sample("rocket").sha256
    assert "skimage" not in sys.modules


def test_sample_without_scikit_image_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cactiviz.pictures.open.find_spec", lambda _: None)
    with pytest.raises(PictureError, match="scikit-image, which is not installed"):
        sample.__wrapped__("rocket")
