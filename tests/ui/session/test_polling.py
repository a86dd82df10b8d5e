"""What a session asks for: answers as they come, and nothing that it no longer wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cactiviz.errors import BusyError, Cancelled, ModelError
from cactiviz.runtime.queue import Jobs, Ticket
from cactiviz.types import Cancel
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.polling import Failure, Pending

SOON = 20  # seconds


class Desk:
    """Questions about a queue of its own, with answers that are kept, as a runner's are."""

    def __init__(self) -> None:
        self.jobs = Jobs(most_waiting=4)
        self.known: dict[str, str] = {}
        self.begun: dict[str, threading.Event] = {}
        self.go: dict[str, threading.Event] = {}
        self.times: list[str] = []
        self.stopped: list[str] = []

    def __call__(self, name: str) -> Callable[[], str | Ticket[str]]:
        self.begun.setdefault(name, threading.Event())
        self.go.setdefault(name, threading.Event())
        return lambda: self.known.get(name) or self.jobs.submit(name, self._work(name))

    def answer(self, *names: str) -> None:
        for name in names:
            self.go[name].set()

    def _work(self, name: str) -> Callable[[Cancel], str]:
        def work(cancel: Cancel) -> str:
            self.times.append(name)
            self.begun[name].set()
            while not self.go[name].wait(0.002):
                if cancel.is_set():
                    self.stopped.append(name)
                    raise Cancelled("stopped")
            self.known[name] = f"answer to {name}"
            return self.known[name]

        return work


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    for go in made.go.values():
        go.set()


