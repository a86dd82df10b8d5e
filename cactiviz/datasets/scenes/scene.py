"""Aerial desert tiles drawn by a program, with columnar cacti whose masks are known exactly.

Drawn after real drone pictures and on no network. A tile with and a tile without a cactus of the
same seed share ground, stones and shrubs, so that only the cacti and their shadows tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cactiviz.datasets.dataset import Dataset
from cactiviz.datasets.scenes.cacti import Cactus, draw_body, draw_shadow, masks_of, place_cacti
from cactiviz.datasets.scenes.canvas import Canvas
from cactiviz.datasets.scenes.terrain import draw_ground, draw_plants
from cactiviz.errors import DataError
from cactiviz.types import Picture

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
        masks: bool (N, size, size), the pixels of each cactus that nothing hides, its shadow left
            out; N is 0 without a cactus. No pixel is of two cacti.
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
    return Scene(
        np.clip(np.rint(photograph), 0, 255).astype(np.uint8),
        masks_of(cacti, size),
    )


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
