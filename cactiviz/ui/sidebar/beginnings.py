"""What one may begin with: a picture and the networks and views that suit it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cactiviz.batch.presets import PRESETS
from cactiviz.datasets import Item
from cactiviz.models import MODELS
from cactiviz.ui.address.link import FIRST_NETWORKS, FIRST_VIEWS
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state


@dataclass(frozen=True)
class Beginning:
    """A choice of everything.

    Attributes:
        networks: Their names; empty to keep those that are chosen.
        views: Their names.
        item: The picture; None to keep the one that is shown.
        layers: Network -> layer, where it isn't the network's own.
        picking: The choice of pictures that opens.
        page: The page that opens, if it is another one.
    """

    networks: tuple[str, ...] = ()
    views: tuple[str, ...] = FIRST_VIEWS
    item: Item | None = None
    layers: tuple[tuple[str, str], ...] = ()
    picking: str | None = None
    page: str = ""


_BEST = MODELS["cactinet"].best_view or ("grad_cam", MODELS["cactinet"].target_layer)
BEGINNINGS = {
    "photographs": Beginning(FIRST_NETWORKS, item=library.first_item()),
    "cacti": Beginning(
        ("cactinet",),
        (_BEST[0],),
        library.UNNAMED_ITEM,
        (("cactinet", str(_BEST[1])),),
    ),
    "blog": Beginning(PRESETS["efficientnet_blog"].networks),
    "inaturalist": Beginning(page=state.GALLERY_PAGE),
    "own": Beginning(picking="upload"),
}


def begin(name: str) -> None:
    """Choose what a beginning says; before the run that shows it."""
    beginning = BEGINNINGS[name]
    session = st.session_state
    if beginning.page:
        session[state.SHOWN] = library.LIVE
        session[state.GO_TO] = beginning.page
        return
    session[state.TARGET] = session[state.AGAINST] = None
    if beginning.networks:
        session[state.MODELS] = list(beginning.networks)
        session[state.LAYER] = dict(beginning.layers)
        session[state.METHODS] = list(beginning.views)
    if beginning.item is not None:
        state.choose(beginning.item)
    session[state.PICKING] = beginning.picking
    if beginning.picking:
        session[state.SOURCE] = beginning.picking


def go_on() -> None:
    """Open the page that a beginning leads to."""
    if page := st.session_state.pop(state.GO_TO, ""):
        st.switch_page(page)
