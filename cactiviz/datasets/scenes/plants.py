"""Shrubs, tufts of grass and dry sticks, seen from straight above."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cactiviz.datasets.scenes.canvas import Canvas, Colour, Floats, single, to_polyline
from cactiviz.datasets.scenes.terrain import Sun

_LEAVES: tuple[Colour, ...] = (
    (84, 86, 68),
    (100, 102, 80),
    (90, 92, 84),
    (116, 112, 88),
    (70, 76, 62),
    (104, 98, 94),
)


def draw_plants(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """Whatever grows on the tile but cacti; sometimes nothing."""
    for _ in range(int(random.choice(4, p=(0.30, 0.38, 0.22, 0.10)))):
        _shrub(canvas, random, sun)
    for _ in range(int(random.choice(4, p=(0.5, 0.25, 0.15, 0.10)))):
        _tuft(canvas, random)
    for _ in range(int(random.choice(3, p=(0.6, 0.28, 0.12)))):
        _stick(canvas, random, sun)


def _shrub(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """A ragged crown of leaves with gaps, lit on one side, its shadow on the other."""
    y, x = random.uniform(-0.05, 1.05, 2)
    radius = random.uniform(0.06, 0.24)
    colour = single(_LEAVES[random.integers(len(_LEAVES))]) + np.float32(random.normal(0, 9))
    where = canvas.whole
    rough = (canvas.noise(random, 6) * 0.28 + canvas.noise(random, 15) * 0.30) * radius
    leaves = canvas.noise(random, 16), canvas.noise(random, 27)
    density = random.uniform(0.55, 0.95)

    def crown(dy: float, dx: float) -> Floats:
        v, u = where.y - np.float32(y + dy), where.x - np.float32(x + dx)
        distance: Floats = (np.sqrt(v * v + u * u) - radius + rough).astype(np.float32)
        return distance

    reach = random.uniform(0.15, 0.5) * radius
    shadow = canvas.cover(crown(sun.y * reach, sun.x * reach), 0.35 * radius)
    canvas.shade(where, 1 - np.float32(random.uniform(0.2, 0.5)) * shadow)
    lit = ((where.y - y) * -sun.y + (where.x - x) * -sun.x) / np.float32(radius)
    tone = 14 * np.clip(lit, -1.5, 1.5) + 15 * leaves[0] + 13 * leaves[1]
    alpha = canvas.cover(crown(0, 0), 0.5 * radius)
    alpha *= np.clip(density + 0.35 * leaves[0], 0, 1)
    canvas.paint(where, alpha, (colour + tone[..., None]).astype(np.float32))


def _tuft(canvas: Canvas, random: np.random.Generator) -> None:
    """Blades of dry or green grass that spread from one place."""
    y, x = random.uniform(0, 1, 2)
    size = random.uniform(0.06, 0.16)
    dry = random.random() < 0.6
    base = single((160, 148, 124) if dry else (92, 100, 76))
    for _ in range(int(random.integers(7, 18))):
        angle = random.uniform(0, 2 * np.pi)
        start = np.array([y, x]) + random.normal(0, 0.12 * size, 2)
        bend = random.normal(0, 0.5)
        ends = [
            start + size * t * np.array([np.sin(angle + bend * t), np.cos(angle + bend * t)])
            for t in (0.1, 0.6, random.uniform(0.8, 1.1))
        ]
        _strand(canvas, ends, 0.006, base + np.float32(random.normal(0, 16)), 0.6)


def _stick(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """A dry branch on the ground: thin, crooked, brown or grey, perhaps forked."""
    point = random.uniform(0.05, 0.95, 2)
    angle = random.uniform(0, 2 * np.pi)
    points = [point]
    for _ in range(int(random.integers(2, 5))):
        angle += random.normal(0, 0.45)
        step = random.uniform(0.05, 0.11)
        points.append(points[-1] + step * np.array([np.sin(angle), np.cos(angle)]))
    grey = single((124, 108, 100)) + np.float32(random.normal(0, 18))
    shadow = [p + 0.018 * np.array([sun.y, sun.x]) for p in points]
    _strand(canvas, shadow, 0.007, single((58, 48, 52)), 0.55)
    _strand(canvas, points, 0.007, grey, 0.8)
    if random.random() < 0.5:
        turn = angle + random.choice((-0.8, 0.8))
        fork = [points[1], points[1] + 0.09 * np.array([np.sin(turn), np.cos(turn)])]
        _strand(canvas, fork, 0.005, grey, 0.7)


def _strand(
    canvas: Canvas, points: ArrayLike, half_width: float, colour: Floats, opacity: float
) -> None:
    line = single(points)
    middle = (line.min(axis=0) + line.max(axis=0)) / 2
    reach = float((line.max(axis=0) - line.min(axis=0)).max()) / 2 + 2 * half_width
    where = canvas.window(float(middle[0]), float(middle[1]), reach)
    if not where.y.size or not where.x.size:
        return
    distance, along = to_polyline(where.y, where.x, line)
    alpha = canvas.cover(distance - half_width * (1.2 - 0.7 * along), half_width)
    canvas.paint(where, alpha * np.float32(opacity), colour)
