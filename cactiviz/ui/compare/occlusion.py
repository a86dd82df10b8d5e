"""What if a part were covered: a box on the picture, and all networks answer again beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any

import cv2
import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import PictureError
from cactiviz.explanations.caveats import STRANGER
from cactiviz.explanations.results import Explanation
from cactiviz.pictures.occlusion import HOWS, cover
from cactiviz.types import Box, Picture, Prediction
from cactiviz.ui import texts as shared
from cactiviz.ui.address.link import Covered, covered_from
from cactiviz.ui.compare import texts
from cactiviz.ui.compare.progress import Progress
from cactiviz.ui.components import data_url
from cactiviz.ui.components.loader import component
from cactiviz.ui.grid.component import seen_by_any
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice

_SHOWN_PIXELS = 900  # of the picture's longer side, in the browser
_KEY = "what if"
_WORDS_OF_ROW = (
    *("note", "why", "firstText", "nowText", "change", "sign"),
    *("topName", "topText", "unseen"),
)
#: In this order they are one module: what stands above doesn't know what stands below.
_SCRIPTS = ("occlusion_box.js", "occlusion_editor.js", "occlusion_answers.js")


def button() -> None:
    """The control that opens the panel, or uncovers and closes it."""
    opened = _is_open()
    st.button(
        texts.WHAT_IF_END if opened else texts.WHAT_IF,
        key="what if button",
        type="secondary" if opened else "primary",
        icon=":material/close:" if opened else None,
        help=None if opened else texts.WHAT_IF_HELP,
        on_click=_close if opened else lambda: st.session_state.update({state.COVERING: True}),
    )


def applied(choice: Choice) -> Choice:
    """The choice with a part of its picture covered; the very same choice where none is."""
    covered: Covered | None = st.session_state.get(state.COVERED)
    if covered is None or covered.picture != choice.picture.key or not _is_open():
        return choice
    drawn: tuple[Covered, Picture] | None = st.session_state.get(state.COVERED_PICTURE)
    if drawn is None or drawn[0] != covered:
        try:
            drawn = covered, cover(choice.picture, covered.on(choice.picture.size), covered.how)
        except PictureError:  # a box of less than a pixel
            return choice
        st.session_state[state.COVERED_PICTURE] = drawn
    return replace(choice, picture=drawn[1])


def panel(choice: Choice, progress: Progress) -> None:
    """Show the picture to draw on and the answers beside it, if the panel is open.

    Args:
        choice: As it is without a cover.
        progress: What is known of ``applied(choice)``, with the first answers.
    """
    if not _is_open():
        return
    st.session_state[state.COVERED_OF] = choice.picture.key
    with st.container(border=True):
        component("occlusion", "compare", _SCRIPTS, ("occlusion.css",))(
            data=payload(choice, progress), key=_KEY, on_covered_change=_changed
        )


def before(progress: Progress) -> dict[str, tuple[Prediction, ...]]:
    """Network -> what it said before of the classes that are now its likeliest."""
    now = progress.comparison.explanations
    return {
        name: tuple(explanation.same_class(answer) for answer in now[name].predictions)
        for name, explanation in progress.first.items()
        if name in now
    }


def payload(choice: Choice, progress: Progress) -> dict[str, Any]:
    """What the browser is sent: the picture, the box, and a row for each network."""
    picture, now = choice.picture, progress.comparison.picture
    covered: Covered | None = st.session_state.get(state.COVERED)
    if now is picture or now.key == picture.key:
        covered = None
    how = covered.how if covered else st.session_state.get(state.COVERED_HOW, HOWS[0])
    mean = ", ".join(f"{channel:.0f}" for channel in cv2.mean(picture.rgb)[:3])
    seen = _seen_by_any(progress)
    whole = seen == Box(0, 0, *picture.size)
    return {
        "picture": data_url.photograph(picture, _SHOWN_PIXELS),
        "covered": data_url.photograph(now, _SHOWN_PIXELS) if covered else "",
        "size": list(picture.size),
        "box": list(covered.box) if covered else None,
        "seen": None if whole else list(astuple(data_url.in_fractions(seen, picture.size))),
        "outside": covered is not None and not _overlap(covered.on(picture.size), seen),
        "how": how,
        "mean": f"rgb({mean})",
        "serial": st.session_state.get(state.COVERED_SERIAL, 0),
        "rows": rows(progress, covered) if covered else [],
        "words": texts.COVER,
    }


def _seen_by_any(progress: Progress) -> Box:
    """The part of the picture that any network sees; all of it until one has answered."""
    known = {**progress.first, **progress.comparison.explanations}
    return seen_by_any(replace(progress.comparison, explanations=known))


def rows(progress: Progress, covered: Covered) -> list[dict[str, Any]]:
    """For each network, in the comparison's order, its first answer and what became of it."""
    comparison = progress.comparison
    return [_row(name, comparison, progress.first, covered) for name in comparison.models]


def _is_open() -> bool:
    return bool(st.session_state.get(state.COVERING))


def _close() -> None:
    for key in (state.COVERING, state.COVERED, state.COVERED_PICTURE):
        st.session_state.pop(key, None)


def _changed() -> None:
    """Before the run that a change in the browser leads to."""
    value = st.session_state[_KEY].covered
    if not isinstance(value, Mapping):
        return
    serial = value.get("serial")
    if isinstance(serial, int) and 0 <= serial < 2**31:
        st.session_state[state.COVERED_SERIAL] = serial
    if value.get("how") in HOWS:
        st.session_state[state.COVERED_HOW] = value["how"]
    covered = covered_from(value, st.session_state.get(state.COVERED_OF, ""))
    st.session_state[state.COVERED] = covered
    if covered is None:
        st.session_state.pop(state.COVERED_PICTURE, None)


def _row(
    name: str, comparison: Comparison, firsts: Mapping[str, Explanation], covered: Covered
) -> dict[str, Any]:
    first, now = firsts.get(name), comparison.explanations.get(name)
    row: dict[str, Any] = {
        **dict.fromkeys(_WORDS_OF_ROW, ""),
        **{"title": catalog.title(name), "waiting": True, "now": None, "changed": False},
    }
    if name in comparison.failures:
        return {**row, "why": comparison.failures[name], "waiting": False}
    if first is None:
        return {**row, "why": shared.WAITING}
    if first.stranger:
        return {**row, "why": STRANGER, "waiting": False}
    answer = first.predictions[0]
    row |= {
        "note": shared.UNTRAINED_NOTE if first.untrained else "",
        "name": answer.class_name,
        "first": answer.probability,
        "firstText": texts.percent_finely(answer.probability),
    }
    if now is None:
        return row
    again, top = now.same_class(answer), now.predictions[0]
    # Of the numbers as they are shown, so that a reader's own sum comes out.
    change = round(100 * again.probability, 1) - round(100 * answer.probability, 1)
    box = covered.on(comparison.picture.size)
    changed = top.class_index != answer.class_index
    return row | {
        "waiting": False,
        "now": again.probability,
        "nowText": texts.percent_finely(again.probability),
        "change": texts.points(change),
        "sign": "" if abs(change) < 0.05 else "up" if change > 0 else "down",
        "topName": top.class_name if changed else texts.COVER_UNCHANGED,
        "topText": texts.percent_finely(top.probability) if changed else "",
        "changed": changed,
        "unseen": "" if _overlap(box, now.seen) else texts.COVER_UNSEEN,
    }


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.top < other.top + other.height
        and other.top < one.top + one.height
        and one.left < other.left + other.width
        and other.left < one.left + one.width
    )
