"""The networks that a page can choose among, and the layers that are chosen for them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import streamlit as st

from cactiviz.errors import CactivizError
from cactiviz.methods import METHODS, method_of
from cactiviz.models import MODELS, Checkpoint, ModelSpec, find_weights
from cactiviz.runtime.runner import Network
from cactiviz.ui.brought import store
from cactiviz.ui.networks import texts
from cactiviz.ui.session import state

_MOST_NEAR = 4  # names that are offered for one that nobody knows
_NEAR = 0.75  # how alike a name is to such a one, 0..1

#: (network, layer) pairs.
Layers = tuple[tuple[str, str], ...]


def names() -> list[str]:
    """All of them, the table's first."""
    return [*MODELS, *own()]


def own() -> dict[str, Checkpoint]:
    """The session's own networks by name."""
    folder = store.here()
    networks = folder.networks if folder else {}
    return {name: n.checkpoint for name, n in networks.items() if n.checkpoint is not None}


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


def may_know(network: str, class_: str) -> bool:
    """Whether it may have this class; by its number, it says itself how many it has."""
    every = class_names(network)
    kind, _, rest = class_.partition(":")
    if not every or class_.strip().isdecimal() or kind == "index":
        return True
    meant = {_plain(class_), _plain(rest) if kind == "name" else ""} - {""}
    return any(meant & {_plain(name), *map(_plain, name.split(","))} for name in every)


def called(networks: Iterable[str], typed: str) -> str:
    """The name of the class that was typed, letter by letter if there is one; else what was typed.

    >>> called(["alexnet"], "egyptian  CAT"), called(["alexnet"], "cardigan")
    ('Egyptian cat', 'cardigan')
    """
    names = [name for network in networks for name in class_names(network)]
    if typed in names:
        return typed
    return next((name for name in names if _plain(name) == _plain(typed)), typed)


def near_classes(networks: Iterable[str], typed: str) -> list[str]:
    """The classes of these networks that were probably meant, the nearest first.

    >>> near_classes(["alexnet"], "zebraa"), near_classes(["alexnet"], "Cat")[:2]
    (['zebra'], ['tiger cat', 'Persian cat'])
    """
    words = _plain(typed)
    by_plain = {_plain(name): name for network in networks for name in class_names(network)}
    if not words:
        return []
    holding = [name for name in by_plain if words in name.split()]
    near = difflib.get_close_matches(words, by_plain, n=_MOST_NEAR, cutoff=_NEAR)
    found = dict.fromkeys([*sorted(holding, key=len), *near])
    return [by_plain[name] for name in found][:_MOST_NEAR]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def join(name: str) -> None:
    """Choose a network besides those that are chosen, from the next run on."""
    st.session_state[state.JOINING] = [*st.session_state.get(state.JOINING, []), name]


def let_untrained() -> None:
    """Let random weights do where no trained ones are here, from the next run on."""
    st.session_state[state.LETTING] = True


def settled(chosen: Iterable[str]) -> list[str]:
    """The chosen networks with those that joined, without those that are gone.

    Before the switch for random weights is made in a run, since it may be what changes.
    """
    if st.session_state.pop(state.LETTING, False):
        st.session_state[state.UNTRAINED] = True
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
        networks = folder.networks if folder else {}
        return networks.get(name, Network(name))  # which has an answer: there is no such network
    weights = find_weights(MODELS[name])
    if weights is not None:
        return Network(name, revision=f"{weights} {weights.stat().st_mtime_ns}")
    return Network(name, untrained=untrained or not lacks_weights(MODELS[name]))


def why(name: str, untrained: bool, sentence: str) -> str:
    """Why a network doesn't answer; where its weights are missing, what can be done about it here.

    Args:
        name: One of :func:`names`.
        untrained: Random weights would do.
        sentence: What the network itself says.
    """
    spec = MODELS.get(name)
    if spec is None or untrained:
        return sentence
    if needs_package(spec):
        return texts.package_not_here(spec)
    return texts.WEIGHTS_NOT_HERE.format(spec=spec) if can_be_fetched(spec) else sentence


def missing() -> list[ModelSpec]:
    """The networks whose published weights aren't here, and can be fetched."""
    return list(filter(can_be_fetched, MODELS.values()))


def can_be_fetched(spec: ModelSpec) -> bool:
    """Whether its weights aren't here, and have an address."""
    return spec.weights is not None and bool(spec.weights.url) and find_weights(spec) is None


def needs_package(spec: ModelSpec) -> bool:
    """Whether its weights aren't here, and come with a package that can be installed."""
    weights = spec.weights
    return weights is not None and bool(weights.distribution) and find_weights(spec) is None


def lacks_weights(spec: ModelSpec) -> bool:
    """Whether its weights aren't here, and there is a way to them."""
    return can_be_fetched(spec) or needs_package(spec)


def without_weights(names: Iterable[str]) -> list[str]:
    """Those of these networks that lack their weights, to which there is a way."""
    return [name for name in names if name in MODELS and lacks_weights(MODELS[name])]


def layers_of(models: Sequence[str]) -> Layers:
    """Those of these networks, in their order; of others each network's own choice counts."""
    layers = _layers()
    return tuple((name, layers[name]) for name in models if name in layers)


def choose_layer(model: str, layer: str | None) -> None:
    """Choose a network's layer; None for its own choice."""
    others = {name: at for name, at in _layers().items() if name != model}
    st.session_state[state.LAYER] = {**others, model: layer} if layer else others


def drop_layers(models: Sequence[str]) -> None:
    """Drop the layers of networks that aren't chosen any more, and note what is to be said of it.

    While no network is chosen all are kept: somebody is about to choose.
    """
    gone = {name: layer for name, layer in _layers().items() if name not in models}
    if not models or not gone:
        return
    for name in gone:
        choose_layer(name, None)
    here = set(names())
    sentences = [texts.layer_dropped(layer, title(n), n in here) for n, layer in gone.items()]
    st.session_state[state.DROPPED] = None, sentences


def layers_that_do_not_count(key: object, layers: Layers, views: Sequence[str]) -> list[str]:
    """What must be said above the maps of chosen layers that don't count, one sentence each.

    Args:
        key: Of what is chosen. What was dropped is said until something else is chosen.
        layers: Those that are chosen now.
        views: The views that are shown.
    """
    when, dropped = st.session_state.get(state.DROPPED) or (None, [])
    if dropped and when is None:
        st.session_state[state.DROPPED] = key, dropped
    elif dropped and when != key:
        st.session_state.pop(state.DROPPED)
        dropped = []
    if layers and not any(_is_at_a_layer(view) for view in views):
        return [*dropped, texts.NO_VIEW_AT_A_LAYER]
    return list(dropped)


def _is_at_a_layer(view: str) -> bool:
    method = METHODS.get(method_of(view))
    return method is not None and "activations" in method.needs


def _layers() -> Mapping[str, str]:
    layers: Mapping[str, str] = st.session_state.get(state.LAYER) or {}
    return layers


def shareable(checkpoint: Checkpoint) -> Checkpoint:
    """One of the user's own as a file tells of it: where it lies here is nobody's affair.

    >>> shareable(Checkpoint("my net", "alexnet", Path("/tmp/x/0f.pth"))).file.as_posix()
    'my-net.pth'
    """
    stem = re.sub(r"[^\w]+", "-", checkpoint.name).strip("-") or "network"
    file = Path(stem + checkpoint.file.suffix)
    listed = isinstance(checkpoint.classes, Path)
    classes = file.with_suffix(".txt") if listed else checkpoint.classes
    return replace(checkpoint, file=file, classes=classes)
