"""The comparison on the page: it fills as networks answer, and can be stopped."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cactiviz.ui import asking, downloads, grid, networks, readings, state, texts
from cactiviz.ui.choices import Choice
from cactiviz.ui.readings import Progress

#: So long a run waits for answers, so that what is quick comes in one piece.
_PATIENCE_SECONDS = 0.15
_LOOK_AGAIN_SECONDS = 0.25


def show(choice: Choice) -> None:
    """Show what is known of the choice, and the rest as it comes."""
    progress = _look(choice, _PATIENCE_SECONDS)
    timed = _LOOK_AGAIN_SECONDS if progress.waiting else None
    st.fragment(_show, run_every=timed)(choice, bool(timed))


def _show(choice: Choice, timed: bool) -> None:
    progress = _look(choice)
    if timed and not progress.waiting:
        st.rerun()  # which ends the timer
    _status(choice, progress)
    comparison = progress.comparison
    grid.show(comparison)
    if not progress.waiting:
        downloads.offer(comparison)
        st.caption(texts.plain(comparison.limits()))
        st.caption(texts.HATCHED)


def _look(choice: Choice, patience_seconds: float = 0.0) -> Progress:
    """What is known; nothing more is asked for once it was stopped."""
    if st.session_state.get(state.STOPPED) != choice.key:
        return readings.compared(choice, patience_seconds)
    progress = readings.compared(choice)
    asking.want_nothing()
    stopped = dict.fromkeys(progress.waiting, texts.STOPPED)
    comparison = progress.comparison
    failures = {**comparison.failures, **stopped}
    return Progress(replace(comparison, failures=failures))


def _status(choice: Choice, progress: Progress) -> None:
    """One line, of the same height in every state, so that nothing jumps."""
    device = texts.DEVICES[asking.runner().device.type]
    with st.container(horizontal=True, vertical_alignment="center", height=40, border=False):
        if progress.waiting:
            titles = [networks.title(name) for name in progress.waiting]
            said = texts.working_on(titles, len(choice.models), progress.ahead, device)
            st.caption(f":material/hourglass_top: {said}", width="content")
            st.button(texts.STOP, key="stop", type="tertiary", on_click=_stop, args=(choice.key,))
        elif texts.STOPPED in progress.comparison.failures.values():
            st.caption(texts.STOPPED, width="content")
            st.button(texts.GO_ON, key="go on", type="tertiary", on_click=_stop, args=(None,))
        else:
            st.caption(texts.computed(_seconds(progress), device), width="content")


def _seconds(progress: Progress) -> float:
    readings = progress.comparison.readings.values()
    return sum(max((e.seconds for e in r.explanations.values()), default=0.0) for r in readings)


def _stop(at: object) -> None:
    st.session_state[state.STOPPED] = at
