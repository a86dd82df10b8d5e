"""A page's title with "Copy link" beside it; Compare has its own above the grid."""

from __future__ import annotations

from importlib import resources

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from cactiviz.ui import links, texts


def titled(title: str, page: str) -> None:
    """Show a page's title and the button.

    Args:
        title: What the page is called.
        page: One of those whose address says what they show.
    """
    data = {
        "copy": texts.GRID["copy"],
        "copied": texts.GRID["copied"],
        "byHand": texts.GRID["copy_by_hand"],
        "cannotTravel": links.cannot_travel(page),
    }
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(title, anchor=False, width="content")
        _component()(data=data, key="copy link", width="content")


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    folder = resources.files("cactiviz.ui")
    return st.components.v2.component(
        "cactiviz_copy_link",
        css=folder.joinpath("copy_link.css").read_text("utf-8"),
        js=folder.joinpath("copy_link.js").read_text("utf-8"),
    )
