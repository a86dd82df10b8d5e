"""What a page shows in place of a data set that isn't here: what it is, and how to get it."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from cactiviz.datasets import DATASETS, Dataset, DatasetSpec, data_folder
from cactiviz.datasets.download import get
from cactiviz.datasets.inaturalist_api import search
from cactiviz.errors import CactivizError
from cactiviz.ui import texts as shared
from cactiviz.ui.pictures import library, texts
from cactiviz.ui.session import state

_FOUND = 12  # photographs of one search, which come one a second
_PANEL_WIDTH = 760  # pixels; a line that can be read
_PAUSE_SECONDS = 0.2  # between two looks at the progress bar


def open_or_offer(name: str) -> Dataset | None:
    """The data set, after what must be asked for it; or a panel in its place, and None."""
    if name == library.LIVE:
        _ask_species()
    elif name == library.FOLDER:
        _ask_place()
    if library.is_here(name):
        return open_here(name)
    if name != library.LIVE and DATASETS[name].place == "searched":
        _offer(DATASETS[name])
    return None


def open_here(name: str) -> Dataset | None:
    """A data set that is here; None where it can't be read, which is said."""
    try:
        return library.opened(name)
    except CactivizError as error:
        st.error(shared.plain(str(error)))
        return None


def _ask_place() -> None:
    if not library.folders_may_be_named():
        st.info(texts.PLACE_SHUT)
        return
    named = st.text_input(
        texts.PLACE,
        placeholder=texts.PLACE_HINT,
        help=texts.PLACE_HELP,
        key=state.PLACE,
        persist_state="session",
        on_change=state.back_to_the_first_page,
    )
    if not (named or "").strip():
        st.caption(texts.PLACE_ASK)
    elif not library.is_here(library.FOLDER):
        st.error(shared.plain(texts.NO_PLACE.format(named=named)))


def _ask_species() -> None:
    st.caption(texts.LIVE_ABOUT)
    with (
        st.form("species", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        species = st.text_input(texts.SPECIES, placeholder=texts.SPECIES_HINT, max_chars=200)
        pressed = st.form_submit_button(texts.SEARCH, type="primary")
    if not pressed:
        return
    try:
        with st.spinner(texts.SEARCHING):
            sightings = search(species or "", _FOUND)
    except CactivizError as error:
        st.error(shared.plain(str(error)))
        return
    st.session_state[state.SIGHTINGS] = sightings
    state.back_to_the_first_page()


def _offer(spec: DatasetSpec) -> None:
    with st.container(border=True, width=_PANEL_WIDTH):
        st.html(_facts(spec))
        _ask_where(spec)
        if spec.archive is None:
            st.markdown(spec.how_to_get)
            return
        place = st.empty()
        label = texts.DOWNLOAD_SET.format(gigabytes=spec.archive.size_bytes / 1e9)
        if place.button(label, type="primary", key=f"get {spec.name}"):
            with place.container():
                _fetch(spec, spec.archive.size_bytes)
        st.caption(spec.how_to_get)


def _ask_where(spec: DatasetSpec) -> None:
    """For who has it already."""
    if not library.folders_may_be_named():
        return
    named = st.text_input(
        texts.HAVE_IT,
        placeholder=texts.HAVE_IT_HINT,
        key=f"{state.PLACE_OF}{spec.name}",
        persist_state="session",
        on_change=state.back_to_the_first_page,
    )
    if (named or "").strip():  # or the data set would be shown in this panel's stead
        st.error(shared.plain(texts.NOT_IN_THERE.format(title=spec.title, layout=spec.layout)))


def _facts(spec: DatasetSpec) -> str:
    facts = {
        texts.TERMS: spec.terms,
        texts.LAYOUT: spec.layout,
        texts.LOOKED_IN: str(data_folder()),
    }
    if spec.archive is not None:
        size = texts.how_large(spec.archive.size_bytes, spec.archive.md5 is not None)
        facts = {texts.SIZE: size, **facts}
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(fact)}</dd>" for key, fact in facts.items())
    return (
        f'<h2 class="cv-panel">{escape(spec.title)}</h2><p>{escape(spec.about)}</p>'
        f'<dl class="cv-facts">{rows}</dl>'
    )


def _fetch(spec: DatasetSpec, expected: int) -> None:
    bar = st.progress(0.0, shared.DOWNLOADING)
    st.button(shared.STOP)  # any press ends this run; what came is kept
    shown, last, unpacking = 0.0, 0, False

    def show(done: int, total: int | None) -> None:
        nonlocal shown, last, unpacking
        unpacking |= done < last  # it counts from 0 again
        last = done
        if time.monotonic() - shown > _PAUSE_SECONDS:
            shown = time.monotonic()
            size = max(total or expected, done, 1)
            bar.progress(done / size, shared.downloading(spec.title, done, size, unpacking))

    try:
        got = get(spec.name, progress=show)
    except CactivizError as error:
        bar.empty()
        st.error(shared.plain(str(error)))
    else:
        library.forget_places()
        st.session_state[state.SAID] = got.note
        st.rerun()
