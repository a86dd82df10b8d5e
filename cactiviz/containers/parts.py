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


@dataclass(frozen=True)
class Contents:
    """What is to be decoded.

    Attributes:
        data: The file with only what its first frame needs.
        frames: How many frames or pages it has, as far as they were counted.
        size: (width, height) that a decoder would reserve memory for before anyone can object.
        work_bytes: What decoding takes beside the pixels themselves.
    """

    data: bytes
    frames: int = 1
    size: tuple[int, int] | None = None
    work_bytes: int = 0
