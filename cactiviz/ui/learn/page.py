"""The page Learn: one part at a time, and only its work is asked for."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from cactiviz.ui import texts
from cactiviz.ui.components import fields
from cactiviz.ui.learn import lessons, methods
from cactiviz.ui.session import state

#: What each part of the page shows; the names are keys of ``texts.LEARN_PARTS``.
PARTS: dict[str, Callable[[], None]] = {
    "methods": methods.show,
    "untrained": lessons.show_untrained,
    "classes": lessons.show_classes,
    "scale": lessons.show_scale,
    "size": lessons.show_size,
}
_LESSONS = [name for name in PARTS if name != "methods"]


def show() -> None:
    """The chosen part, the way to the next, and the glossary."""
    with st.container(key="cv-learn"):
        st.title(texts.LEARN_TITLE, anchor=False)
        st.html(f'<p class="cv-lead">{escape(texts.LEARN_LEAD)}</p>')
        if st.session_state.get(state.LESSON) not in PARTS:
            st.session_state[state.LESSON] = "methods"
        part = fields.one_of(
            texts.LEARN_PART,
            texts.LEARN_PARTS,
            state.LESSON,
            st.pills,
            label_visibility="collapsed",
        )
        if part in _LESSONS:
            number = _LESSONS.index(part) + 1
            progress = texts.LEARN_PROGRESS.format(number=number, total=len(_LESSONS))
            st.html(
                f'<p class="cv-progress">{escape(progress)}</p>'
                f"<h2>{escape(texts.LEARN_TITLES[part])}</h2>"
            )
        if part in _LESSONS and lessons.trained_network().untrained:
            st.info(texts.LEARN_NO_WEIGHTS)
        else:
            PARTS[part]()
        _offer_next(part)
        st.html(_glossary())


def _offer_next(part: str) -> None:
    names = list(PARTS)
    after = names[(names.index(part) + 1) % len(names)]
    st.button(
        texts.learn_next(after),
        key="cv-next",
        icon=":material/arrow_forward:",
        icon_position="right",
        on_click=lambda: st.session_state.update({state.LESSON: after}),
    )


def _glossary() -> str:
    rows = "".join(
        f"<div><dt>{escape(word)}</dt><dd>{escape(means)}</dd></div>"
        for word, means in texts.LEARN_WORDS.items()
    )
    return (
        f'<section class="cv-glossary"><h2>{escape(texts.LEARN_GLOSSARY)}</h2>'
        f"<dl>{rows}</dl></section>"
    )
