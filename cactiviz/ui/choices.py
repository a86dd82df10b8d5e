"""What the person at the screen has chosen, asked for in the sidebar."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import streamlit as st

from cactiviz import images
from cactiviz.comparison import describe
from cactiviz.errors import DownloadError, PictureError
from cactiviz.explain import FILTERS, VIEWS
from cactiviz.types import Picture, Target
from cactiviz.ui import networks, picker, state, texts
from cactiviz.web import fetch_picture

_FALLBACK = "chelsea"  # while there is no other picture
_FIRST_NETWORK = "cactinet"
_FIRST_VIEWS = ["grad_cam", "saliency", "guided_backprop", FILTERS]
_TYPES = [
    *("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
    *("heic", "heif", "avif", "jp2", "ppm"),
]


@dataclass(frozen=True)
class Choice:
    """Everything that decides what the page shows."""

    picture: Picture
    models: tuple[str, ...]
    methods: tuple[str, ...]
    resize: Literal["squash"] | None = None
    untrained: bool = False
    target: Target | None = None
    layer: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal choices."""
        values = (getattr(self, field.name) for field in fields(self) if field.name != "picture")
        return (self.picture.sha256, *values)


def ask(*, with_views: bool = True) -> Choice:
    """Show the sidebar and return what is chosen; a first visit has a picture and a network.

    Args:
        with_views: False on pages that show something else of the same picture and networks;
            the choice then has no methods.
    """
    with st.sidebar:
        picture = _ask_picture()
        models = _ask_models()
        methods = _ask_methods() if with_views else []
        whole = st.toggle(texts.WHOLE, help=texts.WHOLE_HELP, key="whole", persist_state="session")
        untrained = st.toggle(
            texts.UNTRAINED, help=texts.UNTRAINED_HELP, key="untrained", persist_state="session"
        )
    if not models or (with_views and not methods):
        st.info(texts.PICK_SOMETHING if with_views else texts.PICK_A_NETWORK)
        st.stop()
    return Choice(
        picture=picture,
        models=tuple(name for name in networks.names() if name in models),
        methods=tuple(view for view in VIEWS if view in methods),
        resize="squash" if whole else None,
        untrained=untrained,
    )


def _ask_models() -> list[str]:
    return st.pills(
        texts.NETWORKS,
        networks.names(),
        selection_mode="multi",
        default=[_FIRST_NETWORK],
        format_func=networks.title,
        key="models",
        persist_state="session",
    )


def _ask_methods() -> list[str]:
    return st.pills(
        texts.VIEWS,
        list(VIEWS),
        selection_mode="multi",
        default=_FIRST_VIEWS,
        format_func=lambda view: describe(view)[0],
        key="methods",
        persist_state="session",
    )


def _ask_picture() -> Picture:
    source = st.segmented_control(
        texts.SOURCE,
        list(texts.SOURCES),
        required=True,
        default="set",
        format_func=lambda name: texts.SOURCES[name],
        key=state.SOURCE,
        persist_state="session",
        width="stretch",
    )
    found = None
    try:
        if source == "upload":
            found = _ask_upload()
        elif source == "web":
            found = _ask_address()
        else:
            found = picker.pick()
    except (PictureError, DownloadError) as error:
        st.error(texts.plain(str(error)))
    return found or _sample(_FALLBACK)


def _ask_upload() -> Picture | None:
    limit = images.MAX_BYTES // 2**20
    file = st.file_uploader(texts.UPLOAD, type=_TYPES, max_upload_size=limit, key="upload")
    st.caption(texts.UPLOAD_HELP)
    return None if file is None else _opened(file.getvalue(), file.name)


def _ask_address() -> Picture | None:
    address = st.text_input(
        texts.ADDRESS, help=texts.ADDRESS_HELP, key="address", persist_state="session"
    )
    return _fetched(address.strip()) if address and address.strip() else None


@st.cache_data(max_entries=16, show_spinner=False)
def _opened(data: bytes, name: str) -> Picture:
    return images.open_picture(data, name=name)


@st.cache_data(max_entries=16, show_spinner=texts.FETCHING)
def _fetched(address: str) -> Picture:
    found = fetch_picture(address)  # public addresses only
    return images.open_picture(found.data, name=found.name, credit=found.source)


@st.cache_data(show_spinner=False)
def _sample(name: str) -> Picture:
    return images.sample(name)
