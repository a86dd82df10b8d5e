"""Text in pictures: styles, lines that fit, and a stand-in for what the font lacks."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageDraw, ImageFont


@dataclass(frozen=True)
class Style:
    """How a text is set: its size, and from one line to the next, in pixels."""

    size: int
    leading: int  # from one line to the next
    colour: str = "#1F2328"
    bold: bool = False


_SECONDARY = "#57606A"
_AMBER = "#9A6700"
HEADING = Style(24, 32, bold=True)
TITLE = Style(16, 24, bold=True)
WARNED_TITLE = Style(16, 24, _AMBER, bold=True)
BODY = Style(13, 20)
QUIET = Style(13, 20, _SECONDARY)
WARNING = Style(13, 20, _AMBER)
SMALL = Style(12, 16, _SECONDARY)

_LONGEST = 2000  # characters of any text that are looked at

# What has no simpler letter by decomposition, for a font without it.
_STAND_INS = dict(zip("–—−×→•øØłŁđĐı", "---x>·oOlLdDi", strict=True))
_STAND_INS |= {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "€": "EUR"}


def write(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    style: Style,
    width: int,
    most: int,
) -> int:
    """Write at most so many lines; returns where the next text may begin."""
    x, y = corner
    for line in wrapped(text, style, width, most):
        baseline = y + (style.leading + round(0.7 * style.size)) // 2
        for shift in (0, 0.5) if style.bold else (0,):  # the font has no bold
            pen.text((x + shift, baseline), line, style.colour, _font(style.size), anchor="ls")
        y += style.leading
    return y


def wrapped(text: str, style: Style, width: int, most: int) -> list[str]:
    """The text in at most so many lines, none wider than ``width``; "…" for what is left out."""
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


def length(text: str, style: Style) -> float:
    """The width of a text on one line, in pixels."""
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


def drawable(text: str) -> str:
    """The text on one line, with a stand-in for each character that the font lacks.

    >>> drawable("Müller – <b>  −3")
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
