"""The pages, and the way in through ``app.py``."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page

from cactiviz.ui import links, state, texts


def page() -> Page:
    """The page that is asked for, ready to be run."""
    st.session_state[state.INSIDE] = True
    chosen = _pages()
    links.arrive(chosen.url_path)
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
    st.set_page_config(page_title=texts.APP, page_icon="🌵", layout="wide")
    compare = st.Page(
        state.COMPARE_PAGE, title=texts.COMPARE, icon=":material/compare:", default=True
    )
    gallery = st.Page(state.GALLERY_PAGE, title=texts.GALLERY, icon=":material/grid_view:")
    chosen = st.navigation([compare, gallery], position="top")
    with st.container(horizontal=True, key="cv-pages"):  # on a phone, in the drawer's stead
        st.page_link(compare)
        st.page_link(gallery)
    return chosen
