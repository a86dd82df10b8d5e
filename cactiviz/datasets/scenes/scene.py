"""Aerial desert tiles drawn by a program, with columnar cacti whose masks are known exactly.

Drawn after real drone pictures and on no network. A tile with and a tile without a cactus of the
same seed share ground, stones and shrubs, so that only the cacti and their shadows tell them apart.
From above and a little aside a column is a strip: its pale tip lies farthest from the tile's
nadir, its foot is often lost in the ground, and a dark shadow leaves the foot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.scenes.canvas import Canvas, Floats, to_polyline
from cactiviz.datasets.scenes.terrain import draw_ground, draw_plants
from cactiviz.errors import DataError
from cactiviz.types import Picture

_CORNERS = 7
#: By how much, of 255, a lit column is brighter than the ground at the least.
_PALER = 82.0


@dataclass(frozen=True, eq=False)
class Cactus:
    """One column, in relative coordinates (rows, columns).

    Attributes:
        line: float32 (n, 2), the middle line from the foot to the tip.
        half_width: Half the strip's width where it is widest.
        taper: How much narrower the foot is, as a share.
        colour: float32 (3,), of the lit flank.
        contrast: How much darker the other flank is, as a share.
        shadow: float32 (m, 2), the middle line of the shadow, from the foot.
        darkness: How much light the shadow takes, as a share.
        grain: A seed for the ribs and areoles.
    """

    line: Floats
    half_width: float
    taper: float
    colour: Floats
    contrast: float
    shadow: Floats
    darkness: float
    grain: int

    def distance(self, y: Floats, x: Floats) -> tuple[Floats, Floats]:
        """Signed distance to the outline (negative inside), and the place along the line."""
        far, along = to_polyline(y, x, self.line)
        return far - self.half_width * (1 - self.taper * (1 - along)), along

    def mask(self, size: int) -> NDArray[np.bool_]:
        """(size, size): the pixels whose middle is on it; at least a pixel wide."""
        axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
        far, along = to_polyline(axis[:, None], axis[None], self.line)
        width = np.maximum(self.half_width * (1 - self.taper * (1 - along)), 0.5 / size)
        inside: NDArray[np.bool_] = far <= width
        return inside


def place_cacti(random: np.random.Generator) -> tuple[Cactus, ...]:
    """One column about the middle, or a stand of several that lean the same way."""
    angle = random.uniform(0, 2 * np.pi)
    kind = random.choice(3, p=(0.5, 0.25, 0.25))
    count = 1 if kind == 0 else int(random.integers(2, 4) if kind == 1 else random.integers(3, 7))
    half_width = random.uniform(0.030, 0.055) if kind < 2 else random.uniform(0.022, 0.029)
    length = random.uniform(0.6, 1.0)
    if random.random() < 0.85:
        colour = np.array((234, 222, 224)) + random.normal(0, 12) + random.normal(0, 3, 3)
    else:  # its lit side is turned away
        colour = np.array((188, 185, 183)) + random.normal(0, 9) + random.normal(0, 3, 3)
    turn = random.choice((-1, 1)) * random.uniform(0.05, 0.45)
    darkness = random.uniform(0.4, 0.7)
    bend = random.normal(0, 0.12)
    middle = 0.5 + random.normal(0, 0.05, 2)
    lanes = np.arange(count) - (count - 1) / 2
    if kind == 1:
        lanes = np.arange(count) * random.choice((-1, 1))
    gap = min(half_width * random.uniform(3.2, 5.5), 0.18)  # all of them within the tile
    along, aside = _directions(angle)
    cacti = []
    for lane in lanes:
        own_length = length * (1 if lane == 0 else random.uniform(0.55, 1.1))
        aside_by = lane * gap * random.uniform(0.8, 1.2)
        place = middle + aside_by * aside + along * random.normal(0, 0.1) * (lane != 0)
        own_angle = angle + random.normal(0, 0.05)
        line = _curve(place, own_angle, own_length, bend + random.normal(0, 0.05))
        shadow_length = own_length * random.uniform(0.6, 1.0)
        foot_angle = own_angle + turn
        reach = shadow_length * np.array([np.sin(foot_angle), np.cos(foot_angle)])
        shadow = line[0] + np.linspace(0, 1, 4)[:, None] * reach
        cacti.append(
            Cactus(
                line,
                half_width * random.uniform(0.85, 1.2),
                random.uniform(0.05, 0.35),
                (colour + random.normal(0, 7)).astype(np.float32),
                random.uniform(0.08, 0.28),
                shadow.astype(np.float32),
                darkness,
                int(random.integers(2**31)),
            )
        )
    return tuple(cacti)


def masks_of(cacti: Sequence[Cactus], size: int) -> NDArray[np.bool_]:
    """(N, size, size): what is seen of each, where each hides those before it.

    A pixel is of one cactus at most, and each has one at least, however small the tile.
    """
    masks = np.zeros((len(cacti), size, size), np.bool_)
    for index, cactus in enumerate(cacti):
        masks[index] = cactus.mask(size)
        masks[:index] &= ~masks[index]
    for index, cactus in enumerate(cacti):
        if not masks[index].any():
            row, column = np.clip(cactus.line[_CORNERS // 2] * size, 0, size - 1).astype(np.intp)
            masks[:, row, column] = False
            masks[index, row, column] = True
    return masks


def draw_shadow(canvas: Canvas, cactus: Cactus) -> None:
    """Darken the ground where the column's shadow lies."""
    where = canvas.whole
    far, along = to_polyline(where.y, where.x, cactus.shadow)
    share = canvas.cover(far - np.float32(0.9 * cactus.half_width), 0.03)
    share *= 1 - 0.6 * along
    canvas.shade(where, 1 - np.float32(cactus.darkness) * share)


