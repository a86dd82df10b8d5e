"""Load the scripts and style sheets that lie beside the code, and register components once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def text(folder: str, names: Iterable[str]) -> str:
    """Read files of one package and join them, one line apart.

    Args:
        folder: Name of a package under ``cactiviz.ui``, such as ``"grid"``.
        names: File names, in the order in which they are joined; those of another package with its
            name before them, such as ``"components/side_panel.js"``.

    >>> text("components", ["wall.css"]).startswith("/*")
    True
    """
    place = resources.files("cactiviz.ui")
    paths = (name if "/" in name else f"{folder}/{name}" for name in names)
    return "\n".join(place.joinpath(path).read_text("utf-8") for path in paths)


#: A script that turns the side panel, for components that have a button for it.
SIDE_PANEL = "components/side_panel.js"


@st.cache_resource(show_spinner=False)
def component(
    name: str,
    folder: str,
    scripts: tuple[str, ...] = (),
    sheets: tuple[str, ...] = (),
    _tables: Callable[[], str] | None = None,
) -> ComponentRenderer:
    """Register a component once for the server.

    Args:
        name: Unique among the components; the browser knows it as ``cactiviz_NAME``.
        folder: Name of the package under ``cactiviz.ui`` in which its files lie.
        scripts: Files that are one module in this order: what stands first knows nothing of the
            rest. If not given, the component is a script and a style sheet of its own name.
        sheets: Files that are its one style sheet.
        _tables: Makes a script that stands before them.
    """
    if not scripts:
        scripts, sheets = (f"{name}.js",), (f"{name}.css",)
    before = "" if _tables is None else f"{_tables()}\n"
    css = text(folder, sheets) if sheets else None
    return st.components.v2.component(
        f"cactiviz_{name}", css=css, js=before + text(folder, scripts)
    )


def sheets(page: str = "") -> str:
    """HTML with the style sheet of all pages and that of one page, for a page to send once.

    Args:
        page: Name of the page's package under ``cactiviz.ui``, in which ``PAGE.css`` lies.

    >>> sheets("gallery").startswith("<style>")
    True
    """
    css = text("components", ["page.css"])
    if page:
        css += text(page, [f"{page}.css"])
    return f"<style>{css}</style>"
