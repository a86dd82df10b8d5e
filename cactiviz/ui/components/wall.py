"""A wall of small pictures, each a button; some are enlarged in the browser, without a rerun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from cactiviz.types import Box
from cactiviz.ui import texts
from cactiviz.ui.components.loader import component

_SCRIPTS = ("panes.js", "lightbox.js", "wall.js")
_SHEETS = ("wall.css", "lightbox.css")


@dataclass(frozen=True)
class Film:
    """One image of a stack.

    Attributes:
        image: Its key among the wall's images.
        box: The part of the picture that it covers, in fractions of the picture.
        grey: Without its colours.
        squares: Enlarged so that each of its pixels is seen.
        fades: As strong as the slider in the enlarged view says.
    """

    image: str
    box: Box
    grey: bool = False
    squares: bool = False
    fades: bool = False


@dataclass(frozen=True)
class Pane:
    """A stack of images, seen through a window.

    Attributes:
        films: The lowest first.
        view: The window, in fractions of the picture.
        aspect: The window's width by its height on the screen.
        frame: What is outlined, in fractions of the picture.
        lit: All but this is dimmed.
        title: What stands above it in the enlarged view.
    """

    films: tuple[Film, ...]
    view: Box
    aspect: float
    frame: Box | None = None
    lit: Box | None = None
    title: str = ""


@dataclass(frozen=True)
class Cell:
    """One small picture.

    Attributes:
        key: Tells it from the others; what a press without panes returns.
        alt: What is to be seen in it, in words.
        title: Stands under it, and
        heading: in its stead above the enlarged view.
        line: Stands under that, in small print.
        hint: Shown where the pointer rests.
        src: One image that fills a square, or
        small: panes side by side, which
        large: are these in the enlarged view, with
        words: sentences under them.
        why: Instead of all this: why there is nothing to see.
    """

    key: str
    alt: str
    title: str
    heading: str = ""
    line: str = ""
    hint: str = ""
    src: str = ""
    small: tuple[Pane, ...] = ()
    large: tuple[Pane, ...] = ()
    words: tuple[str, ...] = ()
    why: str = ""


WHOLE = Box(0, 0, 1, 1)  #: The whole picture, in fractions of it.


def show(
    cells: Sequence[Cell], label: str, key: str, images: Mapping[str, str] | None = None
) -> str | None:
    """Show them, and return the key of the cell without panes that was pressed in this run.

    Args:
        cells: In the order of reading.
        label: What the wall is called to somebody who can't see it.
        key: The component's own.
        images: By key, the addresses of what the panes show; each is sent once.
    """
    data = {
        "cells": [asdict(cell) for cell in cells],
        "images": dict(images or {}),
        "label": label,
        "says": texts.WALL,
    }
    pressed = component("wall", "components", _SCRIPTS, _SHEETS)(
        data=data, key=key, on_pressed_change=lambda: None
    ).pressed
    return pressed if isinstance(pressed, str) else None
