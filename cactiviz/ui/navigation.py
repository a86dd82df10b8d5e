"""The pages, and the way in through ``app.py``."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cactiviz.ui import server, texts
from cactiviz.ui.address import history, own
from cactiviz.ui.animate import work
from cactiviz.ui.session import state

_PAGES = [  # the first one opens where no other is asked for
    (state.COMPARE_PAGE, texts.COMPARE, ":material/compare:"),
    (state.FILTERS_PAGE, texts.FILTERS, ":material/blur_on:"),
    (state.NEURONS_PAGE, texts.NEURONS, ":material/scatter_plot:"),
    (state.ANIMATE_PAGE, texts.ANIMATE, ":material/movie:"),
    (state.GALLERY_PAGE, texts.GALLERY, ":material/grid_view:"),
    (state.LEARN_PAGE, texts.LEARN, ":material/school:"),
]
#: In a data address: an icon of another kind is fetched from elsewhere, and a file would be one of
#: Streamlit's media, which a quick second press lets go of before the browser has asked for it.
_TAB_ICON = "data:image/svg+xml;base64," + b64encode(
    Path(__file__).with_name("favicon.svg").read_bytes()
).decode("ascii")


def run() -> None:
    """Run the page that is asked for."""
    if (context := get_script_run_ctx()) is not None:
        server.sessions().note(context.session_id)
    _asked_for().run()
    state.keep_choices()


def _asked_for() -> Page:
    st.session_state[state.INSIDE] = True
    chosen = _pages()
    own.ask_browser()
    history.arrive(chosen.url_path)
    if chosen.url_path != Path(state.ANIMATE_PAGE).stem:
        work.leave()
    return chosen


def enter() -> None:
    """Start again through ``app.py`` where a page was opened without it.

    Streamlit runs a page of the folder ``pages`` by itself if its address is the first that a
    fresh server is asked for: it hasn't seen the list of pages yet.
    """
    if not st.session_state.get(state.INSIDE):
        _pages()
        st.rerun()


def _pages() -> Page:
    # Also where a page was opened without app.py: a page's icon, left to itself as the tab's, is
    # fetched from outside.
    st.set_page_config(
        page_title=texts.APP,
        page_icon=_TAB_ICON,
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    pages = [
        st.Page(file, title=title, icon=icon, default=not at)
        for at, (file, title, icon) in enumerate(_PAGES)
    ]
    chosen = st.navigation(list(pages), position="top")
    with st.container(horizontal=True, key="cv-pages"):  # on a phone, in the drawer's stead
        for page in pages:
            st.page_link(page)
    return chosen
