"""Text in images: styles, wrapping, and substitutes for missing glyphs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: Source Sans 3, as in the app.
_FONTS = Path(__file__).parent / "fonts"
_FILES = {False: _FONTS / "SourceSans3-Regular.ttf", True: _FONTS / "SourceSans3-Semibold.ttf"}


@dataclass(frozen=True)
class TextStyle:
    """Size and line height of a text in pixels, its colour and weight."""

    size: int
    leading: int  # from one line to the next
    colour: str = "#1F2328"
    bold: bool = False

    def times(self, factor: float) -> TextStyle:
        """The same style scaled by a factor.

        >>> TextStyle(13, 20).times(2)
        TextStyle(size=26, leading=40, colour='#1F2328', bold=False)
        """
        size, leading = max(1, round(factor * self.size)), max(1, round(factor * self.leading))
        return replace(self, size=size, leading=leading)

    def in_colour(self, colour: str) -> TextStyle:
        """The same style in another colour."""
        return replace(self, colour=colour)


_TEXT = "#1F2328"
_SECONDARY = "#57606A"
_AMBER = "#9A6700"
HEADING = TextStyle(24, 32, bold=True)
TITLE = TextStyle(17, 24, bold=True)
WARNED_TITLE = TextStyle(17, 24, _AMBER, bold=True)
BODY = TextStyle(14, 20)
BODY_BOLD = TextStyle(14, 20, bold=True)
QUIET = TextStyle(14, 20, _SECONDARY)
WARNING = TextStyle(14, 20, _AMBER)
SMALL = TextStyle(13, 16, _SECONDARY)
PLACE = TextStyle(13, 18, _TEXT)  # of a map: its layer and grid
SMALL_TITLE = TextStyle(13, 16, bold=True)

_LONGEST = 2000  # characters of any text that are looked at

# What has no simpler letter by decomposition, for a font without it.
_STAND_INS = dict(zip("–—−×→•øØłŁđĐı", "---x>·oOlLdDi", strict=True))
_STAND_INS |= {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "€": "EUR"}


class Pen:
    """Draws texts and bars on an image at a zoom.

    Args:
        sheet: The RGB image to draw on.
        zoom: Factor of all sizes that are given in usual pixels.

    Attributes:
        draw: Pillow's pen on the same image, in the image's own pixels.
    """

    def __init__(self, sheet: Image.Image, zoom: float = 1.0) -> None:
        self.draw, self.zoom = ImageDraw.Draw(sheet), zoom

    def times(self, pixels: int) -> int:
        """A length in the image's pixels; at least 1."""
        return max(1, round(self.zoom * pixels))

    def write(
        self, corner: tuple[int, int], text: str, style: TextStyle, width: int, most: int
    ) -> int:
        """Draw a text in at most ``most`` lines; return the y coordinate below it."""
        (x, y), style = corner, style.times(self.zoom)
        for line in wrapped(text, style, width, most):
            baseline = y + (style.leading + round(0.7 * style.size)) // 2
            font = _font(style.size, style.bold)
            for shift in (0, 0.5) if style.bold and not _has_semibold() else (0,):
                self.draw.text((x + shift, baseline), line, style.colour, font, anchor="ls")
            y += style.leading
        return y

    def bar(
        self, corner: tuple[int, int], width: int, thick: int, share: float, colours: Sequence[str]
    ) -> None:
        """Draw a track and on it a bar of this share of its width; colours of bar and track."""
        (x, y), filled = corner, round(width * share)
        self.draw.rectangle((x, y, x + width - 1, y + thick - 1), colours[1])
        if filled:
            self.draw.rectangle((x, y, x + filled - 1, y + thick - 1), colours[0])


def wrapped(text: str, style: TextStyle, width: int, most: int) -> list[str]:
    """Wrap a text to ``width`` in at most ``most`` lines, the rest cut off by "…"."""
    lines: list[str] = []
    rest = drawable(text).strip()
    while rest and len(lines) < most:
        if len(rest) <= width and length(rest, style) <= width:
            return [*lines, rest]
        last = len(lines) == most - 1
        # The longest beginning that fits, one character at least; none is narrower than a pixel.
        low, high = 1, min(len(rest), width)
        while low < high - 1:
            middle = (low + high) // 2
            fits = length(rest[:middle] + "…" * last, style) <= width
            low, high = (middle, high) if fits else (low, middle)
        if last:
            return [*lines, rest[:low].rstrip() + "…"]
        space = rest.rfind("· ", low // 2, low + 1) + 1 or rest.rfind(" ", 0, low + 1)
        low = space if space > 0 else low
        lines.append(rest[:low].rstrip(" ·"))
        rest = rest[low:].lstrip()
    return lines


def shortened(start: str, end: str, style: TextStyle, width: int) -> str:
    """A name on one line, its start cut off by "…" as far as needed.

    Args:
        start: The part that may be shortened.
        end: The part that is kept, unless it is too long itself.
        style: Style of the text.
        width: Available width in pixels.
    """
    start, end = drawable(start), drawable(end)
    for kept in (*range(len(start), 0, -1), 0):
        text = start[:kept] + ("" if kept == len(start) else "…") + end
        if length(text, style) <= width:
            return text
    beginning = "…" if start else ""
    return next(iter(wrapped(beginning + end, style, width, 1)), "")


def length(text: str, style: TextStyle) -> float:
    """Width of a text on one line in pixels."""
    wider = 0.5 * (style.bold and not _has_semibold())
    return _font(style.size, style.bold).getlength(text) + wider


@lru_cache(maxsize=1)
def _has_semibold() -> bool:
    """False if only Pillow's font is here, whose bold is two strokes side by side."""
    return all(file.is_file() for file in _FILES.values())


@lru_cache(maxsize=64)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    if _has_semibold():
        return ImageFont.truetype(_FILES[bold], size)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType; its own packages have it")
    return font


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    """True if the font can draw it: a missing one has the same picture as a noncharacter."""
    drawn, missing = (_font(20).getmask(c) for c in (character, "\ufffe"))
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)


def drawable(text: str) -> str:
    """The text on one line, with a substitute for each glyph that the font lacks.

    >>> drawable("Łódź  <b> 猫")
    'Łódź <b> ?'
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
