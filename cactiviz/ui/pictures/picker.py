"""One picture of a data set, chosen at the side: data set, class, picture."""

from __future__ import annotations

import random

import streamlit as st

from cactiviz.datasets import Dataset
from cactiviz.errors import CactivizError
from cactiviz.types import Picture
from cactiviz.ui import texts
from cactiviz.ui.components import fields
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

_MOST_NAMES = 60  # to choose from by name; more are counted
_NUMBER_WIDTH = 126  # pixels; leaves room for the button beside it


def pick() -> Picture | None:
    """Show the choices, and return the picture; None if it can't be read, which is said."""
    names = library.here()
    if st.session_state.get(state.DATASET) not in names:
        _forget(library.first())
    name = fields.select(
        texts.DATASET,
        names,
        state.DATASET,
        format_func=library.title,
        on_change=lambda: _forget(str(st.session_state[state.DATASET])),
    )
    try:
        dataset = library.opened(name)
        class_name = _pick_class(dataset)
        item = _pick_item(dataset, class_name)
        return library.picture(dataset, dataset.find(f"{class_name}/{item}"))
    except CactivizError as error:
        st.error(texts.plain(str(error)))
        return None


def _pick_class(dataset: Dataset) -> str:
    classes = [name for name in library.ordered(dataset) if dataset.count(name)]
    if len(classes) == 1:
        st.session_state[state.CLASS] = classes[0]
        return classes[0]
    return fields.select(
        texts.PICK_CLASS,
        classes,
        state.CLASS,
        filter_mode="contains",
        on_change=lambda: st.session_state.pop(state.ITEM, None),
    )


def _pick_item(dataset: Dataset, class_name: str) -> str:
    names = list(dataset.items[class_name])
    if st.session_state.get(state.ITEM) not in names:
        st.session_state[state.ITEM] = names[0]
    chosen, field = str(st.session_state[state.ITEM]), _field()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        if len(names) <= _MOST_NAMES:
            st.session_state[field] = chosen
            st.selectbox(
                texts.PICK_ITEM,
                names,
                key=field,
                filter_mode="contains",
                width=_NUMBER_WIDTH,
                on_change=_by_name,
                args=(field,),
            )
        else:
            start = _start(names)
            last = start + len(names) - 1
            st.session_state[field] = start + names.index(chosen)
            st.number_input(
                texts.PICK_NUMBER.format(first=start, last=last),
                start,
                last,
                width=_NUMBER_WIDTH,
                key=field,
                on_change=_by_number,
                args=(names, field),
            )
        st.button(
            texts.DRAW_ONE,
            icon=":material/casino:",
            help=texts.DRAW_ONE_HELP,
            on_click=_draw,
            args=(names,),
        )
    return str(st.session_state[state.ITEM])


def _start(names: list[str]) -> int:
    """Pictures are counted from 1, unless their names are numbers from 0."""
    return 0 if names[0] == "0" else 1


def _field() -> str:
    """Another field after each draw.

    A run that overtakes the one of a draw still carries what the field held before it, which
    would be taken for what the user has just set.
    """
    return f"{state.PICKED} {st.session_state.get(state.DRAWS, 0)}"


def _by_name(field: str) -> None:
    st.session_state[state.ITEM] = st.session_state[field]


def _by_number(names: list[str], field: str) -> None:
    st.session_state[state.ITEM] = names[int(st.session_state[field]) - _start(names)]


def _draw(names: list[str]) -> None:
    """The next one of an order by chance, so that none comes twice before all have come."""
    order = random.Random(0).sample(names, len(names))
    before = st.session_state[state.ITEM]
    for _ in range(2):
        state.count_up(state.DRAWS)
        st.session_state[state.ITEM] = order[st.session_state[state.DRAWS] % len(order)]
        if st.session_state[state.ITEM] != before:
            return


def _forget(dataset: str) -> None:
    first = library.first_item()
    st.session_state[state.DATASET] = dataset
    st.session_state[state.CLASS] = first.class_name
    st.session_state[state.ITEM] = first.name
