"""What Filters and Neurons share: a column for each network, filled as the networks answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Literal, TypeVar

import streamlit as st

from cactiviz.models import LoadedModel
from cactiviz.types import Box, Cancel
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.components import data_url, loader, wall
from cactiviz.ui.layers import texts
from cactiviz.ui.networks import catalog, downloads
from cactiviz.ui.session import polling
from cactiviz.ui.sidebar import sidebar
from cactiviz.ui.sidebar.choice import Choice

_LONGEST = 640  # pixels of the picture in an enlarged view
_LAYERS_OF = "layers of "  # before a network's name
PICTURE = "picture"  #: The picture among the images of a wall.


@dataclass(frozen=True, eq=False)
class Look:
    """What one network answers.

    Attributes:
        title: The network's title, which tells an untrained one.
        untrained: Whether its weights are random.
    """

    title: str
    untrained: bool


@dataclass(frozen=True)
class Painted:
    """What stands in a column.

    Attributes:
        cells: The small pictures of its wall.
        images: Data addresses of what the cells show, by their keys.
        scales: One line on their scales.
    """

    cells: tuple[wall.Cell, ...]
    images: dict[str, str]
    scales: str = ""


T = TypeVar("T")
A = TypeVar("A", bound=Look)


#: What is asked of one network: all that the answer depends on besides the network, and the work
#: that is done in the runner's thread.
Job = tuple[tuple[object, ...], Callable[[LoadedModel, Cancel], T]]


@dataclass(frozen=True, eq=False)
class Column(Generic[A]):
    """What is known of one network.

    Attributes:
        name: The network's name.
        layers: Its layers, each with how it is offered; empty until they are known.
        answer: To the page's own question.
        key: Equal for equal answers of equal networks.
    """

    name: str
    layers: Mapping[str, str]
    answer: A | polling.Pending | polling.Failure
    key: str


def choose(page: Literal["filters", "neurons"], title: str, about: str) -> Choice:
    """Begin a page with its styles, title and text, and ask for picture and networks."""
    st.html(loader.sheets("layers"))  # before all that can end a run
    history.titled(title, page)
    st.caption(about)
    choice = sidebar.ask(page)
    downloads.show()
    return choice


def ask(
    choice: Choice,
    layers: Job[Mapping[str, str]],
    job: Callable[[str], Job[A]],
    patience_seconds: float,
) -> list[Column[A]]:
    """Ask every network of the choice, and return what is known.

    Args:
        choice: Picture and networks.
        layers: Asks for a network's layers, each with how it is offered.
        job: From a network's name to what is asked of it now.
        patience_seconds: How long to wait here for answers that aren't there yet.
    """
    questions: dict[str, Callable[[], object]] = {}
    keys: dict[str, str] = {}
    for name in choice.models:
        network, own = catalog.network(name, choice.untrained), job(name)
        keys[name] = repr((network, own[0]))
        questions[_LAYERS_OF + name] = partial(polling.runner().ask, network, *layers)
        questions[name] = partial(polling.runner().ask, network, *own)
    answers = polling.ask(questions, patience_seconds)
    columns: list[Column[A]] = []
    for name in choice.models:
        offered, answer = answers[_LAYERS_OF + name], answers[name]
        if isinstance(offered, polling.Pending | polling.Failure):
            offered = {}
        if isinstance(answer, polling.Failure):
            answer = polling.Failure(catalog.why(name, choice.untrained, answer.sentence))
        columns.append(Column(name, offered, answer, keys[name]))  # type: ignore[arg-type]
    return columns


def wait(columns: Sequence[Column[A]]) -> bool:
    """Whether an answer is still to come."""
    return any(isinstance(column.answer, polling.Pending) for column in columns)


def side_by_side(
    columns: Sequence[Column[A]], layer_key: str, fill: Callable[[Column[A], A], None]
) -> None:
    """Draw each network's title and choice of a layer, and below what it answers.

    Args:
        columns: From left to right.
        layer_key: Stands before a network's name in the session's key of its layer.
        fill: Draws one answer; where there is none it is said why, or what is waited for.
    """
    for column, place in zip(columns, st.columns(len(columns), gap="medium"), strict=True):
        with place:
            answer = column.answer
            st.header(shared.plain(catalog.title(column.name)), anchor=False)
            if not isinstance(answer, polling.Pending | polling.Failure):
                # Said of trained ones too, so that the columns stay level.
                note = f":orange[{shared.UNTRAINED_NOTE}]"
                st.caption(note if answer.untrained else texts.TRAINED_NOTE)
                if answer.untrained:
                    downloads.remedy(column.name, untrained=True)
            _ask_layer(column, layer_key + column.name)
            if isinstance(answer, polling.Pending | polling.Failure):
                _instead(column, columns)
            else:
                fill(column, answer)


def seen(choice: Choice, model: LoadedModel) -> Box:
    """The part of the picture that a network sees, in pixels of the picture."""
    preprocessing = model.spec.preprocessing
    if choice.resize:
        preprocessing = replace(preprocessing, resize=choice.resize)
    return preprocessing.seen(*choice.picture.size)


def offer_files(
    name: str, picture: Callable[[], bytes], numbers: Callable[[], bytes], about: str
) -> None:
    """A button for a picture and one for the numbers, made when they are pressed.

    Args:
        name: Of both files, and as keys of the buttons.
        picture: Makes a PNG.
        numbers: Makes a file of arrays.
        about: What is in both, told where the pointer rests.
    """
    stem = "cactiviz " + re.sub(r"[^\w.]+", "-", name).strip("-")
    with st.container(horizontal=True, gap="small"):
        for ending, mime, make in (
            ("png", "image/png", picture),
            ("npz", "application/octet-stream", numbers),
        ):
            st.download_button(
                texts.LAYER_FILES[ending],
                make,
                file_name=f"{stem}.{ending}",
                mime=mime,
                help=about,
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key=f"{ending} {name}",
            )


def images(choice: Choice, painted: Mapping[str, str]) -> dict[str, str]:
    """The images of a wall, the picture among them as :data:`PICTURE`."""
    return {PICTURE: data_url.photograph(choice.picture, _LONGEST), **painted}


@st.cache_data(max_entries=128, show_spinner=False)
def painted(key: tuple[object, ...], _paint: Callable[[], Painted]) -> Painted:
    """What a function paints, kept by a key that says all that it depends on."""
    return _paint()


def _ask_layer(column: Column[A], key: str) -> None:
    """Let a layer be chosen, the first one at first; until they are known there is no choice."""
    title, layers = catalog.title(column.name), column.layers
    waits = {"disabled": True, "key": f"{key} waits"}
    field = {"key": key, "filter_mode": "contains", "persist_state": "session"}
    chosen = st.session_state.get(key)
    if layers and chosen not in layers:
        st.session_state[key] = next(iter(layers))
        if chosen is not None:
            history.not_there(texts.LINK_NO_LAYER.format(name=chosen, network=title))
    st.selectbox(
        texts.LAYER_OF.format(title=shared.plain(title)),
        list(layers) or [texts.LAYER_WAITS],
        format_func=lambda name: layers.get(name, name),
        label_visibility="collapsed",
        **(field if layers else waits),
    )


def _instead(column: Column[A], columns: Sequence[Column[A]]) -> None:
    """What stands where an answer isn't there: why, or what is waited for."""
    if isinstance(column.answer, polling.Failure):
        coming = downloads.is_coming(column.name)
        title = catalog.title(column.name)
        why = shared.WEIGHTS_COME.format(title=title) if coming else column.answer.sentence
        st.info(shared.plain(why))
        if not column.layers:  # else it is here, and only this question has no answer
            downloads.remedy(column.name)
        return
    waiting = [other for other in columns if isinstance(other.answer, polling.Pending)]
    if column is waiting[0] and isinstance(column.answer, polling.Pending):
        device = shared.DEVICES[polling.runner().device.type]
        titles = [catalog.title(other.name) for other in waiting]
        state = shared.working_on(titles, len(columns), column.answer.ahead, device)
        st.caption(f":material/hourglass_top: {state}")
    else:
        st.caption(shared.WAITING)
