"""Lesson 3: what a scale of its own hides."""

from __future__ import annotations

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation
from cactiviz.rendering.scales import Scale
from cactiviz.ui import texts
from cactiviz.ui.learn import figures, lesson

#: In the first the trained network's map is by far the stronger one, in the second the random
#: network's is; the sentences are made of the numbers all the same.
_SCENES = (52, 55)
_METHOD, _LAYER = "layer_cam", "stages.1"  # does best of the heat maps on this network
_SIDES = ("trained", "untrained")


def show() -> None:
    """Two maps on scales of their own, then on one scale; then another picture."""
    st.html(figures.prose(*texts.LEARN_3))
    networks = dict(zip(_SIDES, (lesson.trained(), lesson.untrained()), strict=True))
    found = lesson.answers(
        {
            f"{number} {side}": lesson.read(
                network, lesson.scene(number), [_METHOD], lesson.CACTUS, _LAYER
            )
            for number in _SCENES
            for side, network in networks.items()
        }
    )
    if found is None:
        return
    first, second = (_comparison(number, found) for number in _SCENES)
    revealed = lesson.is_revealed("scale")
    st.html(_pair(first, "own", hide_range=not revealed, with_picture=True))
    if lesson.guess("scale", texts.LEARN_3_ASK, texts.LEARN_3_OPTIONS, "unknown"):
        st.html(figures.prose(texts.learn_3_first(*_largest(first))))
        st.html(_pair(first, "shared"))
        st.html(figures.prose(texts.learn_3_second(*_largest(second), *_largest(first))))
        st.html(_pair(second, "own", with_picture=True) + _pair(second, "shared"))
        st.html(figures.prose(*texts.LEARN_3_KNOWN))


def _comparison(number: int, found: dict[str, Explanation]) -> Comparison:
    explanations = {side: found[f"{number} {side}"] for side in _SIDES}
    return Comparison(lesson.scene(number), _SIDES, (_METHOD,), explanations)


def _pair(
    comparison: Comparison, scale: Scale, *, hide_range: bool = False, with_picture: bool = False
) -> str:
    maps = [
        figures.of_map(
            comparison,
            side,
            _METHOD,
            texts.learn_side(letter, side == "untrained"),
            scale=scale,
            hide_range=hide_range,
        )
        for letter, side in zip("AB", _SIDES, strict=True)
    ]
    if not with_picture:
        return figures.row(maps, texts.LEARN_3_SHARED)
    return figures.row([figures.of_picture(comparison.picture, texts.ORIGINAL), *maps])


def _largest(comparison: Comparison) -> tuple[float, float]:
    """The largest number of the trained network's map, and of the random one's."""
    learnt, unlearnt = (
        float(comparison.explanations[side].attributions[_METHOD].values.max()) for side in _SIDES
    )
    return learnt, unlearnt
