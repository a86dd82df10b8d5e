"""Lesson 4: what 32 x 32 pixels do to a Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.models import LoadedModel
from cactiviz.runtime.queue import Ticket
from cactiviz.types import Cancel, Picture, Target
from cactiviz.ui import texts
from cactiviz.ui.learn import figures, lesson
from cactiviz.ui.session import polling

_SCENE = 178
_LAYERS = ("stages.1", "stages.2", "stages.3", "head")  # each halves what the one before left
_NATIVE, _SMALL = 64, 32  # pixels; what CactiNet learnt at, and what its tiles had
_METHOD = "grad_cam"
_SIDE = 64  # squares; more than any map has, so that each square is painted as one


def show() -> None:
    """Grad-CAM at four layers at 64 x 64 pixels, then at 32 x 32."""
    picture, empty = lesson.scene(_SCENE), lesson.scene(_SCENE, lesson.NO_CACTUS)
    st.html(figures.prose(*texts.LEARN_4))
    found = lesson.answers(
        {
            "native": _question(picture, _NATIVE),
            "small": _question(picture, _SMALL),
            "native, none": _question(empty, _NATIVE),
            "small, none": _question(empty, _SMALL),
        }
    )
    if found is None:
        return
    st.html(_row(picture, found["native"], _NATIVE))
    last = _last(found["small"])
    if lesson.guess("size", texts.LEARN_4_ASK, texts.LEARN_4_OPTIONS, str(last.grid[0])):
        st.html(_row(picture, found["small"], _SMALL))
        values = last.values
        st.html(
            figures.prose(
                texts.learn_4_last(last.grid, float(values.min()), float(values.max())),
                texts.learn_4_answers(*_said(found)),
                *texts.LEARN_4_KNOWN,
            )
        )


def at_size(model: LoadedModel, pixels: int) -> LoadedModel:
    """The same network, given its pictures at another size."""
    preprocessing = replace(model.spec.preprocessing, input_size=(pixels, pixels))
    return replace(model, spec=replace(model.spec, preprocessing=preprocessing))


def squares(attribution: Attribution) -> Attribution:
    """The same map with every value repeated, so that painting doesn't blur its squares.

    Its largest and smallest values stay.
    """
    high, wide = (max(1, _SIDE // side) for side in attribution.grid)
    return replace(attribution, values=np.kron(attribution.values, np.ones((high, wide))))


def _question(picture: Picture, pixels: int) -> Callable[[], Explanation | Ticket[Explanation]]:
    def work(model: LoadedModel, cancel: Cancel) -> Explanation:
        return explain(
            at_size(model, pixels),
            picture,
            [_METHOD],
            target=Target(lesson.CACTUS),
            layers=_LAYERS,
            cancel=cancel,
        )

    question = ("learn", "size", picture.sha256, pixels)
    return partial(polling.runner().ask, lesson.trained(), question, work)


def _row(picture: Picture, explanation: Explanation, pixels: int) -> str:
    shown = {key: squares(one) for key, one in explanation.attributions.items()}
    comparison = Comparison(
        picture, ("it",), tuple(shown), {"it": replace(explanation, attributions=shown)}
    )
    maps = [
        figures.of_map(comparison, "it", key, texts.learn_squares(one.grid))
        for key, one in explanation.attributions.items()
    ]
    return figures.row([figures.of_picture(picture, texts.LEARN_4_INPUT, pixels), *maps])


def _last(explanation: Explanation) -> Attribution:
    return explanation.attributions[f"{_METHOD}@{_LAYERS[-1]}"]


def _said(found: Mapping[str, Explanation]) -> tuple[float, ...]:
    """How likely "cactus" is: small and with one, small without, native with, native without."""
    return tuple(
        lesson.share(found[key], lesson.CACTUS)
        for key in ("small", "small, none", "native", "native, none")
    )
