"""The networks that a page can choose among: those of the table, and the session's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import streamlit as st

from cactiviz.errors import CactivizError
from cactiviz.models import MODELS, Checkpoint, ModelSpec, find_weights
from cactiviz.runtime.runner import Network
from cactiviz.ui import texts
from cactiviz.ui.brought import store
from cactiviz.ui.session import state


def names() -> list[str]:
    """All of them, the table's first."""
    return [*MODELS, *own()]


def own() -> dict[str, Checkpoint]:
    """The session's own networks by name."""
    folder = store.here()
    kept = folder.networks if folder else {}
    return {name: one.checkpoint for name, one in kept.items() if one.checkpoint is not None}


def title(name: str) -> str:
    """How a network is called on a page; one of the user's own may be called anything."""
    return MODELS[name].title if name in MODELS else name


def class_names(name: str) -> tuple[str, ...]:
    """What a network's classes are called; empty where no list of them is here."""
    if name in MODELS:
        return MODELS[name].class_names
    checkpoint = own().get(name)
    with suppress(CactivizError):  # which its column says
        return () if checkpoint is None else checkpoint.class_names()
    return ()


def label(name: str) -> str:
    """A network's title as the label of a choice, which Streamlit takes for Markdown."""
    return texts.plain(title(name))


def join(name: str) -> None:
    """Choose a network besides those that are chosen, from the next run on."""
    st.session_state[state.JOINING] = [*st.session_state.get(state.JOINING, []), name]


def settled(chosen: Iterable[str]) -> list[str]:
    """The chosen networks with those that joined, without those that are gone."""
    every = set(names())
    return [
        name
        for name in dict.fromkeys([*chosen, *st.session_state.pop(state.JOINING, [])])
        if name in every
    ]


def network(name: str, untrained: bool) -> Network:
    """Which network exactly a name stands for now.

    Args:
        name: One of :func:`names`.
        untrained: Random weights will do where no trained ones are here.
    """
    if name not in MODELS:
        folder = store.here()
        known = folder.networks if folder else {}
        return known.get(name, Network(name))  # which has an answer: there is no such network
    weights = find_weights(MODELS[name])
    if weights is not None:
        return Network(name, revision=f"{weights} {weights.stat().st_mtime_ns}")
    return Network(name, untrained=untrained or not can_be_fetched(MODELS[name]))


def why(name: str, untrained: bool, sentence: str) -> str:
    """Why a network doesn't answer; where its weights are missing, what can be done about it here.

    Args:
        name: One of :func:`names`.
        untrained: Random weights would do.
        sentence: What the network itself says.
    """
    spec = MODELS.get(name)
    if spec is None or untrained or not can_be_fetched(spec) or find_weights(spec) is not None:
        return sentence
    return texts.weights_not_here(spec)


def missing() -> list[ModelSpec]:
    """The networks whose published weights aren't here, and can be fetched."""
    return [s for s in MODELS.values() if find_weights(s) is None and can_be_fetched(s)]


def can_be_fetched(spec: ModelSpec) -> bool:
    """Whether its weights have an address."""
    return spec.weights is not None and bool(spec.weights.url)


def told(checkpoint: Checkpoint) -> Checkpoint:
    """One of the user's own as a file tells of it: where it lies here is nobody's affair.

    >>> told(Checkpoint("my net", "alexnet", Path("/tmp/x/0f.pth"))).file.as_posix()
    'my-net.pth'
    """
    stem = re.sub(r"[^\w]+", "-", checkpoint.name).strip("-") or "network"
    file = Path(stem + checkpoint.file.suffix)
    listed = isinstance(checkpoint.classes, Path)
    classes = file.with_suffix(".txt") if listed else checkpoint.classes
    return replace(checkpoint, file=file, classes=classes)
