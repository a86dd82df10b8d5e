"""The queue: equal jobs once, in order, droppable at any time, never more than it says."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from cactiviz.errors import BusyError, Cancelled
from cactiviz.runtime.queue import Jobs
from cactiviz.types import Cancel

SOON = 20  # seconds; what a test waits for comes at once, unless it never comes


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Gate:
    """Work that begins when it is its turn, and ends when it is let go or cancelled."""

    def __init__(self, gives: object = None) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.times = 0
        self.gives = gives

    def __call__(self, cancel: Cancel) -> object:
        self.times += 1
        self.begun.set()
        while not self.go.wait(0.002):
            if cancel.is_set():
                raise Cancelled("stopped")
        return self.gives


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(clock: Clock) -> Jobs:
    return Jobs(most_waiting=3, clock=clock)


@pytest.fixture
def first(jobs: Jobs) -> Iterator[Gate]:
    """A job that is being worked on, so that others have to wait."""
    gate = Gate("first")
    ticket = jobs.submit("first", gate)
    assert gate.begun.wait(SOON)
    yield gate
    gate.go.set()
    ticket.give_back()


def note(said: list[str], name: str) -> Callable[[Cancel], str]:
    def work(cancel: Cancel) -> str:
        said.append(name)
        return name

    return work


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.001)


def test_equal_jobs_are_worked_on_once_for_all_who_wait(jobs: Jobs, first: Gate) -> None:
    work, other = Gate("answer"), Gate("another answer")
    work.go.set()
    tickets = [jobs.submit("same", work), jobs.submit("same", other)]
    running = jobs.submit("first", other)
    assert not any(ticket.done() for ticket in [*tickets, running])
    first.go.set()
    assert [ticket.result(SOON) for ticket in tickets] == ["answer", "answer"]
    assert running.result(SOON) == "first"
    assert (work.times, other.times, jobs.finished) == (1, 0, 2)


def test_one_of_two_who_leaves_takes_nothing_from_the_other(jobs: Jobs, first: Gate) -> None:
    work = Gate("answer")
    waiting, leaving = jobs.submit("same", work), jobs.submit("same", work)
    also_first = jobs.submit("first", first)
    leaving.give_back()
    leaving.give_back()  # twice is once
    also_first.give_back()
    assert not waiting.done() and waiting.ahead() == 1
    first.go.set()
    assert work.begun.wait(SOON)
    again = jobs.submit("same", work)
    again.give_back()  # now while it runs
    work.go.set()
    assert waiting.result(SOON) == "answer" and jobs.stopped == 0


def test_a_waiting_job_is_dropped_with_the_last_who_waits(jobs: Jobs, first: Gate) -> None:
    said: list[str] = []
    one, two = jobs.submit("same", note(said, "a")), jobs.submit("same", note(said, "a"))
    last = jobs.submit("last", note(said, "last"))
    assert last.ahead() == 2
    one.give_back()
    two.give_back()
    assert last.ahead() == 1
    with pytest.raises(Cancelled):
        one.result(SOON)
    first.go.set()
    assert last.result(SOON) == "last" and said == ["last"]


def test_a_running_job_stops_at_its_next_step(jobs: Jobs) -> None:
    gate = Gate()
    ticket = jobs.submit("long", gate)
    assert gate.begun.wait(SOON)
    ticket.give_back()
    with pytest.raises(Cancelled):
        ticket.result(SOON)
    assert (jobs.stopped, jobs.finished) == (1, 0)


def test_an_equal_question_after_a_cancel_is_worked_on_anew(jobs: Jobs) -> None:
    blind = threading.Event()  # this work looks at no cancel for a while
    begun = threading.Event()

    def stubborn(cancel: Cancel) -> str:
        begun.set()
        blind.wait(SOON)
        raise Cancelled("at last")

    old = jobs.submit("same", stubborn)
    assert begun.wait(SOON)
    old.give_back()
    new = jobs.submit("same", lambda cancel: "new")
    assert not new.done() and new.ahead() == 1
    blind.set()
    assert new.result(SOON) == "new"


def test_jobs_come_in_order_and_say_how_many_are_ahead(jobs: Jobs, first: Gate) -> None:
    said: list[str] = []
    tickets = [jobs.submit(name, note(said, name)) for name in "abc"]
    assert [ticket.ahead() for ticket in tickets] == [1, 2, 3]
    assert jobs.submit("first", first).ahead() == 0
    tickets[0].give_back()
    assert [ticket.ahead() for ticket in tickets[1:]] == [1, 2]
    first.go.set()
    assert tickets[2].result(SOON) == "c" and said == ["b", "c"]
    assert tickets[2].ahead() == 0


def test_no_more_wait_than_may(jobs: Jobs, first: Gate) -> None:
    tickets = [jobs.submit(n, lambda cancel: None) for n in range(3)]
    with pytest.raises(BusyError, match="3 computations are waiting already"):
        jobs.submit("one more", lambda cancel: None)
    same = jobs.submit(1, lambda cancel: None)  # which takes no place
    tickets[0].give_back()
    jobs.submit("one more", lambda cancel: None)
    assert same.ahead() == 1


def test_a_failure_reaches_all_who_wait_and_the_worker_lives(jobs: Jobs, first: Gate) -> None:
    def fail(cancel: Cancel) -> None:
        raise SystemExit("no way")

    tickets = [jobs.submit("bad", fail), jobs.submit("bad", fail)]
    after = jobs.submit("good", lambda cancel: "good")
    first.go.set()
    for ticket in tickets:
        with pytest.raises(SystemExit, match="no way"):
            ticket.result(SOON)
    assert after.result(SOON) == "good"
    assert jobs.finished == 3


def test_a_failure_holds_nothing_that_the_work_had_in_hand(jobs: Jobs) -> None:
    class Tensor:
        pass

    held: list[weakref.ref[Tensor]] = []

    def fail(cancel: Cancel) -> None:
        large = Tensor()
        held.append(weakref.ref(large))
        raise ValueError

    gc.disable()  # a circle through the traceback would need it
    try:
        ticket = jobs.submit("bad", fail)
        with pytest.raises(ValueError):
            ticket.result(SOON)
        assert held[0]() is None
    finally:
        gc.enable()


def test_a_better_job_that_is_there_already_does_as_well(jobs: Jobs, first: Gate) -> None:
    said: list[str] = []
    jobs_before = jobs.submit("much", note(said, "much"))
    less = jobs.submit("little", note(said, "little"), better=["more", "much"])
    running = jobs.submit("little", note(said, "little"), better=["first"])
    first.go.set()
    assert (less.result(SOON), running.result(SOON)) == ("much", "first")
    assert jobs_before.result(SOON) == "much" and said == ["much"]


def test_a_ticket_that_is_let_go_of_is_given_back(jobs: Jobs, first: Gate) -> None:
    said: list[str] = []
    jobs.submit("lost", note(said, "lost"))  # nobody keeps this ticket
    kept = jobs.submit("kept", note(said, "kept"))
    assert kept.ahead() == 1
    first.go.set()
    kept.result(SOON)
    assert said == ["kept"]


def test_a_ticket_may_die_while_its_thread_has_the_lock(jobs: Jobs, first: Gate) -> None:
    ticket = [jobs.submit("lost", Gate())]
    places: list[int] = []

    def in_the_lock() -> None:
        with jobs._changed:
            places.append(len(jobs._waiting))
            ticket.clear()  # as the garbage collector may do at any allocation
            places.append(len(jobs._waiting))

    thread = threading.Thread(target=in_the_lock, daemon=True)
    thread.start()
    thread.join(SOON)
    assert places == [1, 1]  # whoever holds the lock may be counting on it
    assert jobs.submit("next", Gate()).ahead() == 1


def test_who_still_looks_comes_before_who_does_not(jobs: Jobs, first: Gate, clock: Clock) -> None:
    said: list[str] = []
    closed = jobs.submit("closed", note(said, "closed"))  # its browser went away
    looking = jobs.submit("looking", note(said, "looking"))
    assert looking.ahead() == 2
    clock.now = 6
    assert looking.ahead() == 1
    first.go.set()
    until(lambda: len(said) == 2)
    assert said == ["looking", "closed"]  # nothing else waits, so it may as well be worked on
    assert closed.result(SOON) == "closed"


def test_a_place_that_nobody_looks_at_is_lost_after_a_while(
    jobs: Jobs, first: Gate, clock: Clock
) -> None:
    said: list[str] = []
    forgotten = [jobs.submit(name, note(said, "forgotten")) for name in "ab"]
    hidden = jobs.submit("hidden", note(said, "hidden"))
    clock.now = 60  # a hidden tab looks once a minute
    with pytest.raises(BusyError):
        jobs.submit("fresh", note(said, "fresh"))
    assert not hidden.done()
    clock.now = 120
    assert not hidden.done()
    fresh = jobs.submit("fresh", note(said, "fresh"))  # the queue would be full
    for ticket in forgotten:
        with pytest.raises(Cancelled):
            ticket.result(SOON)
    assert not first.go.is_set() and first.begun.is_set()
    until(lambda: jobs.stopped == 1)  # what ran is forgotten as well
    assert (hidden.result(SOON), fresh.result(SOON)) == ("hidden", "fresh")
    assert sorted(said) == ["fresh", "hidden"]


def test_a_thread_that_does_nothing_but_wait_is_not_forgotten(jobs: Jobs, clock: Clock) -> None:
    gate = Gate("answer")
    ticket = jobs.submit("long", gate)
    found: list[object] = []
    waiter = threading.Thread(target=lambda: found.append(ticket.result(SOON)), daemon=True)
    waiter.start()
    until(lambda: ticket._job.blocked == 1)
    clock.now = 1000
    other = jobs.submit("other", lambda cancel: None)
    assert not ticket._job.cancel.is_set()
    gate.go.set()
    waiter.join(SOON)
    assert found == ["answer"]
    other.result(SOON)
    with pytest.raises(TimeoutError):
        jobs.submit("never", Gate()).result(0.01)


def test_nothing_of_a_job_that_is_done_is_kept_alive(jobs: Jobs) -> None:
    class Model:
        def __call__(self, cancel: Cancel) -> int:
            return 1

    model = Model()
    gone = weakref.ref(model)
    ticket = jobs.submit("job", model)
    assert ticket.result(SOON) == 1
    del model, ticket
    until(lambda: gone() is None)


def test_many_threads_at_once(jobs: Jobs) -> None:
    """Asking, leaving and dying in any order leaves an empty queue and right answers."""
    busy = Jobs(most_waiting=1000)
    wrong: list[object] = []

    def session(number: int) -> None:
        for turn in range(60):
            key = (number + turn) % 7
            ticket = busy.submit(key, lambda cancel, key=key: key * 2)
            if turn % 3 == 0:
                ticket.give_back()
            elif turn % 3 == 1 and (found := ticket.result(SOON)) != key * 2:
                wrong.append(found)

    threads = [threading.Thread(target=session, args=(n,), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert not wrong
    last = busy.submit("last", lambda cancel: "last")
    assert last.result(SOON) == "last"
    assert last.ahead() == 0 and not busy._waiting


def test_the_end_of_python_stops_the_worker_at_its_next_step() -> None:
    jobs = Jobs()
    begun = threading.Event()

    def work(cancel: Cancel) -> None:
        begun.set()
        while not cancel.is_set():
            time.sleep(0.001)
        raise Cancelled("Stopped.")

    running = jobs.submit("running", work)
    waiting = jobs.submit("waiting", work)
    assert begun.wait(5)
    jobs.close()
    for ticket in (running, waiting):
        with pytest.raises(Cancelled):
            ticket.result(0)
    assert not any(thread is jobs._worker for thread in threading.enumerate())
