"""What all frames of an animation have in common: colours, where panels stand, room for words."""

from __future__ import annotations

from dataclasses import dataclass

from cactiviz.rendering.figures.typography import BODY, HEADING, SMALL, TITLE, wrapped


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
GRID = 8  #: Usual pixels; distances are multiples of it.


@dataclass(frozen=True)
class Layout:
    """What all frames of one animation have in common, so that they have one size.

    Attributes:
        panel: (height, width) of a panel's image, in pixels.
        columns: Panels in a row.
        panels: How many there are.
        heading: A line at the top of every frame, in large letters; empty for none.
        method: Below it what made the maps and on which scale; empty where the heading says it.
        subheading: True to leave a line below that, which each frame fills.
        subtitles: True to leave a line below each panel's title.
        answers: True to leave a line for each panel's answer.
        notes: True to leave a line below it for each panel's note.
        places: True to leave a line for the layer that each panel's map was made at, and its grid.
        caption_lines: Below all that.
        text_size: How much larger texts and distances are than in a sheet; None goes by the
            panel's width.
        steps: True to leave a line of as many parts as there are frames, the present one marked.
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
        """How much larger texts and distances are than usual."""
        if self.text_size is not None:
            return self.text_size
        return min(max(self.panel[1] / _USUAL_WIDTH, _SMALLEST), _LARGEST)

    def times(self, pixels: int) -> int:
        """So many usual pixels at this zoom; never fewer than one."""
        return max(1, round(self.zoom * pixels))

    @property
    def top(self) -> int:
        """Where the first row of panels begins, in pixels."""
        lines = HEADING.leading if self.heading else 0
        lines += TITLE.leading * len(self.method_lines)
        lines += BODY.leading if self.subheading else 0
        lines += GRID if self.steps else 0
        return self.times(2 * GRID + lines + (GRID if lines else 0))

    @property
    def method_lines(self) -> list[str]:
        """The method in lines that fit: a frame of small panels has room for few words in one."""
        style = TITLE.times(self.zoom)
        return wrapped(self.method, style, self.width - 2 * self.times(2 * GRID), 3)

    @property
    def above(self) -> int:
        """From the top of a panel to its image, in pixels."""
        return self.times(TITLE.leading + (BODY.leading if self.subtitles else 0) + GRID // 2)

    @property
    def extra_lines(self) -> int:
        """Small lines between a panel's answer and its caption."""
        return int(self.notes) + int(self.places)

    @property
    def _below(self) -> int:
        answer = GRID // 2 + BODY.leading + GRID if self.answers else 0
        lines = self.extra_lines + self.caption_lines
        return self.times(answer + (GRID // 2 + lines * SMALL.leading if lines else 0))

    @property
    def row(self) -> int:
        """The height of a panel with all that is written around it, in pixels."""
        return self.above + self.panel[0] + self._below

    @property
    def width(self) -> int:
        """Of a frame, in pixels."""
        used = min(self.columns, self.panels)
        gap, margin = self.times(2 * GRID), self.times(2 * GRID)
        return 2 * margin + used * (self.panel[1] + gap) - gap

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of a frame.

        >>> Layout().size[1]
        1600
        """
        rows = -(-self.panels // self.columns)
        gap, margin = self.times(2 * GRID), self.times(2 * GRID)
        return self.top + rows * (self.row + gap) - gap + margin, self.width