class Session(dict[str, Any]):
    """A session's state; while it is entered, ``asking`` finds this one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._monkeypatch = monkeypatch

    def asks(
        self, questions: dict[str, Callable[[], Any]], patience: float = 0.0
    ) -> dict[str, Any]:
        self._monkeypatch.setattr(st, "session_state", self)
        return polling.ask(questions, patience)

    def wants_nothing(self) -> None:
        self._monkeypatch.setattr(st, "session_state", self)
        polling.want_nothing()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    return Session(monkeypatch)


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Session:
    return Session(monkeypatch)


def test_answers_come_one_by_one(desk: Desk, session: Session) -> None:
    questions = {"x": desk("a"), "y": desk("b")}
    assert session.asks(questions) == {"x": Pending(0), "y": Pending(1)}
    desk.answer("a")
    assert desk.begun["b"].wait(SOON)
    found = session.asks(questions)
    assert found == {"x": "answer to a", "y": Pending(0)} and polling.pending(found)
    desk.answer("b")
    found = session.asks(questions, SOON)
    assert found == {"x": "answer to a", "y": "answer to b"} and not polling.pending(found)
    assert desk.times == ["a", "b"] and session[state.TICKETS] == []


def test_patience_ends_as_soon_as_all_is_there(desk: Desk, session: Session) -> None:
    questions = {"x": desk("a")}
    desk.answer("a")
    assert session.asks(questions, SOON) == {"x": "answer to a"}
    assert session.asks({"x": desk("slow")}, 0.05)["x"] == Pending(0)


def test_asking_again_keeps_the_place_in_the_queue(
    desk: Desk, session: Session, other: Session
) -> None:
    session.asks({"x": desk("a"), "y": desk("b")})
    assert desk.begun["a"].wait(SOON)
    other.asks({"x": desk("c")})
    for _ in range(3):
        assert session.asks({"x": desk("a"), "y": desk("b")})["y"] == Pending(1)
        assert other.asks({"x": desk("c")}) == {"x": Pending(2)}
    desk.answer("a", "b", "c")
    assert other.asks({"x": desk("c")}, SOON) == {"x": "answer to c"}
    assert desk.times == ["a", "b", "c"]


def test_what_is_not_asked_for_again_is_dropped_and_stopped(desk: Desk, session: Session) -> None:
    session.asks({"x": desk("a"), "y": desk("b")})
    assert desk.begun["a"].wait(SOON)
    session.asks({"x": desk("c")})
    assert desk.begun["c"].wait(SOON)
    assert desk.stopped == ["a"] and desk.times == ["a", "c"]


def test_what_another_session_wants_too_goes_on(
    desk: Desk, session: Session, other: Session
) -> None:
    session.asks({"x": desk("a")})
    other.asks({"x": desk("a")})
    assert desk.begun["a"].wait(SOON)
    session.wants_nothing()
    desk.answer("a")
    assert other.asks({"x": desk("a")}, SOON) == {"x": "answer to a"}
    assert desk.times == ["a"] and not desk.stopped


def test_six_quick_changes_of_choice_cost_no_more_than_two(desk: Desk, session: Session) -> None:
    session.asks({"x": desk("0")})
    assert desk.begun["0"].wait(SOON)
    for number in range(1, 7):
        session.asks({"x": desk(str(number))})
    desk.answer("6")
    assert session.asks({"x": desk("6")}, SOON) == {"x": "answer to 6"}
    assert desk.jobs.finished == 1
    assert set(desk.stopped) == set(desk.times) - {"6"}  # each begun one at its next step


def test_a_full_queue_is_waited_for(desk: Desk, session: Session, other: Session) -> None:
    session.asks({name: desk(name) for name in "ab"})
    assert desk.begun["a"].wait(SOON)
    session.asks({name: desk(name) for name in "abcde"})
    assert other.asks({"x": desk("f")}) == {"x": Pending(None)}
    desk.answer("a")
    assert desk.begun["b"].wait(SOON)
    assert other.asks({"x": desk("f")}) == {"x": Pending(4)}


def test_a_failure_is_the_sentence_in_its_place(desk: Desk, session: Session) -> None:
    def fails() -> str:
        raise ModelError("The network is ill.")

    def is_busy() -> str:
        raise BusyError("Too much waits.")

    question = desk("a")
    desk.answer("a")
    session.asks({"y": question}, SOON)
    found = session.asks({"x": fails, "y": question, "z": is_busy})
    assert found == {"x": Failure("The network is ill."), "y": "answer to a", "z": Pending(None)}


def test_a_run_that_is_stopped_while_it_asks_leaves_nothing_behind(
    desk: Desk, session: Session
) -> None:
    class Stop(BaseException):
        """As Streamlit stops a run."""

    session.asks({"x": desk("first")})
    assert desk.begun["first"].wait(SOON)

    def stops() -> str:
        raise Stop

    try:
        session.asks({"x": desk("lost"), "y": stops})
    except Stop:
        pass
    else:
        pytest.fail("it wasn't stopped")
    session.asks({"x": desk("kept")})
    assert desk.begun["kept"].wait(SOON)
    assert "lost" not in desk.times


def page() -> None:
    import streamlit as st

    from cactiviz.ui.session import polling

    desk = st.session_state["desk"]
    names = st.session_state["names"]
    found = polling.ask({name: desk(name) for name in names}, st.session_state["patience"])
    st.json({name: str(answer) for name, answer in found.items()})


def test_sessions_of_streamlit_itself(desk: Desk) -> None:
    """As above, with the state that Streamlit keeps."""

    def visit(names: str, patience: float) -> AppTest:
        visited = AppTest.from_function(page, default_timeout=SOON)
        visited.session_state["desk"] = desk
        visited.session_state["names"] = names
        visited.session_state["patience"] = patience
        return visited.run()

    one, two = visit("a", 0), visit("ab", 0)
    assert not one.exception and "Pending" in one.json[0].value
    assert desk.begun["a"].wait(SOON)
    one.session_state["names"] = "c"
    one.run()
    desk.answer("a", "b", "c")
    two.session_state["patience"] = one.session_state["patience"] = SOON
    assert "answer to b" in two.run().json[0].value
    assert "answer to c" in one.run().json[0].value
    assert desk.times == ["a", "b", "c"] and not desk.stopped
