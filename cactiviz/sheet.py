"""A comparison as one picture to keep: networks as columns, methods as rows, text by Pillow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cactiviz.lettering import (
    BODY,
    HEADING,
    QUIET,
    SMALL,
    TITLE,
    WARNED_TITLE,
    WARNING,
    length,
    wrapped,
    write,
)
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


_BAR, _TRACK, _LINE = "#2B6F7E", "#E6E8EB", "#D0D7DE"
_GRID = 8  # pixels; every distance is a multiple of it
_MARGIN, _GUTTER = 4 * _GRID, 2 * _GRID
_LABEL_WIDTH = 24 * _GRID  # of the column with the methods' names
_ANSWERS = 3


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
            y = write(pen, (_MARGIN, y), heading, HEADING, inner, 2) + 2 * _GRID
        ends = [_draw_picture(sheet, pen, y, picture)]
        ends += [
            _draw_column(pen, (left, y), column, cell_width)
            for left, column in zip(lefts, columns, strict=True)
        ]
        y = max(ends) + 2 * _GRID
        for index, row in enumerate(rows):
            pen.line([(_MARGIN, y), (width - _MARGIN - 1, y)], _LINE)
            y += 2 * _GRID
            end = write(pen, (_MARGIN, y), row.title, TITLE, _LABEL_WIDTH, 2)
            ends = [write(pen, (_MARGIN, end), row.subtitle, QUIET, _LABEL_WIDTH, 6)]
            shown = [cells.get((index, column)) for column in range(len(columns))]
            images = [_image(cell, cell_width) for cell in shown]
            lowest = max((image.height for image in images if image), default=12 * _GRID)
            for left, cell, image in zip(lefts, shown, images, strict=True):
                if cell and image:
                    sheet.paste(image, (left, y))
                    below = (left, y + lowest + _GRID // 2)
                    ends.append(write(pen, below, cell.caption, SMALL, cell_width, 4))
                elif cell:
                    ends.append(_draw_message(pen, (left, y), cell.caption, cell_width, lowest))
            y = max(ends) + 2 * _GRID
        if footer:
            pen.line([(_MARGIN, y), (width - _MARGIN - 1, y)], _LINE)
            y = write(pen, (_MARGIN, y + _GRID), footer, SMALL, inner, 6) + _GRID
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
    y = write(pen, (_MARGIN, y), picture.name, BODY, _LABEL_WIDTH, 2)
    return write(pen, (_MARGIN, y), picture.source, SMALL, _LABEL_WIDTH, 8)


def _draw_column(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], column: Column, width: int
) -> int:
    x, y = corner
    y = write(pen, (x, y), column.title, WARNED_TITLE if column.message else TITLE, width, 1)
    for answer in column.answers[:_ANSWERS]:
        share = percent(answer.probability)
        taken = round(length(share, QUIET))
        write(pen, (x, y), answer.class_name, BODY, width - taken - _GRID, 1)
        y = write(pen, (x + width - taken, y), share, QUIET, taken + 1, 1)
        pen.rectangle((x, y, x + width - 1, y + 3), _TRACK)
        filled = round(width * answer.probability)
        if filled:
            pen.rectangle((x, y, x + filled - 1, y + 3), _BAR)
        y += _GRID
    return write(pen, (x, y), column.message, WARNING, width, 4)


def _draw_message(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, width: int, height: int
) -> int:
    """A box at least this high with the sentence in it."""
    x, y = corner
    inner = width - 4 * _GRID
    lines = len(wrapped(text, QUIET, inner, 12))
    height = max(height, lines * QUIET.leading + 4 * _GRID)
    pen.rectangle((x, y, x + width - 1, y + height - 1), "#F6F8FA", _LINE)
    top = y + (height - lines * QUIET.leading) // 2
    write(pen, (x + 2 * _GRID, top), text, QUIET, inner, 12)
    return y + height


def _image(cell: Cell | None, width: int) -> Image.Image | None:
    if cell is None or cell.image is None:
        return None
    image = Image.fromarray(np.asarray(cell.image, np.uint8)).convert("RGB")
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.BOX)
    return image
