"""Fields that the app has in several places; what is chosen in them stays from page to page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from cactiviz.ui import texts
from cactiviz.ui.session import state

T = TypeVar("T")


def one_of(
    label: str,
    options: Mapping[T, str],
    key: str,
    row: Callable[..., Any] = st.segmented_control,
    **more: Any,
) -> T:
    """A row of buttons, one of which is always pressed, at first the first one.

    Args:
        label: What is asked.
        options: Each with its title.
        key: The session's key.
        row: Streamlit's field: ``st.segmented_control`` or ``st.pills``.
        **more: As that field takes it.
    """
    first = next(iter(options))
    st.session_state.setdefault(key, first)
    chosen: T | None = row(
        label,
        list(options),
        required=True,
        format_func=lambda option: options[option],
        key=key,
        persist_state="session",
        **more,
    )
    return first if chosen is None else chosen


def select(label: str, options: Sequence[T], key: str, first: T | None = None, **more: Any) -> T:
    """A list to choose one from; what isn't in it any more gives way.

    Args:
        label: What is asked.
        options: At least one.
        key: The session's key.
        first: What is chosen then; the first one if not given.
        **more: As ``st.selectbox`` takes it.
    """
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0] if first is None else first
    chosen: T = st.selectbox(label, options, key=key, persist_state="session", **more)
    return chosen


def seed(key: str) -> int:
    """A button that draws again, and the seed that it counts up from 1."""
    st.session_state.setdefault(key, 1)
    icon = ":material/casino:"
    st.button(texts.DRAW_AGAIN, icon=icon, on_click=state.count_up, args=(key,))
    return int(st.session_state[key])


def switches(whole: str) -> None:
    """Whether networks see whole pictures, and random weights will do where none are here.

    Args:
        whole: The session's key of the former.
    """
    for label, about, key in (
        (texts.WHOLE, texts.WHOLE_HELP, whole),
        (texts.UNTRAINED, texts.UNTRAINED_HELP, state.UNTRAINED),
    ):
        st.toggle(label, help=about, key=key, persist_state="session")