def draw_body(canvas: Canvas, cactus: Cactus, ground: float) -> None:
    """Lay the column over all that is drawn: ribs, one darker flank, a pale tip.

    Args:
        canvas: What is drawn so far.
        cactus: The column.
        ground: The ground's mean brightness; skin is paler than what it grows on.
    """
    random = np.random.default_rng(cactus.grain)
    where = canvas.whole
    distance, along = cactus.distance(where.y, where.x)
    aside = _aside(where.y, where.x, cactus) / np.float32(cactus.half_width)
    tone = 1 - cactus.contrast * np.clip(0.5 + 0.6 * aside * random.choice((-1, 1)), 0, 1)
    ribs = 1 + 0.06 * np.cos(aside * np.float32(np.pi * 2.2) + random.uniform(0, 6))
    knots = 1 + 0.09 * canvas.noise(random, 26) + 0.05 * canvas.noise(random, 9)
    pale = 1 + 0.10 * np.exp(-(((1 - along) / 0.08) ** 2)) - 0.08 * (1 - along) ** 3
    paler = np.float32(max(0.0, ground + _PALER - float(cactus.colour.mean())))
    colour = (cactus.colour + paler) * (tone * ribs * knots * pale)[..., None]
    canvas.paint(where, canvas.cover(distance), colour.astype(np.float32))


def _directions(angle: float) -> tuple[Floats, Floats]:
    along = np.array([np.sin(angle), np.cos(angle)])
    return along, np.array([along[1], -along[0]])


def _curve(place: Floats, angle: float, length: float, bend: float) -> Floats:
    """A gently bent line about ``place``."""
    along, aside = _directions(angle)
    t = np.linspace(-0.5, 0.5, _CORNERS)
    line = place + length * (t[:, None] * along + bend * (t[:, None] ** 2 - 0.08) * aside)
    return line.astype(np.float32)


def _aside(y: Floats, x: Floats, cactus: Cactus) -> Floats:
    """Signed distance from the straight line through foot and tip."""
    (y0, x0), (y1, x1) = cactus.line[0], cactus.line[-1]
    length = np.hypot(y1 - y0, x1 - x0)
    aside: Floats = ((y - y0) * (x1 - x0) - (x - x0) * (y1 - y0)) / length
    return aside


