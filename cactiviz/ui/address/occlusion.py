"""A part of the picture that is covered: as the browser says it, and as a link does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cactiviz.pictures.occlusion import HOWS, How
from cactiviz.types import Box
from cactiviz.ui.address.parameter import numbers, shares


@dataclass(frozen=True)
class Covered:
    """A part that is covered.

    Attributes:
        picture: The key of the picture that the box was drawn on; empty in a link.
        box: (top, left, height, width), as shares of the picture's sides, within 0..1.
        how: With what.
    """

    picture: str
    box: tuple[float, float, float, float]
    how: How

    def on(self, size: tuple[int, int]) -> Box:
        """The box in the pixels of a picture of this (height, width)."""
        height, width = size
        top, left, tall, wide = self.box
        return Box(top * height, left * width, tall * height, wide * width)

    def text(self) -> str:
        """As a link says it: the box, then with what, unless it is the first of all.

        >>> Covered("", (0.25, 0.5, 0.125, 0.25), "blur").text()
        '0.25 0.5 0.125 0.25 blur'
        """
        return shares(self.box) + (f" {self.how}" if self.how != HOWS[0] else "")


def covered_from(value: object, picture: str) -> Covered | None:
    """What the browser says is covered, if it makes sense; None for nothing.

    >>> covered_from({"box": [0.1, 0.2, 0.5, 2], "how": "grey"}, "")
    Covered(picture='', box=(0.1, 0.2, 0.5, 0.8), how='grey')
    >>> covered_from({"box": [0.1, 0.2, "0.5", 0.5], "how": "grey"}, "")
    """
    if not isinstance(value, Mapping) or value.get("how") not in HOWS:
        return None
    box = value.get("box")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    top, left = (min(max(float(edge), 0.0), 1.0) for edge in box[:2])
    height = min(float(box[2]), 1 - top)
    width = min(float(box[3]), 1 - left)
    if height <= 0 or width <= 0:
        return None
    how: How = value["how"]
    return Covered(picture, (top, left, height, width), how)


def read(text: str) -> Covered | None:
    """What a link says is covered, if it makes sense.

    >>> read("0.1 0.2 0.5 0.5 mean")
    Covered(picture='', box=(0.1, 0.2, 0.5, 0.5), how='mean')
    >>> read("0.1 0.2 0.5"), read("0 0 0 1")
    (None, None)
    """
    pieces = text.split()
    how = pieces.pop() if len(pieces) == 5 else HOWS[0]
    box = numbers(" ".join(pieces))
    return covered_from({"box": list(box or ()), "how": how}, "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -9 < value < 9
