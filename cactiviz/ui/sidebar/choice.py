"""What is asked of the networks; of which class, against which and at which layers they explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

import streamlit as st

from cactiviz.engine.trace import trace
from cactiviz.explanations.explain import convolutions
from cactiviz.explanations.results import Explanation
from cactiviz.models import LoadedModel
from cactiviz.runtime.queue import Ticket
from cactiviz.types import Cancel, Picture, Target
from cactiviz.ui import texts as shared
from cactiviz.ui.networks import catalog
from cactiviz.ui.networks.catalog import Layers
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar import texts

T = TypeVar("T")

_WHOSE_LAYER = "whose layer"
_LONGEST_CLASS = 200  # characters; as much as an address holds
_PATIENCE_SECONDS = 0.4  # for names that the network itself must tell


@dataclass(frozen=True)
class Choice:
    """Everything that decides what the page shows.

    Attributes:
        picture: What the networks are given.
        models: Names of networks.
        methods: Names of views; none on pages that show something else.
        resize: "squash" where each network is shown the whole picture.
        untrained: Random weights will do where none are here.
        target: What the networks explain; None for each one's own answer.
        layers: (network, layer) where class activation maps aren't taken at its own choice.
    """

    picture: Picture
    models: tuple[str, ...]
    methods: tuple[str, ...]
    resize: Literal["squash"] | None = None
    untrained: bool = False
    target: Target | None = None
    layers: Layers = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal choices."""
        values = (value for name, value in vars(self).items() if name != "picture")
        return (self.picture.key, *values)

    def question(self, network: str) -> Callable[[], Explanation | Ticket[Explanation]]:
        """What asks one of its networks for predictions and maps."""
        return partial(
            polling.runner().read,
            catalog.network(network, self.untrained),
            self.picture,
            self.methods,
            target=self.target,
            layer=dict(self.layers).get(network),
            resize=self.resize,
        )


@dataclass(frozen=True)
class Typed:
    """A class that was typed, and that no network here knows.

    Attributes:
        key: The session's key of the field.
        words: What was typed.
        kept: What the field held before, and holds again.
        models: Names of the networks that don't know it.
    """

    key: str
    words: str
    kept: str | None
    models: tuple[str, ...]


def ask_target(choice: Choice) -> Choice:
    """Let class, contrast and layers be chosen; folded away, and then only said in its heading.

    Args:
        choice: Without them; the likeliest classes of its picture are offered first.
    """
    models = choice.models
    catalog.drop_layers(models)
    folded = st.expander(
        texts.EXPLAINED, key="explained", on_change="rerun", icon=":material/target:"
    )
    if folded.open:
        with folded:
            _ask_classes(_likeliest(_with_target(choice)), models)
            _ask_layers(models, choice.untrained)
    choice = _with_target(choice)
    target, layers = choice.target, choice.layers
    if not folded.open and (target or layers):
        class_, against = (target.class_, target.contrast) if target else (None, None)
        titled = [(catalog.title(name), layer) for name, layer in layers]
        summary = texts.what_is_explained(
            str(class_ or ""), str(against or ""), titled, len(models) == 1
        )
        st.caption(shared.plain(summary))
    return choice


def explain(class_: str = "", against: str = "") -> None:
    """Let a class be explained, maybe against another one; each network's own answer if empty."""
    st.session_state[state.TARGET] = class_ or None
    st.session_state[state.AGAINST] = against or None


def _with_target(choice: Choice) -> Choice:
    class_, against = (st.session_state.get(key) for key in (state.TARGET, state.AGAINST))
    target = Target(class_, against) if class_ or against else None
    return replace(choice, target=target, layers=catalog.layers_of(choice.models))


def _ask_classes(likeliest: list[str], models: Sequence[str]) -> None:
    names = {name: None for model in models for name in catalog.class_names(model)}
    class_, against = (st.session_state.get(key) for key in (state.TARGET, state.AGAINST))
    every = list(dict.fromkeys([*likeliest, *sorted(names, key=str.casefold)]))
    _select(
        texts.EXPLAIN_CLASS,
        texts.EXPLAIN_TOP,
        state.TARGET,
        every,
        texts.EXPLAIN_CLASS_HELP,
        models,
    )
    others = [name for name in every if name != class_]
    _select(
        texts.EXPLAIN_AGAINST,
        texts.EXPLAIN_NONE,
        state.AGAINST,
        others,
        texts.EXPLAIN_AGAINST_HELP,
        models,
    )
    if class_ and class_ == against:
        st.caption(texts.EXPLAIN_SAME)


