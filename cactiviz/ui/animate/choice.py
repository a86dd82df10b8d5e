"""What an animation is made of, chosen at the side, and how it is painted, chosen below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cactiviz.batch.presets import PRESETS, PictureRef, of_dataset
from cactiviz.datasets import DATASETS, Dataset
from cactiviz.methods import VIEWS, describe
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES
from cactiviz.ui import texts as shared
from cactiviz.ui.address import animate, history
from cactiviz.ui.animate import texts
from cactiviz.ui.animate.work import MOST_PICTURES, Plan
from cactiviz.ui.components import fields
from cactiviz.ui.networks import catalog
from cactiviz.ui.pictures import library, picker
from cactiviz.ui.pictures import obtain as missing
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import sidebar

_PHOTOGRAPHS = "photographs"  # the preset whose pictures are always here


@dataclass(frozen=True)
class Pictures:
    """The pictures of an animation.

    Attributes:
        refs: In the order of the frames; empty while something must be chosen first.
        notes: What must be said of them, one sentence each.
        missing: A data set that isn't here, or empty.
        place: The folder of the user's own that they are in, or empty.
    """

    refs: list[PictureRef]
    notes: tuple[str, ...] = ()
    missing: str = ""
    place: str = ""


def ask() -> tuple[Pictures, Plan | None]:
    """Show the choices at the side; a first visit has all that it needs.

    Returns:
        The pictures, and all that must be computed; None while something must be chosen first.
    """
    history.enter("animate")
    _take_over()
    with st.sidebar:
        with sidebar.group("film"):
            fields.select(
                texts.FILM_PRESET,
                list(PRESETS),
                state.FILM_PRESET,
                format_func=lambda name: texts.FILM_PRESETS.get(name, name),
                help=texts.FILM_PRESET_HELP,
                on_change=_begin_with_chosen,
            )
            kind = fields.one_of(
                texts.FILM_KIND, shared.FILM_KINDS, state.FILM_KIND, width="stretch"
            )
        with sidebar.group("picture"):
            if kind == "pictures":
                pictures = _ask_pictures()
            else:
                shown = sidebar.ask_picture(small=True)
                ref = PictureRef(shown.name, shown.name, lambda: shown, shown.key)
                pictures = Pictures([ref])
        with sidebar.group("networks"):
            models = _ask_one() if kind == "layers" else sidebar.ask_models(state.FILM_MODELS)
        with sidebar.group("views"):
            methods = _ask_methods(layers_only=kind == "layers")
            top = 1
            if kind == "answers":
                st.session_state.setdefault(state.FILM_TOP, animate.FIRST_TOP)
                key = state.FILM_TOP
                top = st.slider(texts.FILM_TOP, *animate.TOPS, key=key, persist_state="session")
        with sidebar.group("rare"), st.expander(shared.MORE, icon=":material/tune:"):
            fields.switches(state.FILM_WHOLE)
        complete = bool(pictures.refs and models and methods)
        if pictures.missing or complete:
            history.keep()
    if pictures.missing or not complete:
        return pictures, None
    untrained = bool(st.session_state.get(state.UNTRAINED))
    question = Request(
        methods=tuple(method for method in VIEWS if method in methods),
        layers=("all-stages",) if kind == "layers" else (),
        top=top,
        resize="squash" if st.session_state.get(state.FILM_WHOLE) else None,
    )
    return pictures, Plan(
        pictures=tuple(pictures.refs[:MOST_PICTURES]),
        networks=tuple(catalog.network(name, untrained) for name in models),
        question=question,
        place=pictures.place,
    )


def ask_style(squash: bool) -> Style:
    """Show how an animation is painted; nothing of it is computed again.

    Args:
        squash: Whether pictures fill their panels.
    """
    first, second, third = st.columns(3, gap="large")
    with first:
        st.header(texts.FILM_COLOURS, anchor=False)
        _ask_option(
            "scale", texts.FILM_SCALE, SCALES, texts.FILM_SCALES, help=texts.FILM_SCALE_HELP
        )
        _ask_option("palette", texts.FILM_PALETTE, tuple(PALETTES), {})
        _ask_field(st.slider, "strength", texts.FILM_STRENGTH, 0.0, 1.0, step=0.05)
        dark = _ask_field(st.toggle, "dark", texts.FILM_DARK)
    with second:
        st.header(texts.FILM_FRAME, anchor=False)
        longest = animate.LONGEST_TITLE
        heading = _ask_field(st.text_input, "heading", texts.FILM_TITLE, max_chars=longest)
        _ask_option("panel", texts.FILM_PANEL, animate.PANELS, shared.FILM_PIXELS)
        every = tuple(range(animate.MOST_COLUMNS + 1))
        _ask_option("columns", texts.FILM_COLUMNS, every, texts.FILM_COLUMN_NAMES)
        _ask_field(st.toggle, "captions", texts.FILM_CAPTIONS)
    with third:
        st.header(texts.FILM_TIME, anchor=False)
        _ask_field(st.slider, "seconds", texts.FILM_SECONDS, *animate.SECONDS, step=0.1)
        about = texts.FILM_LOOP_HELP
        _ask_option("loop", texts.FILM_LOOP, animate.LOOPS, shared.FILM_LOOPS, help=about)
    style = animate.FilmLink.chosen().style
    return replace(
        style,
        strength=round(style.strength, 2),
        seconds=round(style.seconds, 1),
        heading=str(heading or "").strip(),
        squash=squash,
        dark=bool(dark),
    )


def _ask_field(field: Callable[..., Any], name: str, *arguments: Any, **more: Any) -> Any:
    """One field of the style, by one of Streamlit's."""
    return field(*arguments, key=animate.style_key(name), persist_state="session", **more)


