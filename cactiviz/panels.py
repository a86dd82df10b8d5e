"""Frames of an animation: panels side by side, each with its title, its answer and its scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cactiviz.lettering import BODY, HEADING, QUIET, SMALL, TITLE, Style, length, wrapped, write
from cactiviz.scales import percent


@dataclass(frozen=True)
class Theme:
    """The colours of a frame: its ground, texts, lines and bars."""

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
_GRID = 8


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a frame and what is written around it.

    Attributes:
        title: Above it.
        image: uint8 (h, w, 3) or (h, w), fitted into the panel; None where there is none.
        answer: The class explained, below it; may be empty.
        probability: Of the answer, 0..1, as a number and a bar; None for none.
        caption: Scale and range, or the sentence that says why there is no image.
        warned: True for a title in the colour of warnings.
    """

    title: str
    image: NDArray[np.uint8] | None
    answer: str = ""
    probability: float | None = None
    caption: str = ""
    warned: bool = False


@dataclass(frozen=True)
class Layout:
    """What all frames of one animation have in common, so that they have one size.

    Attributes:
        panel: (height, width) of a panel's image, in pixels.
        columns: Panels in a row.
        panels: How many there are.
        heading: A line at the top of every frame, in large letters; empty for none.
        subheading: True to leave a line below it, or at the top, which each frame fills.
        caption_lines: Below each panel.
        answers: True to leave a line for each panel's answer.
        text_size: How much larger texts and distances are than in a sheet; None goes by the
            panel's width.
        steps: True to leave a line of as many parts as there are frames, the present one marked.
        theme: :data:`LIGHT` or :data:`DARK`.
    """

    panel: tuple[int, int] = (248, 248)
    columns: int = 6
    panels: int = 6
    heading: str = ""
    subheading: bool = False
    caption_lines: int = 2
    answers: bool = True
    steps: bool = False
    text_size: float | None = None
    theme: Theme = LIGHT

    def __post_init__(self) -> None:
        if min(*self.panel, self.columns, self.panels) < 1:
            raise ValueError(f"not a usable layout: {self}")

    @property
    def zoom(self) -> float:
        """How much larger texts and distances are than usual."""
        if self.text_size is not None:
            return self.text_size
        return min(max(self.panel[1] / _USUAL_WIDTH, _SMALLEST), _LARGEST)

    def _times(self, pixels: int) -> int:
        return max(1, round(self.zoom * pixels))

    @property
    def _top(self) -> int:
        lines = HEADING.leading if self.heading else 0
        lines += BODY.leading if self.subheading else 0
        lines += _GRID if self.steps else 0
        return self._times(2 * _GRID + lines + (_GRID if lines else 0))

    @property
    def _below(self) -> int:
        answer = _GRID // 2 + BODY.leading + _GRID if self.answers else 0
        captions = _GRID // 2 + self.caption_lines * SMALL.leading if self.caption_lines else 0
        return self._times(answer + captions)

    @property
    def _row(self) -> int:
        return self._times(TITLE.leading + _GRID // 2) + self.panel[0] + self._below

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a frame.

        >>> Layout().size[1]
        1600
        """
        used = min(self.columns, self.panels)
        rows = -(-self.panels // self.columns)
        gap, margin = self._times(2 * _GRID), self._times(2 * _GRID)
        width = 2 * margin + used * (self.panel[1] + gap) - gap
        return self._top + rows * (self._row + gap) - gap + margin, width


def draw_frame(
    panels: Sequence[Panel], layout: Layout, *, subheading: str = "", step: tuple[int, int] = (0, 1)
) -> NDArray[np.uint8]:
    """Draw one frame. Texts are drawn as they are; what doesn't fit ends in "…".

    Args:
        panels: At most as many as the layout has.
        layout: Of all frames.
        subheading: What this frame shows, if the layout leaves a line for it.
        step: Which frame this is, counted from 0, and of how many.

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
    pen = ImageDraw.Draw(sheet)
    margin = layout._times(2 * _GRID)
    y = margin
    if layout.steps:
        _draw_steps(pen, (margin, y), width - 2 * margin, step, layout)
        y += layout._times(_GRID)
    for text, style, colour, there in (
        (layout.heading, HEADING, theme.text, bool(layout.heading)),
        (subheading, BODY, theme.quiet, layout.subheading),
    ):
        if there:
            _write(pen, (margin, y), text, style, colour, width - 2 * margin, 1, layout)
            y += layout._times(style.leading)
    for index, panel in enumerate(panels):
        row, column = divmod(index, layout.columns)
        left = margin + column * (layout.panel[1] + margin)
        _draw_panel(sheet, pen, (left, layout._top + row * (layout._row + margin)), panel, layout)
    return np.asarray(sheet)


def fitted(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image as large as fits into this (height, width), with its own aspect ratio.

    >>> fitted(np.zeros((10, 20, 3), np.uint8), (100, 100)).shape
    (50, 100, 3)
    """
    height, width = image.shape[:2]
    share = min(size[0] / height, size[1] / width)
    new = max(1, round(width * share)), max(1, round(height * share))
    if new == (width, height):
        return image
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, new, interpolation=how), np.uint8)


def _draw_panel(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    panel: Panel,
    layout: Layout,
) -> None:
    x, y = corner
    theme, (height, width) = layout.theme, layout.panel
    colour = theme.warning if panel.warned else theme.text
    _write(pen, (x, y), panel.title, TITLE, colour, width, 1, layout)
    y += layout._times(TITLE.leading + _GRID // 2)
    if panel.image is None:
        _draw_message(pen, (x, y), panel.caption, layout)
    else:
        image = Image.fromarray(fitted(panel.image, (height, width))).convert("RGB")
        if image.size != (width, height):
            pen.rectangle((x, y, x + width - 1, y + height - 1), theme.empty)
        sheet.paste(image, (x + (width - image.width) // 2, y + (height - image.height) // 2))
    y += height
    lines = layout.caption_lines
    if layout.answers and not panel.answer and panel.probability is None:
        lines += 1  # of a caption that takes the answer's place
    elif layout.answers:
        y += layout._times(_GRID // 2)
        taken = 0
        if panel.probability is not None:
            share = percent(panel.probability)
            taken = round(length(share, QUIET.times(layout.zoom))) + 1
            _write(pen, (x + width - taken, y), share, QUIET, theme.quiet, taken + 1, 1, layout)
            _draw_bar(pen, (x, y + layout._times(BODY.leading)), panel.probability, layout)
        room = width - taken - layout._times(_GRID)
        _write(pen, (x, y), panel.answer, BODY, theme.text, room, 1, layout)
        y += layout._times(BODY.leading + _GRID)
    if panel.image is not None and layout.caption_lines:
        y += layout._times(_GRID // 2)
        _write(pen, (x, y), panel.caption, SMALL, theme.quiet, width, lines, layout)


def _draw_bar(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], share: float, layout: Layout
) -> None:
    (x, y), width, thick = corner, layout.panel[1], layout._times(_GRID // 2)
    pen.rectangle((x, y, x + width - 1, y + thick - 1), layout.theme.track)
    if filled := round(width * share):
        pen.rectangle((x, y, x + filled - 1, y + thick - 1), layout.theme.bar)


def _draw_steps(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    width: int,
    step: tuple[int, int],
    layout: Layout,
) -> None:
    """A line in as many parts as there are frames, the present one in colour."""
    (x, y), (now, count), thick = corner, step, layout._times(3)
    gap = layout._times(3) if width > 12 * count else 0
    for index in range(count):
        left = x + round(index * (width + gap) / count)
        right = x + round((index + 1) * (width + gap) / count) - gap
        colour = layout.theme.bar if index == now else layout.theme.track
        pen.rectangle((left, y, max(left, right - 1), y + thick - 1), colour)


def _draw_message(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, layout: Layout
) -> None:
    (x, y), (height, width), theme = corner, layout.panel, layout.theme
    pen.rectangle((x, y, x + width - 1, y + height - 1), theme.empty, theme.track)
    style, inner = QUIET.times(layout.zoom), width - layout._times(4 * _GRID)
    if inner < style.size or height < style.leading:
        return
    most = max(1, (height - layout._times(2 * _GRID)) // style.leading)
    lines = len(wrapped(text, style, inner, most))
    top = y + (height - lines * style.leading) // 2
    _write(pen, (x + layout._times(2 * _GRID), top), text, QUIET, theme.quiet, inner, most, layout)


def _write(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    style: Style,
    colour: str,
    width: int,
    most: int,
    layout: Layout,
) -> None:
    write(pen, corner, text, style.times(layout.zoom).in_colour(colour), width, most)
