"""The strip of pictures at the top of a page: one press shows another, or asks for one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import cast

import streamlit as st

from cactiviz.datasets import Item
from cactiviz.errors import CactivizError
from cactiviz.pictures import open
from cactiviz.ui import texts as shared
from cactiviz.ui.brought import current
from cactiviz.ui.components.loader import SIDE_PANEL, component
from cactiviz.ui.pictures import library, picker, texts
from cactiviz.ui.session import state

_KEY = "strip"
_PIXELS = 112  # of a thumbnail's shorter side: sharp on screens of two pixels a point
#: Always there: the photographs that come along and a drawn scene.
ITEMS = (*(Item("samples", "photographs", name) for name in open.SAMPLES), library.UNNAMED_ITEM)
_OWN = "own "  # before the source of a picture that was brought
_ASKS = {"upload": "+", "camera": "◉", "more": "…"}


@dataclass(frozen=True)
class Tile:
    """One button of the strip.

    Attributes:
        key: What a press returns.
        title: Stands under it.
        alt: The same, for who doesn't see the picture.
        chosen: It is what the page shows.
        src: A thumbnail as a data address, or
        sign: a letter in its stead.
    """

    key: str
    title: str
    alt: str
    chosen: bool = False
    src: str = ""
    sign: str = ""


def show(
    small: bool,
    beginnings: Mapping[str, str] | None = None,
    begin: Callable[[str], None] | None = None,
) -> None:
    """Show the strip; a press is followed before the run that it leads to.

    Args:
        small: Of less height.
        beginnings: Names and titles of what one may begin with; stand above it, beside a button
            that opens the side panel.
        begin: Called with the name of the one that was pressed.
    """
    data = {
        "tiles": [asdict(tile) for tile in _tiles()],
        "beginnings": list((beginnings or {}).items()),
        "label": texts.STRIP,
        "begin": texts.BEGIN_WITH,
        "networks": texts.CHANGE_NETWORKS if beginnings is not None else "",
        "small": small,
    }

    def follow() -> None:
        key = st.session_state[_KEY].pressed
        if begin is not None and isinstance(key, str) and key in (beginnings or {}):
            begin(key)
        else:
            _follow(key)

    component("strip", "pictures", (SIDE_PANEL, "strip.js"), ("strip.css",))(
        data=data, key=_KEY, on_pressed_change=follow
    )


def _tiles() -> Iterable[Tile]:
    chosen = _chosen()
    items = [*ITEMS]
    if chosen.startswith("set ") and chosen not in [f"set {item.address}" for item in items]:
        items += [_item_of_session()]  # of the Gallery, say
    for item in items:
        with suppress(CactivizError):  # a data set that was removed, which the page says
            yield _of_item(item, chosen)
    for source in current.OWN_SOURCES:
        with suppress(CactivizError):
            if (own := current.picture(source)) is not None:
                src = library.data_address(picker.opened(own), _PIXELS)
                name = shared.short(own.name)
                yield Tile(_OWN + source, name, own.name, chosen == _OWN + source, src)
    for key, sign in _ASKS.items():
        yield Tile(key, texts.ASKS[key], texts.ASKS_ALT[key], chosen == key, sign=sign)


def _chosen() -> str:
    """The key of the tile that stands for what the page shows."""
    asked = st.session_state.get(state.PICKING)
    if asked in _ASKS:
        return str(asked)
    source = st.session_state.get(state.SOURCE) or "set"
    if source in current.OWN_SOURCES:
        return f"{_OWN}{source}"
    return f"set {_item_of_session().address}" if source == "set" else "more"


def _item_of_session() -> Item:
    get = st.session_state.get
    if get(state.DATASET) is None:
        return library.first_item()
    return Item(str(get(state.DATASET)), str(get(state.CLASS)), str(get(state.ITEM)))


def _of_item(item: Item, chosen: str) -> Tile:
    title = texts.TILES.get(item.name if item.dataset == "samples" else item.dataset)
    if title is None or (item.dataset == "scenes" and item != library.UNNAMED_ITEM):
        title = shared.short(item.name)
    key, place = f"set {item.address}", library.place_of(item.dataset)
    return Tile(key, title, item.address, chosen == key, _thumbnail(place, item.address, item))


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbnail(place: str, address: str, _item: Item) -> str:
    dataset = library.opened(_item.dataset)
    return library.data_address(library.picture(dataset, _item), _PIXELS)


def _follow(key: object) -> None:
    """Choose the picture of a tile, or open what asks for one."""
    if not isinstance(key, str):
        return
    if key in _ASKS:
        session = st.session_state
        again = session.get(state.PICKING) == key
        session[state.PICKING] = None if again else key
        if again:
            session[state.SOURCE] = current.shown_source()
        elif key != "more":
            session[state.SOURCE] = key
        elif session.get(state.SOURCE) != "web":  # whose field is among those of "more"
            session[state.SOURCE] = "set"
        return
    source = key.removeprefix(_OWN)
    known = {f"set {item.address}": item for item in (*ITEMS, _item_of_session())}
    if key in known:
        state.choose(known[key])
    elif source in current.OWN_SOURCES and current.picture(source) is not None:
        st.session_state[state.SOURCE] = source
    else:
        return
    st.session_state[state.PICKING] = None


def asked() -> str:
    """Which picture is being asked for: "upload", "camera" or "more"; empty if none."""
    return cast(str, st.session_state.get(state.PICKING) or "")
