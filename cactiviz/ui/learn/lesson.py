"""What all lessons share: their networks and pictures, the wait, the guess and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    network: Network, picture: Picture, views: Sequence[str], class_: str, layer: str | None = None
) -> Callable[[], Explanation | Ticket[Explanation]]:
    """The question what a network's views say of a class."""
    target = Target(class_)
    return partial(polling.runner().read, network, picture, views, target=target, layer=layer)


def share(explanation: Explanation, class_: str) -> float:
    """The probability, 0..1, that a network gives a class of its top ones."""
    return next((a.probability for a in explanation.predictions if a.class_name == class_), 0.0)


def answers(questions: Mapping[str, Callable[[], T | Ticket[T]]]) -> dict[str, T] | None:
    """All answers; None while some are to come, or one can't be had, which is said then."""
    found = ask(questions, partial(_wait, min(len(questions) + 1, 3)))
    failures = [f.sentence for f in found.values() if isinstance(f, polling.Failure)]
    if failures:
        st.info(texts.plain(failures[0]))
    there = {name: a for name, a in found.items() if not isinstance(a, polling.Failure)}
    return there if there and not failures else None


def ask(
    questions: Mapping[str, Callable[[], T | Ticket[T]]],
    draw_meanwhile: Callable[[polling.Pending], None],
) -> dict[str, T | polling.Failure]:
    """The answers once all are there; before, none, and a page that looks again by itself.

    Args:
        questions: By any name; each asks the runner.
        draw_meanwhile: Draws what stands in the answers' place.
    """

    def wait() -> None:
        waiting = [a for a in polling.ask(questions).values() if isinstance(a, polling.Pending)]
        if not waiting:
            st.rerun()  # which ends the timer
        draw_meanwhile(waiting[0])

    found = polling.ask(questions, polling.PATIENCE_SECONDS)
    if polling.pending(found):
        st.fragment(wait, run_every=polling.LOOK_AGAIN_SECONDS)()
        return {}
    return {name: a for name, a in found.items() if not isinstance(a, polling.Pending)}


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
        reveal = partial(st.session_state.__setitem__, f"{state.REVEALED} {name} {turn}", True)
        st.button(texts.LEARN_REVEAL, type="primary", on_click=reveal)
        return False
    verdict = texts.learn_verdict(options[said], options[right], said == right)
    st.html(f'<p class="cv-verdict" role="status">{escape(verdict)}</p>')
    return True


def is_revealed(name: str, turn: int = 0) -> bool:
    """Whether the reader has guessed and asked for the answer."""
    said = st.session_state.get(f"{state.GUESS} {name} {turn}")
    return said is not None and bool(st.session_state.get(f"{state.REVEALED} {name} {turn}"))


def _wait(boxes: int, pending: polling.Pending) -> None:
    st.caption(f":material/hourglass_top: {texts.learn_waiting(pending.ahead)}")
    st.html(figures.row([figures.Figure("", "", "", texts.WAITING)] * boxes))
