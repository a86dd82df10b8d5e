"""Kinds of pictures beyond the usual: read rightly and said, or named; never called damaged."""

from __future__ import annotations

import io
import struct
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cactiviz.errors import PictureError
from cactiviz.pictures import open
from cactiviz.types import Picture

open_picture = partial(open.open_picture, min_side=1, max_aspect=1000)

HEIGHT, WIDTH = 48, 80
DOWN, ACROSS = np.mgrid[:HEIGHT, :WIDTH]
# Red rises to the right, green downwards, blue to the left: each channel is told apart.
RGB = np.stack(
    [ACROSS * 255 // (WIDTH - 1), DOWN * 255 // (HEIGHT - 1), 255 - ACROSS * 255 // (WIDTH - 1)],
    axis=2,
).astype(np.uint8)
GREY = RGB[..., 0]
NOISE = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH), np.uint8)


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    options = {"photometric": "minisblack", "metadata": None} | options
    if array.ndim == 3 and "planarconfig" not in options:
        options["planarconfig"] = "contig"
    with tifffile.TiffWriter(
        stream, bigtiff=options.pop("bigtiff", False), byteorder=options.pop("order", "<")
    ) as file:
        file.write(array, **options)
    return stream.getvalue()


def by_libtiff(array: NDArray[Any], compression: int, predictor: int = 1) -> bytes:
    """A TIFF in a packing that only libtiff writes: each band's rows as strips of 10 rows."""
    height, width = array.shape[:2]
    samples = array.shape[2] if array.ndim == 3 else 1
    size, kind = array.dtype.itemsize, {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    rows = array.reshape(height, width * samples)
    if predictor == 2:
        whole = array.reshape(height, width, samples).view(f"u{size}")
        rows = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1])).reshape(height, -1)
    if predictor == 3:
        planes = rows.astype(rows.dtype.newbyteorder(">")).view(np.uint8)
        planes = planes.reshape(height, -1, size).swapaxes(1, 2).reshape(height, -1, samples)
        rows = np.diff(planes, axis=1, prepend=np.zeros_like(planes[:, :1])).reshape(height, -1)
    stored = np.ascontiguousarray(rows).view(np.uint8).reshape(height, -1)
    strips = []
    for top in range(0, height, 10):
        stream = io.BytesIO()
        names = {5: "tiff_lzw", 8: "tiff_adobe_deflate", 32773: "packbits", 50000: "zstd"}
        image = Image.fromarray(stored[top : top + 10])
        image.save(stream, "TIFF", compression=names[compression], tiffinfo={278: 10})
        stream = io.BytesIO(stream.getvalue())  # Pillow has closed the other one
        with tifffile.TiffFile(stream) as file:
            page = file.pages.first
            (start,), (length,) = page.dataoffsets, page.databytecounts
        strips.append(stream.getvalue()[start : start + length])
    entries = {256: [width], 257: [height], 258: [8 * size] * samples, 259: [compression]}
    entries |= {262: [1], 277: [samples], 278: [10], 317: [predictor], 339: [kind] * samples}
    return directory({tag: ("H", values) for tag, values in entries.items()}, strips)


def directory(tags: dict[int, tuple[str, list[int]]], strips: list[bytes]) -> bytes:
    """A TIFF put together by hand."""
    tags = tags | {273: ("L", [0] * len(strips)), 279: ("L", [len(strip) for strip in strips])}
    body = 8 + 2 + 12 * len(tags) + 4
    place, extra, entries = body, b"", b""
    room = sum(
        struct.calcsize(f"<{len(values)}{form}") // 2 * 2 + 2 for form, values in tags.values()
    )
    at = body + room
    for strip in strips:
        tags[273][1][strips.index(strip)] = at
    starts = []
    for strip in strips:
        starts.append(at)
        at += len(strip)
    tags[273] = ("L", starts)
    for tag, (form, values) in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}{form}", *values)
        kind = {"H": 3, "L": 4, "B": 1}[form]
        entries += struct.pack("<HHL", tag, kind, len(values))
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<L", place + len(extra))
            extra += packed.ljust(len(packed) + len(packed) % 2, b"\0")
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    return head + extra.ljust(room, b"\0") + b"".join(strips)


def refusal(source: object) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source, name="this")  # type: ignore[arg-type]
    text = str(caught.value)
    assert text.count(". ") == 0 and text.endswith(".") and "damaged" not in text
    return text