TITLE = "Drawn scenes"
TERMS = "Drawn by cactiviz; CC0"
#: In the order of a one-logit network's classes.
CLASSES = ("no cactus", "cactus")
#: Seeds that the data set lists for each class.
COUNT = 1000
SMALLEST, LARGEST = 16, 1024
_SIZE = 256
#: Fewer pixels than this along an edge are drawn finer and then seen from farther away.
_DRAWN_AT_LEAST = 128
#: So that changing what grows or stands on it leaves the ground as it is.
_GROUND, _PLANTS, _CACTI, _CAMERA = range(4)


@dataclass(frozen=True, eq=False)
class Scene:
    """A drawn tile and the truth about it.

    Attributes:
        rgb: uint8 (size, size, 3).
        masks: bool (N, size, size), each cactus's visible pixels without its shadow; N may be 0.
    """

    rgb: NDArray[np.uint8]
    masks: NDArray[np.bool_]


def draw_scene(seed: int, size: int = 64, cactus: bool = True) -> Scene:
    """Draw the tile of a seed: the same seed is the same place, at every size and in every run.

    Args:
        seed: 0 or more.
        size: Pixels along each edge, 16 to 1024.
        cactus: Whether cacti stand there.

    Raises:
        DataError: The seed is negative, or the size out of range.

    >>> draw_scene(7, 32).masks.any(axis=(1, 2)).all(), draw_scene(7, 32, cactus=False).masks.shape
    (np.True_, (0, 32, 32))
    """
    if seed < 0:
        raise DataError(f"A scene's seed is 0 or more, not {seed}.")
    return render_scene(seed, size, cacti_of(seed) if cactus else ())


def cacti_of(seed: int) -> tuple[Cactus, ...]:
    """The cacti of a seed's scene, the hindmost first."""
    return place_cacti(_random(seed, _CACTI))


def render_scene(seed: int, size: int, cacti: Sequence[Cactus], shadows: bool = True) -> Scene:
    """Draw a seed's ground and plants with whatever cacti are given.

    Raises:
        DataError: The size is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"A scene is {SMALLEST} to {LARGEST} pixels wide, not {size}.")
    canvas = Canvas(size * max(1, -(-_DRAWN_AT_LEAST // size)))
    sun = draw_ground(canvas, _random(seed, _GROUND))
    draw_plants(canvas, _random(seed, _PLANTS), sun)
    ground = float(canvas.rgb.mean())
    for cactus in cacti if shadows else ():
        draw_shadow(canvas, cactus)
    for cactus in cacti:
        draw_body(canvas, cactus, ground)
    random = _random(seed, _CAMERA)
    blur, sharpening = random.uniform(0.0125, 0.017), random.uniform(0.9, 1.7)
    photograph = canvas.seen(size, blur, sharpening, int(random.integers(76, 90)))
    return Scene(np.clip(np.rint(photograph), 0, 255).astype(np.uint8), masks_of(cacti, size))


def open_scenes(size: int = _SIZE) -> Dataset:
    """A thousand scenes with and a thousand without a cactus, drawn when they are read.

    >>> open_scenes(64).read("cactus", "3").name
    'scenes:cactus/3'
    """

    def read(class_name: str, name: str) -> Picture:
        if class_name not in CLASSES or name not in names:
            raise DataError(f"The data set {TITLE} has no picture “{class_name}/{name}”.")
        scene = draw_scene(int(name), size, cactus=class_name == CLASSES[1])
        return Picture(scene.rgb, f"scenes:{class_name}/{name}", TERMS)

    names = tuple(map(str, range(COUNT)))
    return Dataset("scenes", TITLE, TERMS, dict.fromkeys(CLASSES, names), read)


def _random(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng((seed, purpose))
