"""Lesson 2: the same picture, two opposite classes. Which method cares which one was asked for?"""

from __future__ import annotations

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation
from cactiviz.methods import METHODS
from cactiviz.metrics.agreement import agreement
from cactiviz.ui import texts
from cactiviz.ui.learn import figures, lesson

_SCENE = 178  # CactiNet is sure of it
_SHOWN = ("guided_backprop", "grad_cam")
_PLAIN = "saliency"
_SAME = 0.9  # agreement from which the eye sees hardly any difference


def show() -> None:
    """Guided backprop and Grad-CAM for "cactus" and for "no cactus"."""
    picture = lesson.scene(_SCENE)
    st.html(figures.prose(*texts.LEARN_2))
    views = [*_SHOWN, _PLAIN]
    classes = (lesson.CACTUS, lesson.NO_CACTUS)
    explanations = lesson.answers(
        {name: lesson.read(lesson.trained(), picture, views, name) for name in classes}
    )
    if explanations is None:
        return
    comparison = Comparison(picture, classes, _SHOWN, explanations)
    st.html(
        figures.row(
            [
                figures.of_picture(picture, texts.ORIGINAL),
                *_maps(comparison, lesson.CACTUS),
            ]
        )
    )
    alike = {method: _agreement(explanations, method) for method in views}
    if lesson.guess("classes", texts.LEARN_2_ASK, texts.LEARN_2_OPTIONS, right(alike)):
        again = _maps(comparison, lesson.NO_CACTUS)
        st.html(figures.row(again, texts.learn_asked(lesson.NO_CACTUS)))
        st.html(
            figures.prose(
                texts.learn_2_numbers(alike["guided_backprop"], alike["grad_cam"]),
                texts.learn_2_faint(
                    *(_largest(explanations[name], "guided_backprop") for name in classes)
                ),
                texts.learn_2_plain(alike[_PLAIN]),
                *texts.LEARN_2_KNOWN,
            )
        )


def right(alike: dict[str, float]) -> str:
    """The key of the answer that the numbers give.

    >>> right({"guided_backprop": 1.0, "grad_cam": -0.7})
    'guided_backprop'
    >>> right({"guided_backprop": 1.0, "grad_cam": 0.95})
    'both'
    """
    same = [method for method in _SHOWN if alike[method] >= _SAME]
    return same[0] if len(same) == 1 else "both" if same else "neither"


def _maps(comparison: Comparison, class_: str) -> list[figures.Figure]:
    return [
        figures.of_map(comparison, class_, method, texts.learn_for(METHODS[method].title, class_))
        for method in _SHOWN
    ]


def _agreement(explanations: dict[str, Explanation], method: str) -> float:
    one, other = (explanation.attributions[method].values for explanation in explanations.values())
    return agreement(one, other)


def _largest(explanation: Explanation, method: str) -> float:
    return float(abs(explanation.attributions[method].values).max())