def assert_shows(picture: Picture, expected: NDArray[Any], off: float = 1) -> None:
    expected = expected if expected.ndim == 3 else np.repeat(expected[..., None], 3, axis=2)
    assert picture.rgb.shape == expected.shape
    assert np.abs(picture.rgb.astype(float) - expected).max() <= off


def five(array: NDArray[Any] = RGB) -> NDArray[Any]:
    rest = np.stack([NOISE, NOISE[::-1]], axis=2).astype(array.dtype)
    return np.concatenate([array, rest], axis=2)


# The field's cases


@pytest.mark.parametrize("name", ["five_bands.tif", "rgbn_planar.tif", "rgb12in16.tif"])
def test_field_case_shows_the_photograph(data_dir: Path, name: str) -> None:
    whole = open_picture(data_dir / "field-cases" / "photo.jfif").rgb.astype(float)
    picture = open_picture(data_dir / "field-cases" / name)
    assert np.abs(picture.rgb - whole).mean() < 6  # that one is a JPEG
    assert len(picture.notes) >= 1


def test_field_case_of_float64_is_grey_in_order(data_dir: Path) -> None:
    path = data_dir / "field-cases" / "grey_float64.tif"
    expected = np.rint(tifffile.imread(path) * 255)
    assert_shows(open_picture(path), expected)


def test_field_case_of_a_raw_file_is_named(data_dir: Path) -> None:
    text = refusal(data_dir / "field-cases" / "raw.dng")
    assert "a camera's raw file" in text and "export it as JPEG or TIFF" in text


# Bands


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"planarconfig": "separate"},
        {"tile": (16, 32)},
        {"tile": (16, 32), "planarconfig": "separate"},
        {"rowsperstrip": 7},
        {"rowsperstrip": 7, "planarconfig": "separate"},
        {"compression": "zlib", "rowsperstrip": 7},
        {"compression": "zlib", "tile": (32, 16), "planarconfig": "separate"},
        {"compression": "zlib", "predictor": 2, "rowsperstrip": 9},
        {"compression": "lzma", "tile": (16, 16)},
        {"bigtiff": True},
        {"order": ">"},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32, np.float64])
def test_first_three_of_five_bands_are_red_green_and_blue(
    options: dict[str, Any], dtype: type
) -> None:
    full = {np.uint8: 255, np.uint16: 65535, np.uint32: 65535}.get(dtype, 1)
    array = (five() * (full / 255)).astype(dtype)
    if np.dtype(dtype).kind == "f":  # test_packed_bands_come_back has differences of floats
        options = {key: value for key, value in options.items() if key != "predictor"}
    if options.get("planarconfig"):
        array = np.moveaxis(array, 2, 0)
    picture = open_picture(tiff(array, **options))
    assert_shows(picture, RGB)
    assert picture.notes[0] == "Bands 1, 2 and 3 of 5 are shown as red, green and blue."


@pytest.mark.parametrize("compression", [5, 8, 32773, 50000])
@pytest.mark.parametrize("predictor", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_packed_bands_come_back(compression: int, predictor: int, dtype: type) -> None:
    if predictor == 3 and dtype is not np.float32:
        pytest.skip("differences of this kind are for floats")
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    data = by_libtiff((five().astype(float) * scale).astype(dtype), compression, predictor)
    assert_shows(open_picture(data), RGB)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 10, 200])
@pytest.mark.parametrize("planar", [False, True])
def test_any_number_of_bands_is_shown_and_said(count: int, planar: bool) -> None:
    array = np.stack([RGB[..., n] if n < 3 else NOISE for n in range(count)], axis=2)
    options: dict[str, Any] = {"planarconfig": "contig" if count > 1 else None}
    if planar and count > 1:
        array, options = np.moveaxis(array, 2, 0), {"planarconfig": "separate"}
    picture = open_picture(tiff(array.squeeze(), **options))
    assert_shows(picture, RGB if count > 2 else GREY)
    if count == 1:
        assert picture.notes == ()
    elif count == 2:
        assert picture.notes == ("Band 1 of 2 is shown, as grey.",)
    else:
        said = f"Bands 1, 2 and 3 of {count} are shown as red, green and blue."
        assert picture.notes == (said,)


