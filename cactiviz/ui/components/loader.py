"""A small component of the page's: one script and one style sheet of its own name."""

from __future__ import annotations

from importlib import resources

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


@st.cache_resource(show_spinner=False)
def component(name: str) -> ComponentRenderer:
    """The component of ``NAME.js`` and ``NAME.css`` in this folder, registered once."""
    folder = resources.files("cactiviz.ui")
    return st.components.v2.component(
        f"cactiviz_{name}",
        css=folder.joinpath(f"{name}.css").read_text("utf-8"),
        js=folder.joinpath(f"{name}.js").read_text("utf-8"),
    )
