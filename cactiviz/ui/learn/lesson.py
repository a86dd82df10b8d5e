"""What all lessons share: their networks and pictures, the wait, the guess and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import TypeVar

import streamlit as st

from cactiviz.datasets import Item
from cactiviz.explanations.results import Explanation
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network
from cactiviz.types import Picture, Target
from cactiviz.ui import texts
from cactiviz.ui.learn import figures
from cactiviz.ui.networks import catalog
from cactiviz.ui.pictures import library
from cactiviz.ui.session import polling, state

T = TypeVar("T")

NETWORK = "cactinet"
CACTUS, NO_CACTUS = "cactus", "no cactus"
PATIENCE_SECONDS = 0.15
LOOK_AGAIN_SECONDS = 0.25


def trained() -> Network:
    """CactiNet with the weights that come along; ``untrained`` where they don't."""
    return catalog.network(NETWORK, untrained=True)


def untrained() -> Network:
    """CactiNet with random weights."""
    return Network(NETWORK, untrained=True)


def scene(number: int, class_name: str = CACTUS) -> Picture:
    """A drawn scene."""
    dataset = library.opened("scenes")
    return library.picture(dataset, Item("scenes", class_name, str(number)))


def read(
    network: Network, picture: Picture, views: list[str], class_: str, layer: str | None = None
) -> Callable[[], Explanation | Ticket[Explanation]]:
    """The question what a network's views say of a class."""
    target = Target(class_)
    return partial(polling.runner().read, network, picture, views, target=target, layer=layer)


def share(explanation: Explanation, class_: str) -> float:
    """The probability, 0..1, that a network gives a class of its top ones."""
    return next((a.probability for a in explanation.predictions if a.class_name == class_), 0.0)


def answers(questions: Mapping[str, Callable[[], T | Ticket[T]]]) -> dict[str, T] | None:
    """All answers; None while some are to come, or one can't be had, which is said then."""
    found = polling.ask(questions, PATIENCE_SECONDS)
    if polling.pending(found):
        st.fragment(_wait, run_every=LOOK_AGAIN_SECONDS)(questions)
        return None
    why = [answer.sentence for answer in found.values() if isinstance(answer, polling.Failure)]
    if why:
        st.info(texts.plain(why[0]))
        return None
    return {
        name: answer
        for name, answer in found.items()
        if not isinstance(answer, polling.Pending | polling.Failure)
    }


def guess(name: str, question: str, options: Mapping[str, str], right: str, turn: int = 0) -> bool:
    """Ask the reader first, and then tell. Nothing is counted or sent.

    Args:
        name: Of the lesson.
        question: What to predict.
        options: Key -> what it says.
        right: The key of the right one.
        turn: Of a lesson that is played several times.

    Returns:
        Whether the answer is to be shown; the verdict is shown already.
    """
    said = st.radio(
        question,
        list(options),
        index=None,
        format_func=lambda key: options[key],
        key=f"{state.GUESS} {name} {turn}",
        persist_state="session",
    )
    if said is None:
        st.caption(texts.LEARN_GUESS_FIRST)
        return False
    if not is_revealed(name, turn):
        st.button(texts.LEARN_REVEAL, type="primary", on_click=_reveal, args=(name, turn))
        return False
    verdict = texts.learn_verdict(options[said], options[right], said == right)
    st.html(f'<p class="cv-verdict" role="status">{escape(verdict)}</p>')
    return True


def is_revealed(name: str, turn: int = 0) -> bool:
    """Whether the reader has guessed and asked for the answer."""
    said = st.session_state.get(f"{state.GUESS} {name} {turn}")
    return said is not None and bool(st.session_state.get(f"{state.REVEALED} {name} {turn}"))


def _wait(questions: Mapping[str, Callable[[], T | Ticket[T]]]) -> None:
    found = polling.ask(questions)
    if not polling.pending(found):
        st.rerun()  # which ends the timer
    waiting = [one for one in found.values() if isinstance(one, polling.Pending)]
    st.caption(f":material/hourglass_top: {texts.learn_waiting(waiting[0].ahead)}")
    boxes = [figures.Figure("", "", "", texts.WAITING)] * min(len(questions) + 1, 3)
    st.html(figures.row(boxes))


def _reveal(name: str, turn: int) -> None:
    st.session_state[f"{state.REVEALED} {name} {turn}"] = True
