"""The component: its files registered once, its data at each run, and what was pressed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.recipes.request import Style
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.types import Prediction
from cactiviz.ui.components.loader import component, text
from cactiviz.ui.grid.events import EXPORTS, Download, Event, style_from
from cactiviz.ui.grid.payload import payload
from cactiviz.ui.networks.offers import Offer

#: In this order they are one module: what stands above doesn't know what stands below.
_SCRIPTS = (
    "dom.js",
    "colormaps.js",
    "maps.js",
    "paint.js",
    "style.js",
    "popover.js",
    "toolbar.js",
    "readout.js",
    "headers.js",
    "table.js",
    "pane.js",
    "dialog.js",
    "layout.js",
    "main.js",
)
_STAMP = 32  # bytes; as in main.js
_SHEETS = ("table.css", "toolbar.css", "panel.css", "dialog.css")


def show(
    comparison: Comparison,
    *,
    offers: Sequence[Offer] = (),
    style: Style | None = None,
    before: Mapping[str, Sequence[Prediction]] | None = None,
    download: Download | None = None,
    waiting: str = "",
    problem: str = "",
    cannot_travel: str = "",
    address: str = "",
    key: str = "grid",
) -> Event | None:
    """Show a comparison as far as it has come, and return what was pressed in this run.

    Args:
        comparison: A network in neither its readings nor its failures is waited for.
        offers: Networks that one press adds; shown as a last column while few are compared.
        style: How the maps are painted at first; from then on the browser keeps it.
        before: Network -> its answers before a part of the picture was covered.
        download: A file that the browser shall save; once, however often it is handed in.
        waiting: What is said of networks that haven't answered.
        problem: Why the last export couldn't be made.
        cannot_travel: Why a link can't bring the picture along.
        address: Anything that changes when the page writes its own part of the address; the grid
            then writes the look again, which such a write undoes.
        key: Of the component.
    """
    data = payload(
        comparison,
        offers=offers,
        style=style,
        before=before,
        download=download,
        waiting=waiting,
        problem=problem,
        cannot_travel=cannot_travel,
    )
    data["address"] = address
    # What is pressed is noted before the run, which may end above this place.
    component("grid", "grid", _SCRIPTS, _SHEETS, _tables)(
        data=_packed(data, key), key=key, on_event_change=lambda: _note(key)
    )
    pressed = st.session_state.pop(_pressed(key), None)
    return event(pressed, {offer.name for offer in offers})


def _note(key: str) -> None:
    st.session_state[_pressed(key)] = st.session_state[key].event


def _pressed(key: str) -> str:
    return f"{key} pressed"


def event(said: object, offered: set[str]) -> Event | None:
    """What a browser says was pressed, if there is such a thing to press.

    >>> event({"kind": "export", "value": "png"}, set())
    Event(kind='export', value='png', style=Style(scale='own', palette='inferno', ...))
    >>> event({"kind": "add", "value": "alexnet"}, set())
    """
    if not isinstance(said, Mapping):
        return None
    value, style = said.get("value"), said.get("look")
    if not isinstance(value, str):
        return None
    here = style_from(style if isinstance(style, Mapping) else {})
    if said.get("kind") == "add" and value in offered:
        return Event("add", value, here)
    if said.get("kind") == "export" and value in EXPORTS:
        return Event("export", value, here)
    return None


def unpacked(sent: bytes) -> dict[str, Any]:
    """What was packed for the browser, as it has it."""
    found: dict[str, Any] = json.loads(sent[_STAMP:])
    return found


def _packed(data: dict[str, Any], key: str) -> bytes:
    """The data as JSON after a stamp of its content, so that the browser reads only what is new.

    As bytes, Streamlit passes it on as it is; a dict it would encode twice in each run.
    """
    kept = f"{key} sent"
    before, sent = st.session_state.get(kept, (None, b""))
    if data != before:  # quick: what a run before made is the very same object
        text = json.dumps(data).encode()
        sent = hashlib.blake2b(text, digest_size=_STAMP // 2).hexdigest().encode() + text
        st.session_state[kept] = data, sent
    return bytes(sent)


def script() -> str:
    """The component's one module."""
    return f"{_tables()}\n{text('grid', _SCRIPTS)}"


def _tables() -> str:
    """The palettes, which the scripts paint with."""
    tables = {name: table.tobytes().hex() for name, table in PALETTES.items()}
    tables["diverging"] = DIVERGING.tobytes().hex()
    return f"const TABLES = {json.dumps(tables)};"


def sheet() -> str:
    """The component's one style sheet."""
    return text("grid", _SHEETS)
