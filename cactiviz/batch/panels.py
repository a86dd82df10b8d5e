"""Panels of an animation's frames, and the scale of colours that all of them share."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cactiviz.batch.collect import Collected
from cactiviz.batch.store import StoredExplanation
from cactiviz.explanations.explained_class import EXPLAINED, own_answer
from cactiviz.methods import METHODS
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import DARK, LIGHT, Layout, Panel
from cactiviz.rendering.scales import Display, Tally
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

    One row per method with the original first, or one row of all methods for a single network,
    unless ``style.columns`` is set. Every frame names the methods and the scale.
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
    """(height, width) in pixels of the image in a panel, for a picture of this size."""
    if style.squash:
        return style.panel
    share = min(style.panel[0] / picture_size[0], style.panel[1] / picture_size[1])
    return max(1, round(picture_size[0] * share)), max(1, round(picture_size[1] * share))


def network_panel(
    picture: Picture,
    explanation: StoredExplanation,
    method: str,
    style: Style,
    vmax: float,
    size: tuple[int, int],
) -> Panel:
    """One network's panel: map over the picture, class, layer, scale and range.

    Args:
        picture: The picture that was explained.
        explanation: The network's stored explanation of the picture.
        method: Name of the method whose map is painted.
        style: Scale, palette and strength.
        vmax: The value painted in full colour, from :class:`SharedScale`.
        size: (height, width) of the image.
    """
    panel = Panel(
        explanation.title,
        None,
        explanation.answer,
        explanation.probability,
        explanation.failures.get(method) or "There is none.",
        explanation.untrained,
        subtitle=METHODS[method].title,
        lead="" if explanation.is_own else EXPLAINED,
        note=own_answer(explanation.own, explanation.own_probability, explanation.is_own),
    )
    if method not in explanation.values:
        return panel
    values, display = explanation.values[method], display_of(method, explanation)
    image = paint.paint(
        picture,
        values,
        explanation.seen,
        display=display,
        vmax=vmax,
        size=size,
        scale=style.scale,
        palette=style.palette,
        strength=style.strength,
    )
    return replace(
        panel,
        image=image,
        caption=paint.caption(values, style.scale, vmax, display),
        place=explanation.places.get(method, ""),
    )


def display_of(method: str, explanation: StoredExplanation) -> Display:
    """The display mode of a method's map: diverging if it is signed by a contrast class."""
    display: Display = METHODS[method].display
    return (
        "diverging" if display == "overlay" and explanation.kinds[method] == "signed" else display
    )


_Key = tuple[str, str, paint.Scale, tuple[int, ...]]


class SharedScale:
    """Computes ``vmax`` for maps that share a scale over all frames and networks.

    Each map is counted once, also while results still arrive. Thread-safe.

    Args:
        answers: The explanations whose maps are painted.
    """

    def __init__(self, answers: Collected) -> None:
        self._answers = answers
        self._counted: dict[_Key, _Counted] = {}
        self._lock = threading.Lock()

    def of(self, explanation: StoredExplanation, method: str, scale: paint.Scale) -> float:
        """The value painted in full colour for one method's map.

        Raises:
            CactivizError: There is no such scale, or a map holds values that aren't finite.
        """
        values, display = explanation.values[method], display_of(method, explanation)
        if scale not in ("shared", "evidence"):
            return paint.vmax_of([values], display, scale)
        key = (method, display, scale, values.shape if scale == "evidence" else ())
        with self._lock:
            counted = self._counted.get(key)
            if counted is None:
                counted = self._counted[key] = _Counted(Tally(display, scale))
            self._count(counted, key)
            return counted.vmax

    def _count(self, counted: _Counted, key: _Key) -> None:
        answers, (method, _, _, shape) = self._answers, key
        if counted.done == answers.done:
            return
        counted.done = answers.done  # before the answers, of which more may come meanwhile
        for place in product(range(len(answers.sequence)), range(len(answers.names))):
            if place in counted.places:
                continue
            for explanation in answers.explanations_of(*place):
                counted.places.add(place)
                values = explanation.values.get(method)
                if values is not None and (not shape or values.shape == shape):
                    counted.tally.add(values)
        counted.vmax = counted.tally.vmax


class _Counted:
    """A running scale and which (picture, network) pairs it includes."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.vmax = tally, 0.0
        self.places: set[tuple[int, int]] = set()
        self.done = -1
