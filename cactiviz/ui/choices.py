"""What the person at the screen has chosen, asked for in the sidebar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from cactiviz import images
from cactiviz.comparison import describe
from cactiviz.errors import DownloadError, PictureError
from cactiviz.explain import FILTERS, VIEWS
from cactiviz.models import MODELS
from cactiviz.render import Scale
from cactiviz.types import Picture
from cactiviz.ui import texts
from cactiviz.web import fetch_picture

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
    scale: Scale
    resize: Literal["squash"] | None
    untrained: bool


def ask() -> Choice:
    """Show the sidebar and return what is chosen; a first visit has a picture and a network."""
    with st.sidebar:
        picture = _ask_picture()
        models = st.pills(
            texts.NETWORKS,
            list(MODELS),
            selection_mode="multi",
            default=[_FIRST_NETWORK],
            format_func=texts.title,
            key="models",
        )
        methods = st.pills(
            texts.VIEWS,
            list(VIEWS),
            selection_mode="multi",
            default=_FIRST_VIEWS,
            format_func=lambda view: describe(view)[0],
            key="methods",
        )
        scale = st.radio(
            texts.SCALE,
            list(texts.SCALES),
            format_func=lambda name: texts.SCALES[name],
            horizontal=True,
            help=texts.SCALE_HELP,
            key="scale",
        )
        whole = st.toggle(texts.WHOLE, help=texts.WHOLE_HELP, key="whole")
        untrained = st.toggle(texts.UNTRAINED, help=texts.UNTRAINED_HELP, key="untrained")
    if not models or not methods:
        st.info(texts.PICK_SOMETHING)
        st.stop()
    return Choice(
        picture=picture,
        models=tuple(name for name in MODELS if name in models),
        methods=tuple(view for view in VIEWS if view in methods),
        scale=scale or "own",
        resize="squash" if whole else None,
        untrained=untrained,
    )


def _ask_picture() -> Picture:
    file = st.file_uploader(
        texts.UPLOAD, type=_TYPES, max_upload_size=images.MAX_BYTES // 2**20, key="upload"
    )
    st.caption(texts.UPLOAD_HELP)
    address = st.text_input(texts.ADDRESS, help=texts.ADDRESS_HELP, key="address").strip()
    name = st.selectbox(texts.SAMPLE, list(images.SAMPLES), key="sample")
    try:
        if file is not None:
            return _opened(file.getvalue(), file.name)
        if address:
            return _fetched(address)
    except (PictureError, DownloadError) as error:
        st.error(texts.plain(str(error)))
    return _sample(name)


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
