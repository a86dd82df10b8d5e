"""Files that picture decoders stumble over, made by seed; shared by the tests and a benchmark.

``corpus()`` is what the tests open; ``mutants(seed, count)`` goes on from there without end.
``measure`` opens them and says what came of each.
"""

from __future__ import annotations

import io
import itertools
import resource
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

Named = tuple[str, bytes]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIC", "JPEG2000", "PPM")
_SIGNATURES = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x20\0\0\0WEBPVP8 ")
_SIGNATURES += (b"BM", b"II*\0", b"MM\0*", b"II+\0", b"P6 ", b"P3 ", b"\xff\x4f\xff\x51")
_SIGNATURES += (b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypheic")
_SIGNATURES += (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", b"8BPS", b"\0\0\1\0", b"\n\5\1\x08", b"qoif")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():  # encoders have something to say about hostile metadata, too
        warnings.simplefilter("ignore")
        if kind == "HEIC":
            pillow_heif.from_pillow(image).save(stream, quality=60, **options)
        else:
            image.save(stream, kind, **options)
    return stream.getvalue()


@cache
def photograph(width: int = 96, height: int = 64) -> Image.Image:
    """Soft blobs with noise: what compresses like a photograph."""
    random = np.random.default_rng(7)
    coarse = Image.fromarray(random.integers(0, 256, (4, 6, 3), np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    noisy = soft + random.integers(-12, 13, soft.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def exif(orientation: int = 6, extra: bytes = b"") -> bytes:
    entry = struct.pack(">HHLHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0" + extra


@cache
def good_files() -> dict[str, bytes]:
    """One or two sound files of each format, the richer the better: seeds for the mutants."""
    image, turned = photograph(), exif()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rich = {"exif": turned, "icc_profile": profile}
    frames = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    files = {kind: encoded(image, kind) for kind in FORMATS}
    files |= {
        "JPEG rich": encoded(image, "JPEG", progressive=True, comment=b"hello", **rich),
        "PNG rich": encoded(image.quantize(16), "PNG", **rich),
        "PNG deep colour": png(16, 16, 16, 2, zlib.compress((b"\0" + bytes(range(96))) * 16)),
        "APNG hidden": encoded(image, "PNG", default_image=True, **frames),
        "PNG deep": encoded(photograph().convert("I").convert("I;16"), "PNG"),
        "APNG": encoded(image, "PNG", **frames),
        "GIF animated": encoded(image, "GIF", comment=b"hello", duration=50, loop=0, **frames),
        "WEBP animated": encoded(image, "WEBP", **frames, **rich),
        "WEBP lossless": encoded(image.convert("RGBA"), "WEBP", lossless=True),
        "TIFF lzw": encoded(image, "TIFF", compression="tiff_lzw", **rich),
        "TIFF jpeg": encoded(image, "TIFF", compression="jpeg"),
        "TIFF deflate": encoded(image, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF fax": encoded(image.convert("1"), "TIFF", compression="group4"),
        "TIFF pages": encoded(image, "TIFF", **frames),
        "TIFF big": encoded(image, "TIFF", big_tiff=True),
        "TIFF float": encoded(image.convert("F"), "TIFF"),
        "TIFF bands": bands(),
        "TIFF bands planar": bands(planarconfig="separate", rowsperstrip=9),
        "TIFF bands tiled": bands(np.float64, tile=(16, 32), order=">"),
        "TIFF bands deflate": bands(np.uint16, compression="zlib", predictor=2, rowsperstrip=9),
        "TIFF bands lzma": bands(np.uint32, compression="lzma", tile=(16, 16), bigtiff=True),
        "TIFF with a thumbnail": bands(subifds=1, thumbnail=True),
        "AVIF rich": encoded(image, "AVIF", **rich),
        "AVIF animated": encoded(image, "AVIF", **frames),
        "HEIC rich": encoded(image, "HEIC", exif=turned),
        "BMP palette": encoded(image.quantize(16), "BMP"),
        "BMP rle": rle_bmp(96, 64),
        "PPM plain": b"P3 8 8 255 " + b"1 2 3 " * 64,
        "PPM odd": b"P6 96 64 100\n" + bytes(96 * 64 * 3),
        "PPM deep": b"P6 96 64 65535\n" + bytes(96 * 64 * 6),
        "PFM": b"Pf 16 16 -1.0\n" + bytes(16 * 16 * 4),
    }  # fmt: skip
    return files


def bands(
    dtype: type = np.uint8,
    order: str = "<",
    bigtiff: bool = False,
    thumbnail: bool = False,
    **options: object,
) -> bytes:
    """A TIFF of five bands."""
    array = np.repeat(np.asarray(photograph())[..., :1], 5, axis=2).astype(dtype)
    if options.get("planarconfig"):
        array = np.moveaxis(array, 2, 0)
    options = {"planarconfig": "contig", "photometric": "minisblack", "metadata": None} | options
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, byteorder=order, bigtiff=bigtiff) as file:
        file.write(array, subfiletype=int(thumbnail), **options)
        if thumbnail:
            file.write(array, **options | {"subifds": 0})
    return stream.getvalue()


def rle_bmp(width: int, height: int, body: bytes | None = None) -> bytes:
    body = bytes([width % 256, 1, 0, 0]) * height + b"\0\1" if body is None else body
    start = 14 + 40 + 1024
    head = b"BM" + struct.pack("<LHHL", start + len(body), 0, 0, start)
    head += struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
    return head + bytes(range(256)) * 4 + body


# Truncated and flipped


def truncated() -> Iterator[Named]:
    names = [*FORMATS, "JPEG rich", "PNG rich", "WEBP animated", "TIFF lzw", "GIF animated"]
    for name, tenth in itertools.product(names, range(10)):
        data = good_files()[name]
        yield f"{name} cut at {tenth}/10", data[: len(data) * tenth // 10]


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """One of the ways in which files go wrong, or are made to."""
    out = bytearray(data)
    reach = len(out) if random.random() < 0.5 else min(len(out), 200)
    places = [int(place) for place in random.integers(0, reach, random.integers(1, 9))]
    match int(random.integers(0, 6)):
        case 0:  # single bits
            for place in places:
                out[place] ^= 1 << int(random.integers(0, 8))
        case 1:  # bytes that decoders count with
            for place in places:
                out[place] = int(random.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))
        case 2:  # whole numbers, in either order
            for place in places:
                number = int(random.choice([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000]))
                out[place : place + 4] = struct.pack(
                    ">L" if random.random() < 0.5 else "<L", number
                )
        case 3:  # a piece twice
            begin, length = places[0], int(random.integers(1, 200))
            out[begin:begin] = out[begin : begin + length]
        case 4:  # a piece missing
            begin, length = places[0], int(random.integers(1, 200))
            del out[begin : begin + length]
        case _:  # a piece of another file
            other = list(good_files().values())[int(random.integers(0, len(good_files())))]
            begin = int(random.integers(0, len(other)))
            out[places[0] : places[0]] = other[begin : begin + int(random.integers(1, 400))]
    return bytes(out)


def mutants(seed: int, count: int) -> Iterator[Named]:
    """Sound files gone wrong, again and again others."""
    random = np.random.default_rng(seed)
    names = list(good_files())
    for number in range(count):
        name = names[int(random.integers(0, len(names)))]
        data = mutated(good_files()[name], random)
        if random.random() < 0.2:
            data = mutated(data, random)
        if random.random() < 0.1:
            data = data[: int(random.integers(0, len(data) + 1))]
        yield f"{name} mutant {seed}.{number}", data


# Bombs: little in the file, much when decoded


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


@cache
def zeros(count: int) -> bytes:
    packer, block = zlib.compressobj(9), bytes(1024**2)
    parts = [packer.compress(block) for _ in range(count // len(block))]
    return b"".join([*parts, packer.compress(bytes(count % len(block))), packer.flush()])


def png(width: int, height: int, bits: int, colour: int, packed: bytes, *extra: bytes) -> bytes:
    header = struct.pack(">LLBBBBB", width, height, bits, colour, 0, 0, 0)
    body = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def gif(screen: tuple[int, int], box: tuple[int, int, int, int], *before: bytes) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    image = b"," + struct.pack("<HHHHB", *box, 0) + b"\x02\x02\x4c\x01\x00"
    return head + b"".join(before) + image + b";"


Tag = tuple[int, int, int, bytes | int]


def tiff(tags: list[Tag], after: int = 0, body: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory; longer values follow the body."""
    start = 8 + len(body)
    place = start + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, kind, count, value in sorted(tags, key=lambda tag: tag[0]):
        if isinstance(value, bytes) and len(value) > 4:
            entries += struct.pack("<HHLL", tag, kind, count, place + len(values))
            values += value
        else:
            packed = struct.pack("<L", value) if isinstance(value, int) else value.ljust(4, b"\0")
            entries += struct.pack("<HHL", tag, kind, count) + packed
    head = struct.pack("<2sHL", b"II", 42, start) + body + struct.pack("<H", len(tags))
    return head + entries + struct.pack("<L", after) + values


def tiff_tags(width: int, height: int, *more: Tag) -> list[Tag]:
    own = {tag[0] for tag in more}
    usual: list[Tag] = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, width * height % 2**32),
    ]  # fmt: skip
    return [tag for tag in usual if tag[0] not in own] + list(more)


def jpeg_scans(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG with one and the same empty scan again and again."""
    data = encoded(Image.new("L", (16, 16)), "JPEG", progressive=True)
    begin = data.index(b"\xff\xc2")
    data = data[: begin + 5] + struct.pack(">HH", height, width) + data[begin + 9 :]
    first = data.index(b"\xff\xda")
    scan = data[first : data.index(b"\xff", first + 2)]
    return data[:first] + scan * scans + b"\xff\xd9"


def webp(kind: bytes, body: bytes) -> bytes:
    part = kind + struct.pack("<L", len(body)) + body
    return b"RIFF" + struct.pack("<L", 4 + len(part)) + b"WEBP" + part


def bombs() -> Iterator[Named]:
    for megapixels, side in ((49, 7000), (144, 12000), (900, 30000)):
        yield f"PNG of {megapixels} MP, 1 bit", png(side, side, 1, 0, zeros(side * (1 + side // 8)))
    yield "PNG of 49 MP, grey", png(7000, 7000, 8, 0, zeros(7000 * 7001))
    yield "PNG of 49 MP, transparent", png(7000, 7000, 8, 6, zeros(7000 * 28001))
    yield "PNG of 49 MP, 16 bits", png(7000, 7000, 16, 0, zeros(7000 * 14001))
    yield (
        "PNG of 49 MP, palette",
        png(
            7000, 7000, 8, 3, zeros(7000 * 7001), chunk(b"PLTE", bytes(768)), chunk(b"tRNS", b"\0")
        ),
    )
    yield "PNG that says 4 billion", png(2**31 - 1, 2**31 - 1, 8, 2, zeros(100))
    text = zlib.compress(bytes(60_000_000), 9)
    yield "PNG with a text bomb", png(16, 16, 8, 0, zeros(272), chunk(b"zTXt", b"a\0\0" + text))
    yield (
        "PNG with 60 texts",
        png(16, 16, 8, 0, zeros(272), *[chunk(b"zTXt", b"a\0\0" + text)] * 60),
    )
    yield "PNG with a profile bomb", png(16, 16, 8, 2, zeros(784), chunk(b"iCCP", b"a\0\0" + text))
    yield "PNG of 300,000 chunks", png(16, 16, 8, 0, zeros(272), chunk(b"tEXt", b"") * 300_000)
    yield "PNG with a bad APNG", png(16, 16, 8, 0, zeros(272), *[chunk(b"acTL", bytes(8))] * 2)
    yield (
        "PNG with short APNG parts",
        png(16, 16, 8, 0, zeros(272), chunk(b"acTL", b"\1"), chunk(b"fcTL", b"")),
    )

    for side in (7000, 9600, 13000, 65535):
        yield f"GIF of {side} squared", gif((side, side), (0, 0, side, side))
        yield f"GIF frame of {side} squared", gif((10, 10), (0, 0, side, side))
    for disposal in (1, 2, 3):
        control = b"!\xf9\x04" + bytes([disposal << 2 | 1]) + b"\0\0\0\0"
        yield f"GIF large, disposal {disposal}", gif((6000, 6000), (0, 0, 6000, 6000), control)
    yield "GIF frame beyond all", gif((65535, 65535), (65535, 65535, 65535, 65535))
    comment = b"!\xfe" + (b"\xff" + b"c" * 255) * 40_000 + b"\0"
    yield "GIF with a comment of 10 MB", gif((16, 16), (0, 0, 16, 16), comment)
    yield (
        "GIF with 2 million blocks",
        gif((16, 16), (0, 0, 16, 16), b"!\xfe" + b"\1c" * 2_000_000 + b"\0"),
    )
    yield "GIF with a million comments", gif((16, 16), (0, 0, 16, 16), b"!\xfe\0" * 1_000_000)

    for width, height in ((7000, 7000), (30000, 30000), (2**31, 2**31), (2**32 - 1, 1)):
        yield f"TIFF of {width} x {height}", tiff(tiff_tags(width, height))
        yield (
            f"TIFF of {width} x {height}, packed",
            tiff(tiff_tags(width, height, (259, 3, 1, 8), (279, 4, 1, 100)), body=zeros(1000)),
        )
    yield "TIFF with huge tiles", tiff(tiff_tags(
        64, 64, (259, 3, 1, 8), (322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 8),
        (325, 4, 1, 99)))  # fmt: skip
    yield "TIFF with huge samples", tiff(tiff_tags(64, 64, (277, 4, 1, 2**31)))
    yield (
        "TIFF of a million strips",
        tiff(
            tiff_tags(8, 100, (273, 4, 10**6, bytes(4 * 10**6)), (279, 4, 10**6, bytes(4 * 10**6)))
        ),
    )
    yield "TIFF turned, of 49 MP", tiff(tiff_tags(7000, 7000, (274, 3, 1, 6)), body=bytes(1000))
    yield (
        "TIFF whose directory is itself the next",
        tiff(tiff_tags(8, 8), after=8 + 64, body=bytes(64)),
    )
    yield "TIFF with directories in a circle", tiff(tiff_tags(8, 8), after=10, body=struct.pack(
        "<HHL", 0, 0, 0) + bytes(56))  # fmt: skip
    for bits, samples, kind in ((16, 5, 1), (64, 200, 3), (8, 60_000, 1), (12, 3, 1)):
        for width, height in ((7000, 7000), (300, 300), (60_000, 800)):
            deep = ((258, 3, 1, bits), (277, 3, 1, samples), (339, 3, 1, kind), (259, 3, 1, 8))
            body = zeros(10**7)
            packed = tiff(tiff_tags(width, height, *deep, (279, 4, 1, len(body))), body=body)
            yield f"TIFF of {width} x {height}, {samples} bands of {bits} bits", packed
    for name, count, kind, rows in (("uint16", 4, 1, 50), ("float64", 1, 3, 1), ("uint8", 8, 1, 2)):
        bits = int(name.lstrip("uintfloa"))
        strip, strips = zeros(4000 * rows * count * bits // 8), -(-4000 // rows)
        starts = struct.pack("<L", 8) * strips
        lengths = struct.pack("<L", len(strip)) * strips
        deep = [(258, 3, 1, bits), (277, 3, 1, count), (339, 3, 1, kind), (259, 3, 1, 8)]
        deep += [(273, 4, strips, starts), (278, 4, 1, rows), (279, 4, strips, lengths)]
        yield (
            f"TIFF of 16 MP, {count} bands of {name}, one strip again and again",
            tiff(tiff_tags(4000, 4000, *deep), body=strip),
        )
    below = tiff_tags(8, 8, (330, 4, 10_000, bytes(40_000)))
    yield "TIFF with 10,000 directories below", tiff(below, body=bytes(64))
    text = b"ImageJ=" + b"x" * 2_000_000 + b"\nimages=" + b"9" * 1_000_000
    yield "TIFF with a long text", tiff(tiff_tags(8, 8, (270, 2, len(text), text)), body=bytes(64))
    many = b"".join(struct.pack("<HL", 0, 8 + 6 * (n + 1)) for n in range(100_000))
    yield "TIFF of 100,000 directories", tiff(tiff_tags(8, 8, (273, 4, 1, 0)), after=8, body=many)
    for tag in (258, 270, 330, 339, 700, 34665, 34675, 34853):
        yield (
            f"TIFF with tag {tag} beyond the end",
            tiff(tiff_tags(8, 8), body=bytes(64)).replace(
                struct.pack("<HHL", 259, 3, 1), struct.pack("<HHL", tag, 4, 10**6)
            ),
        )
        value = (tag, 1, 3 * 10**6, bytes(3 * 10**6))
        yield f"TIFF with 3 MB of tag {tag}", tiff(tiff_tags(8, 8, value), body=bytes(64))
    yield "TIFF whose directory is cut off", tiff(tiff_tags(8, 8), body=bytes(64))[:150]
    inner = tiff_tags(8, 8, (34665, 4, 1, 8), (330, 4, 1, 8))
    yield "TIFF whose EXIF is itself", tiff(inner, body=bytes(64))
    for compression in (2, 3, 4, 5, 6, 7, 8, 32773, 34925, 50000, 50001, 9999):
        packed = (259, 3, 1, compression)
        yield (
            f"TIFF of zeros, compression {compression}",
            tiff(tiff_tags(64, 64, packed, (279, 4, 1, 4000)), body=bytes(4096)),
        )

    yield "WebP of 16384 squared", webp(b"VP8X", bytes(4) + b"\xff\x3f\0" * 2)
    yield "WebP of 280 trillion", webp(b"VP8X", bytes(4) + b"\xff" * 6)
    yield "WebP lossless, large", webp(b"VP8L", b"\x2f" + b"\xff\xff\xff\x0f" + bytes(60))
    yield "WebP lossy, large", webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(60))
    side = encoded(Image.new("L", (8000, 6000)), "JPEG")
    yield "JPEG of 48 MP", side
    yield (
        "JPEG of 48 MP, progressive",
        encoded(Image.new("RGB", (8000, 6000)), "JPEG", progressive=True, subsampling=2),
    )
    yield (
        "JPEG of 48 MP, progressive, no subsampling",
        encoded(Image.new("RGB", (8000, 6000)), "JPEG", progressive=True, subsampling=0),
    )
    yield "JPEG of 65,500 squared", side.replace(struct.pack(">HH", 6000, 8000), b"\xff\xdc" * 2, 1)
    for width, scans in ((16, 50_000), (2000, 3000), (6900, 200), (6900, 18)):
        yield f"JPEG of {width} with {scans} scans", jpeg_scans(width, width, scans)
    small = encoded(photograph(), "JPEG")
    yield "JPEG with 5 MB of padding", small[:2] + b"\xff" * 5_000_000 + small[2:]
    yield "JPEG with 5 MB of junk", small[:2] + bytes(5_000_000) + small[2:]
    yield "JPEG with a million restarts", small[:2] + b"\xff\xd0" * 1_000_000 + small[2:]
    yield "JPEG with 300,000 comments", small[:2] + b"\xff\xfe\0\2" * 300_000 + small[2:]
    tables = small[small.index(b"\xff\xdb") : small.index(b"\xff\xc0")]
    yield "JPEG with 5 MB of tables", small[:2] + tables * 40_000 + small[2:]
    part = b"\xff\xe1" + struct.pack(">H", 65533) + b"Exif\0\0" + bytes(65525)
    yield "JPEG with 100 EXIF blocks", small[:2] + part * 100 + small[2:]
    part = b"\xff\xe2" + struct.pack(">H", 65533) + b"ICC_PROFILE\0\1\xff" + bytes(65517)
    yield "JPEG with 150 profile parts", small[:2] + part * 150 + small[2:]
    yield "BMP of run lengths, 49 MP", rle_bmp(7000, 7000, b"\0\0" * 100 + b"\0\1")
    yield "BMP of run lengths, 6 MB", rle_bmp(1000, 1000, b"\1\0" * 3_000_000)
    for width, height in ((7000, 7000), (2**31 - 1, 2**31 - 1), (100, -(2**31)), (0, 0)):
        head = struct.pack("<LllHHLLllLL", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        yield f"BMP of {width} x {height}", b"BM" + struct.pack("<LHHL", 99, 0, 0, 54) + head
    yield "PPM of 49 MP, odd range", b"P6 7000 7000 100\n" + bytes(1000)
    yield "PPM of 16 bits", b"P6 3000 3000 65535\n" + bytes(3000 * 3000 * 6)
    yield "PPM in words, 49 MP", b"P3 7000 7000 255\n" + b"1 " * 1000
    yield "PPM with a comment of 20 MB", b"P6 #" + b"c" * 20_000_000 + b"\n8 8 255\n" + bytes(192)
    yield (
        "PPM in words, 20 MB of comment",
        b"P2 8 8 255\n#" + b"c" * 20_000_000 + b"\n" + b"1 " * 64,
    )
    codestream = encoded(photograph(), "JPEG2000")
    for new in (b"\0\0\x75\x30", b"\xff\xff\xff\xff", b"\0\0\x1b\x58"):
        at = codestream.index(b"\xff\x4f\xff\x51") + 8
        data = codestream[:at] + new * 2 + codestream[at + 8 :]
        yield f"JPEG 2000 with size {new.hex()} inside", data
        yield (
            f"JPEG 2000 with size {new.hex()} and tile",
            data.replace(struct.pack(">LL", 96, 64), new * 2),
        )
    for kind in ("AVIF", "HEIC"):
        for new in (b"\0\0\x75\x30", b"\xff\xff\xff\xff", b"\0\0\x1b\x58"):
            yield (
                f"{kind} with size {new.hex()}",
                good_files()[kind].replace(
                    b"ispe\0\0\0\0" + struct.pack(">LL", 96, 64), b"ispe\0\0\0\0" + new * 2
                ),
            )


# Metadata


def metadata() -> Iterator[Named]:
    image = photograph()
    offset = struct.pack(">HHLL", 0x8769, 4, 1, 8)
    blocks = {
        "empty": b"Exif\0\0",
        "of garbage": b"Exif\0\0" + b"garbage" * 100,
        "whose directory is itself": b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + offset + b"\0\0\0\x08",
        "of 65,535 entries": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + offset * 400,
        "with values beyond the end": exif(6).replace(b"\x01\x12\0\x03", b"\x01\x12\0\x05"),
        "with an orientation of 99": exif(99),
        "whose start is beyond the end": b"Exif\0\0MM\0*\xff\xff\xff\xff",
        "cut off": exif(3)[:20],
    }  # fmt: skip
    for (words, block), kind in itertools.product(
        blocks.items(), ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC")
    ):
        try:
            data = encoded(image, kind, exif=block)
        except Exception:  # this encoder reads the block, and won't write it
            sound = encoded(image, kind, exif=exif(6, bytes(len(block))))
            data = sound.replace(exif(6, bytes(len(block)))[6:], block[6:].ljust(64, b"\0"))
        yield f"{kind} with EXIF {words}", data
    sound = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    random = np.random.default_rng(3)
    profiles = {"short": sound[:100], "cut": sound[:300], "zeros": bytes(500), "of Lab": lab}
    profiles |= {"of CMYK": sound[:16] + b"CMYK" + sound[20:], "nested": sound + sound * 20}
    profiles |= {"huge": sound[:4] + bytes(3_000_000), "long": sound + bytes(3_000_000)}
    for number in range(12):
        profiles[f"mutant {number}"] = mutated(sound, random)
    for (words, profile), kind in itertools.product(profiles.items(), ("JPEG", "PNG", "TIFF")):
        yield f"{kind} with a profile {words}", encoded(image, kind, icc_profile=profile)


# Shapes, modes, and what is no picture


def shapes() -> Iterator[Named]:
    for kind in FORMATS:
        for size in ((1, 1), (1, 3000), (3000, 1), (7, 500), (2, 2)):
            try:
                yield f"{kind} of {size}", encoded(Image.new("RGB", size, "red"), kind)
            except Exception:  # some encoders won't
                continue
    modes = ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "LA", "PA", "I;16")
    for mode, kind in itertools.product((*modes, "I;16B", "HSV", "La", "RGBa", "RGBX"), FORMATS):
        try:
            if mode in ("La", "I;16B", "I;16"):
                image = photograph().convert({"La": "LA"}.get(mode, "I")).convert(mode)
            else:
                image = photograph().convert("RGBA" if mode == "RGBa" else "RGB").convert(mode)
            yield f"{kind} of mode {mode}", encoded(image, kind)
        except Exception:  # not every format knows every mode
            continue


def strangers() -> Iterator[Named]:
    random = np.random.default_rng(11)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("cat.png", good_files()["PNG"])
    yield "empty", b""
    yield "one byte", b"\xff"
    yield "text", b"Dear picture, " * 50
    yield "SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>"
    yield "XML bomb", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>' * 99
    yield "zip", packed.getvalue()
    yield "PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" * 9
    yield "EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    yield "HTML", b"<!DOCTYPE html><html><body><img src='cat.png'></body></html>"
    yield "MP4", b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(200)
    yield "program", b"\x7fELF\x02\x01\x01" + bytes(200)
    for kind in ("ICO", "TGA", "PCX", "SGI", "DDS", "ICNS", "MPO", "QOI", "PDF", "EPS"):
        try:
            yield f"{kind}, not among those read here", encoded(photograph(64, 64), kind)
        except Exception:  # an encoder that this Pillow hasn't
            continue
    for number in range(10):
        yield f"random {number}", random.bytes(int(random.integers(1, 5000)))
    for signature in _SIGNATURES:
        yield f"{signature!r} and then random", signature + random.bytes(3000)
        yield f"{signature!r} and then nothing", signature
        yield f"{signature!r} and then zeros", signature + bytes(3000)
    for first, second in itertools.pairwise(FORMATS):
        yield f"{first} followed by {second}", good_files()[first] + good_files()[second]


def corpus() -> Iterator[Named]:
    """All of the above, and 150 mutants: what each of them is, and its bytes."""
    for name, data in good_files().items():
        yield f"sound {name}", data
    yield from truncated()
    yield from bombs()
    yield from metadata()
    yield from shapes()
    yield from strangers()
    yield from mutants(2024, 150)


# What comes of them


@dataclass(frozen=True)
class Outcome:
    """How one file was opened: ``text`` is the refusal, or a picture's notes."""

    name: str
    is_picture: bool
    text: str
    cpu_seconds: float
    megabytes: float


def measure(files: Iterable[Named]) -> Iterator[Outcome]:
    """Open each file; anything but a picture or a refusal escapes."""
    from cactiviz.errors import PictureError
    from cactiviz.pictures.open import open_picture

    for name, data in files:
        before, begin = _memory(reset=True), time.process_time()
        try:
            text, is_picture = " ".join(open_picture(data, name="file").notes), True
        except PictureError as error:
            text, is_picture = str(error), False
        seconds = time.process_time() - begin
        yield Outcome(name, is_picture, text, seconds, _memory(reset=False) - before)


def _memory(*, reset: bool) -> float:
    """The memory now, the start of a new peak; or that peak. In megabytes."""
    process = Path("/proc/self")
    try:
        if reset:
            (process / "clear_refs").write_text("5")  # Linux: the peak begins anew from here
        field = "VmRSS:" if reset else "VmHWM:"
        lines = (process / "status").read_text().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(field))) / 1e3
    except OSError:  # elsewhere only the growth of the process's own peak is seen
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
