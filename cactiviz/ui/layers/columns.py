"""What Filters and Neurons share: a column for each network, filled as the networks answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import streamlit as st

from cactiviz.models import LoadedModel
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network
from cactiviz.types import Cancel
from cactiviz.ui import texts
from cactiviz.ui.address import history
from cactiviz.ui.components import data_url, wall
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import polling
from cactiviz.ui.sidebar.sidebar import Choice

T = TypeVar("T")
_PATIENCE_SECONDS = 0.15
_LOOK_AGAIN_SECONDS = 0.25
_LONGEST = 640  # pixels of the picture in an enlarged view
_PLACES = "places in "  # before a network's name


@dataclass(frozen=True)
class Place:
    """A layer that can be chosen.

    Attributes:
        name: As :meth:`cactiviz.types.Layer.parse` reads it.
        text: How it is offered.
    """

    name: str
    text: str


@dataclass(frozen=True, eq=False)
class Question(Generic[T]):
    """What is asked of one network.

    Attributes:
        key: All that the answer depends on besides the network.
        work: Done in the runner's thread.
    """

    key: tuple[object, ...]
    work: Callable[[LoadedModel, Cancel], T]

    def ask(self, network: Network) -> T | Ticket[T]:
        """The answer, or a place in the queue."""
        return polling.runner().ask(network, self.key, self.work)


@dataclass(frozen=True, eq=False)
class Found(Generic[T]):
    """What one network has said so far.

    Attributes:
        name: The network's.
        places: Its layers; empty until they are known.
        answer: To the page's own question.
        key: Equal for equal answers of equal networks.
    """

    name: str
    places: Sequence[Place]
    answer: T | polling.Pending | polling.Failure
    key: str


def show(
    choice: Choice,
    places: Question[Sequence[Place]],
    question: Callable[[str], Question[T]],
    draw: Callable[[Choice, Sequence[Found[T]]], None],
) -> None:
    """Ask every network of the choice, and draw what is known, again and again until all is.

    Args:
        choice: Picture and networks.
        places: Asks for a network's layers.
        question: From a network's name to what is asked of it now.
        draw: Draws the page's part that depends on answers, its own widgets included.
    """
    found = _ask(choice, places, question, _PATIENCE_SECONDS)
    timed = _LOOK_AGAIN_SECONDS if _waiting(found) else None

    def part(timed: bool) -> None:
        if history.changed():
            st.rerun()
        now = _ask(choice, places, question)
        if bool(_waiting(now)) != timed:
            st.rerun()  # which starts the timer, or ends it
        draw(choice, now)

    st.fragment(part, run_every=timed)(bool(timed))


def head(name: str, untrained: bool | None) -> None:
    """What a network is called, above its column."""
    st.header(texts.plain(catalog.title(name)), anchor=False)
    if untrained is not None:
        # Said of trained ones too, so that the columns stay level.
        said = f":orange[{texts.UNTRAINED_NOTE}]" if untrained else texts.TRAINED_NOTE
        st.caption(said)


def ask_layer(found: Found[T], key: str, default: str | None = None) -> None:
    """Let one of the network's layers be chosen; until they are known there is nothing to choose.

    Args:
        found: What is known of the network.
        key: Where the choice is kept.
        default: What is chosen at first; None for the first one.
    """
    label = texts.layer_of(catalog.title(found.name))
    if not found.places:
        st.selectbox(
            label,
            [texts.LAYER_WAITS],
            disabled=True,
            key=f"{key} waits",
            label_visibility="collapsed",
        )
        return
    names = [place.name for place in found.places]
    said = {place.name: place.text for place in found.places}
    chosen = st.session_state.get(key)
    if chosen not in names:
        st.session_state[key] = default if default in names else names[0]
        if chosen is not None:
            history.not_there(texts.link_layer(str(chosen), catalog.title(found.name)))
    st.selectbox(
        label,
        names,
        format_func=lambda name: said[name],
        key=key,
        filter_mode="contains",
        persist_state="session",
        label_visibility="collapsed",
    )


def instead(one: Found[T], found: Sequence[Found[T]]) -> None:
    """What stands where an answer isn't there: why, or what is waited for."""
    if isinstance(one.answer, polling.Failure):
        st.info(texts.plain(one.answer.sentence))
        return
    waiting = [other for other in found if isinstance(other.answer, polling.Pending)]
    if one is waiting[0] and isinstance(one.answer, polling.Pending):
        device = texts.DEVICES[polling.runner().device.type]
        titles = [catalog.title(other.name) for other in waiting]
        said = texts.working_on(titles, len(found), one.answer.ahead, device)
        st.caption(f":material/hourglass_top: {said}")
    else:
        st.caption(texts.WAITING)


@st.cache_data(max_entries=16, show_spinner=False)
def picture_image(key: str, _rgb_of: Choice) -> str:
    """The picture as the enlarged views show it; known by its content."""
    return data_url.photograph(_rgb_of.picture, _LONGEST)


def images(choice: Choice, painted: Mapping[str, str]) -> dict[str, str]:
    """The images of a wall, the picture among them as :data:`PICTURE`."""
    return {PICTURE: picture_image(choice.picture.key, choice), **painted}


PICTURE = "picture"


def picture_pane(choice: Choice, **more: object) -> wall.Pane:
    """The whole picture, to lay something over."""
    height, width = choice.picture.size
    films = (wall.Film(PICTURE, wall.WHOLE),)
    return wall.Pane(films, wall.WHOLE, width / height, **more)  # type: ignore[arg-type]


def _ask(
    choice: Choice,
    places: Question[Sequence[Place]],
    question: Callable[[str], Question[T]],
    patience_seconds: float = 0.0,
) -> list[Found[T]]:
    asked: dict[str, Callable[[], object]] = {}
    keys: dict[str, str] = {}
    for name in choice.models:
        network = catalog.network(name, choice.untrained)
        mine = question(name)
        keys[name] = repr((network, mine.key))
        asked[_PLACES + name] = partial(places.ask, network)
        asked[name] = partial(mine.ask, network)
    answers = polling.ask(asked, patience_seconds)
    found: list[Found[T]] = []
    for name in choice.models:
        there = answers[_PLACES + name]
        known = there if not isinstance(there, polling.Pending | polling.Failure) else ()
        answer = answers[name]
        if isinstance(answer, polling.Failure):
            answer = polling.Failure(catalog.why(name, choice.untrained, answer.sentence))
        found.append(Found(name, known, answer, keys[name]))  # type: ignore[arg-type]
    return found


def _waiting(found: Sequence[Found[T]]) -> list[polling.Pending]:
    return [one.answer for one in found if isinstance(one.answer, polling.Pending)]