def test_colour_with_a_band_more_is_not_taken_for_transparent() -> None:
    array = np.concatenate([RGB, NOISE[..., None]], axis=2)
    picture = open_picture(tiff(array, photometric="rgb", extrasamples=["unspecified"]))
    assert_shows(picture, RGB)
    assert picture.notes == ("Bands 1, 2 and 3 of 4 are shown as red, green and blue.",)
    clear = open_picture(tiff(array, photometric="rgb", extrasamples=["unassalpha"]))
    alpha = NOISE[..., None] / 255
    assert_shows(clear, RGB * alpha + 255 * (1 - alpha), off=2)


def test_alpha_of_16_bits_lies_on_white() -> None:
    alpha = np.where(ACROSS < 40, 0, 65535).astype(np.uint16)
    array = np.concatenate([RGB.astype(np.uint16) * 257, alpha[..., None]], axis=2)
    picture = open_picture(tiff(array, photometric="rgb", extrasamples=["unassalpha"]))
    assert (picture.rgb[:, :40] == 255).all()
    assert_shows(Picture(picture.rgb[:, 40:], "", ""), RGB[:, 40:])
    grey = np.stack([GREY.astype(np.uint16) * 257, alpha], axis=2)
    picture = open_picture(tiff(grey, extrasamples=["unassalpha"], planarconfig="contig"))
    assert (picture.rgb[:, :40] == 255).all()
    assert_shows(Picture(picture.rgb[:, 40:], "", ""), GREY[:, 40:])


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("scale", [1, 16, 257])
@pytest.mark.parametrize("more", [0, 1])
def test_inks_of_any_depth_are_colours(planar: bool, scale: int, more: int) -> None:
    inks = np.asarray(Image.fromarray(RGB).convert("CMYK"))
    array = np.dstack([inks, *[NOISE] * more])
    array = array if scale == 1 else array.astype(np.uint16) * scale
    options = {"planarconfig": "contig"}
    if planar:
        array, options = np.moveaxis(array, 2, 0), {"planarconfig": "separate"}
    picture = open_picture(tiff(array, photometric="separated", **options))
    assert_shows(picture, RGB, off=2)
    assert any("Bands 1 to 4 of 5" in note for note in picture.notes) == bool(more)


def test_bands_packed_as_jpeg_one_by_one_are_read() -> None:
    strips = []
    for band in np.moveaxis(np.kron(five(), np.ones((2, 2, 1), np.uint8)), 2, 0):
        stream = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(band)).save(stream, "JPEG", quality=98)
        strips.append(stream.getvalue())
    tags = {256: [2 * WIDTH], 257: [2 * HEIGHT], 258: [8] * 5, 259: [7], 262: [1], 277: [5]}
    tags |= {278: [2 * HEIGHT], 284: [2]}
    data = directory({tag: ("H", values) for tag, values in tags.items()}, strips)
    assert_shows(open_picture(data), np.kron(RGB, np.ones((2, 2, 1))), off=4)


def test_bits_in_reverse_are_turned_back() -> None:
    turned = np.packbits(np.unpackbits(five()).reshape(-1, 8)[:, ::-1])
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [8] * 5, 259: [1], 262: [1], 266: [2], 277: [5]}
    tags |= {278: [HEIGHT]}
    data = directory({tag: ("H", values) for tag, values in tags.items()}, [turned.tobytes()])
    assert_shows(open_picture(data), RGB)


# Depth


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "PPM"])
def test_few_bits_in_16_are_made_bright_and_said(bits: int, colour: bool, kind: str) -> None:
    full = 2**bits - 1
    array = np.rint((RGB if colour else GREY) / 255 * full).astype(np.uint16)
    picture = open_picture(deep_file(array, kind))
    assert_shows(picture, RGB if colour else GREY)
    assert picture.rgb.max() == 255
    assert picture.notes == (
        "16-bit values scaled to 8 bits.",
        f"Its highest value is {full:,} of 65,535, so it was taken for {bits} bits in 16 and made "
        f"{2 ** (16 - bits)} times brighter.",
    )


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "PPM"])
def test_all_of_16_bits_stay_as_bright_as_they_are(colour: bool, kind: str) -> None:
    array = (RGB if colour else GREY).astype(np.uint16) * 100  # not all the way to white
    picture = open_picture(deep_file(array, kind))
    assert_shows(picture, array / 257)
    assert picture.notes == ("16-bit values scaled to 8 bits.",)


