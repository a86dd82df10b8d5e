"""What each network says, computed once and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st

from cactiviz.comparison import Comparison
from cactiviz.errors import CactivizError
from cactiviz.explain import Reading, explain
from cactiviz.models import MODELS, LoadedModel, ModelSpec, find_weights, load_model
from cactiviz.types import Picture
from cactiviz.ui.choices import Choice


def nothing_yet(choice: Choice) -> Comparison:
    """A comparison in which no network has answered."""
    return Comparison(choice.picture, choice.models, choice.methods)


def share_done(comparison: Comparison) -> float:
    """0..1, the networks that have answered or failed."""
    done = len(comparison.readings) + len(comparison.failures)
    return done / len(comparison.models)


def add(comparison: Comparison, choice: Choice, name: str) -> Comparison:
    """The comparison with one network more, or with the sentence that says why it has none."""
    spec = MODELS[name]
    weights = _revision(spec)
    untrained = not weights and (choice.untrained or not _published(spec))
    try:
        reading = _read(
            name,
            untrained,
            weights,
            choice.methods,
            choice.resize,
            choice.picture.sha256,
            choice.picture,
        )
    except CactivizError as error:
        return replace(comparison, failures={**comparison.failures, name: str(error)})
    return replace(comparison, readings={**comparison.readings, name: reading})


def _published(spec: ModelSpec) -> bool:
    return spec.weights is not None and bool(spec.weights.url)


def _revision(spec: ModelSpec) -> str:
    """What tells a file of weights from another in its place; empty where there is none."""
    path = find_weights(spec)
    return "" if path is None else f"{path} {path.stat().st_mtime_ns}"


@st.cache_data(max_entries=64, show_spinner=False)
def _read(
    name: str,
    untrained: bool,
    weights: str,
    methods: tuple[str, ...],
    resize: Literal["squash"] | None,
    sha256: str,
    _picture: Picture,
) -> Reading:
    return explain(_load(name, untrained, weights), _picture, methods, resize=resize)


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(name: str, untrained: bool, weights: str) -> LoadedModel:
    return load_model(name, untrained=untrained, may_download=False)
