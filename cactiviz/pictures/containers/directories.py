"""TIFF's directories: what each says of a picture, none believed beyond the end of the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cactiviz.pictures.containers.contents import MAX_BLOCK_BYTES, MAX_PARTS, Damaged, Overloaded

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_BYTES |= {13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L"}
_NUMBERS |= {16: "Q", 17: "q", 18: "Q"}
_MOST_ENTRIES = MAX_PARTS // 100


@dataclass(frozen=True)
class Entry:
    """A tag's entry: where it stands, and where its values do."""

    at: int
    kind: int
    items: int
    place: int
    sound: bool


@dataclass(frozen=True)
class Directory:
    """One picture's tags.

    Attributes:
        start: Where it begins in the file.
        end: Where the place of the next one is told.
        after: Where the next one begins; 0: there is none.
        entries: The first entry of each tag.
        twice: The entries of tags that were there before.
    """

    data: bytes
    order: str
    start: int
    end: int
    after: int
    entries: dict[int, Entry]
    twice: tuple[Entry, ...]

    def numbers(self, tag: int, most: int = MAX_PARTS) -> tuple[int, ...]:
        """All values of a tag that are numbers; none where it is missing or unsound."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound or entry.kind not in _NUMBERS:
            return ()
        if entry.items > most:
            raise Overloaded
        form = f"{self.order}{entry.items}{_NUMBERS[entry.kind]}"
        return struct.unpack_from(form, self.data, entry.place)

    def number(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound or entry.kind not in _NUMBERS or not entry.items:
            return default
        form = f"{self.order}{_NUMBERS[entry.kind]}"
        return int(struct.unpack_from(form, self.data, entry.place)[0])

    def block(self, tag: int) -> bytes:
        """A tag's bytes as they stand."""
        entry = self.entries.get(tag)
        if entry is None or not entry.sound:
            return b""
        return self.data[entry.place : entry.place + entry.items * _BYTES[entry.kind]]

    @property
    def is_whole(self) -> bool:
        """Whether it is a picture, not a smaller copy of one, nor a mask."""
        return not self.number(254, 0) & 5 and self.number(255, 1) != 2


@dataclass(frozen=True)
class Form:
    """How a file's directories are written: the order of bytes, and whether it's a BigTIFF."""

    order: str
    big: bool

    @classmethod
    def of(cls, data: bytes) -> Form:
        """By the file's first bytes."""
        return cls("<" if data[:2] == b"II" else ">", data[2:4] in (b"\x2b\0", b"\0\x2b"))

    @property
    def word(self) -> str:
        """``struct``'s sign for a place in the file."""
        return "Q" if self.big else "L"

    @property
    def start_at(self) -> int:
        """Where the first directory's place is told."""
        return 8 if self.big else 4

    def directory(self, data: bytes, start: int) -> Directory:
        """The directory that begins there.

        Raises:
            Damaged: It is cut off.
            Overloaded: It has more entries than any picture needs.
        """
        order, word, step = self.order, self.word, 20 if self.big else 12
        room = struct.calcsize("<" + word)
        (count,) = struct.unpack_from(order + ("Q" if self.big else "H"), data, start)
        first = start + (8 if self.big else 2)
        end = first + step * count
        if end + room > len(data):
            raise Damaged
        if count > _MOST_ENTRIES:
            raise Overloaded
        entries: dict[int, Entry] = {}
        twice, left = [], len(data)
        for at in range(first, end, step):
            tag, kind, items = struct.unpack_from(f"{order}HH{word}", data, at)
            length, place = items * _BYTES.get(kind, 0), at + step - room
            if length > room:
                (place,) = struct.unpack_from(order + word, data, place)
                left -= length
            sound = place + length <= len(data) and left >= 0 and length <= MAX_BLOCK_BYTES
            entry = Entry(at, kind, items, place, sound and kind in _BYTES)
            if tag in entries:
                twice.append(entry)
            else:
                entries[tag] = entry
        (after,) = struct.unpack_from(order + word, data, end)
        return Directory(data, order, start, end, after, entries, tuple(twice))

    def chain(self, data: bytes, most: int = 1000) -> Iterator[Directory]:
        """The directories in their order, up to one that is cut off or was there before.

        Raises:
            Damaged: The first of them is cut off.
        """
        (start,) = struct.unpack_from(self.order + self.word, data, self.start_at)
        seen: set[int] = set()
        entries = 0
        while start and start not in seen and len(seen) < most and entries < MAX_PARTS // 4:
            try:
                directory = self.directory(data, start)
            except (Damaged, Overloaded, struct.error):
                if not seen:
                    raise
                return
            seen.add(start)
            entries += len(directory.entries) + len(directory.twice)
            yield directory
            start = directory.after
        if not seen:
            raise Damaged

    def below(self, directory: Directory, most: int = 16) -> Iterator[Directory]:
        """The directories that one directory itself points to, as those of cameras do."""
        for start in directory.numbers(330)[:most]:
            try:
                yield self.directory(directory.data, start)
            except (Damaged, Overloaded, struct.error):
                continue
