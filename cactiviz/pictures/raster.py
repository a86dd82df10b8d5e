"""Reads rows of samples from a file's layout: any number of bands, any type, any depth.

Segments, bands, predictors and byte order are handled here; libtiff, through Pillow, only unpacks.
"""

from __future__ import annotations

import io
import struct
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.pictures.bit_depth import Depth, Samples
from cactiviz.pictures.containers import Damaged, Layout, OtherKind, Overloaded

#: The most bytes that a file's segments may come to when they are unpacked.
MAX_UNPACKED_BYTES = 150_000_000
#: The most bytes that are unpacked at once: a strip, or all tiles side by side.
MAX_SEGMENT_BYTES = 50_000_000

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_KINDS = {"unsigned": "u", "signed": "i", "float": "f"}


class Raster(Samples):
    """The numbers of a picture, unpacked when they are asked for."""

    def __init__(self, data: bytes, layout: Layout) -> None:
        """Take a file's bytes; nothing is unpacked yet.

        Raises:
            Overloaded: To unpack them would take too much time or memory.
        """
        self._data, self._layout = data, layout
        self.size = layout.size
        self.depth = Depth(layout.bits, layout.form, layout.white)
        self.has_alpha, self.premultiplied = layout.alpha >= 0, layout.premultiplied
        self.inverted, self.missing = layout.inverted, layout.missing
        self.info = {"icc_profile": layout.profile, "orientation": layout.orientation}
        self._bands = [*layout.shown, *([layout.alpha] if self.has_alpha else [])]
        self._across = -(-layout.size[0] // layout.segment[0])
        self._down = -(-layout.size[1] // layout.segment[1])
        self._last: dict[int, tuple[tuple[int, int], NDArray[Any]]] = {}
        planes = len(self._bands) if layout.planar else 1
        in_row = layout.row_bytes * layout.segment[1] * self._across * planes
        in_row *= 1 if layout.bits % 8 == 0 else 8  # single bits are spread out meanwhile
        if in_row * self._down > MAX_UNPACKED_BYTES:
            raise Overloaded
        if in_row > MAX_SEGMENT_BYTES and not self._in_place:
            raise Overloaded

    @property
    def _in_place(self) -> bool:
        return self._layout.compression == 1 and not self._layout.tiled

    @property
    def remark(self) -> str:
        """Which bands are shown, if that isn't plain."""
        layout = self._layout
        count, shown = layout.samples - self.has_alpha, [band + 1 for band in layout.shown]
        if count == 1 or (count == len(shown) and layout.is_colour):
            return ""
        if len(shown) == 1:
            return f"Band {shown[0]} of {count} is shown, as grey."
        if len(shown) == 4:
            return f"Bands 1 to 4 of {count} are shown, as the inks of a print."
        names = f"{shown[0]}, {shown[1]} and {shown[2]}"
        return f"Bands {names} of {count} are shown as red, green and blue."

    def rows(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows of the bands that are shown: (rows, width, bands), as native numbers."""
        if not self._layout.planar:
            return self._part(0, top, bottom)
        return np.concatenate([self._part(band, top, bottom) for band in self._bands], axis=2)

    def _part(self, band: int, top: int, bottom: int) -> NDArray[Any]:
        """Rows of all bands, or of the one band whose segments lie by themselves."""
        each = self._layout.segment[1]
        if self._in_place:
            return self._chosen(_numbers(self._lines(band, top, bottom), self._layout))
        first, last = top // each, -(-bottom // each)
        span, numbers = self._last.get(band, ((-1, -1), np.empty(0)))
        if span != (first, last):
            numbers = self._unpacked(band, first, last)
            self._last[band] = (first, last), numbers
        return numbers[top - first * each : bottom - first * each]

    def _chosen(self, numbers: NDArray[Any]) -> NDArray[Any]:
        first, count = self._bands[0], len(self._bands)
        if self._layout.planar:
            return numbers
        if self._bands == list(range(first, first + count)):  # no copy, the usual case
            return numbers[..., first : first + count]
        return numbers[..., self._bands]

    def _lines(self, band: int, top: int, bottom: int) -> NDArray[np.uint8]:
        """Rows that lie in strips as they are, (rows, bytes)."""
        layout, out = self._layout, []
        each, size = layout.segment[1], layout.row_bytes
        while top < bottom:
            place, length = layout.places[band * self._down * layout.planar + top // each]
            end = min(bottom, (top // each + 1) * each)
            start, stop = top % each * size, (top % each + end - top) * size
            if length and (stop > length or place + stop > len(self._data)):
                raise Damaged
            piece = self._data[place + start : place + stop] if length else bytes(stop - start)
            out.append(piece.translate(_REVERSED) if layout.reversed_bits else piece)
            top = end
        return np.frombuffer(b"".join(out), np.uint8).reshape(-1, size)

    def _unpacked(self, band: int, first: int, last: int) -> NDArray[Any]:
        """All pixels in some rows of segments."""
        layout = self._layout
        columns, each = layout.segment
        start = (band * self._down * layout.planar + first) * self._across
        places = layout.places[start : start + (last - first) * self._across]
        rows = len(places) * each
        if not layout.tiled:
            rows = min(last * each, layout.size[1]) - first * each
        if any(place + length > len(self._data) for place, length in places):
            raise Damaged
        full = np.repeat([length > 0 for _, length in places], each)[:rows]
        unpack = self._copied if layout.compression == 1 else self._by_libtiff
        if full.all():
            lines = unpack(list(places), rows)
        else:
            lines = np.zeros((rows, layout.row_bytes), np.uint8)
            there = [place for place in places if place[1]]
            lines[full] = unpack(there, int(full.sum())) if there else 0
        numbers = self._chosen(_numbers(lines, layout))
        if layout.missing is not None and not full.all():
            numbers = numbers.copy()
            numbers[~full] = layout.missing
        if layout.tiled:
            shape = (last - first, self._across, each, columns, numbers.shape[2])
            numbers = numbers.reshape(shape).swapaxes(1, 2)
            numbers = numbers.reshape(-1, self._across * columns, shape[4])
        return numbers[:, : layout.size[0]]

    def _copied(self, places: list[tuple[int, int]], rows: int) -> NDArray[np.uint8]:
        """Tiles that lie in the file as they are."""
        length = self._layout.row_bytes * self._layout.segment[1]
        if any(there < length for _, there in places):
            raise Damaged
        data = b"".join(self._data[place : place + length] for place, _ in places)
        data = data.translate(_REVERSED) if self._layout.reversed_bits else data
        return np.frombuffer(data, np.uint8).reshape(rows, -1)

    def _by_libtiff(self, places: list[tuple[int, int]], rows: int) -> NDArray[np.uint8]:
        """Segments that are packed: for libtiff they are strips of a grey picture of bytes."""
        layout = self._layout
        packed = [self._data[place : place + length] for place, length in places]
        lengths, count, tables = [len(piece) for piece in packed], len(packed), layout.tables
        body = 8 + 2 + 12 * (10 + bool(tables)) + 4
        lists = body + len(tables)
        starts = list(accumulate(lengths[:-1], initial=lists + 8 * count))
        tags = [
            (256, 4, 1, layout.row_bytes),
            (257, 4, 1, rows),
            (258, 4, 1, 8),
            (259, 4, 1, layout.compression),
            (262, 4, 1, 1),
            (266, 4, 1, 2 if layout.reversed_bits else 1),
            (273, 4, count, lists if count > 1 else starts[0]),
            (277, 4, 1, 1),
            (278, 4, 1, layout.segment[1]),
            (279, 4, count, lists + 4 * count if count > 1 else lengths[0]),
            *([(347, 7, len(tables), body)] if tables else []),
        ]
        entries = b"".join(struct.pack("<HHLL", *tag) for tag in tags)
        head = struct.pack("<2sHLH", b"II", 42, 8, len(tags)) + entries + bytes(4)
        where = struct.pack(f"<{2 * count}L", *starts, *lengths)
        file = io.BytesIO(b"".join((head, tables, where, *packed)))
        image = Image.OPEN["TIFF"][0](file, "")
        image.load()
        return np.asarray(image)


def _numbers(lines: NDArray[np.uint8], layout: Layout) -> NDArray[Any]:
    """Rows of bytes -> (rows, columns, samples) of native numbers, their predictor undone."""
    columns, samples = layout.segment[0], 1 if layout.planar else layout.samples
    bits, shape = layout.bits, (len(lines), columns, samples)
    if bits not in (8, 16, 32, 64):
        if layout.predictor != 1:
            raise OtherKind(f"a TIFF file with differences of {bits} bits", "save it as PNG")
        room = 8 if bits < 8 else 16 if bits < 16 else 32
        single = np.unpackbits(lines, axis=1, count=columns * samples * bits)
        spread = np.zeros((len(lines), columns * samples, room), np.uint8)
        spread[..., room - bits :] = single.reshape(len(lines), -1, bits)
        return np.packbits(spread).view(f">u{room // 8}").astype(f"u{room // 8}").reshape(shape)
    width = bits // 8
    kind = f"{_KINDS[layout.form]}{width}"
    if layout.predictor == 3:  # differences of bytes, the first byte of all numbers first
        sums = lines.reshape(len(lines), -1, samples).cumsum(axis=1, dtype=np.uint8)
        planes = sums.reshape(len(lines), width, columns * samples).swapaxes(1, 2)
        return np.ascontiguousarray(planes).view(f">{kind}").astype(kind).reshape(shape)
    numbers = lines.view(f"{'>' if layout.big_endian else '<'}u{width}").reshape(shape)
    numbers = numbers.astype(f"u{width}", copy=False)
    if layout.predictor == 2 and layout.compression != 1:
        numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype)
    return numbers.view(kind)
