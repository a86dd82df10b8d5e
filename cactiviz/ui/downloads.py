"""Weights that aren't here: offered, and fetched only when asked for."""

from __future__ import annotations

import streamlit as st

from cactiviz.comparison import Comparison
from cactiviz.errors import CactivizError
from cactiviz.models import MODELS, ModelSpec, find_weights, load_model
from cactiviz.ui import texts


def offer(comparison: Comparison) -> None:
    """A button for each network of the comparison whose published weights aren't here."""
    specs = [MODELS[name] for name in comparison.models]
    for spec in filter(_can_be_fetched, specs):
        if st.button(
            texts.download(spec), help=texts.download_terms(spec), key=f"download {spec.name}"
        ):
            _fetch(spec)


def _can_be_fetched(spec: ModelSpec) -> bool:
    published = spec.weights is not None and bool(spec.weights.url)
    return published and find_weights(spec) is None


def _fetch(spec: ModelSpec) -> None:
    bar = st.progress(0.0, texts.DOWNLOADING)

    def show(done: int, total: int | None) -> None:
        size = total or spec.download_megabytes * 1_000_000
        bar.progress(
            min(done / size, 1.0), f"{texts.DOWNLOADING} {spec.title}: {done / 1e6:.0f} MB"
        )

    try:
        load_model(spec.name, progress=show)
    except CactivizError as error:
        bar.empty()
        st.error(texts.plain(str(error)))
    else:
        st.rerun()
