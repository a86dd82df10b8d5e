"""The pictures that one browser brought, as files; they are decoded when they are looked at."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from cactiviz.errors import PictureError
from cactiviz.ui import texts

MOST_PICTURES = 400  #: Of one browser; an animation may hold half of them.
MOST_BYTES = 2**29  #: Of one browser's pictures.
NOT_KEPT = "0"  #: The number of a picture that there is no room for.


@dataclass(frozen=True)
class OwnPicture:
    """A picture that was brought.

    Attributes:
        number: Tells it from others; equal files of the same name have the same.
        name: As its file is called.
        file: Where it lies.
        size_bytes: Of the file.
        mark: As :func:`mark` of the file.
    """

    number: str
    name: str
    file: Path
    size_bytes: int
    mark: str

    def read(self) -> bytes:
        """The file.

        Raises:
            PictureError: It is gone.
        """
        try:
            return self.file.read_bytes()
        except OSError as error:
            raise PictureError(texts.OWN_PICTURE_GONE) from error


def number(name: str, data: bytes) -> str:
    """What tells a file of this name from others: 32 hexadecimal digits.

    >>> number("a.png", b"1") == number("a.png", b"1"), number("a.png", b"1") == number("b", b"1")
    (True, False)
    """
    digest = hashlib.sha256(name.encode("utf-8", "replace"))
    digest.update(b"/")  # no name of a file holds it
    digest.update(data)
    return digest.hexdigest()[:32]


def mark(data: bytes | memoryview) -> str:
    """Enough to tell a file from others of its name, and quick.

    >>> mark(b"1")
    '83dcefb7'
    """
    return f"{crc32(data):08x}"


class Album:
    """Pictures in a private folder; those not looked at for the longest time go first.

    Args:
        folder: Where they are kept.
        reserve: Promises so many bytes of the disk, or takes them back if below 0; False where
            there is no room.
    """

    def __init__(self, folder: Path, reserve: Callable[[int], bool]) -> None:
        self._folder = folder
        self._reserve = reserve
        self._kept: OrderedDict[str, OwnPicture] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes, beside: Collection[str] = ()) -> str:
        """Keep a file; returns its number, or :data:`NOT_KEPT` where there is no room for it.

        Args:
            name: As it is called.
            data: The file.
            beside: Numbers of pictures that are not to go for it.
        """
        its = number(name, data)
        if self.get(its) is not None:
            return its
        if not self._drop_old_ones(len(data), beside) or not self._reserve(len(data)):
            return NOT_KEPT
        file = self._folder / f"{its}.picture"
        picture = OwnPicture(its, name, file, len(data), mark(data))
        try:
            file.write_bytes(data)
        except OSError:
            file.unlink(missing_ok=True)
            self._reserve(-len(data))
            return NOT_KEPT
        with self._lock:
            self._kept[its] = picture
        return its

    def get(self, number: str) -> OwnPicture | None:
        """A picture, or None if it isn't kept (any more)."""
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
            return self._kept.get(number)

    def every(self) -> list[OwnPicture]:
        """All that are kept."""
        with self._lock:
            return list(self._kept.values())

    def clear(self) -> None:
        """Forget all; the folder goes with them."""
        with self._lock:
            self._kept.clear()

    def _drop_old_ones(self, size: int, beside: Collection[str]) -> bool:
        """Make room for one more of this size, if that can be."""
        with self._lock:
            held = sum(picture.size_bytes for picture in self._kept.values())
            going: list[str] = []
            for number, picture in self._kept.items():
                left = len(self._kept) - len(going)
                if left < MOST_PICTURES and held + size <= MOST_BYTES:
                    break
                if number not in beside:
                    going.append(number)
                    held -= picture.size_bytes
            if len(self._kept) - len(going) >= MOST_PICTURES or held + size > MOST_BYTES:
                return False
            gone = [self._kept.pop(number) for number in going]
        for picture in gone:
            picture.file.unlink(missing_ok=True)
            self._reserve(-picture.size_bytes)
        return True