def deep_file(array: NDArray[np.uint16], kind: str, sbit: bytes = b"") -> bytes:
    height, width = array.shape[:2]
    if kind == "TIFF":
        return tiff(array, photometric="rgb" if array.ndim == 3 else "minisblack")
    rows = array.astype(">u2").reshape(height, -1)
    if kind == "PPM":
        return b"P%d\n# deep\n%d %d\n65535\n" % (5 + array.ndim % 2, width, height) + rows.tobytes()
    colour = {2: 0, 3: 2}[array.ndim] + (4 if array.shape[-1] == 4 else 0)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    return png(width, height, 16, colour, raw, sbit and chunk(b"sBIT", sbit))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, raw: bytes, extra: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    packed = chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + head + extra + packed + chunk(b"IEND", b"")


def test_what_the_file_says_of_its_bits_comes_before_any_guess() -> None:
    dark = GREY.astype(np.uint16) * 2  # at most 510
    assert_shows(open_picture(deep_file(dark, "PNG", b"\x10")), dark / 257)
    assert_shows(open_picture(deep_file(dark, "PNG", b"\x0c")), dark / 4095 * 255)
    colour = RGB.astype(np.uint16) * 2
    assert_shows(open_picture(deep_file(colour, "PNG", b"\x0c\x0c\x0c")), colour / 4095 * 255)
    said = tiff(dark, extratags=[(281, 3, 1, 4095, True)])
    assert_shows(open_picture(said), dark / 4095 * 255)
    assert open_picture(said).notes[1] == (
        "The file says that 4,095 of 65,535 is white, so it was made 16 times brighter."
    )
    whole = open_picture(tiff(dark, extratags=[(281, 3, 1, 65535, True)]))
    assert_shows(whole, dark / 257)
    assert whole.notes == ("16-bit values scaled to 8 bits.",)
    ome = tiff(dark, description='<OME><Pixels SignificantBits="14" Type="uint16"/></OME>')
    assert_shows(open_picture(ome), dark / 16383 * 255)
    ppm = b"P5 %d %d 1023\n" % (WIDTH, HEIGHT) + dark.astype(">u2").tobytes()
    assert_shows(open_picture(ppm), dark / 1023 * 255)


def test_transparent_colour_of_few_bits_lies_on_white() -> None:
    alpha = np.where(ACROSS < 40, 0, 65535).astype(np.uint16)
    array = np.concatenate([RGB.astype(np.uint16) * 16, alpha[..., None]], axis=2)
    picture = open_picture(deep_file(array, "PNG"))
    assert (picture.rgb[:, :40] == 255).all()
    assert_shows(Picture(picture.rgb[:, 40:], "", ""), RGB[:, 40:] * (16 * 255 / 4095))
    rows = np.stack([GREY.astype(np.uint16) * 16, alpha], axis=2).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    picture = open_picture(png(WIDTH, HEIGHT, 16, 4, raw))
    assert (picture.rgb[:, :40] == 255).all()
    assert_shows(Picture(picture.rgb[:, 40:], "", ""), GREY[:, 40:] * (16 * 255 / 4095))
    clear = RGB.astype(np.uint16) * 16
    key = chunk(b"tRNS", clear[3, 4].astype(">u2").tobytes())
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in clear)
    picture = open_picture(png(WIDTH, HEIGHT, 16, 2, raw, key))
    assert picture.rgb[3, 4].tolist() == [255, 255, 255]
    expected = clear * (255 / 4095)
    expected[(clear == clear[3, 4]).all(axis=2)] = 255
    assert_shows(picture, expected)


@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14])
@pytest.mark.parametrize("samples", [1, 3])
def test_packed_bits_are_read_in_their_own_range(bits: int, samples: int) -> None:
    array = np.rint(RGB[..., :samples] / 255 * (2**bits - 1)).astype(np.uint32)
    spread = array.reshape(HEIGHT, -1, 1) >> np.arange(bits - 1, -1, -1) & 1
    rows = np.packbits(spread.reshape(HEIGHT, -1).astype(np.uint8), axis=1)
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [bits] * samples, 259: [1], 278: [HEIGHT]}
    tags |= {262: [2 if samples == 3 else 1], 277: [samples]}
    data = directory({tag: ("H", values) for tag, values in tags.items()}, [rows.tobytes()])
    picture = open_picture(data)
    assert_shows(picture, (array / (2**bits - 1) * 255) if samples == 3 else array[..., 0] * (
        255 / (2**bits - 1)))  # fmt: skip


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_large_counts_are_not_taken_for_negative(order: str, dtype: type) -> None:
    array = GREY.astype(dtype) * np.array(2**24, dtype)  # to 255/256 of 32 bits
    picture = open_picture(tiff(array, order=order))
    assert_shows(picture, GREY)
    assert picture.notes[1] == (
        "Its values reach from 0 to 4,278,190,080: the lowest is shown black, the highest white."
    )


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.uint64, np.int64])
def test_counts_of_few_bits_in_32_are_bright(dtype: type) -> None:
    picture = open_picture(tiff(GREY.astype(dtype) * np.array(16, dtype)))
    assert_shows(picture, GREY * (16 * 255 / 4095))
    assert "it was taken for 12 bits in" in picture.notes[1]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.float16, np.float64])
