"""Which browser this is: a session hears the browser's random word, and what it brought is here.

The word comes a moment after the page, in a run of a fragment that shows nothing. The page itself
runs once more only where that changes what it shows: the browser has something here, or the
address says that something was left out of it. In the latter case the page waits for the word:
what it would show first isn't what was asked for.
"""

from __future__ import annotations

import time
import uuid

import streamlit as st

from cactiviz.ui.address.link import LEFT_OUT
from cactiviz.ui.brought import store
from cactiviz.ui.components.loader import component
from cactiviz.ui.session import state

_KEY = "cv-browser-word"
_PATIENCE_SECONDS = 3.0  # with a browser that doesn't tell
_LOOK_AGAIN_SECONDS = 1.0
#: Something runs so often in a session whose browser has something here; see private_folders.py.
_SIGN_OF_LIFE_SECONDS = 30


def ask() -> None:
    """Let the browser tell its word; ends the run where the page has to wait for it."""
    waits = _waits()
    timed = _SIGN_OF_LIFE_SECONDS if store.here() is not None else None
    with st.container(key="cv-browser"):
        st.fragment(_ask, run_every=_LOOK_AGAIN_SECONDS if waits else timed)(waits)
    if waits:
        st.stop()


def _ask(waits: bool) -> None:
    session = st.session_state.setdefault(state.WORD_SESSION, uuid.uuid4().hex)
    data = {"asks": state.WORD not in st.session_state, "session": session}
    component("browser_word", "address", ("browser_word.js",))(
        data=data, key=_KEY, on_word_change=_told
    )
    store.here()  # a sign of life
    if st.session_state.pop(state.WORD_NEWS, False) or (waits and not _waits()):
        st.rerun()


def _waits() -> bool:
    """Whether what the address leaves out may be here, which only the word can tell."""
    if state.WORD in st.session_state or LEFT_OUT not in st.query_params:
        return False
    since: float = st.session_state.setdefault(state.WORD_AWAITED, time.monotonic())
    return time.monotonic() - since < _PATIENCE_SECONDS


def _told() -> None:
    said = st.session_state[_KEY].word
    if said is None or state.WORD in st.session_state:
        return
    store.told(said if store.is_word(said) else "")
    st.session_state[state.WORD_NEWS] = store.here() is not None
