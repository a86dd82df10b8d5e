"""Draws a frame of an animation: panels with title, class and caption, in one layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.cam_layers import parted
from cactiviz.rendering.figures.typography import (
    BODY,
    HEADING,
    QUIET,
    SMALL,
    TITLE,
    Pen,
    drawable,
    length,
    shortened,
    wrapped,
)
from cactiviz.rendering.scales import percent


@dataclass(frozen=True)
class Theme:
    """Colours of a frame: background, texts, lines and bars."""

    ground: str
    text: str
    quiet: str
    warning: str
    empty: str
    track: str
    bar: str


LIGHT = Theme("#FFFFFF", "#1F2328", "#57606A", "#9A6700", "#F6F8FA", "#E6E8EB", "#2B6F7E")
DARK = Theme("#0E1117", "#F0F2F6", "#A3A8B4", "#E3B341", "#1A1F29", "#2D333D", "#5FB3C4")

#: The width of a panel at which texts have the size that ``lettering`` gives them, in pixels.
_USUAL_WIDTH = 248
_SMALLEST, _LARGEST = 0.75, 3.0  # of the texts' size, for other panels
GRID = 8  #: Usual pixels; distances are multiples of it.


@dataclass(frozen=True)
class Layout:
    """Layout of all frames of one animation, so that they have one size.

    Attributes:
        panel: (height, width) of a panel's image, in pixels.
        columns: Panels in a row.
        panels: Number of panels.
        heading: Large text at the top of every frame; empty for none.
        method: Text below the heading: method and scale; may be empty.
        subheading: True for a line with each frame's own text.
        subtitles: True for a line below each panel's title.
        answers: True for a line with each panel's class.
        notes: True for a line with each panel's note.
        places: True for a line with the layer and grid of each panel's map.
        caption_lines: Number of lines of each panel's caption.
        text_size: Zoom of texts and distances; None derives it from the panel's width.
        steps: True for a progress line with one part per frame.
        theme: :data:`LIGHT` or :data:`DARK`.
    """

    panel: tuple[int, int] = (248, 248)
    columns: int = 6
    panels: int = 6
    heading: str = ""
    method: str = ""
    subheading: bool = False
    caption_lines: int = 2
    answers: bool = True
    subtitles: bool = False
    notes: bool = False
    places: bool = False
    steps: bool = False
    text_size: float | None = None
    theme: Theme = LIGHT

    def __post_init__(self) -> None:
        if min(*self.panel, self.columns, self.panels) < 1:
            raise ValueError(f"not a usable layout: {self}")

    @property
    def zoom(self) -> float:
        """Zoom of texts and distances, 1 for a usual panel."""
        if self.text_size is not None:
            return self.text_size
        return min(max(self.panel[1] / _USUAL_WIDTH, _SMALLEST), _LARGEST)

    def times(self, pixels: int) -> int:
        """A length in pixels at this zoom; at least 1."""
        return max(1, round(self.zoom * pixels))

    @property
    def top(self) -> int:
        """Top of the first row of panels in pixels."""
        lines = HEADING.leading if self.heading else 0
        lines += TITLE.leading * len(self.method_lines)
        lines += BODY.leading if self.subheading else 0
        lines += GRID if self.steps else 0
        return self.times(2 * GRID + lines + (GRID if lines else 0))

    @property
    def method_lines(self) -> list[str]:
        """The method's text, wrapped to the frame's width."""
        style = TITLE.times(self.zoom)
        return wrapped(self.method, style, self.width - 2 * self.times(2 * GRID), 3)

    @property
    def above(self) -> int:
        """Distance from the top of a panel to its image in pixels."""
        return self.times(TITLE.leading + (BODY.leading if self.subtitles else 0) + GRID // 2)

    @property
    def extra_lines(self) -> int:
        """Number of small lines between a panel's class and its caption."""
        return int(self.notes) + int(self.places)

    @property
    def row(self) -> int:
        """Height of a panel with its texts in pixels."""
        answer = GRID // 2 + BODY.leading + GRID if self.answers else 0
        lines = self.extra_lines + self.caption_lines
        below = self.times(answer + (GRID // 2 + lines * SMALL.leading if lines else 0))
        return self.above + self.panel[0] + below

    @property
    def width(self) -> int:
        """Width of a frame in pixels."""
        used = min(self.columns, self.panels)
        gap, margin = self.times(2 * GRID), self.times(2 * GRID)
        return 2 * margin + used * (self.panel[1] + gap) - gap

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a frame in pixels.

        >>> Layout().size[1]
        1600
        """
        rows = -(-self.panels // self.columns)
        gap, margin = self.times(2 * GRID), self.times(2 * GRID)
        return self.top + rows * (self.row + gap) - gap + margin, self.width


@dataclass(frozen=True, eq=False)
class Panel:
    """One image of a frame with the texts around it.

    Attributes:
        title: Text above the image.
        image: uint8 (h, w, 3) or (h, w), fitted into the panel; None where there is none.
        answer: Name of the explained class, below the image; may be empty.
        lead: Text before the class if there is room, such as "Explained: ".
        probability: Probability of the class, 0..1, as a number and a bar; None for none.
        caption: Scale and range, or the sentence that says why there is no image.
        warned: True for a title in the warning colour.
        subtitle: Text below the title, such as the method; needs a line in the layout.
        note: Text below the class, such as the network's top class; needs a line.
        place: Layer and grid of the map; needs a line.
    """

    title: str
    image: NDArray[np.uint8] | None
    answer: str = ""
    probability: float | None = None
    caption: str = ""
    warned: bool = False
    lead: str = ""
    subtitle: str = ""
    note: str = ""
    place: str = ""


def draw_frame(
    panels: Sequence[Panel], layout: Layout, *, subheading: str = "", step: tuple[int, int] = (0, 1)
) -> NDArray[np.uint8]:
    """Draw one frame. Texts are drawn as they are; what doesn't fit ends in "…".

    Args:
        panels: At most as many as the layout has.
        layout: Layout of all frames.
        subheading: Text of the frame's own line, if the layout has one.
        step: (index of the frame from 0, number of frames) for the progress line, or None.

    Returns:
        uint8 (height, width, 3), as ``layout.size`` says.

    Raises:
        ValueError: More panels than the layout has.
    """
    if len(panels) > layout.panels:
        raise ValueError(f"{len(panels)} panels in a layout of {layout.panels}")
    height, width = layout.size
    theme = layout.theme
    sheet = Image.new("RGB", (width, height), theme.ground)
    pen = Pen(sheet, layout.zoom)
    margin = layout.times(2 * GRID)
    y = margin
    if layout.steps:
        _draw_steps(pen, (margin, y), width - 2 * margin, step, theme)
        y += layout.times(GRID)
    for text, style, colour in (
        *([(layout.heading, HEADING, theme.text)] if layout.heading else []),
        *((line, TITLE, theme.text) for line in layout.method_lines),
        *([(subheading, BODY, theme.quiet)] if layout.subheading else []),
    ):
        pen.write((margin, y), text, style.in_colour(colour), width - 2 * margin, 1)
        y += layout.times(style.leading)
    for index, panel in enumerate(panels):
        row, column = divmod(index, layout.columns)
        left = margin + column * (layout.panel[1] + margin)
        _draw_panel(sheet, pen, (left, layout.top + row * (layout.row + margin)), panel, layout)
    return np.asarray(sheet)


def inside(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest (height, width) of a picture of this size that fits into the room.

    >>> inside((300, 451), (640, 640))
    (426, 640)
    """
    share = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def fitted(image: NDArray[np.uint8], room: tuple[int, int]) -> NDArray[np.uint8]:
    """The image scaled to fit into this (height, width).

    >>> fitted(np.zeros((10, 20, 3), np.uint8), (100, 100)).shape
    (50, 100, 3)
    """
    size = image.shape[0], image.shape[1]
    new = inside(size, room)
    if new == size:
        return image
    shrinks = min(room[0] / size[0], room[1] / size[1]) < 1
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, new[::-1], interpolation=how), np.uint8)


