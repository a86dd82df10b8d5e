"""What a link and a session have in common: read from what is chosen, and chosen from a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from cactiviz.errors import CactivizError, DataError
from cactiviz.methods import VIEWS
from cactiviz.models import MODELS
from cactiviz.ui.address import animate, parameter, texts
from cactiviz.ui.address.layers import FiltersLink, NeuronsLink
from cactiviz.ui.address.link import FIRST_NETWORKS, FIRST_VIEWS, SHARED, Covered, Link
from cactiviz.ui.address.parameter import PageLink, Query
from cactiviz.ui.brought import current
from cactiviz.ui.networks import catalog
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

#: What a page's address says besides what others say too.
_PAGES: dict[str, type[PageLink]] = {
    "filters": FiltersLink,
    "neurons": NeuronsLink,
    "animate": animate.FilmLink,
}
#: All that a page writes; each change of one is an entry in the browser's history.
PARAMETERS = {
    page: (*shared, *(row.key for row in (_PAGES[page].rows if page in _PAGES else ())))
    for page, shared in SHARED.items()
}
EVERY_PARAMETER = tuple(dict.fromkeys(key for keys in PARAMETERS.values() for key in keys))


def query(page: str) -> Query:
    """The parameters of what is chosen, as far as a page uses it and a link can hold it."""
    link, ours = chosen(page), SHARED[page]
    of_page = _PAGES[page].chosen().query() if page in _PAGES else {}
    if link == _first_visit() and not of_page:
        return {}
    named = {"networks": " ".join(link.models)} if "networks" in ours else {}
    shared = {key: value for key, value in link.query().items() if key in ours}
    return {**named, **shared, **of_page}


def read(page: str, query: Mapping[str, str]) -> tuple[Link, list[str]]:
    """What some parameters say as far as pages have them in common; as :meth:`Link.read`."""
    if not any(key in PARAMETERS[page] for key in query):
        return _first_visit(), []
    shared = {*SHARED[page], "set"}  # a data set may be in a folder, as a picture may
    return Link.read({key: text for key, text in query.items() if key in shared})


def choose(page: str, query: Mapping[str, str], link: Link) -> list[str]:
    """Choose what a page's address says; before the widgets are made in a run.

    Args:
        page: Others' choices stay as they are.
        query: All of its parameters.
        link: What is followed of those that pages have in common.

    Returns:
        A plain sentence for what can't be chosen here.
    """
    wrong: list[str] = []
    if page in _PAGES:
        own, wrong = _PAGES[page].read(query)
        own.choose()
    shared = [row for row in Link.rows if row.key in SHARED[page]]
    parameter.choose(link, shared)
    for row in shared:
        if row.key in ("class", "against"):
            st.session_state[row.state] = st.session_state[row.state] or None
    if "layers" in SHARED[page]:
        st.session_state[state.LAYER] = dict(link.layers)
    if link.cover and "cover" in SHARED[page]:
        cover(link.cover)
    if page == "animate" and animate.kind() == "pictures":
        return wrong  # of data sets; the one picture of other pages stays
    return wrong + choose_picture(link)


def chosen(page: str) -> Link:
    """What is chosen, as far as pages have it in common and a link can hold it."""
    get = st.session_state.get
    picture, web = "", ""
    if page == "animate" and animate.kind() == "pictures":
        pass  # it has no one picture
    elif current.shown_source() == "web":
        web = str(get(state.WEB) or "").strip()
    elif current.shown_source() == "set" and get(state.DATASET) is None:
        picture = library.first_item().address  # which the page is about to choose
    elif not _stays_here():
        picture = f"{get(state.DATASET)}:{get(state.CLASS)}/{get(state.ITEM)}"
        if picture == library.UNNAMED_ITEM.address:
            picture = ""
    models = get(state.MODELS) or FIRST_NETWORKS
    methods = get(state.METHODS) or FIRST_VIEWS
    in_table = tuple(name for name in MODELS if name in models)  # not those of the user's own
    return Link(
        picture=picture,
        web=web,
        models=in_table or FIRST_NETWORKS,
        methods=tuple(view for view in VIEWS if view in methods),
        class_=get(state.TARGET) or "",
        against=get(state.AGAINST) or "",
        layers=catalog.layers_of(in_table or FIRST_NETWORKS),
        cover=None if _stays_here() else covered_part(),
        tiles=int(get(state.TILES) or 0),
        whole=bool(get(state.WHOLE)),
        untrained=bool(get(state.UNTRAINED)),
    )


def _first_visit() -> Link:
    """What an address without any parameter stands for."""
    address = library.first_item().address
    return Link(picture=address, models=FIRST_NETWORKS, methods=FIRST_VIEWS)


def picked() -> tuple[object, ...]:
    """What tells one choice of pictures from another."""
    keys = (state.SOURCE, state.DATASET, state.CLASS, state.ITEM)
    film = (state.FILM_KIND, state.FILM_SOURCE, state.FILM_SET)
    return tuple(st.session_state.get(key) for key in (*keys, *film))


def choose_picture(link: Link) -> list[str]:
    """Choose a link's picture, which is nothing that is fetched; as :func:`choose`."""
    if link.web:  # the page asks before it fetches
        st.session_state[state.SOURCE], st.session_state[state.WEB] = "web", link.web
        return []
    state.choose(library.first_item())
    name, _, place = (link.picture or library.UNNAMED_ITEM.address).partition(":")
    try:
        if not library.is_here(name):
            raise DataError(texts.LINK_DATASET.format(title=library.title(name)))
        state.choose(library.opened(name).find(place))
    except CactivizError as error:
        return [texts.LINK_PICTURE.format(why=str(error))]
    return []


