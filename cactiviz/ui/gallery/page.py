"""The Gallery's parts: which data set, which classes, which pictures, and one of them larger."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from cactiviz.datasets import DATASETS, Dataset, Item
from cactiviz.errors import CactivizError
from cactiviz.types import Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.components import fields, wall
from cactiviz.ui.gallery import texts
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

PAGE_SIZE = 24
OWN = "own"  #: In the place of a data set: the pictures that the user brings along.
_ALL = ""  # no class is called that
_MOST_PILLS = 400


def ask_dataset() -> str:
    """Show the data sets, and return the name of the one chosen, or :data:`OWN`."""
    st.session_state.setdefault(state.SHOWN, library.first())
    first, *others = (*DATASETS, library.LIVE)
    titles = {first: shared.plain(library.label(first)), OWN: texts.OWN_PICTURES}
    titles |= {name: shared.plain(library.label(name)) for name in others}
    return fields.one_of(
        shared.DATASET,
        titles,
        state.SHOWN,
        st.pills,
        on_change=_another_dataset,
        label_visibility="collapsed",
    )


def ask_classes(dataset: Dataset) -> Dataset:
    """Say whose pictures they are, let classes be searched, and return what is to be shown."""
    about = DATASETS[dataset.name].about if dataset.name in DATASETS else ""
    if dataset.name != library.LIVE:
        st.caption(texts.about_dataset(about, dataset.terms))
    for note in dataset.notes:
        st.caption(shared.plain(note))
    opening, every = library.opening(dataset), library.ordered(dataset)
    words, all_of_them = "", False
    if len(every) > len(opening):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = _ask_words(len(every))
            all_of_them = st.toggle(
                texts.EVERY, key=state.EVERY, persist_state="session", on_change=_another_scope
            )
    scope = every if words or all_of_them else list(opening)
    scope = [name for name in scope if words.casefold() in name.casefold()]
    if not scope:
        st.info(texts.NO_CLASS)
        return library.only(dataset, ())
    if len(every) == 1:
        return dataset
    kind = _ask_class(dataset, scope)
    return library.only(dataset, (kind,) if kind in scope else tuple(scope))


def ask_items(dataset: Dataset) -> tuple[Item, ...]:
    """Let the order be chosen, and return one page of pictures."""
    total = len(dataset)
    with st.container(horizontal=True, vertical_alignment="center", key="cv-order"):
        order = fields.one_of(texts.ORDER, texts.ORDERS, state.ORDER, label_visibility="collapsed")
        if order == "chance":
            seed = fields.seed(state.SEED)
            items = dataset.draw(PAGE_SIZE, seed)
            where = texts.DRAWN.format(count=len(items), total=total, seed=seed)
        else:
            items = dataset.page(number(total), PAGE_SIZE)
            start = number(total) * PAGE_SIZE
            stop = start + len(items)
            where = texts.PLACE_IN_LIST.format(start=start + 1, stop=stop, total=total)
        st.caption(where, width="content")
    return items


def ask_page(dataset: Dataset) -> None:
    """The way to the pages before and after, where there is one."""
    if st.session_state[state.ORDER] != "chance":
        turn(len(dataset))


def turn(total: int) -> None:
    """The way to the pages before and after, of so many pictures in a list."""
    if total <= PAGE_SIZE:
        return
    page, last = number(total), (total - 1) // PAGE_SIZE
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.button(
            texts.PREVIOUS,
            icon=":material/chevron_left:",
            disabled=page == 0,
            on_click=lambda: st.session_state.update({state.PAGE: page - 1}),
        )
        st.caption(texts.PAGE_OF.format(page=page + 1, last=last + 1), width="content")
        st.button(
            texts.NEXT,
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=page == last,
            on_click=lambda: st.session_state.update({state.PAGE: page + 1}),
        )


def number(total: int) -> int:
    """Which page of so many pictures is shown, from 0."""
    return min(int(st.session_state.get(state.PAGE, 0)), max(0, (total - 1) // PAGE_SIZE))


def show(dataset: Dataset, items: tuple[Item, ...]) -> None:
    """A wall of the pictures; the one that is pressed is shown larger."""
    cells = library.thumbnails(dataset, items)
    pressed = wall.show(cells, texts.THUMBNAILS, "thumbnails")
    for item, cell in zip(items, cells, strict=True):
        if cell.key == pressed and not cell.why:
            st.dialog(shared.plain(item.class_name), width="medium")(_larger)(dataset, item)


def _larger(dataset: Dataset, item: Item) -> None:
    """One picture of a data set with its credit and terms."""
    try:
        picture = library.picture(dataset, item)
    except CactivizError as error:
        st.error(shared.plain(str(error)))
        return
    larger(picture, shared.ALT.format(item=item), item.address, lambda: state.choose(item))


def larger(picture: Picture, alt: str, called: str, choose: Callable[[], object]) -> None:
    """One picture in a dialog, and the way to Compare.

    Args:
        picture: The picture.
        alt: What is to be seen in it, in words.
        called: What stands below it before its size; may be empty.
        choose: Lets Compare show it.
    """
    st.html(
        f'<img class="cv-larger" src="{library.data_address(picture, library.LARGE)}" '
        f'alt="{escape(alt)}">'
    )
    height, width = picture.size
    size = texts.SIZE_OF.format(width=width, height=height)
    st.caption(shared.plain(" · ".join(filter(None, (called, size, *picture.notes)))))
    if picture.source:
        st.caption(shared.plain(picture.source))
    if st.button(texts.COMPARE_THIS, type="primary", width="stretch"):
        choose()
        st.session_state[state.PICKING] = None  # what asks for a picture there isn't needed now
        st.switch_page(state.COMPARE_PAGE)


def _ask_words(classes: int) -> str:
    words = st.text_input(
        texts.WORDS,
        type="search",
        live=True,
        placeholder=texts.WORDS_HINT.format(count=classes),
        key=state.WORDS,
        persist_state="session",
        on_change=_another_scope,
        label_visibility="collapsed",
        width=300,
    )
    return (words or "").strip()


def _ask_class(dataset: Dataset, scope: list[str]) -> str:
    if st.session_state.get(state.KIND) not in (_ALL, *scope):
        st.session_state[state.KIND] = _ALL
    titles = {
        name: texts.CLASS_LABEL.format(name=shared.plain(name), count=dataset.count(name))
        for name in scope[:_MOST_PILLS]
    }
    with st.container(key="cv-classes"):
        kind = fields.one_of(
            shared.CLASSES,
            {_ALL: texts.ALL_CLASSES, **titles},
            state.KIND,
            st.pills,
            on_change=state.back_to_the_first_page,
            label_visibility="collapsed",
        )
    if len(scope) > _MOST_PILLS:
        st.caption(texts.MORE_CLASSES.format(count=len(scope) - _MOST_PILLS))
    return kind


def _another_dataset() -> None:
    st.session_state[state.WORDS] = ""
    st.session_state[state.EVERY] = False
    _another_scope()


def _another_scope() -> None:
    st.session_state[state.KIND] = _ALL
    state.back_to_the_first_page()
