"""Layout and theme shared by all frames of an animation."""

from __future__ import annotations

from dataclasses import dataclass

from cactiviz.rendering.figures.typography import BODY, HEADING, SMALL, TITLE, wrapped


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
    def _below(self) -> int:
        answer = GRID // 2 + BODY.leading + GRID if self.answers else 0
        lines = self.extra_lines + self.caption_lines
        return self.times(answer + (GRID // 2 + lines * SMALL.leading if lines else 0))

    @property
    def row(self) -> int:
        """Height of a panel with its texts in pixels."""
        return self.above + self.panel[0] + self._below

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
