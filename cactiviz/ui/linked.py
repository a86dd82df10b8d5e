"""What a link and a session have in common: read from what is chosen, and chosen from a link."""

from __future__ import annotations

import streamlit as st

from cactiviz.errors import CactivizError, DataError
from cactiviz.explain import VIEWS
from cactiviz.models import MODELS
from cactiviz.ui import sets, state, texts
from cactiviz.ui.address import FIRST_NETWORKS, FIRST_VIEWS, Link


def chosen() -> Link:
    """What is chosen, as far as a link can hold it."""
    get = st.session_state.get
    picture, web, place = "", "", ""
    if get(state.SOURCE) == "web":
        web = str(get(state.WEB) or "").strip()
    elif get(state.SOURCE) == "set" and get(state.DATASET) not in (None, sets.LIVE):
        picture = f"{get(state.DATASET)}:{get(state.CLASS)}/{get(state.ITEM)}"
        place = state.place() if get(state.DATASET) == sets.FOLDER else ""
        if picture == sets.first_item().address:
            picture = ""
    models = get(state.MODELS) or FIRST_NETWORKS
    methods = get(state.METHODS) or FIRST_VIEWS
    known = tuple(name for name in MODELS if name in models)  # not those of the user's own
    layer_of, layer = get(state.LAYER) or ("", "")
    return Link(
        picture=picture,
        web=web,
        place=place,
        models=known or FIRST_NETWORKS,
        methods=tuple(view for view in VIEWS if view in methods),
        class_=get(state.TARGET) or "",
        against=get(state.AGAINST) or "",
        layer=layer if tuple(models) == (layer_of,) else "",
        whole=bool(get(state.WHOLE)),
        untrained=bool(get(state.UNTRAINED)),
    )


def cannot_travel() -> str:
    """Which part of what is shown a link leaves out, in plain sentences; empty if none."""
    get = st.session_state.get
    said = []
    if get(state.SOURCE) in ("upload", "camera"):
        said.append(texts.STAYS_PICTURE)
    elif get(state.SOURCE) == "set" and get(state.DATASET) == sets.LIVE:
        said.append(texts.STAYS_SEARCHED)
    if any(name not in MODELS for name in get(state.MODELS) or ()):
        said.append(texts.STAYS_NETWORK)
    return " ".join(said)


def picked() -> tuple[object, ...]:
    """What tells one choice of a picture from another."""
    keys = (state.SOURCE, state.DATASET, state.CLASS, state.ITEM)
    return tuple(st.session_state.get(key) for key in keys)


def choose(link: Link) -> list[str]:
    """Choose what a link says; before the widgets are made in a run.

    Returns:
        A plain sentence for what can't be chosen here.
    """
    values = {
        state.MODELS: list(link.models),
        state.METHODS: list(link.methods),
        state.WHOLE: link.whole,
        state.UNTRAINED: link.untrained,
        state.TARGET: link.class_ or None,
        state.AGAINST: link.against or None,
        state.LAYER: (link.models[0], link.layer) if link.layer else None,
    }
    for key, value in values.items():
        st.session_state[key] = value
    return choose_picture(link)


def choose_picture(link: Link) -> list[str]:
    """Choose a link's picture, which is nothing that is fetched; as :func:`choose`."""
    if link.web:  # the page asks before it fetches
        st.session_state[state.SOURCE], st.session_state[state.WEB] = "web", link.web
        return []
    state.choose(sets.first_item())
    name, _, place = link.picture.partition(":")
    if not name:
        return []
    try:
        if not sets.is_here(name):
            raise DataError(texts.link_dataset(sets.title(name)))
        state.choose(sets.opened(name).find(place))
    except CactivizError as error:
        return [texts.link_picture(str(error))]
    return []
