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
from cactiviz.methods import FILTERS, VIEWS, describe
from cactiviz.models import MODELS
from cactiviz.pictures import open
from cactiviz.pictures.web import fetch_picture
from cactiviz.types import Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.address.link import FIRST_NETWORKS, FIRST_VIEWS
from cactiviz.ui.brought import current
from cactiviz.ui.components import fields
from cactiviz.ui.components.loader import SIDE_PANEL, component
from cactiviz.ui.networks import catalog, upload_form
from cactiviz.ui.pictures import library, picker, strip
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import beginnings, texts
from cactiviz.ui.sidebar.choice import Choice, ask_target

_FALLBACK = "chelsea"  # where not even the first picture can be read
_USUAL_NETWORKS = (
    *("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"),
    *("alexnet", "densenet121", "resnet152"),
    *("efficientnet_b0", "efficientnet_b3", "cactinet"),
)
_USUAL_VIEWS = ("grad_cam", "saliency", "guided_backprop", FILTERS)
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
    methods: list[str] = []
    if with_views:
        methods = st.session_state.setdefault(state.METHODS, list(FIRST_VIEWS))
    beginnings.go_on()
    picture = ask_picture(small=len(methods) != 1, first=True)
    history.shows(picture.key)
    with st.sidebar:
        with group("networks"):
            models = ask_models()
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
            with st.expander(shared.MORE, key="more", icon=":material/tune:"):
                fields.switches(state.WHOLE)
        if models and (methods or not with_views):
            history.keep()
    if not models or (with_views and not methods):
        if with_views:
            st.title(shared.COMPARE_TITLE, anchor=False)
        st.info(texts.PICK_A_VIEW if models else texts.PICK_A_NETWORK)
        if with_views:
            ask_views()
        st.stop()
    return replace(choice, models=tuple(name for name in catalog.names() if name in models))


def ask_models(key: str = state.MODELS) -> list[str]:
    """Show the networks to choose among, and return those that are chosen, in the same order.

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
    return [name for name in every if name in models]


def opener(label: str) -> None:
    """A button in the page that opens the sidebar, which is folded at first."""
    component("opener", "sidebar", (SIDE_PANEL, "opener.js"), ("opener.css",))(
        data={"label": label}, key="opener"
    )


def group(name: str) -> DeltaGenerator:
    """What belongs together in the sidebar stands close together (``page.css``)."""
    return st.container(key=f"cv-side-{name}", gap="xsmall")


def _network_label(name: str) -> str:
    spec = MODELS.get(name)
    if spec is None or not catalog.can_be_fetched(spec):
        return shared.plain(catalog.title(name))
    return texts.NOT_HERE_YET.format(title=shared.plain(catalog.title(name)))


def ask_views() -> None:
    """Let views be chosen; the next run shows them."""
    every = [*_USUAL_VIEWS, *(view for view in VIEWS if view not in _USUAL_VIEWS)]
    st.pills(
        shared.VIEWS,
        every,
        selection_mode="multi",
        format_func=lambda view: describe(view)[0],
        key=state.METHODS,
        persist_state="session",
    )


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


def ask_picture(*, small: bool, first: bool = False) -> Picture:
    """Show the pictures to choose from, and return the one that is chosen.

    Until there is one, the picture of before stays.

    Args:
        small: The strip of pictures leaves more room to the rest of the page.
        first: It stands at the top of a page, with what one may begin with.
    """
    strip.show(small, texts.BEGINNINGS if first else None, beginnings.begin)
    source = st.session_state.setdefault(state.SOURCE, "set")
    picture = None
    place = st.container(key="cv-picking-place")  # always there, or what follows is mounted anew
    try:
        if strip.asked() or not _is_here(source):
            with place:
                picture = _ask(source)
        else:
            picture = _here(source)
    except (PictureError, DownloadError) as error:
        st.error(shared.plain(str(error)))
    if picture is not None:
        st.session_state.update({state.SHOWN_SOURCE: source, state.SHOWN_PICTURE: picture})
        return picture
    st.caption(texts.STAND_IN)
    return _of_before()


def _ask(source: str) -> Picture | None:
    """Let a picture be brought or chosen, in a place of its own below the strip."""
    with st.container(border=True, key="cv-picking"):
        if strip.asked() == "more" or source in ("set", "web"):
            source = fields.one_of(
                texts.SOURCE, texts.SOURCES, state.SOURCE, label_visibility="collapsed"
            )
        if source == "upload":
            picture = picker.ask_file(TYPES)
        elif source == "camera":
            picture = picker.ask_camera()
        elif source == "web":
            return _ask_address()
        else:
            with st.container(horizontal=True, vertical_alignment="bottom", key="cv-pick"):
                return picker.pick()
    if picture is not None and st.session_state.pop(state.CAME, None) == source:
        st.session_state[state.PICKING] = None
        st.rerun()  # without the field, which would push the maps down
    return picture


def _is_here(source: str) -> bool:
    """Whether a picture of a source can be shown without a question."""
    if source == "web":
        return history.may_fetch(_address())
    return source == "set" or current.picture(source) is not None


def _here(source: str) -> Picture | None:
    if source == "web":
        return _fetched(_address())
    return picker.picked() if source == "set" else picker.brought(source)


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


@st.cache_resource(scope="session", max_entries=8, show_spinner=shared.FETCHING)
def _fetched(address: str) -> Picture:
    download = fetch_picture(address)  # public addresses only
    return open.open_picture(download.data, name=download.name, credit=download.source)


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Picture:
    return open.sample(name)