def test_values_below_zero_keep_their_order(dtype: type) -> None:
    array = (GREY.astype(int) // 2 - 100).astype(dtype)
    picture = open_picture(tiff(array))
    expected = (array.astype(float) + 100) / (array.max() + 100.0) * 255
    assert_shows(picture, expected)
    assert picture.notes[-1] == (
        "Its values reach from -100 to 27: the lowest is shown black, the highest white."
    )


def test_light_beyond_one_is_stretched_and_said() -> None:
    array = RGB.astype(np.float32) / 255 * 40
    picture = open_picture(tiff(array, photometric="rgb"))
    assert_shows(picture, RGB)
    assert picture.notes == (
        "Floating-point values scaled to 8 bits.",
        "Its values reach from 0 to 40: the lowest is shown black, the highest white.",
    )
    assert_shows(open_picture(tiff(array / 40, photometric="rgb")), RGB)


@pytest.mark.parametrize("missing", [-9999.0, np.nan, -3.4028234663852886e38])
@pytest.mark.parametrize("told", [True, False])
def test_places_without_a_value_do_not_darken_the_others(missing: float, told: bool) -> None:
    if missing == -9999 and not told:
        pytest.skip("then nobody can know it")
    height = 300 + GREY.astype(np.float32)
    height[:5] = missing
    tag = (42113, 2, 0, f"{missing:g}" if missing > -1e30 else f"{missing}", True)
    picture = open_picture(tiff(height, extratags=[tag] if told else []))
    assert (picture.rgb[:5] == 0).all()
    assert_shows(Picture(picture.rgb[5:], "", ""), GREY[5:])
    assert picture.notes[1].startswith("Its values reach from 300 to 555")
    assert picture.notes[-1] == "Pixels without a value are black."


def test_places_without_a_value_count_for_integers_and_when_made_smaller() -> None:
    height = np.full((HEIGHT, WIDTH), 1000, np.int16)
    height[:, 1::2] = -32768
    height[0, 0] = -10
    data = tiff(height, extratags=[(42113, 2, 0, "-32768", True)])
    picture = open_picture(data, keep_megapixels=WIDTH * HEIGHT / 4e6)
    assert picture.size == (HEIGHT // 2, WIDTH // 2)
    assert (picture.rgb[1:] == 255).all()
    assert 120 < picture.rgb[0, 0, 0] < 135  # the mean of -10 and 1000


def test_white_may_be_the_lowest_value() -> None:
    assert_shows(open_picture(tiff(GREY.astype(np.uint16) * 257, photometric="miniswhite")),
                 255 - GREY)  # fmt: skip
    assert_shows(open_picture(tiff(GREY, photometric="miniswhite")), 255 - GREY)


def test_large_picture_of_many_bands_is_made_smaller_by_means() -> None:
    array = np.kron(five().astype(np.uint16) * 257, np.ones((8, 8, 1), np.uint16))
    data = tiff(array, compression="zlib", tile=(64, 64))
    picture = open_picture(data, keep_megapixels=WIDTH * HEIGHT / 1e6)
    assert_shows(picture, RGB)
    assert picture.notes[-1] == "Scaled down from 640 x 384 to 80 x 48 pixels."


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_deep_picture_stands_upright(orientation: int) -> None:
    turns = {1: 0, 3: 2, 6: 1, 8: 3}
    stored = np.rot90(RGB, turns[orientation]).astype(np.uint16) * 257
    data = tiff(np.ascontiguousarray(stored), photometric="rgb",
                extratags=[(274, 3, 1, orientation, True)])  # fmt: skip
    assert_shows(open_picture(data), RGB)


def test_empty_tiles_are_black() -> None:
    array = five()
    data = bytearray(tiff(array, tile=(16, 16)))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        for tag in (324, 325):
            start, size = page.tags[tag].valueoffset, 4 if page.tags[tag].dtype == 4 else 2
            data[start : start + size] = bytes(size)
    picture = open_picture(bytes(data))
    expected = RGB.copy()
    expected[:16, :16] = 0
    assert_shows(picture, expected)


# Which of a file's pictures


def test_overviews_and_masks_are_no_pages() -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(RGB, photometric="rgb", tile=(16, 16), metadata=None)
        file.write(np.ascontiguousarray(RGB[::2, ::2]), photometric="rgb", subfiletype=1)
        file.write(NOISE > 99, photometric="minisblack", subfiletype=4)
    picture = open_picture(stream.getvalue())
    assert_shows(picture, RGB)
    assert picture.notes == ()


@pytest.mark.parametrize("subfiletype", [1, 4, 5])
def test_thumbnail_that_comes_first_is_not_the_picture(subfiletype: int) -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(NOISE[:16, :16] > 99, photometric="minisblack", subfiletype=subfiletype)
        file.write(RGB, photometric="rgb", metadata=None)
    assert_shows(open_picture(stream.getvalue()), RGB)


def test_picture_below_its_thumbnail_is_found() -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(NOISE[:16, :16].copy(), photometric="minisblack", subfiletype=1, subifds=1)
        file.write(RGB, photometric="rgb", subfiletype=0)
    assert_shows(open_picture(stream.getvalue()), RGB)


@pytest.mark.parametrize("kind", ["imagej", "ome", "plain"])
def test_of_a_stack_the_first_page_is_taken_and_said(kind: str, tmp_path: Path) -> None:
    pages = np.stack([GREY, NOISE, NOISE[::-1], 255 - GREY]).astype(np.uint16) * 257
    path = tmp_path / ("stack.ome.tif" if kind == "ome" else "stack.tif")
    tifffile.imwrite(path, pages, imagej=kind == "imagej", photometric="minisblack")
    picture = open_picture(path)
    assert_shows(picture, GREY)
    assert picture.notes[0] == "The first of 4 pages."


def test_stack_with_one_directory_is_still_a_stack() -> None:
    pages = np.stack([GREY, NOISE, NOISE])
    text = "ImageJ=1.54f\nimages=3\nslices=3\n"
    whole = tiff(GREY, description=text) + pages.tobytes()
    assert open_picture(whole).notes == ("The first of 3 pages.",)


def raw_file(maker: bytes = b"NIKON CORPORATION\0") -> bytes:
    """As cameras write them: a small plain preview first, the sensor's mosaic below it."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(np.ascontiguousarray(RGB[::2, ::2]), photometric="rgb", subfiletype=1, subifds=1,
                   metadata=None, extratags=[(271, 2, 0, maker, True)])  # fmt: skip
        file.write(NOISE.astype(np.uint16), photometric="cfa", subfiletype=0, metadata=None)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        raw_file(),
        raw_file(b"SONY\0"),
        tiff(NOISE.astype(np.uint16), photometric="cfa"),
        tiff(RGB.astype(np.uint16), photometric=34892),
        tiff(RGB, photometric="rgb", extratags=[(50706, 1, 4, (1, 4, 0, 0), True)]),
        b"II*\0\x10\0\0\0CR\x02\0" + tiff(RGB, photometric="rgb")[12:],
        b"FUJIFILMCCD-RAW 0201" + bytes(200),
        b"IIRO\x08\0\0\0" + bytes(200),
        b"IIU\0\x18\0\0\0" + bytes(200),
        b"FOVb" + bytes(200),
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(200),
    ],
    ids=["NEF", "ARW", "mosaic", "linear", "DNG", "CR2", "RAF", "ORF", "RW2", "X3F", "CR3"],
)
def test_preview_of_a_raw_file_never_passes_for_the_picture(data: bytes) -> None:
    text = refusal(data)
    assert "a camera's raw file" in text and "export it as JPEG or TIFF" in text


# Animations begin with their first frame


def film(*frames: tuple[tuple[int, int, int], tuple[int, int, int, int]], hidden: bool) -> bytes:
    """An APNG of 16 x 12: colours, and (width, height, left, top) of each frame."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 12, 8, 2, 0, 0, 0))
    body = chunk(b"acTL", struct.pack(">II", len(frames), 0))
    number = 0
    if hidden:
        body += chunk(b"IDAT", flat((9, 9, 9), 16, 12))
    for index, (colour, (width, height, left, top)) in enumerate(frames):
        box = struct.pack(">5IHHBB", number, width, height, left, top, 1, 10, 0, 0)
        body += chunk(b"fcTL", box)
        number += 1
        pixels = flat(colour, width, height)
        if index == 0 and not hidden:
            body += chunk(b"IDAT", pixels)
            continue
        for piece in (pixels[:10], pixels[10:]):
            body += chunk(b"fdAT", struct.pack(">I", number) + piece)
            number += 1
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def flat(colour: tuple[int, int, int], width: int, height: int) -> bytes:
    return zlib.compress((b"\0" + bytes(colour) * width) * height)


@pytest.mark.parametrize("hidden", [True, False])
def test_still_that_no_animation_shows_is_not_its_first_frame(hidden: bool) -> None:
    whole = (16, 12, 0, 0)
    data = film(((255, 0, 0), whole), ((0, 0, 255), whole), hidden=hidden)
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1 if hidden else 0)
        assert image.convert("RGB").getpixel((3, 3)) == (255, 0, 0)
    picture = open_picture(data)
    assert (picture.rgb == [255, 0, 0]).all()
    assert picture.notes[0] == "The first of 2 frames of an animation."


def test_first_frame_that_is_smaller_lies_where_it_belongs() -> None:
    data = film(((255, 0, 0), (4, 3, 5, 6)), ((0, 0, 255), (16, 12, 0, 0)), hidden=True)
    picture = open_picture(data)
    expected = np.full((12, 16, 3), 255)
    expected[6:9, 5:9] = [255, 0, 0]
    assert_shows(picture, expected)


def test_first_frame_of_a_webp_that_is_smaller_lies_on_white() -> None:
    frames = [Image.new("RGBA", (64, 48)), Image.new("RGBA", (64, 48), "blue")]
    frames[0].paste((255, 0, 0, 255), (10, 12, 30, 32))
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    picture = open_picture(stream.getvalue())
    expected = np.full((48, 64, 3), 255)
    expected[12:32, 10:30] = [255, 0, 0]
    assert_shows(picture, expected)
    assert picture.notes[0] == "The first of 2 frames of an animation."


def test_header_of_a_frame_beyond_the_canvas_leaves_the_still() -> None:
    data = film(((255, 0, 0), (14, 12, 5, 6)), ((0, 0, 255), (16, 12, 0, 0)), hidden=True)
    assert (open_picture(data).rgb == 9).all()


@pytest.mark.parametrize("transparent", [True, False])
def test_first_frame_of_a_gif_that_is_smaller_lies_on_white(transparent: bool) -> None:
    frame = Image.new("P", (4, 3), 1)
    frame.putpalette([0, 0, 0, 255, 0, 0])
    stream = io.BytesIO()
    frame.save(stream, "GIF", **({"transparency": 0} if transparent else {}))
    data = bytearray(stream.getvalue())
    data[6:10] = struct.pack("<HH", 16, 12)
    at = data.index(b",\0\0\0\0\4\0\3\0")
    data[at + 1 : at + 5] = struct.pack("<HH", 5, 6)
    expected = np.full((12, 16, 3), 255)
    expected[6:9, 5:9] = [255, 0, 0]
    assert_shows(open_picture(bytes(data)), expected)


# Named, where they aren't read


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n", "a PDF document; please save the page as PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript drawing"),
        (b"\xc5\xd0\xd3\xc6" + bytes(30), "an EPS drawing"),
        (b"<?xml version='1.0'?>\n<!-- a --><svg xmlns='x'/>", "an SVG drawing"),
        (b"\xef\xbb\xbf <!DOCTYPE html><html>", "a web page"),
        (b"8BPS\0\1" + bytes(30), "a Photoshop file"),
        (b"gimp xcf v011\0", "a GIMP file"),
        (b"\0\0\1\0\1\0\x10\x10", "an icon"),
        (b"v/1\x01\2\0\0\0", "an OpenEXR picture"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "a Radiance HDR picture"),
        (bytes(128) + b"DICM" + bytes(30), "a DICOM file"),
        (b"SIMPLE  =                    T", "a FITS file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(30), "an HDF5 or NetCDF file"),
        (b"CDF\x01" + bytes(30), "a NetCDF file"),
        (b"\x5c\1\0\0" + bytes(340) + b"n+1\0", "a NIfTI volume"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp41avc1", "a video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a video"),
        (b"RIFF\x20\0\0\0AVI LIST", "a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(30), "a video"),
        (b"\xff\x0a" + bytes(30), "a JPEG XL picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(30), "a JPEG XL picture"),
        (b"II\xbc\x01" + bytes(30), "a JPEG XR picture"),
        (b"\x93NUMPY\x01\0" + bytes(30), "an array of NumPy"),
        (b"PK\x03\x04" + bytes(26) + b"word/document.xml", "an Office document"),
        (b"PK\x03\x04" + bytes(26) + b"cat.png", "a zip file"),
        (b"\x1f\x8b\x08" + bytes(30), "a packed file"),
        (bytes(200) + b"TRUEVISION-XFILE.\0", "a TGA picture"),
    ],
)
def test_other_kinds_are_named_with_what_to_do(data: bytes, what: str) -> None:
    text = refusal(data)
    assert text.startswith('"this" is not a picture that can be read here but ' + what)
    assert "; please " in text


def test_plain_text_is_no_kind_at_all() -> None:
    assert "please choose a JPEG" in refusal(b"Dear picture, " * 30)


def small_tiff(**tags: int | list[int]) -> bytes:
    found = {256: [16], 257: [16], 258: [8], 259: [1], 262: [1], 277: [1], 278: [16]}
    for name, value in tags.items():
        found[int(name[1:])] = value if isinstance(value, list) else [value]
    return directory({tag: ("H", values) for tag, values in found.items()}, [bytes(2048)])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (small_tiff(_259=34712), "packed as JPEG 2000"),
        (small_tiff(_259=33003), "packed as JPEG 2000"),
        (small_tiff(_259=34887), "packed as LERC"),
        (small_tiff(_259=50002), "packed as JPEG XL"),
        (small_tiff(_259=34661), "packed as JBIG"),
        (small_tiff(_339=6, _258=64), "with complex numbers"),
        (small_tiff(_339=3, _258=24), "with numbers of 24 bits"),
        (small_tiff(_258=[5, 6, 5], _277=3, _262=2), "with bands of different kinds"),
        (small_tiff(_262=32845, _277=3, _258=[16] * 3), "with LogLuv light"),
        (small_tiff(_262=8, _277=3, _258=[16] * 3), "with pixels of an unusual colour space"),
        (small_tiff(_262=6, _277=3, _258=[8] * 3), "with pixels of an unusual colour space"),
        (small_tiff(_259=7, _277=5, _258=[8] * 5), "with pixels in a packing"),
    ],
)
def test_kind_of_tiff_that_is_not_read_is_named(data: bytes, what: str) -> None:
    assert f"but a TIFF file {what}" in refusal(data)


def test_kind_of_jpeg_that_is_not_read_is_named() -> None:
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG")
    data = stream.getvalue()
    at = data.index(b"\xff\xc0")
    deep = data[: at + 4] + b"\x0c" + data[at + 5 :]
    assert "a JPEG picture of 12 bits" in refusal(deep)
    for code in (0xC3, 0xF7):
        lossless = data[:at] + bytes([0xFF, code]) + data[at + 2 :]
        assert "a lossless JPEG picture" in refusal(lossless)


@pytest.mark.parametrize("packing", [b"j2k1", b"vvc1", b"unci", b"jpeg", b"xxxx"])
def test_kind_of_heif_that_is_not_read_is_named(packing: bytes) -> None:
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red")).save(stream)
    data = stream.getvalue()
    assert open_picture(data).size == (64, 64)
    text = refusal(data.replace(b"hvc1", packing))
    assert "but an unusual kind of HEIF picture; please save it as JPEG" in text
    broken = data[: data.index(b"mdat") + 20]
    with pytest.raises(PictureError, match="is damaged or incomplete"):
        open_picture(broken)


def test_broken_file_of_a_kind_that_is_read_is_still_damaged() -> None:
    for data in (
        tiff(five()),
        tiff(five(), compression="zlib"),
        tiff(five().astype(np.float64), tile=(16, 16)),
        deep_file(RGB.astype(np.uint16), "PPM"),
    ):
        for part in (0.1, 0.5, 0.9):
            with pytest.raises(PictureError, match="is damaged or incomplete"):
                open_picture(data[: int(len(data) * part)])


def test_numbers_that_unpack_to_too_much_are_refused() -> None:
    zeros = zlib.compress(bytes(1000))
    tags = {256: [60000], 257: [800], 258: [16] * 5, 259: [8], 262: [1], 277: [5], 278: [800]}
    data = directory({tag: ("H", values) for tag, values in tags.items()}, [zeros])
    assert "takes too much time or memory" in refusal(data)
