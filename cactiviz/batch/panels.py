"""How the frames of an animation are painted, from what was said of each picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cactiviz.batch.store import StoredExplanation
from cactiviz.explanations.explained_class import EXPLAINED, own_answer
from cactiviz.methods import METHODS
from cactiviz.recipes.request import Request
from cactiviz.recipes.style import Style
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import Panel
from cactiviz.rendering.figures.frame_layout import DARK, LIGHT, Layout
from cactiviz.rendering.scales import Display
from cactiviz.types import Picture, Target

Pixels = NDArray[np.uint8]
#: How the maps of an animation are scaled, in words.
SCALES: dict[paint.Scale, str] = {
    "own": "each map on its own scale",
    "shared": "all maps on one scale",
    "rank": "order of the values only",
    "evidence": "shares of the evidence",
}


def layout_of(style: Style, networks: int, question: Request) -> Layout:
    """The layout of all frames, unless columns are asked for.

    A row for each method, with the original first; of one network all methods in one row. Every
    frame names the methods and the scale, whatever is written in the heading.
    """
    methods = [METHODS[method] for method in question.methods]
    across = 1 + (len(methods) if networks == 1 else networks)
    return Layout(
        panel=style.panel,
        columns=style.columns or across,
        panels=across if networks == 1 else across * len(methods),
        heading=style.heading,
        method=f"{', '.join(method.title for method in methods)} · {SCALES[style.scale]}",
        subheading=True,
        caption_lines=2 if style.captions else 0,
        subtitles=len(methods) > 1,
        notes=asks_for_others(question),
        places=any("activations" in method.needs for method in methods),
        theme=DARK if style.dark else LIGHT,
    )


def asks_for_others(question: Request) -> bool:
    """Whether frames may explain another class than a network's own answer."""
    return question.top > 1 or question.target != Target()


def image_size(picture_size: tuple[int, int], style: Style) -> tuple[int, int]:
    """(height, width) of a picture of this size in its panel."""
    if style.squash:
        return style.panel
    share = min(style.panel[0] / picture_size[0], style.panel[1] / picture_size[1])
    return max(1, round(picture_size[0] * share)), max(1, round(picture_size[1] * share))


def said_panel(
    picture: Picture,
    said: StoredExplanation,
    method: str,
    style: Style,
    full: float,
    size: tuple[int, int],
) -> Panel:
    """The panel of one network: its map over the picture, its answer, layer, scale and range.

    Args:
        picture: What was explained.
        said: What the network said.
        method: Whose map is painted.
        style: How.
        full: What is painted in full colour.
        size: (height, width) of the image.
    """
    panel = Panel(
        said.title,
        None,
        said.answer,
        said.probability,
        said.failures.get(method) or "There is none.",
        said.untrained,
        subtitle=METHODS[method].title,
        lead="" if said.is_own else EXPLAINED,
        note=own_answer(said.own, said.own_probability, said.is_own),
    )
    if method not in said.values:
        return panel
    values, display = said.values[method], display_of(method, said)
    image = paint.paint(
        picture,
        values,
        said.seen,
        display=display,
        full=full,
        size=size,
        scale=style.scale,
        palette=style.palette,
        strength=style.strength,
    )
    return replace(
        panel,
        image=image,
        caption=paint.caption(values, style.scale, full, display),
        place=said.places.get(method, ""),
    )


def display_of(method: str, said: StoredExplanation) -> Display:
    """How a method's map is painted: with two colours where it was asked against a class."""
    display: Display = METHODS[method].display
    return "diverging" if display == "overlay" and said.kinds[method] == "signed" else display
