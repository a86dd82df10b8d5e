"""The grid of small pictures, each a button: one component, so that a page comes in one piece."""

from __future__ import annotations

from importlib import resources

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from cactiviz.datasets import Item
from cactiviz.ui import texts
from cactiviz.ui.sets import Thumbnail


def show(thumbnails: list[Thumbnail], label: str, *, with_class: bool) -> Item | None:
    """Show them, and return the item whose picture was pressed in this run.

    Args:
        thumbnails: In the order of reading.
        label: What the grid is called to somebody who can't see it.
        with_class: Whether the class stands under each picture, and not its name.
    """
    cells = [
        {
            "src": one.jpeg,
            "address": one.item.address,
            "alt": texts.alt(one.item),
            "title": one.item.class_name if with_class and not one.why else one.item.name,
            "why": one.why and texts.BROKEN,
            "hint": one.why or one.item.address,
        }
        for one in thumbnails
    ]
    pressed = _component()(
        data={"cells": cells, "label": label},
        key="thumbnails",
        on_pressed_change=lambda: None,
    ).pressed
    known = {one.item.address: one.item for one in thumbnails if not one.why}
    return known.get(pressed) if isinstance(pressed, str) else None


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    files = resources.files("cactiviz.ui")
    return st.components.v2.component(
        "cactiviz_thumbnails",
        css=files.joinpath("thumbnails.css").read_text("utf-8"),
        js=files.joinpath("thumbnails.js").read_text("utf-8"),
    )