def _select(
    label: str, none: str, key: str, options: list[str], about: str, models: Sequence[str]
) -> None:
    """A class to choose or to type; what nobody here knows gives way to what was there before."""
    now = st.session_state.get(key)
    if now is not None and now not in options:  # of a link, say, whose networks aren't chosen
        options = [now, *options]
    st.selectbox(
        label,
        options,
        index=None,
        placeholder=none,
        filter_mode="contains",
        accept_new_options=True,  # what is typed would stay in the field else, and change nothing
        key=key,
        persist_state="session",
        help=about,
        on_change=_check_class,
        args=(key, now, tuple(models)),
    )
    typed: Typed | None = st.session_state.get(state.TYPED)
    if typed is None or typed.key != key:
        return
    if (typed.models, typed.kept) != (tuple(models), now):  # something else was chosen since
        del st.session_state[state.TYPED]
        return
    near = catalog.near_classes(models, typed.words)
    st.warning(shared.plain(texts.nobody_has(typed.words, len(models) > 1, bool(near))))
    with st.container(horizontal=True, gap="xsmall"):
        for name in near:
            st.button(
                shared.plain(name),
                key=f"near {name}",
                on_click=_take_near,
                args=(key, name),
            )


def _check_class(key: str, before: str | None, models: tuple[str, ...]) -> None:
    """Keep what was explained before, if no network knows what was typed instead."""
    st.session_state.pop(state.TYPED, None)
    typed = " ".join(str(st.session_state.get(key) or "").split())[:_LONGEST_CLASS]
    if not typed or any(catalog.may_know(name, typed) for name in models):
        st.session_state[key] = catalog.called(models, typed) or None
        return
    st.session_state[key] = before
    st.session_state[state.TYPED] = Typed(key, typed, before, models)


def _take_near(key: str, name: str) -> None:
    st.session_state.pop(state.TYPED, None)
    st.session_state[key] = name


def _ask_layers(models: Sequence[str], untrained: bool) -> None:
    """A layer for each network; of several networks those of one at a time."""
    if not models:
        return
    model: str | None = models[0]
    if len(models) > 1:
        if st.session_state.get(_WHOSE_LAYER) not in models:
            st.session_state[_WHOSE_LAYER] = models[0]
        model = st.selectbox(
            texts.EXPLAIN_LAYER_OF,
            models,
            format_func=catalog.title,
            key=_WHOSE_LAYER,
            help=texts.EXPLAIN_LAYER_OF_HELP,
        )
    if model is not None:
        _ask_layer(model, untrained)
    others = [f"{catalog.title(n)} {at}" for n, at in catalog.layers_of(models) if n != model]
    if others:
        st.caption(shared.plain(texts.LAYERS_ELSEWHERE.format(layers=", ".join(others))))


def _ask_layer(model: str, untrained: bool) -> None:
    now = dict(catalog.layers_of([model])).get(model)
    layers = _layers(model, untrained)
    if layers is None:
        layer = "" if now is None else texts.EXPLAIN_LAYER_NOW.format(layer=shared.plain(now))
        st.caption(layer + texts.EXPLAIN_LAYER_LATER)
        return
    key = f"layer of {model}"
    st.session_state[key] = now
    st.selectbox(
        texts.EXPLAIN_LAYER,
        layers if now is None or now in layers else [now, *layers],
        index=None,
        placeholder=texts.EXPLAIN_LAYER_OWN,
        filter_mode="contains",
        key=key,
        help=texts.EXPLAIN_LAYER_HELP,
        on_change=lambda: catalog.choose_layer(model, st.session_state[key]),
    )


def _likeliest(choice: Choice) -> list[str]:
    """The top classes of the networks that have answered already; nothing is computed for it."""
    explanations = (_at_once(choice.question(name)) for name in choice.models)
    predictions = [p for e in explanations if e is not None for p in e.predictions]
    ordered = sorted((-p.probability, p.class_name) for p in predictions)
    return list(dict.fromkeys(name for _, name in ordered))


def _layers(model: str, untrained: bool) -> list[str] | None:
    """The stages and convolutions of a network, or None where it can't tell them yet."""
    return _at_once(
        lambda: polling.runner().ask(catalog.network(model, untrained), "layers", _name_layers),
        _PATIENCE_SECONDS,
    )


def _name_layers(model: LoadedModel, cancel: Cancel) -> list[str]:
    """In the worker's thread: stages first, since these are the places that are asked for most."""
    sequence = trace(model.module, (3, *model.spec.preprocessing.input_size))
    stages = [str(layer) for layer in sequence.stages()]
    return list(dict.fromkeys([*stages, *convolutions(model)]))


def _at_once(question: Callable[[], T | Ticket[T]], patience_seconds: float = 0.0) -> T | None:
    """The answer if it comes so soon; its place in the queue is given back in any case.

    What the page itself asks for meanwhile keeps its place: equal jobs are one.
    """
    try:
        answer = question()
        if not isinstance(answer, Ticket):
            return answer
        try:
            return answer.result(patience_seconds)
        finally:
            answer.give_back()
    except Exception:  # it isn't known yet, or failed, which the worker logs and the page says
        return None
