"""Work for one device: one job at a time, equal jobs once, any of them cancellable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cactiviz.errors import BusyError, Cancelled
from cactiviz.types import Cancel

T = TypeVar("T")

_MOST_WAITING = 64  # jobs; about a minute's work on two cores


class _Job:
    """One piece of work, and how many still wait for it."""

    def __init__(self, key: Hashable, work: Callable[[Cancel], object]) -> None:
        self.key = key
        self.work = work
        self.future: Future[object] = Future()
        self.cancel = threading.Event()
        self.waiting_for_it = 0


class Ticket(Generic[T]):
    """A place in the queue. Whoever has one asks :meth:`done` now and then, or gives it back."""

    def __init__(self, jobs: Jobs, job: _Job) -> None:
        self._jobs = jobs
        self._job = job
        self._given_back = False

    def done(self) -> bool:
        """Whether :meth:`result` answers at once."""
        return self._job.future.done()

    def ahead(self) -> int:
        """How many jobs are worked on before this one; 0 once it is its turn."""
        return self._jobs.ahead(self._job)

    def result(self, timeout_seconds: float | None = None) -> T:
        """What the work gave.

        Raises:
            Cancelled: Nobody waited for it any more.
            TimeoutError: It isn't done yet.
            Exception: Whatever the work raised.
        """
        found: T = self._job.future.result(timeout_seconds)  # type: ignore[assignment]
        return found

    def give_back(self) -> None:
        """No longer wait; work that nobody waits for is dropped, or stops at its next step."""
        if not self._given_back:
            self._given_back = True
            self._jobs.leave(self._job)


class Jobs:
    """A queue with one worker.

    Args:
        most_waiting: So many jobs may wait; one more is refused.
        name: Of the worker's thread.
    """

    def __init__(self, most_waiting: int = _MOST_WAITING, name: str = "jobs") -> None:
        self.most_waiting = most_waiting
        self.finished = 0  #: Jobs worked on to their end.
        self.stopped = 0  #: Jobs begun, and stopped before their end.
        self.busy_seconds = 0.0  #: Spent on all of these.
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, key: Hashable, work: Callable[[Cancel], T]) -> Ticket[T]:
        """Ask for work; the same as a job that waits or runs under an equal key, if there is one.

        Args:
            key: Equal keys stand for equal work.
            work: Called once in the worker's thread; asks its argument whether to stop.

        Raises:
            BusyError: Too many jobs wait already.
        """
        with self._changed:
            alive = [self._current] if self._current else []
            for job in alive + self._waiting:
                if job.key == key and not job.cancel.is_set():
                    break
            else:
                if len(self._waiting) >= self.most_waiting:
                    raise BusyError(
                        f"{len(self._waiting)} computations are waiting already; "
                        "yours starts as soon as there is room."
                    )
                job = _Job(key, work)
                self._waiting.append(job)
                self._changed.notify_all()
            job.waiting_for_it += 1
        return Ticket(self, job)

    def ahead(self, job: _Job) -> int:
        """How many jobs are worked on before this one."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._current is not None)

    def leave(self, job: _Job) -> None:
        """One less waits for this job."""
        with self._changed:
            job.waiting_for_it -= 1
            if job.waiting_for_it > 0:
                return
            job.cancel.set()
            if job in self._waiting:
                self._waiting.remove(job)
                job.future.set_exception(Cancelled("Nobody waited for this any more."))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                self._current = job = self._waiting.pop(0)
            started = time.perf_counter()
            self._work(job)
            self.busy_seconds += time.perf_counter() - started
            with self._changed:
                self._current = None
            del job  # while waiting for the next one, nothing of this one is kept alive

    def _work(self, job: _Job) -> None:
        try:
            found = job.work(job.cancel)
        except BaseException as error:  # whoever waits for it is told, and the worker goes on
            self.stopped += isinstance(error, Cancelled)
            self.finished += not isinstance(error, Cancelled)
            job.future.set_exception(error)
        else:
            self.finished += 1
            job.future.set_result(found)
