"""The pictures of a lesson as HTML, with their scale in words; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from cactiviz.comparison.comparison import Comparison
from cactiviz.methods import describe
from cactiviz.rendering import paint
from cactiviz.types import FilterGrid, Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.components import data_url
from cactiviz.ui.learn import texts

_WIDTH = 300  # pixels; shown at most so wide


@dataclass(frozen=True)
class Figure:
    """A picture with what is said of it.

    Attributes:
        title: What it is called, short.
        alt: What is to be seen, for somebody who can't see it.
        address: The picture in a data address; empty if there is none.
        caption: Its scale and range, or why there is no picture.
        original: Whether it is what the maps beside it are of.
    """

    title: str
    alt: str
    address: str
    caption: str
    original: bool = False


def of_map(
    comparison: Comparison,
    key: str,
    view: str,
    title: str,
    *,
    scale: paint.Scale = "own",
    hide_range: bool = False,
) -> Figure:
    """What a view shows of one explanation of a comparison.

    Args:
        comparison: Holds the explanation; "shared" scales are over all that it holds.
        key: Of the explanation.
        view: A method, maybe with ``@LAYER``, or the filters.
        title: What to call it; nothing else here tells whose map it is.
        scale: As in ``render``.
        hide_range: Leave the numbers out, where they would give an answer away.
    """
    width = min(_WIDTH, max(comparison.picture.size[1], _WIDTH // 2))
    cell = comparison.cell(key, view, scale=scale, width=width)
    if cell.image is None:
        return Figure(title, "", "", cell.caption)
    caption = texts.LEARN_RANGE_LATER if hide_range else cell.caption
    shown = comparison[key, view]
    if isinstance(shown, FilterGrid):
        alt = texts.LEARN_FILTERS_ALT.format(count=len(shown.kernels), caption=caption)
        return Figure(title, alt, data_url.png(cell.image), caption)
    place = paint.where_is_the_peak(shown.values)
    alt = texts.learn_alt(f"{title}, {describe(view)[0]}", place, caption)
    return Figure(title, alt, data_url.jpeg(cell.image), caption)


def of_picture(picture: Picture, title: str, pixels: int | None = None) -> Figure:
    """The picture itself, or what is left of it at so many pixels along each edge."""
    image = paint.resized(picture, paint.cell_size(picture.size, min(_WIDTH, picture.size[1])))
    if pixels is None:
        return Figure(title, f"{shared.ORIGINAL}: {picture.name}", data_url.jpeg(image), "", True)
    small = paint.resized(picture, (pixels, pixels))
    size = (image.shape[1], image.shape[0])
    coarse = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    size_text = texts.LEARN_PIXELS.format(pixels=pixels)
    alt = f"{shared.ORIGINAL}: {picture.name}, {size_text}"
    return Figure(title, alt, data_url.jpeg(coarse), size_text, True)


def row(figures: Iterable[Figure], label: str = "") -> str:
    """HTML of figures side by side, or below each other where there is no room.

    Args:
        figures: From left to right.
        label: Stands in the place of a first figure.
    """
    first = f'<div class="cv-label">{escape(label)}</div>' if label else ""
    return f'<div class="cv-figures">{first}{"".join(map(one, figures))}</div>'


def one(figure: Figure) -> str:
    """HTML of one figure."""
    title = f"<b>{escape(figure.title)}</b>" if figure.title else ""
    if not figure.address:
        why = f'<p class="cv-why">{escape(figure.caption)}</p>'
        return f'<figure class="cv-figure">{title}{why}</figure>'
    kind = "cv-figure cv-original" if figure.original else "cv-figure"
    return (
        f'<figure class="{kind}"><img src="{figure.address}" alt="{escape(figure.alt)}">'
        f"<figcaption>{title}<span>{escape(figure.caption)}</span></figcaption></figure>"
    )


def prose(*paragraphs: str) -> str:
    """HTML of paragraphs; empty ones are left out."""
    html = "".join(f"<p>{escape(text)}</p>" for text in paragraphs if text)
    # Spaces at which no line ends, where a number would lose its sign.
    html = html.replace(" %", "\u00a0%").replace(" × ", "\u00a0×\u00a0")
    return f'<div class="cv-prose">{html}</div>'
