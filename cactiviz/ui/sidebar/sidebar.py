"""What the person at the screen has chosen, asked for in the sidebar."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cactiviz.datasets.tree import ENDINGS
from cactiviz.errors import CactivizError, DownloadError, PictureError
from cactiviz.methods import VIEWS, describe
from cactiviz.models import MODELS
from cactiviz.pictures import open
from cactiviz.pictures.web import fetch_picture
from cactiviz.types import Picture
from cactiviz.ui import texts
from cactiviz.ui.address import history
from cactiviz.ui.address.link import FIRST_NETWORKS, FIRST_VIEWS
from cactiviz.ui.brought import current
from cactiviz.ui.components import fields
from cactiviz.ui.networks import catalog, upload_form
from cactiviz.ui.pictures import library, picker
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice, ask_target

_FALLBACK = "chelsea"  # where not even the first picture can be read
_USUAL_NETWORKS = (
    *("alexnet", "densenet121", "resnet152"),
    *("efficientnet_b0", "efficientnet_b3", "cactinet"),
)
#: Endings of pictures.
TYPES = [ending.removeprefix(".") for ending in ENDINGS]


def ask(page: Literal["compare", "filters", "neurons"] = "compare") -> Choice:
    """Show the sidebar and return what is chosen; a first visit has a picture and a network.

    Args:
        page: Those other than Compare show something else of the same picture and networks; the
            choice then has no methods.
    """
    with_views = page == "compare"
    history.enter(page)
    with st.container(key="cv-side-hint"):  # on a phone alone, where the sidebar is shut at first
        st.caption(texts.SIDE_HINT)
    with st.sidebar:
        with group("picture"):
            picture = ask_picture()
            history.shows(picture.key)
        with group("networks"):
            models = ask_models()
        methods: list[str] = []
        if with_views:
            with group("views"):
                methods = _ask_methods()
        whole = bool(st.session_state.get(state.WHOLE))
        choice = Choice(
            picture=picture,
            models=tuple(models),
            methods=tuple(view for view in VIEWS if view in methods),
            resize="squash" if whole else None,
            untrained=bool(st.session_state.get(state.UNTRAINED)),
        )
        with group("rare"):
            if with_views:
                choice = ask_target(choice)
            with st.expander(texts.MORE, key="more", icon=":material/tune:"):
                fields.switches(state.WHOLE)
        if models and (methods or not with_views):
            history.keep()
    if not models or (with_views and not methods):
        if with_views:
            st.title(texts.COMPARE_TITLE, anchor=False)
        st.info(texts.PICK_SOMETHING if with_views else texts.PICK_A_NETWORK)
        st.stop()
    return replace(choice, models=tuple(name for name in catalog.names() if name in models))


def ask_models(key: str = state.MODELS) -> list[str]:
    """Show the networks to choose among, and return those that are chosen.

    Args:
        key: What the session remembers them by.
    """
    before = st.session_state.get(key)
    chosen = catalog.settled(FIRST_NETWORKS if before is None else before)
    if chosen != before:  # the first time, or one joined or went
        st.session_state[key] = chosen
    usual = [*_USUAL_NETWORKS, *catalog.own()]
    every = [*usual, *(name for name in catalog.names() if name not in usual)]
    sizes = {spec.title: spec.download_megabytes for spec in catalog.missing()}
    models = st.pills(
        texts.NETWORKS,
        _usual_or_all(every, usual, chosen, state.MORE_MODELS),
        selection_mode="multi",
        format_func=_network_label,
        help=texts.not_here_help(sizes) if sizes else None,
        key=key,
        persist_state="session",
    )
    _offer_more(texts.MORE_NETWORKS, state.MORE_MODELS)
    upload_form.ask()
    return models


def group(name: str) -> DeltaGenerator:
    """What belongs together in the sidebar stands close together (``page.css``)."""
    return st.container(key=f"cv-side-{name}", gap="xsmall")


def _network_label(name: str) -> str:
    spec = MODELS.get(name)
    if spec is None or not catalog.can_be_fetched(spec):
        return texts.plain(catalog.title(name))
    return texts.NOT_HERE_YET.format(title=texts.plain(catalog.title(name)))


def _ask_methods() -> list[str]:
    chosen = st.session_state.setdefault(state.METHODS, list(FIRST_VIEWS))
    every = [*FIRST_VIEWS, *(view for view in VIEWS if view not in FIRST_VIEWS)]
    methods = st.pills(
        texts.VIEWS,
        _usual_or_all(every, FIRST_VIEWS, chosen, state.MORE_METHODS),
        selection_mode="multi",
        format_func=lambda view: describe(view)[0],
        key=state.METHODS,
        persist_state="session",
    )
    _offer_more(texts.MORE_VIEWS, state.MORE_METHODS)
    return methods


def _usual_or_all(
    every: Sequence[str], usual: Sequence[str], chosen: Sequence[str], key: str
) -> list[str]:
    """The usual names and those chosen; all of them once the user wants to see more."""
    more = st.session_state.get(key, False)
    return [name for name in every if more or name in usual or name in chosen]


def _offer_more(label: str, key: str) -> None:
    more = st.session_state.get(key, False)
    st.button(
        texts.FEWER if more else label,
        key=f"show {key}",
        type="tertiary",
        icon=":material/expand_less:" if more else ":material/expand_more:",
        on_click=lambda: st.session_state.update({key: not more}),
    )


def ask_picture() -> Picture:
    """Show where a picture can come from, and return the one that is chosen.

    Until there is one, the picture of before stays.
    """
    source = fields.one_of(texts.SOURCE, texts.SOURCES, state.SOURCE, width="stretch")
    picture = None
    try:
        if source == "upload":
            picture = picker.ask_file(TYPES)
        elif source == "camera":
            picture = picker.ask_camera()
        elif source == "web":
            picture = _ask_address()
        else:
            picture = picker.pick()
    except (PictureError, DownloadError) as error:
        st.error(texts.plain(str(error)))
    if picture is not None:
        st.session_state.update({state.SHOWN_SOURCE: source, state.SHOWN_PICTURE: picture})
        return picture
    st.caption(texts.STAND_IN)
    return _of_before()


def _of_before() -> Picture:
    """The picture that was shown last, if it may still be; or the one chosen of a data set."""
    shown: Picture | None = st.session_state.get(state.SHOWN_PICTURE)
    if shown is not None and current.shown_source() == st.session_state.get(state.SHOWN_SOURCE):
        return shown
    get = st.session_state.get
    for name, place in (
        (get(state.DATASET), f"{get(state.CLASS)}/{get(state.ITEM)}"),
        (library.first(), library.first_item().address.partition(":")[2]),
    ):
        with suppress(CactivizError):
            if name and library.is_here(name):
                dataset = library.opened(name)
                return library.picture(dataset, dataset.find(place))
    return _sample(_FALLBACK)


def _ask_address() -> Picture | None:
    st.text_input(
        texts.ADDRESS,
        help=texts.ADDRESS_HELP,
        key=state.WEB,
        persist_state="session",
        on_change=lambda: history.agree(_address()),
    )
    # One that a link brought is fetched only once its question is answered.
    return _fetched(_address()) if history.may_fetch(_address()) else None


def _address() -> str:
    return str(st.session_state.get(state.WEB) or "").strip()


@st.cache_resource(scope="session", max_entries=8, show_spinner=texts.FETCHING)
def _fetched(address: str) -> Picture:
    download = fetch_picture(address)  # public addresses only
    return open.open_picture(download.data, name=download.name, credit=download.source)


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Picture:
    return open.sample(name)