def _draw_panel(
    sheet: Image.Image, pen: Pen, corner: tuple[int, int], panel: Panel, layout: Layout
) -> None:
    x, y = corner
    theme, (height, width) = layout.theme, layout.panel
    body, quiet = BODY.in_colour(theme.text), QUIET.in_colour(theme.quiet)
    title = TITLE.in_colour(theme.warning if panel.warned else theme.text)
    pen.write((x, y), panel.title, title, width, 1)
    if layout.subtitles:
        below = y + layout.times(TITLE.leading)
        pen.write((x, below), panel.subtitle, BODY.in_colour(theme.quiet), width, 1)
    y += layout.above
    if panel.image is None:
        _draw_message(pen, (x, y), panel.caption, layout)
    else:
        image = Image.fromarray(fitted(panel.image, (height, width))).convert("RGB")
        if image.size != (width, height):
            pen.draw.rectangle((x, y, x + width - 1, y + height - 1), theme.empty)
        sheet.paste(image, (x + (width - image.width) // 2, y + (height - image.height) // 2))
    y += height
    lines = layout.caption_lines
    alone = layout.answers and not panel.answer and panel.probability is None
    if alone:
        lines += 1 + layout.extra_lines  # of a caption that takes the others' place
    elif layout.answers:
        y += layout.times(GRID // 2)
        taken = 0
        if panel.probability is not None:
            share, thick = percent(panel.probability), layout.times(GRID // 2)
            taken = round(length(share, QUIET.times(layout.zoom))) + 1
            pen.write((x + width - taken, y), share, quiet, taken + 1, 1)
            below = y + layout.times(BODY.leading)
            pen.bar((x, below), width, thick, panel.probability, (theme.bar, theme.track))
        room = width - taken - layout.times(GRID)
        led = drawable(panel.lead + panel.answer)
        fits = length(led, BODY.times(layout.zoom)) <= room
        pen.write((x, y), panel.lead * fits + panel.answer, body, room, 1)
        y += layout.times(BODY.leading + GRID)
    y += layout.times(GRID // 2)
    small = SMALL.times(layout.zoom)
    own, comma, share = panel.note.rpartition(", ")  # a long name is cut, its number isn't
    for there, text in (
        (layout.notes, shortened(own, comma + share, small, width)),
        (layout.places, shortened(*parted(panel.place), small, width)),
    ):
        if there and not alone:
            pen.write((x, y), text, SMALL.in_colour(theme.text), width, 1)
            y += layout.times(SMALL.leading)
    if panel.image is not None and lines:
        pen.write((x, y), panel.caption, SMALL.in_colour(theme.quiet), width, lines)


def _draw_steps(
    pen: Pen, corner: tuple[int, int], width: int, step: tuple[int, int], theme: Theme
) -> None:
    """A progress line with one part per frame, the present one in colour."""
    (x, y), (now, count), thick = corner, step, pen.times(3)
    gap = pen.times(3) if width > 12 * count else 0
    for index in range(count):
        left = x + round(index * (width + gap) / count)
        right = x + round((index + 1) * (width + gap) / count) - gap
        colour = theme.bar if index == now else theme.track
        pen.draw.rectangle((left, y, max(left, right - 1), y + thick - 1), colour)


def _draw_message(pen: Pen, corner: tuple[int, int], text: str, layout: Layout) -> None:
    (x, y), (height, width), theme = corner, layout.panel, layout.theme
    pen.draw.rectangle((x, y, x + width - 1, y + height - 1), theme.empty, theme.track)
    style, inner = QUIET.times(layout.zoom), width - layout.times(4 * GRID)
    if inner < style.size or height < style.leading:
        return
    most = max(1, (height - layout.times(2 * GRID)) // style.leading)
    lines = len(wrapped(text, style, inner, most))
    top = y + (height - lines * style.leading) // 2
    pen.write((x + layout.times(2 * GRID), top), text, QUIET.in_colour(theme.quiet), inner, most)
