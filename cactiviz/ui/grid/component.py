"""The component: its files registered once, its data at each run, and what was pressed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from cactiviz.recipes.style import Style
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.scales import SCALES
from cactiviz.ui.components.loader import component, text
from cactiviz.ui.grid.payload import EXPORTS

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


@dataclass(frozen=True)
class Event:
    """What was pressed in this run.

    Attributes:
        kind: "add" a network that was offered, or "export" the comparison.
        value: The network's name, or one of :data:`EXPORTS`.
        style: How the maps were painted at that moment.
    """

    kind: Literal["add", "export"]
    value: str
    style: Style


def style_from(said: Mapping[str, object]) -> Style:
    """The style that an address or a browser names; what isn't usable there is as it is at first.

    Args:
        said: Scale, palette and strength by name.

    >>> style_from({"scale": "rank", "palette": "<b>", "strength": "0.7"}).of_maps
    {'scale': 'rank', 'palette': 'inferno', 'strength': 0.7}
    """
    first = Style()
    palette = said.get("palette")
    return Style(
        next((scale for scale in SCALES if scale == said.get("scale")), first.scale),
        palette if isinstance(palette, str) and palette in PALETTES else first.palette,
        _share(said.get("strength"), first.strength),
    )


def _share(said: object, otherwise: float) -> float:
    """A number in 0..1, however it is written."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return otherwise
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return otherwise
    return number if 0 <= number <= 1 else otherwise  # NaN is in no range


def show(data: dict[str, Any], key: str = "grid") -> Event | None:
    """Show what :func:`payload` gives, and return what was pressed in this run.

    Args:
        data: What the browser is sent.
        key: Of the component.
    """
    # What is pressed is noted before the run, which may end above this place.
    component("grid", "grid", _SCRIPTS, _SHEETS, _tables)(
        data=_packed(data, key), key=key, on_event_change=lambda: _note(key)
    )
    pressed = st.session_state.pop(_pressed(key), None)
    return event(pressed, {offer["name"] for offer in data["offers"]})


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
