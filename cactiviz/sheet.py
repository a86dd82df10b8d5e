"""A comparison as one picture to keep: networks as columns, methods as rows, text by Pillow."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cactiviz.render import percent
from cactiviz.types import Answer, Picture


@dataclass(frozen=True)
class Column:
    """A network: its title, its answers (the first three are drawn), and a warning if any."""

    title: str
    answers: Sequence[Answer]
    message: str = ""


@dataclass(frozen=True)
class Row:
    """A method: its title and one sentence on what it shows."""

    title: str
    subtitle: str


@dataclass(frozen=True, eq=False)
class Cell:
    """What a method shows of a network.

    Attributes:
        image: uint8 (h, w, 3) or (h, w), or None where there is none.
        caption: Scale and range of the image, or the sentence that says why there is none.
    """

    image: NDArray[Any] | None
    caption: str


@dataclass(frozen=True)
class _Style:
    size: int
    leading: int  # from one line to the next
    colour: str = "#1F2328"
    bold: bool = False


_SECONDARY = "#57606A"
_AMBER = "#9A6700"
_BAR, _TRACK, _LINE = "#2B6F7E", "#E6E8EB", "#D0D7DE"
_HEADING = _Style(24, 32, bold=True)
_TITLE = _Style(16, 24, bold=True)
_WARNED_TITLE = _Style(16, 24, _AMBER, bold=True)
_BODY = _Style(13, 20)
_QUIET = _Style(13, 20, _SECONDARY)
_WARNING = _Style(13, 20, _AMBER)
_SMALL = _Style(12, 16, _SECONDARY)

_GRID = 8  # pixels; every distance is a multiple of it
_MARGIN, _GUTTER = 4 * _GRID, 2 * _GRID
_LABEL_WIDTH = 24 * _GRID  # of the column with the methods' names
_ANSWERS = 3
_LONGEST = 2000  # characters of any text that are looked at

# What has no simpler letter by decomposition, for a font without it.
_STAND_INS = dict(zip("–—−×→•øØłŁđĐı", "---x>·oOlLdDi", strict=True))
_STAND_INS |= {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "€": "EUR"}


def draw_sheet(
    picture: Picture,
    columns: Sequence[Column],
    rows: Sequence[Row],
    cells: Mapping[tuple[int, int], Cell],
    *,
    cell_width: int = 240,
    footer: str = "",
    heading: str = "",
) -> Image.Image:
    """Draw one sheet of all cells.

    Texts are drawn as they are, never read as markup; what doesn't fit is wrapped or ends in "…".

    Args:
        picture: What was explained; at the top left, with its name and source.
        columns: One for each network.
        rows: One for each method.
        cells: By (row, column), both counted from 0; one that isn't there stays blank. An image
            no wider than ``cell_width`` is pasted pixel for pixel, a wider one is shrunk.
        cell_width: In pixels.
        footer: A line at the bottom.
        heading: A line at the top.

    Returns:
        RGB.
    """
    grid_left = _MARGIN + _LABEL_WIDTH + 3 * _GRID
    lefts = [grid_left + index * (cell_width + _GUTTER) for index in range(len(columns))]
    width = grid_left + len(columns) * (cell_width + _GUTTER) - _GUTTER + _MARGIN
    inner = width - 2 * _MARGIN

    # Two rounds over the same steps: the first on a sheet of no height, to learn how high it is.
    def draw(sheet: Image.Image) -> int:
        pen = ImageDraw.Draw(sheet)
        y = _MARGIN
        if heading:
            y = _write(pen, (_MARGIN, y), heading, _HEADING, inner, 2) + 2 * _GRID
        ends = [_draw_picture(sheet, pen, y, picture)]
        ends += [
            _draw_column(pen, (left, y), column, cell_width)
            for left, column in zip(lefts, columns, strict=True)
        ]
        y = max(ends) + 2 * _GRID
        for index, row in enumerate(rows):
            pen.line([(_MARGIN, y), (width - _MARGIN - 1, y)], _LINE)
            y += 2 * _GRID
            end = _write(pen, (_MARGIN, y), row.title, _TITLE, _LABEL_WIDTH, 2)
            ends = [_write(pen, (_MARGIN, end), row.subtitle, _QUIET, _LABEL_WIDTH, 6)]
            shown = [cells.get((index, column)) for column in range(len(columns))]
            images = [_image(cell, cell_width) for cell in shown]
            lowest = max((image.height for image in images if image), default=12 * _GRID)
            for left, cell, image in zip(lefts, shown, images, strict=True):
                if cell and image:
                    sheet.paste(image, (left, y))
                    below = (left, y + lowest + _GRID // 2)
                    ends.append(_write(pen, below, cell.caption, _SMALL, cell_width, 4))
                elif cell:
                    ends.append(_draw_message(pen, (left, y), cell.caption, cell_width, lowest))
            y = max(ends) + 2 * _GRID
        if footer:
            pen.line([(_MARGIN, y), (width - _MARGIN - 1, y)], _LINE)
            y = _write(pen, (_MARGIN, y + _GRID), footer, _SMALL, inner, 6) + _GRID
        return y + _MARGIN - 2 * _GRID

    height = draw(Image.new("RGB", (width, 1)))
    sheet = Image.new("RGB", (width, height), "white")
    draw(sheet)
    return sheet


def _draw_picture(sheet: Image.Image, pen: ImageDraw.ImageDraw, y: int, picture: Picture) -> int:
    image = Image.fromarray(picture.rgb)
    image.thumbnail((_LABEL_WIDTH, _LABEL_WIDTH), Image.Resampling.LANCZOS, reducing_gap=3)
    sheet.paste(image, (_MARGIN, y))
    y += image.height + _GRID // 2
    y = _write(pen, (_MARGIN, y), picture.name, _BODY, _LABEL_WIDTH, 2)
    return _write(pen, (_MARGIN, y), picture.source, _SMALL, _LABEL_WIDTH, 8)


def _draw_column(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], column: Column, width: int
) -> int:
    x, y = corner
    y = _write(pen, (x, y), column.title, _WARNED_TITLE if column.message else _TITLE, width, 1)
    for answer in column.answers[:_ANSWERS]:
        share = percent(answer.probability)
        taken = round(_length(share, _QUIET))
        _write(pen, (x, y), answer.class_name, _BODY, width - taken - _GRID, 1)
        y = _write(pen, (x + width - taken, y), share, _QUIET, taken + 1, 1)
        pen.rectangle((x, y, x + width - 1, y + 3), _TRACK)
        filled = round(width * answer.probability)
        if filled:
            pen.rectangle((x, y, x + filled - 1, y + 3), _BAR)
        y += _GRID
    return _write(pen, (x, y), column.message, _WARNING, width, 4)


def _draw_message(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, width: int, height: int
) -> int:
    """A box at least this high with the sentence in it."""
    x, y = corner
    inner = width - 4 * _GRID
    lines = len(_wrapped(text, _QUIET, inner, 12))
    height = max(height, lines * _QUIET.leading + 4 * _GRID)
    pen.rectangle((x, y, x + width - 1, y + height - 1), "#F6F8FA", _LINE)
    top = y + (height - lines * _QUIET.leading) // 2
    _write(pen, (x + 2 * _GRID, top), text, _QUIET, inner, 12)
    return y + height


def _image(cell: Cell | None, width: int) -> Image.Image | None:
    if cell is None or cell.image is None:
        return None
    image = Image.fromarray(np.asarray(cell.image, np.uint8)).convert("RGB")
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.BOX)
    return image


def _write(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    style: _Style,
    width: int,
    most: int,
) -> int:
    """Write at most so many lines; returns where the next text may begin."""
    x, y = corner
    for line in _wrapped(text, style, width, most):
        baseline = y + (style.leading + round(0.7 * style.size)) // 2
        for shift in (0, 0.5) if style.bold else (0,):  # the font has no bold
            pen.text((x + shift, baseline), line, style.colour, _font(style.size), anchor="ls")
        y += style.leading
    return y


def _wrapped(text: str, style: _Style, width: int, most: int) -> list[str]:
    """The text in at most so many lines, none wider than ``width``; "…" for what is left out."""
    lines: list[str] = []
    rest = _drawable(text).strip()
    while rest and len(lines) < most:
        if len(rest) <= width and _length(rest, style) <= width:
            return [*lines, rest]
        last = len(lines) == most - 1
        # The longest beginning that fits, one character at least; none is narrower than a pixel.
        low, high = 1, min(len(rest), width)
        while low < high - 1:
            middle = (low + high) // 2
            fits = _length(rest[:middle] + "…" * last, style) <= width
            low, high = (middle, high) if fits else (low, middle)
        if last:
            return [*lines, rest[:low].rstrip() + "…"]
        space = rest.rfind("· ", low // 2, low + 1) + 1 or rest.rfind(" ", 0, low + 1)
        low = space if space > 0 else low
        lines.append(rest[:low].rstrip(" ·"))
        rest = rest[low:].lstrip()
    return lines


def _length(text: str, style: _Style) -> float:
    return _font(style.size).getlength(text) + 0.5 * style.bold


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType; its own packages have it")
    return font


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    """True if the font can draw it: a missing one has the same picture as a noncharacter."""
    drawn, missing = (_font(20).getmask(c) for c in (character, "\ufffe"))
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)


def _drawable(text: str) -> str:
    """The text on one line, with a stand-in for each character that the font lacks.

    >>> _drawable("Müller – <b>  −3")
    'Muller - <b> -3'
    """
    kept = []
    for character in unicodedata.normalize("NFC", " ".join(text[:_LONGEST].split())):
        if not character.isprintable():
            continue
        if not _has(character):
            plain = unicodedata.normalize("NFKD", character)
            plain = "".join(c for c in plain if not unicodedata.combining(c))
            character = _STAND_INS.get(character, plain if all(map(_has, plain)) else "?")
        kept.append(character)
    return "".join(kept)
