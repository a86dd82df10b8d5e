"""Contact sheet: pictures in rows, each with a caption, as one picture."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from cactiviz.rendering.figures.sheet import Cell
from cactiviz.rendering.figures.typography import HEADING, SMALL, write

_MARGIN, _GAP = 32, 16
_CAPTION_LINES = 4


def draw_contact_sheet(
    cells: Sequence[Cell], *, heading: str = "", columns: int = 6, width: int = 160
) -> Image.Image:
    """Draw pictures in rows from the left, each with its caption below.

    Args:
        cells: An image (uint8 (h, w, 3)) is made this wide, without smoothing when it grows, so
            that the pixels of a small tile are seen as they are; one without is left blank.
        heading: A line at the top.
        columns: Pictures in a row.
        width: Width of each picture in pixels.

    Returns:
        An RGB image.
    """
    used = max(1, min(columns, len(cells)))
    images = [_wide(cell, width) for cell in cells]
    rows = [images[start : start + used] for start in range(0, len(images), used)]
    tallest = [max((image.height for image in row if image), default=0) for row in rows]
    below = _CAPTION_LINES * SMALL.leading + _GAP
    top = _MARGIN + (HEADING.leading + _GAP if heading else 0)
    high = top + sum(tallest) + len(rows) * below + _MARGIN
    inner = used * (width + _GAP) - _GAP
    sheet = Image.new("RGB", (inner + 2 * _MARGIN, high), "white")
    pen = ImageDraw.Draw(sheet)
    write(pen, (_MARGIN, _MARGIN), heading, HEADING, inner, 1)
    for index, (cell, image) in enumerate(zip(cells, images, strict=True)):
        row, column = divmod(index, used)
        x = _MARGIN + column * (width + _GAP)
        y = top + sum(tallest[:row]) + row * below
        if image:
            sheet.paste(image, (x, y))
        corner = (x, y + tallest[row] + _GAP // 4)
        write(pen, corner, cell.caption, SMALL, width, _CAPTION_LINES)
    return sheet


def _wide(cell: Cell, width: int) -> Image.Image | None:
    if cell.image is None:
        return None
    image = Image.fromarray(cell.image).convert("RGB")
    how = Image.Resampling.NEAREST if image.width < width else Image.Resampling.BOX
    return image.resize((width, max(1, round(image.height * width / image.width))), how)
