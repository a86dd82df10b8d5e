"""A page's title with "Copy link" beside it; Compare has its own above the grid."""

from __future__ import annotations

import streamlit as st

from cactiviz.ui import texts
from cactiviz.ui.address import history
from cactiviz.ui.components.loader import small_component


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
        "cannotTravel": history.cannot_travel(page),
    }
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(title, anchor=False, width="content")
        small_component("address", "copy_link")(data=data, key="copy link", width="content")