def cover_on(picture: str, *, of_link: bool) -> None:
    """Note which picture is shown, and cover what a link covers of it.

    Args:
        picture: Its key.
        of_link: It is the link's own, not one that is shown until a question is answered.
    """
    st.session_state[state.COVERED_OF] = picture
    covered: Covered | None = st.session_state.get(state.COVERED)
    if covered is not None and not covered.picture and of_link:
        st.session_state[state.COVERED] = replace(covered, picture=picture)


def cover(covered: Covered) -> None:
    """Cover a part of the picture that is shown, or about to be."""
    st.session_state[state.COVERED] = covered
    st.session_state[state.COVERING] = True
    st.session_state[state.COVERED_HOW] = covered.how


def covered_part() -> Covered | None:
    """The covered part of the picture that is shown, or that a link is about to show."""
    covered: Covered | None = st.session_state.get(state.COVERED)
    if covered is None or not st.session_state.get(state.COVERING):
        return None
    return covered if covered.picture in ("", st.session_state.get(state.COVERED_OF)) else None


def _stays_here() -> bool:
    """Whether the picture is one that a link leaves out."""
    source = current.shown_source()
    dataset = st.session_state.get(state.DATASET) if source == "set" else ""
    of_folder = dataset == library.FOLDER and bool(state.place())
    return of_folder or dataset == library.LIVE or source in current.OWN_SOURCES


def drop_unknown(known: dict[str, str], *, new: bool) -> list[str]:
    """Drop classes to explain that no chosen network knows; before any widget is made in a run.

    A class that never was known here is left alone: each network says so itself, and which of its
    own is near.

    Args:
        known: The classes that a chosen network has known, by where they are kept; brought up to
            date.
        new: Those chosen count as known before: a link named them besides a network that isn't
            here.

    Returns:
        A plain sentence for each.
    """
    chosen = [*(st.session_state.get(state.MODELS) or FIRST_NETWORKS)]
    chosen += st.session_state.get(state.JOINING, [])
    every = catalog.names()
    networks = [name for name in chosen if name in every] or list(FIRST_NETWORKS)
    sentences = []
    for key in (state.TARGET, state.AGAINST):
        class_ = str(st.session_state.get(key) or "")
        if not class_:
            known.pop(key, None)
        elif any(catalog.may_know(name, class_) for name in networks):
            known[key] = class_
        elif new or known.get(key) == class_:
            st.session_state[key] = None
            known.pop(key, None)
            sentences.append(texts.class_unknown(class_, several=len(networks) > 1))
    return sentences