def _ask_option(
    name: str, label: str, options: Sequence[Any], titles: Mapping[Any, str], **more: Any
) -> None:
    more["format_func"] = lambda option: titles.get(option, str(option))
    _ask_field(st.selectbox, name, label, options, **more)


def _begin_with(name: str) -> None:
    """Choose all that a preset says, but for light or dark, which the page has already."""
    replace(animate.FilmLink.of(name), ground=animate.ground()).choose()


def _begin_with_chosen() -> None:
    """Of the list: from now on this page has a choice of its own."""
    _begin_with(st.session_state[state.FILM_PRESET])
    st.session_state[state.FILM_BEGUN] = None


@dataclass(frozen=True)
class _Begun:
    """What the page began with by itself.

    Attributes:
        link: All that a link can say of it.
        models: Its networks, with those of the user's own.
    """

    link: animate.FilmLink
    models: tuple[str, ...]

    @classmethod
    def of_session(cls) -> _Begun:
        """What is chosen now."""
        models = tuple(st.session_state.get(state.FILM_MODELS) or ())
        return cls(animate.FilmLink.chosen(), models)


def _take_over() -> None:
    """Animate the networks that Compare shows, until others are chosen here or by a link."""
    session = st.session_state
    theirs = tuple(session.get(state.MODELS) or ())
    if state.FILM_KIND not in session:
        _begin_with_networks(theirs)
        return
    if state.FILM_BEGUN not in session:  # the page was opened by an address
        says = {row.key for row in animate.FilmLink.rows} & set(st.query_params)
        session[state.FILM_BEGUN] = None if says else _Begun.of_session()
    begun: _Begun | None = session[state.FILM_BEGUN]
    if begun is None or not theirs or theirs == begun.models:
        return
    here = _Begun.of_session()
    if here == begun:
        _begin_with_networks(theirs)
    elif here.models == begun.models:  # what else was chosen here stays
        session[state.FILM_MODELS] = list(theirs)
        session[state.FILM_BEGUN] = replace(begun, models=theirs)


def _begin_with_networks(models: tuple[str, ...]) -> None:
    """Choose the preset that these networks suit, and them."""
    _begin_with(_preset_for(models) if models else animate.FIRST_PRESET)
    if models:
        st.session_state[state.FILM_MODELS] = list(models)
        st.session_state[state.FILM_ONE] = models[0]
    st.session_state[state.FILM_BEGUN] = _Begun.of_session()


