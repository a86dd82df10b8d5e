"""The figure of a picture that was answered tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.figures.typography import HEADING, QUIET, SMALL, Pen
from cactiviz.rendering.paint import resized
from cactiviz.types import Picture

_MARGIN, _GAP = 24, 8
_BAR_WIDTH, _BAR_HEIGHT = 160, 12
_NARROWEST = 360  # so that the legend has room
_HATCH = 10  # pixels from one line to the next
_LINE = (255, 255, 255)
_INK = "#57606A"


@dataclass(frozen=True, eq=False)
class TileFigure:
    """What is drawn.

    Attributes:
        title: The heading.
        summary: The sentence below it.
        notes: Further sentences.
        class_name: The class that was looked for.
        share: float32 (H, W) in the picture's pixels, its probability, 0..1; nan where tiles are
            strangers.
        line: The region from this probability on is outlined.
    """

    title: str
    summary: str
    notes: tuple[str, ...]
    class_name: str
    share: NDArray[np.float32]
    line: float


def draw_tiles(
    picture: Picture, figure: TileFigure, *, width: int = 1200, strength: float = 0.55
) -> Image.Image:
    """Draw probabilities in colours over the picture in grey, strangers hatched, with a legend.

    Args:
        picture: The picture.
        figure: What is drawn over and beside it.
        width: Width of the picture in pixels, at most; a small one is enlarged by a whole number.
        strength: Opacity of the colours, 0..1.

    Returns:
        An RGB image.
    """
    painted = paint_tiles(picture, figure.share, figure.line, width=width, strength=strength)
    high, wide = painted.shape[:2]
    inner = max(wide, _NARROWEST)
    has_strangers = bool(np.isnan(figure.share).any())

    def draw(sheet: Image.Image) -> int:
        pen = Pen(sheet)
        y = pen.write((_MARGIN, _MARGIN), figure.title, HEADING, inner, 2)
        for sentence in (figure.summary, *figure.notes):
            y = pen.write((_MARGIN, y), sentence, QUIET, inner, 3)
        y += _GAP
        sheet.paste(Image.fromarray(painted), (_MARGIN, y))
        y += high + 2 * _GAP
        ramp = PALETTES["inferno"][np.linspace(0, 255, _BAR_WIDTH).astype(int)]
        bar = np.broadcast_to(ramp, (_BAR_HEIGHT, _BAR_WIDTH, 3)).astype(np.uint8)
        sheet.paste(Image.fromarray(bar), (_MARGIN, y))
        words = f"from dark (surely not “{figure.class_name}”) to bright (surely)"
        left, room = _MARGIN + _BAR_WIDTH + _GAP, inner - _BAR_WIDTH - _GAP
        y = pen.write((left, y - 3), words, SMALL, room, 3) + _GAP // 2
        y = pen.write(
            (_MARGIN, y), "Inside of a white line: more likely than not.", SMALL, inner, 2
        )
        if has_strangers:
            swatch = np.full((_BAR_HEIGHT, _BAR_WIDTH, 3), 150, np.uint8)
            sheet.paste(Image.fromarray(_hatched(swatch)), (_MARGIN, y + 3))
            y = pen.write((left, y), "not a desert tile: no answer", SMALL, room, 2)
        return y + _MARGIN

    size = (inner + 2 * _MARGIN, 1)
    sheet = Image.new("RGB", (size[0], draw(Image.new("RGB", size))), "white")
    draw(sheet)
    return sheet


def paint_tiles(
    picture: Picture,
    share: NDArray[np.float32],
    line: float,
    *,
    width: int = 1200,
    strength: float = 0.55,
) -> NDArray[np.uint8]:
    """Probabilities in colours over the picture in grey, strangers hatched: uint8 (h, w, 3).

    Args:
        picture: The picture.
        share: As in :class:`TileFigure`.
        line: As in :class:`TileFigure`.
        width: Width in pixels, at most; a small picture is enlarged by a whole number.
        strength: Opacity of the colours, 0..1.
    """
    height, own = picture.size
    zoom = width / own if own > width else max(1, min(4, width // own))
    size = (max(1, round(height * zoom)), max(1, round(own * zoom)))
    below = resized(picture, size) if zoom <= 1 else _enlarged(picture.rgb, size)
    grey = (below @ np.array([0.299, 0.587, 0.114]))[..., None]  # ITU-R BT.601
    share = _enlarged(share, size)
    strange = np.isnan(share)
    colours = PALETTES["inferno"][np.rint(255 * np.nan_to_num(share)).astype(int)]
    mixed = strength * colours + (1 - strength) * grey
    mixed = np.where(strange[..., None], 0.5 * grey + 60, mixed)
    cell = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    cell[strange] = _hatched(cell)[strange]
    region = (share >= line).astype(np.uint8)  # of nan: False
    edges, _ = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(cell, edges, -1, (16, 16, 16), 3)
    cv2.drawContours(cell, edges, -1, _LINE, 1)
    return np.asarray(cell, np.uint8)


def _enlarged(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.resize(values, size[::-1], interpolation=cv2.INTER_NEAREST))


def _hatched(cell: NDArray[np.uint8]) -> NDArray[np.uint8]:
    drawn = cell.copy()
    lines = np.add(*np.indices(cell.shape[:2])) % _HATCH == 0
    drawn[lines] = 235
    return drawn
