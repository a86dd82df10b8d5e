"""A page of its own for "What if" and "Why A and not B", as Compare puts them above its grid."""

import streamlit as st

from cactiviz.ui import choices, readings, styles, texts, what_if, why_not
from cactiviz.ui.choices import Choice


def show(choice: Choice, timed: bool) -> None:
    now = what_if.applied(choice)
    progress = readings.compared(now, 0.1, first=choice)
    if timed != bool(progress.waiting):
        st.rerun()
    with st.container(horizontal=True):
        what_if.button()
        why_not.button(choice, progress.comparison)
    what_if.panel(choice, progress)
    why_not.show(choice, progress.comparison)
    for name, answers in what_if.before(progress).items():
        said = [(a.class_name, a.probability) for a in answers]
        st.caption(texts.plain(f"before {name}: {said}"))


st.set_page_config(layout="wide")
choice = choices.ask()
st.html(styles.sheets())
st.title(texts.COMPARE_TITLE, anchor=False)
waiting = bool(readings.compared(what_if.applied(choice), 0.1, first=choice).waiting)
st.fragment(show, run_every=0.25 if waiting else None)(choice, waiting)