def _preset_for(models: tuple[str, ...]) -> str:
    """The preset of just these networks, if its pictures are here; else one of photographs."""
    return next(
        (
            name
            for name, preset in PRESETS.items()
            if set(preset.networks) == set(models) and library.is_here(preset.dataset)
        ),
        _PHOTOGRAPHS,
    )


def _ask_pictures() -> Pictures:
    source = fields.one_of(
        texts.FILM_SOURCE, texts.FILM_SOURCES, state.FILM_SOURCE, width="stretch"
    )
    if source == "upload":
        refs, count = picker.ask_files(sidebar.TYPES, MOST_PICTURES)
        pictures = Pictures(refs, _too_many(count))
    else:
        pictures = _ask_set()
    if source == "upload" and not pictures.refs:  # until there are some, those of before stay
        before: Pictures | None = st.session_state.get(state.FILM_SHOWN)
        if before is not None:
            st.caption(texts.STAND_INS)
        return before or pictures
    st.session_state[state.FILM_SHOWN] = pictures if source == "set" else None
    return pictures


def _ask_set() -> Pictures:
    names = [*DATASETS, *([library.LIVE] if library.is_here(library.LIVE) else [])]
    name = fields.select(
        shared.DATASET,
        names,
        state.FILM_SET,
        library.UNNAMED_ITEM.dataset,
        format_func=library.label,  # these choices show text as it is
        on_change=lambda: st.session_state.pop(state.FILM_CLASSES, None),
    )
    if name != library.FOLDER and not library.is_here(name):
        return Pictures([], missing=name)
    dataset = missing.open_or_offer(name) if name == library.FOLDER else missing.open_here(name)
    if dataset is None:
        return Pictures([])
    return _of(dataset, _ask_classes(dataset))


def _of(dataset: Dataset, classes: list[str]) -> Pictures:
    each = st.number_input(
        texts.FILM_EACH, 1, animate.MOST_EACH, key=state.FILM_EACH, persist_state="session"
    )
    if not classes:
        return Pictures([])
    pictures, hoped = of_dataset(dataset, classes, each)
    count, total = len(pictures), sum(map(dataset.count, classes))
    cut = count < total and dataset.name != "scenes"  # of drawn ones none is left out
    some = (texts.FILM_SOME.format(shown=count, total=total, each=each),) if cut else ()
    fewer = (texts.FILM_FEWER.format(found=count, hoped=hoped),) if count < hoped else ()
    place = state.place() if dataset.name == library.FOLDER else ""
    notes = (*dataset.notes, *some, *fewer, *_too_many(count))
    return Pictures(pictures, notes, place=place)


def _ask_classes(dataset: Dataset) -> list[str]:
    names = [name for name in library.ordered(dataset) if dataset.count(name)]
    chosen = st.session_state.get(state.FILM_CLASSES)
    unknown = [name for name in chosen or () if name not in names]
    if chosen is None or unknown:
        left = [name for name in chosen or () if name in names]
        st.session_state[state.FILM_CLASSES] = left or library.opening_first(dataset)
    if unknown:
        history.not_there(texts.link_classes(unknown, library.title(dataset.name)))
    return st.multiselect(
        shared.CLASSES,
        names,
        key=state.FILM_CLASSES,
        persist_state="session",
    )


def _too_many(count: int) -> tuple[str, ...]:
    sentence = texts.FILM_TOO_MANY.format(most=MOST_PICTURES, count=count)
    return (sentence,) if count > MOST_PICTURES else ()


def _ask_one() -> list[str]:
    """One network, for its layers."""
    network = fields.select(
        texts.FILM_NETWORK,
        catalog.names(),
        state.FILM_ONE,
        format_func=catalog.title,
        filter_mode="contains",
    )
    return [network]


def _ask_methods(layers_only: bool) -> list[str]:
    every = list(animate.methods_of("layers" if layers_only else "pictures"))
    methods = [m for m in st.session_state.get(state.FILM_METHODS, []) if m in every]
    st.session_state[state.FILM_METHODS] = methods or every[:1]
    return st.multiselect(
        shared.VIEWS,
        every,
        format_func=lambda view: describe(view)[0],
        max_selections=animate.MOST_METHODS,
        key=state.FILM_METHODS,
        persist_state="session",
    )
