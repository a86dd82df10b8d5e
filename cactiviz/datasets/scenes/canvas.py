"""Square canvas in relative coordinates 0..1, so that a drawing is the same at every size."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]

#: Standard deviation of cubic B-spline noise over a lattice of unit deviates, far from its edges.
_SPLINE_DEVIATION = 0.479
#: Pixels along a tile's edge in the drone's pictures.
_CAMERA = 32


class Window(NamedTuple):
    """Part of a canvas around one drawn object.

    Attributes:
        rows: Its rows of the canvas.
        columns: Its columns of the canvas.
        y: float32 (h, 1), 0 at the top edge of the tile, 1 at the bottom.
        x: float32 (1, w), 0 at the left edge, 1 at the right.
    """

    rows: slice
    columns: slice
    y: Floats
    x: Floats


class Canvas:
    """Colours in 0..255 as float32 (side, side, 3), not clipped.

    Attributes:
        side: Pixels along each edge.
        rgb: What is drawn so far.
    """

    def __init__(self, side: int, colour: Colour = (0, 0, 0)) -> None:
        self.side = side
        self.rgb: Floats = np.empty((side, side, 3), np.float32)
        self.rgb[:] = colour
        self._axis = ((np.arange(side) + 0.5) / side).astype(np.float32)

    @property
    def whole(self) -> Window:
        """All of it."""
        full = slice(0, self.side)
        return Window(full, full, self._axis[:, None], self._axis[None])

    def window(self, y: float, x: float, reach: float) -> Window:
        """The pixels within ``reach`` of a place, along each axis; perhaps none."""
        rows, columns = (
            slice(
                min(max(int((place - reach) * self.side), 0), self.side),
                min(max(int((place + reach) * self.side) + 2, 0), self.side),
            )
            for place in (y, x)
        )
        return Window(rows, columns, self._axis[rows, None], self._axis[None, columns])

    def cover(self, distance: Floats, soft: float = 0.0) -> Floats:
        """From the signed distance to an outline (negative inside) to the share covered, 0..1.

        The edge is one pixel wide, or ``soft`` (a share of the tile) where that is more.
        """
        share: Floats = 0.5 - distance / max(soft, 1 / self.side)
        return np.clip(share, 0, 1, out=share)

    def paint(self, where: Window, alpha: Floats, colour: Colour | Floats) -> None:
        """Lay a colour over the window, as opaque as ``alpha`` (h, w) in 0..1 says."""
        part = self.rgb[where.rows, where.columns]
        part += alpha[..., None] * (np.asarray(colour, np.float32) - part)

    def shade(self, where: Window, factor: Floats) -> None:
        """Multiply the window's brightness by ``factor`` (h, w)."""
        self.rgb[where.rows, where.columns] *= factor[..., None]

    def noise(self, random: np.random.Generator, cells: int) -> Floats:
        """Smooth noise with so many cells along an edge: mean 0, deviation 1, (side, side)."""
        lattice = random.standard_normal((cells + 3, cells + 3)).astype(np.float32)
        low, weights = _spline(self.side, cells)
        # Row by row rather than as one product of matrices: the same bits on any number of cores.
        rows = sum(weights[k][:, None] * lattice[low + k] for k in range(4))
        turned = np.ascontiguousarray(np.asarray(rows).T)
        field: Floats = sum(weights[k][:, None] * turned[low + k] for k in range(4)).T
        return field / np.float32(_SPLINE_DEVIATION)

    def streaks(self, random: np.random.Generator, angle: float, along: int, across: int) -> Floats:
        """Noise drawn out in a direction: ``along`` cells that way, ``across`` the other."""
        y, x = self._axis[:, None] - 0.5, self._axis[None] - 0.5
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u = (x * cos + y * sin + 0.75) * along
        v = (y * cos - x * sin + 0.75) * across
        lattice = random.standard_normal((int(1.5 * across) + 3, int(1.5 * along) + 3))
        lattice = lattice.astype(np.float32)
        column, row = u.astype(np.intp), v.astype(np.intp)
        u, v = u - column, v - row
        u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
        top = lattice[row, column] * (1 - u) + lattice[row, column + 1] * u
        low = lattice[row + 1, column] * (1 - u) + lattice[row + 1, column + 1] * u
        return single((top * (1 - v) + low * v) / 0.743)

    def seen(self, size: int, blur: float, sharpening: float, quality: int) -> Floats:
        """The canvas as a drone's camera records it: float32 (size, size, 3).

        Args:
            size: Pixels along each edge of the picture, a divisor of ``side``.
            blur: Standard deviation of the lens's blur, a share of the tile.
            sharpening: Strength of the camera's sharpening; 0 for none.
            quality: Quality of the JPEG file that it writes, 1 to 100.
        """
        deviation = blur * self.side
        picture = _blurred(self.rgb, deviation)
        if sharpening:
            picture += sharpening * (picture - _blurred(picture, 1.1 * deviation))
        # Rounding to coarse steps is what the file does to the picture at its own resolution.
        coarse = single(cv2.resize(picture, (_CAMERA, _CAMERA), interpolation=cv2.INTER_AREA))
        lost = single(_through_jpeg(coarse, quality) - coarse)
        side = (self.side, self.side)
        picture += cv2.resize(lost, side, interpolation=cv2.INTER_CUBIC)
        step = self.side // size
        return single(picture.reshape(size, step, size, step, 3).mean(axis=(1, 3)))


def _through_jpeg(picture: Floats, quality: int) -> NDArray[np.uint8]:
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    opened = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)
    return opened[..., ::-1]


def single(values: ArrayLike) -> Floats:
    """As float32."""
    return np.asarray(values, np.float32)


def to_polyline(y: Floats, x: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Distance of places from a polyline, and their position along it.

    Args:
        y: Rows of the places, (h, 1).
        x: Their columns, (1, w).
        points: (n, 2), rows and columns of the line's corners.

    Returns:
        (h, w) each: the distance, and the nearest point's place on the line in 0..1, counting
        corners.
    """
    shape = np.broadcast_shapes(y.shape, x.shape)
    nearest = np.full(shape, np.inf, np.float32)
    along = np.zeros(shape, np.float32)
    pieces = len(points) - 1
    for index in range(pieces):
        (y0, x0), (y1, x1) = points[index], points[index + 1]
        dy, dx = y1 - y0, x1 - x0
        t = ((y - y0) * dy + (x - x0) * dx) / max(dy * dy + dx * dx, np.float32(1e-12))
        np.clip(t, 0, 1, out=t)
        squared = (y - y0 - t * dy) ** 2 + (x - x0 - t * dx) ** 2
        closer = squared < nearest
        nearest[closer] = squared[closer]
        along[closer] = ((t + index) / pieces)[closer]
    return np.sqrt(nearest), along


def _blurred(picture: Floats, deviation: float) -> Floats:
    """Blur by a Gaussian of so many pixels."""
    taps = 2 * int(np.ceil(3.5 * deviation)) + 1
    return np.asarray(cv2.GaussianBlur(picture, (taps, taps), deviation), np.float32)


@lru_cache(maxsize=256)
def _spline(side: int, cells: int) -> tuple[NDArray[np.intp], Floats]:
    """For each pixel of a line its first lattice point, (side,), and the weights, (4, side)."""
    place = (np.arange(side) + 0.5) / side * cells
    low = np.floor(place).astype(np.intp)
    t = place - low
    weights = np.stack(
        (
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        )
    ).astype(np.float32)
    low.flags.writeable = weights.flags.writeable = False
    return low, weights
