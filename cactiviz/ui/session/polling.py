"""What a session asks of the runner: answers as they come, and nothing that it no longer wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from cactiviz.errors import BusyError, CactivizError, WeightsError
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Runner, spare_the_collector
from cactiviz.ui.session import state

T = TypeVar("T")

#: So long a run waits for answers, so that what is quick comes in one piece.
PATIENCE_SECONDS = 0.15
LOOK_AGAIN_SECONDS = 0.25  #: Between two looks at answers that are still to come.
_POLL_SECONDS = 0.02
_OWN_SECONDS, _OTHERS_SECONDS = 0.4, 1.0


@dataclass(frozen=True)
class Pending:
    """No answer yet.

    Attributes:
        ahead: How many jobs of this or other sessions come first; None where even the queue is
            full.
    """

    ahead: int | None


@dataclass(frozen=True)
class Failure:
    """The sentence that says why there is no answer.

    Attributes:
        sentence: As the error has it.
        fits: An architecture that the network's file does fit; empty where none is known.
    """

    sentence: str
    fits: str = ""


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The one runner of this server."""
    made = Runner()
    spare_the_collector()
    return made


def ask(
    questions: Mapping[str, Callable[[], T | Ticket[T]]], patience_seconds: float = 0.0
) -> dict[str, T | Pending | Failure]:
    """Ask all of these and nothing else: what this session asked before is no longer wanted.

    Equal questions keep their place in the queue, so a page asks anew in each run until nothing
    is ``Pending``.

    Args:
        questions: By any name; each asks the runner.
        patience_seconds: How long to wait here for answers that aren't there yet.
    """
    answers = _ask_once(questions)
    deadline = time.monotonic() + patience_seconds
    while pending(answers) and time.monotonic() < deadline:
        if any(ticket.done() for ticket in _tickets()):
            answers = _ask_once(questions)
        else:
            time.sleep(_POLL_SECONDS)
    return answers


def show(
    look: Callable[[float], T],
    waits: Callable[[T], bool],
    draw: Callable[[T], None],
    changed: Callable[[], bool],
) -> None:
    """Draw what is known of a page's answers, and the rest as it comes.

    Args:
        look: Asks for everything, and waits so many seconds for answers that aren't there yet.
        waits: Whether something is still to come.
        draw: Draws the part of the page that depends on answers, its own widgets included.
        changed: Whether the whole page is to run, as something else was chosen in that part.
    """

    def part(timed: bool) -> None:
        if changed():
            st.rerun()
        answers = look(0.0)
        if waits(answers) != timed:
            st.rerun()  # which starts the timer, or ends it
        draw(answers)

    timed = waits(look(PATIENCE_SECONDS))
    st.fragment(part, run_every=LOOK_AGAIN_SECONDS if timed else None)(timed)


def pending(answers: Mapping[str, object]) -> bool:
    """Whether an answer is still to come."""
    return any(isinstance(answer, Pending) for answer in answers.values())


def wait() -> None:
    """Wait a little for an answer that this session asked for; longer if others come first.

    A wait costs next to nothing, while each look at a page costs browser and server some of the
    time that computing needs. But it also holds up what the user presses in the same fragment.
    """
    held = _tickets()
    others_first = bool(held) and held[0].ahead() > 0
    deadline = time.monotonic() + (_OTHERS_SECONDS if others_first else _OWN_SECONDS)
    while time.monotonic() < deadline and not any(ticket.done() for ticket in held):
        time.sleep(_POLL_SECONDS)
        _tickets()  # to look into the session lets this run end here once another is asked for


def want_nothing() -> None:
    """Give back every place in the queue that this session holds."""
    _hold([])


def answer(question: Callable[[], T | Ticket[T]]) -> tuple[T | Pending | Failure, Ticket[T] | None]:
    """The answer to one question by now, and the place in the queue while it is ``Pending``."""
    try:
        known = question()
    except BusyError:
        return Pending(None), None
    except CactivizError as error:
        fits = error.fits if isinstance(error, WeightsError) else ""
        return Failure(str(error), fits), None
    return (Pending(known.ahead()), known) if isinstance(known, Ticket) else (known, None)


def _ask_once(
    questions: Mapping[str, Callable[[], T | Ticket[T]]],
) -> dict[str, T | Pending | Failure]:
    answers = {name: answer(question) for name, question in questions.items()}
    _hold([ticket for _, ticket in answers.values() if ticket is not None])
    return {name: known for name, (known, _) in answers.items()}


def _tickets() -> list[Ticket[object]]:
    held: list[Ticket[object]] = st.session_state.get(state.TICKETS, [])
    return held


def _hold(tickets: list[Ticket[T]]) -> None:
    """These in place of those held before; only then, so that a job in both isn't stopped."""
    before = _tickets()
    st.session_state[state.TICKETS] = tickets
    for ticket in before:
        ticket.give_back()
