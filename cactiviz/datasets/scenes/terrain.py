"""The ground, plants and light of an aerial desert scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cactiviz.datasets.scenes.canvas import Canvas, Colour, Floats, single, to_polyline

#: Mean colours of bare and overgrown ground seen from a drone, and how often each is met.
_SOILS: tuple[tuple[Colour, float], ...] = (
    ((146, 131, 131), 0.28),
    ((158, 144, 146), 0.18),
    ((131, 119, 114), 0.20),
    ((108, 104, 91), 0.11),
    ((88, 83, 71), 0.07),
    ((137, 122, 126), 0.05),
    ((119, 107, 107), 0.05),
)
_GREENS: tuple[Colour, ...] = (
    (104, 104, 84),
    (88, 90, 72),
    (124, 115, 94),
    (76, 79, 64),
    (82, 98, 72),
    (70, 88, 62),
)


class Sun(NamedTuple):
    """Direction of shadows: a unit vector (rows, columns) away from the sun."""

    y: float
    x: float


def draw_ground(canvas: Canvas, random: np.random.Generator) -> Sun:
    """Draw soil, stones and tracks; return the direction of shadows."""
    shares = np.array([share for _, share in _SOILS])
    colour = np.array(_SOILS[random.choice(len(_SOILS), p=shares / shares.sum())][0])
    colour = colour + random.normal(7, 5) + random.normal(0, 1.5, 3)
    canvas.rgb[:] = colour.astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    sun = Sun(float(np.sin(angle)), float(np.cos(angle)))
    _tint(canvas, random)
    for _ in range(random.integers(0, 3)):
        _fold(canvas, random, sun)
    if random.random() < 0.22:
        _track(canvas, random)
    if random.random() < 0.06:
        _rock(canvas, random)
    _grain(canvas, random)
    _gravel(canvas, random, sun)
    return sun


def _tint(canvas: Canvas, random: np.random.Generator) -> None:
    """Broad differences of brightness and hue, and patches of thin grass."""
    broad = canvas.noise(random, 2) * 5 + canvas.noise(random, 5) * random.uniform(2, 8)
    canvas.rgb += broad[..., None]
    canvas.rgb += canvas.noise(random, 3)[..., None] * single([1.2, 0.1, -1.0])
    if random.random() < 0.45:
        green = single(_GREENS[random.integers(len(_GREENS))]) + np.float32(random.normal(0, 6))
        level = random.uniform(-0.6, 1.2)
        patch = canvas.noise(random, int(random.integers(2, 5))) + 0.35 * canvas.noise(random, 14)
        alpha = np.clip((patch - level) * 1.2, 0, 1) * random.uniform(0.5, 0.95)
        canvas.paint(canvas.whole, alpha.astype(np.float32), green)


def _grain(canvas: Canvas, random: np.random.Generator) -> None:
    """Crumbs and litter, from a tenth to a 160th of the tile, here rough and there smooth."""
    strength = random.uniform(0.25, 0.95)
    coarse = canvas.noise(random, int(random.integers(9, 15)))
    middle = canvas.noise(random, int(random.integers(17, 23)))
    fine = canvas.noise(random, int(random.integers(26, 32)))
    finest = canvas.noise(random, 160)
    where = np.clip(0.8 + 0.5 * canvas.noise(random, 3), 0.15, 1.7)
    crumbs = 4 * coarse + 12 * middle + 11 * fine + 3 * finest
    crumbs -= 11 * np.clip(middle + 0.5 * fine - 1.3, 0, None)  # dark gaps between the crumbs
    if random.random() < 0.4:
        streaks = canvas.streaks(random, random.uniform(0, np.pi), 7, 26)
        crumbs += random.uniform(2, 8) * streaks
    canvas.rgb += (strength * where * crumbs)[..., None]
    hue = canvas.noise(random, 8)[..., None] * single([0.7, -0.7, -0.1])
    hue += canvas.noise(random, 15)[..., None] * single([0.1, 0.1, 0.8])
    canvas.rgb += hue * np.float32(random.uniform(0.4, 1.6))


def _fold(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """A crease of the ground, one flank lit and the other in shade."""
    angle = random.uniform(0, np.pi)
    middle = random.uniform(0.05, 0.95, 2)
    across = _across(canvas, angle, middle)
    across = across + canvas.noise(random, 3) * 0.06 + canvas.noise(random, 8) * 0.022
    width = random.uniform(0.05, 0.16)
    facing = np.cos(angle) * sun.y - np.sin(angle) * sun.x
    depth = random.uniform(0.08, 0.22) * (0.4 + abs(facing)) * np.sign(facing)
    darker = depth * across / width * np.exp(0.5 - 0.5 * (across / width) ** 2)
    darker = np.where(darker < 0, 0.55 * darker, darker)  # shade shows more than light
    crease = random.uniform(0, 0.18) * np.exp(-((across / (0.35 * width)) ** 2))
    canvas.shade(canvas.whole, (1 - darker - crease).astype(np.float32))


def _track(canvas: Canvas, random: np.random.Generator) -> None:
    """A path, or two ruts: smoother and somewhat paler than the ground, with faint edges."""
    angle, middle = random.uniform(0, np.pi), random.uniform(0.15, 0.85, 2)
    across = _across(canvas, angle, middle) + canvas.noise(random, 2) * 0.05
    paler = single([1, 0.96, 0.95]) * random.uniform(8, 26)
    ruts = (0.0,) if random.random() < 0.5 else (-0.16, 0.16)
    half = random.uniform(0.05, 0.16) if len(ruts) == 1 else random.uniform(0.03, 0.06)
    for rut in ruts:
        distance = np.abs(across - np.float32(rut)) + canvas.noise(random, 14) * 0.012
        alpha = canvas.cover(distance - np.float32(half), 0.05)
        canvas.rgb += alpha[..., None] * paler
        edge = np.exp(-(((distance - half - 0.02) / 0.025) ** 2)) * random.uniform(0, 0.14)
        canvas.shade(canvas.whole, (1 - edge).astype(np.float32))


def _rock(canvas: Canvas, random: np.random.Generator) -> None:
    """Pale bare rock, cracked, that the sun makes almost white; it leaves the middle free."""
    level = random.uniform(0.4, 1.3)
    whole = canvas.whole
    middle = np.exp(-((whole.y - 0.5) ** 2 + (whole.x - 0.5) ** 2) / 0.09)
    shape = -2.2 * middle + canvas.noise(random, 3) + 0.5 * canvas.noise(random, 11)
    alpha = np.clip((shape - level) * 1.6, 0, 1).astype(np.float32)
    pale = single([196, 186, 192]) + np.float32(random.normal(0, 12))
    tone = 12 * canvas.noise(random, 12) + 10 * canvas.noise(random, 24)
    canvas.paint(canvas.whole, alpha * np.float32(0.9), (pale + tone[..., None]).astype(np.float32))
    cracks = np.exp(-((canvas.noise(random, 7) / 0.16) ** 2)) * alpha
    canvas.shade(canvas.whole, (1 - 0.35 * cracks).astype(np.float32))


def _gravel(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """Stones, many small ones and few large, each with its shadow, in drifts."""
    count = int(random.integers(0, 16) + (random.random() < 0.35) * random.integers(10, 60))
    drift = random.uniform(0, 1, 2)
    spread = random.uniform(0.12, 0.6)
    pale = random.uniform(20, 60)
    for _ in range(count):
        y, x = drift + random.normal(0, spread, 2)
        radius = min(0.010 + random.exponential(0.008), 0.06)
        tone = np.clip(random.normal(pale, 18), -20, 90)
        _stone(canvas, random, sun, (float(y), float(x)), radius, tone)


def _stone(
    canvas: Canvas,
    random: np.random.Generator,
    sun: Sun,
    place: tuple[float, float],
    radius: float,
    tone: float,
) -> None:
    angle, flat = random.uniform(0, np.pi), random.uniform(1.0, 1.7)
    corners = random.uniform(0.75, 1.1, 4)
    phase = random.uniform(0, 2 * np.pi)
    where = canvas.window(*place, 4 * radius)
    if not where.y.size or not where.x.size:
        return

    def outline(dy: float, dx: float) -> Floats:
        v, u = where.y - np.float32(place[0] + dy), where.x - np.float32(place[1] + dx)
        a = u * np.cos(angle) + v * np.sin(angle)
        b = (v * np.cos(angle) - u * np.sin(angle)) * flat
        far = np.sqrt(a * a + b * b)
        knobs = corners[0] + 0.15 * corners[1] * np.cos(3 * np.arctan2(b, a) + phase)
        distance: Floats = (far - radius * knobs).astype(np.float32)
        return distance

    reach = radius * random.uniform(0.5, 1.1)
    shadow = canvas.cover(outline(sun.y * reach, sun.x * reach), 0.4 * radius)
    canvas.shade(where, 1 - np.float32(0.5) * shadow)
    own = canvas.rgb[where.rows, where.columns].mean(axis=(0, 1))
    lit = ((where.y - place[0]) * -sun.y + (where.x - place[1]) * -sun.x) / radius
    colour = (own + np.float32(tone))[None, None] + (12 * np.clip(lit, -1, 1))[..., None]
    canvas.paint(where, canvas.cover(outline(0, 0)), colour.astype(np.float32))


def _across(canvas: Canvas, angle: float, middle: NDArray[np.float64]) -> Floats:
    """Signed distance from a straight line through ``middle``, for every pixel."""
    whole = canvas.whole
    v, u = whole.y - np.float32(middle[0]), whole.x - np.float32(middle[1])
    distance: Floats = (v * np.cos(angle) - u * np.sin(angle)).astype(np.float32)
    return distance


_LEAVES: tuple[Colour, ...] = (
    (84, 86, 68),
    (100, 102, 80),
    (90, 92, 84),
    (116, 112, 88),
    (70, 76, 62),
    (104, 98, 94),
)


def draw_plants(canvas: Canvas, random: np.random.Generator, sun: Sun) -> None:
    """Draw shrubs, grass and sticks; sometimes none."""
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
