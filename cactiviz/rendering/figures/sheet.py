"""Sheets: a comparison, networks as columns and methods as rows, or pictures with captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.cam_layers import parted
from cactiviz.rendering.figures.colour_bar import ColourBar
from cactiviz.rendering.figures.typography import (
    BODY,
    BODY_BOLD,
    HEADING,
    PLACE,
    QUIET,
    SMALL,
    SMALL_TITLE,
    TITLE,
    WARNED_TITLE,
    WARNING,
    Pen,
    length,
    shortened,
    wrapped,
)
from cactiviz.rendering.paint import percent
from cactiviz.types import Picture, Prediction


@dataclass(frozen=True)
class Column:
    """A network's heading.

    Attributes:
        title: Display name of the network.
        answers: Its predictions, the likeliest first; three are drawn.
        message: A warning; may be empty.
        before: Its prediction without the occlusion, in words; may be empty.
        marks: Class index -> "explained" or "against", if another than the top class is explained.
    """

    title: str
    answers: Sequence[Prediction]
    message: str = ""
    before: str = ""
    marks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A method.

    Attributes:
        title: What it is called.
        subtitle: One sentence on what it shows.
        bars: What the colours of its maps mean.
    """

    title: str
    subtitle: str
    bars: tuple[ColourBar, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Sentences beside the maps, and what they are about."""

    about: str
    says: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Cell:
    """One painted map, or the reason why there is none.

    Attributes:
        image: uint8 (h, w, 3) or (h, w); None where there is none.
        caption: Scale and range of the image, or the sentence that says why there is none.
        place: Layer and grid of the map; may be empty.
    """

    image: NDArray[Any] | None
    caption: str
    place: str = ""


#: Before the name of a class in a column's answers, by its mark.
SIGNS = {"explained": "▸ ", "against": "◂ "}
_BAR, _TRACK, _LINE = "#2B6F7E", "#E6E8EB", "#D0D7DE"
_GRID = 8  # pixels; every distance is a multiple of it
_MARGIN, _GUTTER = 4 * _GRID, 2 * _GRID
_LABEL_WIDTH = 24 * _GRID  # of the column with the methods' names
_ANSWERS = 3
_SENTENCE_LINES = 12  # at most


def draw_sheet(
    picture: Picture,
    columns: Sequence[Column],
    rows: Sequence[Row],
    cells: Mapping[tuple[int, int], Cell],
    *,
    cell_width: int = 240,
    remarks: Sequence[Remark] = (),
    heading: str = "",
    zoom: float = 1.0,
) -> Image.Image:
    """Draw one sheet of all cells.

    Texts are drawn as they are, never read as markup; what doesn't fit is wrapped or ends in "…".

    Args:
        picture: The picture that was explained, drawn at the top left with its name and source.
        columns: One for each network.
        rows: One for each method.
        cells: Cells by (row, column), missing ones blank; wide images are shrunk.
        cell_width: Width of a cell in pixels.
        remarks: Remarks at the bottom.
        heading: Text at the top; may be empty.
        zoom: Factor of all sizes, for print.

    Returns:
        An RGB image.
    """
    at = Pen(Image.new("RGB", (1, 1)), zoom).times
    margin, gutter, label = at(_MARGIN), at(_GUTTER), at(_LABEL_WIDTH)
    grid_left = margin + label + at(3 * _GRID)
    lefts = [grid_left + index * (cell_width + gutter) for index in range(len(columns))]
    width = grid_left + len(columns) * (cell_width + gutter) - gutter + margin
    inner = width - 2 * margin

    # Two rounds over the same steps: the first on a sheet of no height, to learn how high it is.
    def draw(sheet: Image.Image) -> int:
        pen = Pen(sheet, zoom)
        y = margin
        if heading:
            y = pen.write((margin, y), heading, HEADING, inner, 2) + at(2 * _GRID)
        ends = [_draw_picture(sheet, pen, y, picture)]
        ends += [
            _draw_column(pen, (left, y), column, cell_width)
            for left, column in zip(lefts, columns, strict=True)
        ]
        y = max(ends) + at(2 * _GRID)
        for index, row in enumerate(rows):
            pen.draw.line([(margin, y), (width - margin - 1, y)], _LINE, at(1))
            y += at(2 * _GRID)
            end = pen.write((margin, y), row.title, TITLE, label, 2)
            end = pen.write((margin, end), row.subtitle, QUIET, label, 6)
            for bar in row.bars:
                end = _draw_bar(sheet, pen, (margin, end + at(_GRID)), bar, label)
            ends = [end]
            shown = [cells.get((index, column)) for column in range(len(columns))]
            images = [_image(cell, cell_width) for cell in shown]
            lowest = max((image.height for image in images if image), default=at(12 * _GRID))
            for left, cell, image in zip(lefts, shown, images, strict=True):
                if cell and image:
                    sheet.paste(image, (left, y))
                    below = y + lowest + at(_GRID // 2)
                    if cell.place:
                        place = shortened(*parted(cell.place), PLACE.times(zoom), cell_width)
                        below = pen.write((left, below), place, PLACE, cell_width, 1)
                    ends.append(pen.write((left, below), cell.caption, SMALL, cell_width, 4))
                elif cell:
                    size = cell_width, lowest
                    ends.append(_draw_message(pen, (left, y), cell.caption, size))
            y = max(ends) + at(2 * _GRID)
        if remarks:
            pen.draw.line([(margin, y), (width - margin - 1, y)], _LINE, at(1))
            y += at(2 * _GRID)
        for remark in remarks:
            left = pen.write((margin, y), remark.about, SMALL_TITLE, label, _SENTENCE_LINES)
            for sentence in remark.says:
                beside = width - margin - grid_left
                y = pen.write((grid_left, y), sentence, SMALL, beside, _SENTENCE_LINES)
            y = max(left, y) + at(_GRID)
        return y + margin - at(2 * _GRID)

    height = draw(Image.new("RGB", (width, 1)))
    sheet = Image.new("RGB", (width, height), "white")
    draw(sheet)
    return sheet


def _draw_picture(sheet: Image.Image, pen: Pen, y: int, picture: Picture) -> int:
    x, label = pen.times(_MARGIN), pen.times(_LABEL_WIDTH)
    image = Image.fromarray(picture.rgb)
    image.thumbnail((label, label), Image.Resampling.LANCZOS, reducing_gap=3)
    sheet.paste(image, (x, y))
    y += image.height + pen.times(_GRID // 2)
    y = pen.write((x, y), picture.name, BODY, label, 2)
    return pen.write((x, y), picture.source, SMALL, label, 8)


def _draw_column(pen: Pen, corner: tuple[int, int], column: Column, width: int) -> int:
    (x, y), gap = corner, pen.times(_GRID)
    y = pen.write((x, y), column.title, WARNED_TITLE if column.message else TITLE, width, 1)
    for answer in column.answers[:_ANSWERS]:
        share = percent(answer.probability)
        taken = round(length(share, QUIET.times(pen.zoom)))
        mark = column.marks.get(answer.class_index, "")
        style = BODY_BOLD if mark == "explained" else BODY
        name = SIGNS.get(mark, "") + answer.class_name
        pen.write((x, y), name, style, width - taken - gap, 1)
        y = pen.write((x + width - taken, y), share, QUIET, taken + 1, 1)
        pen.bar((x, y), width, pen.times(_GRID // 2), answer.probability, (_BAR, _TRACK))
        y += gap
    y = pen.write((x, y), column.before, QUIET, width, 3)
    return pen.write((x, y), column.message, WARNING, width, 4)


def _draw_bar(
    sheet: Image.Image, pen: Pen, corner: tuple[int, int], bar: ColourBar, width: int
) -> int:
    """The colours from low to high, the words at both ends below them, and the scale."""
    (x, y), high_end = corner, pen.times(_GRID)
    ramp = bar.colours[np.linspace(0, len(bar.colours) - 1, width).round().astype(int)]
    sheet.paste(Image.fromarray(np.repeat(ramp[None], high_end, axis=0)), (x, y))
    edge = (x, y, x + width - 1, y + high_end - 1)
    pen.draw.rectangle(edge, outline=_LINE, width=pen.times(1))  # an end may be as white as paper
    y += high_end + pen.times(2)
    taken = round(length(bar.high, SMALL.times(pen.zoom))) + 1
    pen.write((x, y), bar.low, SMALL, width - taken - pen.times(_GRID), 1)
    y = pen.write((x + width - taken, y), bar.high, SMALL, taken + 1, 1)
    return pen.write((x, y), bar.scale, SMALL, width, 2)


def _draw_message(pen: Pen, corner: tuple[int, int], text: str, size: tuple[int, int]) -> int:
    """A box of this (width, height) at least with the sentence in it."""
    (x, y), (width, height), style = corner, size, QUIET.times(pen.zoom)
    inner = width - pen.times(4 * _GRID)
    lines = len(wrapped(text, style, inner, 12))
    height = max(height, lines * style.leading + pen.times(4 * _GRID))
    pen.draw.rectangle((x, y, x + width - 1, y + height - 1), "#F6F8FA", _LINE, pen.times(1))
    top = y + (height - lines * style.leading) // 2
    pen.write((x + pen.times(2 * _GRID), top), text, QUIET, inner, 12)
    return y + height


def _image(cell: Cell | None, width: int, *, enlarge: bool = False) -> Image.Image | None:
    """A cell's image, no wider than this; if enlarged, so that its pixels are seen as they are."""
    if cell is None or cell.image is None:
        return None
    image = Image.fromarray(np.asarray(cell.image, np.uint8)).convert("RGB")
    if image.width > width or enlarge:
        how = Image.Resampling.NEAREST if image.width < width else Image.Resampling.BOX
        image = image.resize((width, max(1, round(image.height * width / image.width))), how)
    return image


_BORDER, _GAP = 32, 16
_CAPTION_LINES = 4


def draw_contact_sheet(
    cells: Sequence[Cell], *, heading: str = "", columns: int = 6, width: int = 160
) -> Image.Image:
    """Draw pictures in rows from the left, each with its caption below.

    Args:
        cells: Images uint8 (h, w, 3), made this wide, enlarged without smoothing.
        heading: A line at the top.
        columns: Pictures in a row.
        width: Width of each picture in pixels.

    Returns:
        An RGB image.
    """
    used = max(1, min(columns, len(cells)))
    images = [_image(cell, width, enlarge=True) for cell in cells]
    rows = [images[start : start + used] for start in range(0, len(images), used)]
    tallest = [max((image.height for image in row if image), default=0) for row in rows]
    below = _CAPTION_LINES * SMALL.leading + _GAP
    top = _BORDER + (HEADING.leading + _GAP if heading else 0)
    high = top + sum(tallest) + len(rows) * below + _BORDER
    inner = used * (width + _GAP) - _GAP
    sheet = Image.new("RGB", (inner + 2 * _BORDER, high), "white")
    pen = Pen(sheet)
    pen.write((_BORDER, _BORDER), heading, HEADING, inner, 1)
    for index, (cell, image) in enumerate(zip(cells, images, strict=True)):
        row, column = divmod(index, used)
        x = _BORDER + column * (width + _GAP)
        y = top + sum(tallest[:row]) + row * below
        if image:
            sheet.paste(image, (x, y))
        corner = (x, y + tallest[row] + _GAP // 4)
        pen.write(corner, cell.caption, SMALL, width, _CAPTION_LINES)
    return sheet
