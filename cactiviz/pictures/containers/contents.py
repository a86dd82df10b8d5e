"""Results and exceptions of walking over a file's structure."""

from __future__ import annotations

from dataclasses import dataclass

#: The most bytes of a colour profile, or of any other block beside the pixels.
MAX_BLOCK_BYTES = 4 * 1024**2
#: The most parts that are walked over; a true file of 50 MB has some ten thousand.
MAX_PARTS = 200_000


class Damaged(Exception):
    """The file contradicts its own header."""


class Overloaded(Exception):
    """The file would take far more time or memory than a picture of its kind needs."""


class OtherKind(Exception):
    """The file may be sound, but nothing here reads its kind.

    Attributes:
        what: The kind, as in "is not a picture that can be read here but ...".
        advice: What to do, as in "please ...".
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.what, self.advice = what, advice


@dataclass(frozen=True)
class Layout:
    """Layout of samples in a file that isn't decoded by Pillow as a whole.

    Pixels lie in segments: strips of whole rows, or tiles. Each may be packed by itself.

    Attributes:
        size: (width, height).
        big_endian: Byte order of a sample.
        bits: Bits of a sample, 1 to 64.
        form: "unsigned", "signed" or "float".
        samples: Samples per pixel.
        planar: Each sample has segments of its own, one after the other.
        shown: Indices of the numbers shown: one as grey, three as RGB, four as CMYK.
        is_colour: Whether the file declares these samples as colours or inks.
        alpha: Index of the opacity; -1 without one.
        premultiplied: Colours are multiplied by the opacity already.
        inverted: White is the lowest value, not the highest.
        white: Highest possible value according to the file; 0 if it doesn't say.
        missing: Value that stands for "no value here", or None.
        segment: (columns, rows) of a segment.
        tiled: Segments are tiles, which all have their full size.
        places: (offset, bytes) of each segment; an empty one has no bytes.
        compression: TIFF's number of the compression; 1 for none.
        predictor: TIFF's number of the predictor; 1 for none.
        reversed_bits: Bits of each byte are reversed.
        tables: JPEG tables shared by all segments.
        orientation: EXIF orientation.
        profile: ICC colour profile, or None.
    """

    size: tuple[int, int]
    bits: int
    form: str
    segment: tuple[int, int]
    places: tuple[tuple[int, int], ...]
    big_endian: bool = False
    samples: int = 1
    planar: bool = False
    shown: tuple[int, ...] = (0,)
    is_colour: bool = False
    alpha: int = -1
    premultiplied: bool = False
    inverted: bool = False
    white: int = 0
    missing: float | None = None
    tiled: bool = False
    compression: int = 1
    predictor: int = 1
    reversed_bits: bool = False
    tables: bytes = b""
    orientation: int = 1
    profile: bytes | None = None

    @property
    def row_bytes(self) -> int:
        """The bytes of one row of an unpacked segment."""
        return -(-self.segment[0] * self.bits * (1 if self.planar else self.samples) // 8)


@dataclass(frozen=True)
class Contents:
    """What is decoded of a file.

    Attributes:
        data: The file, reduced to what its first frame needs.
        frames: Number of frames or pages, as far as they were counted.
        size: (width, height) that a decoder reserves memory for at once.
        work_bytes: Memory that decoding takes besides the pixels.
        canvas: (width, height, left, top) of an empty sheet that the frame lies on, or None.
        white: Highest possible value according to the file; 0 if it doesn't say.
        halved: Colours have more than 8 bits, of which Pillow keeps the upper 8.
        layout: Layout of the samples in ``data`` if Pillow can't read them in full depth.
    """

    data: bytes
    frames: int = 1
    size: tuple[int, int] | None = None
    work_bytes: int = 0
    canvas: tuple[int, int, int, int] | None = None
    white: int = 0
    halved: bool = False
    layout: Layout | None = None
