"""What a walk over a file's parts finds, and how it may end otherwise."""

from __future__ import annotations

from dataclasses import dataclass

#: The most bytes of a colour profile, or of any other block beside the pixels.
MAX_BLOCK_BYTES = 4 * 1024**2
#: The most parts that are walked over; a true file of 50 MB has some ten thousand.
MAX_PARTS = 200_000


class Damaged(Exception):
    """The file can't be what it says it is."""


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
    """How a picture's numbers lie in a file that isn't decoded by Pillow as a whole.

    Pixels lie in segments: strips of whole rows, or tiles. Each may be packed by itself.

    Attributes:
        size: (width, height).
        big_endian: The order of bytes in a number.
        bits: The width of a number, 1 to 64.
        form: "unsigned", "signed" or "float".
        samples: How many numbers a pixel has.
        planar: Each of them has segments of its own, one after the other.
        shown: Indices of the numbers shown: one as grey, three as RGB, four as CMYK.
        is_colour: The file says that these are colours or inks.
        alpha: Which of them tells how opaque a pixel is; -1 where none does.
        premultiplied: Colours are multiplied by it already.
        inverted: White is the lowest number, not the highest.
        white: The highest number that the file says there can be; 0 where it doesn't say.
        missing: The number that stands for "no value here".
        segment: (columns, rows) of a segment.
        tiled: The segments are tiles, which all have their full size.
        places: Where each segment begins, and how many bytes it has there; none: it is empty.
        compression: TIFF's number of how segments are packed; 1 is not at all.
        predictor: TIFF's number of how they were prepared for packing; 1 is not at all.
        reversed_bits: The bits of each byte stand in reverse.
        tables: What all segments that are packed as JPEG share.
        orientation: As EXIF counts.
        profile: The colour profile, if there is one.
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
    """What is to be decoded.

    Attributes:
        data: The file with only what its first frame needs.
        frames: How many frames or pages it has, as far as they were counted.
        size: (width, height) that a decoder would reserve memory for before anyone can object.
        work_bytes: What decoding takes beside the pixels themselves.
        canvas: (width, height, left, top): the frame lies there on an empty sheet of that size.
        white: The highest number that the file says there can be; 0 where it doesn't say.
        halved: Its colours have more than 8 bits, of which Pillow keeps the upper 8.
        layout: How its numbers lie in ``data``, if Pillow can't read them, or not in full depth.
    """

    data: bytes
    frames: int = 1
    size: tuple[int, int] | None = None
    work_bytes: int = 0
    canvas: tuple[int, int, int, int] | None = None
    white: int = 0
    halved: bool = False
    layout: Layout | None = None
