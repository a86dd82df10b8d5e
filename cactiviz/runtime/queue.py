"""Job queue of one device: one job at a time, equal jobs shared, all cancellable."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from cactiviz.errors import BusyError, Cancelled
from cactiviz.types import Cancel

T = TypeVar("T")

_MOST_WAITING = 64  # jobs; about a minute's work on two cores
# A page on the screen looks several times a second; one in a hidden tab once a second, and once a
# minute after a while; one that was closed never again, and nobody says so for two minutes.
_FRESH_SECONDS = 5  # since the last look; fresh jobs come first
_FORGOTTEN_SECONDS = 90  # since the last look; then a job is dropped
_LAST_STEP_SECONDS = 10  # at the end of Python, for the step that the worker is at


class _Job:
    """A queued job, and how many tickets wait for it."""

    def __init__(self, key: Hashable, work: Callable[[Cancel], object]) -> None:
        self.key = key
        self.work = work
        self.future: Future[object] = Future()
        self.cancel = threading.Event()
        self.waiting_for_it = 0
        self.blocked = 0  # threads that do nothing but wait for it
        self.looked_at = 0.0


class Ticket(Generic[T]):
    """Handle to a queued job; poll :meth:`done` or call :meth:`give_back`.

    Dropping the ticket cancels the request. A job whose ticket isn't polled, as after a closed
    browser, is overtaken after 5 s and expires after 90 s.
    """

    def __init__(self, jobs: Jobs, job: _Job) -> None:
        self._jobs = jobs
        self._job = job
        self._given_back = False

    def done(self) -> bool:
        """Whether :meth:`result` is available."""
        self._jobs.ahead(self._job)  # which is a look
        return self._job.future.done()

    def ahead(self) -> int:
        """Number of jobs that run before this one; 0 once it runs."""
        return self._jobs.ahead(self._job)

    def result(self, timeout_seconds: float | None = None) -> T:
        """The job's result.

        Raises:
            Cancelled: The job was dropped because no ticket waited for it.
            TimeoutError: It isn't done yet.
            Exception: Any exception of the job, without its traceback.
        """
        with self._jobs.blocked(self._job):
            result: T = self._job.future.result(timeout_seconds)  # type: ignore[assignment]
        return result

    def give_back(self) -> None:
        """Stop waiting; a job without tickets is dropped, or stops at its next step."""

        def first() -> bool:
            before, self._given_back = self._given_back, True
            return not before

        self._jobs.leave(self._job, first)

    def __del__(self) -> None:
        # Streamlit stops a run wherever it is, also between asking and keeping the ticket.
        if not self._given_back and not self._job.future.done():
            self._jobs.lose(self._job)


class Jobs:
    """A job queue with one worker thread.

    Args:
        most_waiting: Maximum number of waiting jobs.
        name: Name of the worker thread.
        clock: Monotonic clock in seconds.
    """

    def __init__(
        self,
        most_waiting: int = _MOST_WAITING,
        name: str = "jobs",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most_waiting = most_waiting
        self.finished = 0  #: Jobs worked on to their end.
        self.stopped = 0  #: Jobs begun, and stopped before their end.
        self._clock = clock
        self._changed = threading.Condition()
        self._lost: deque[_Job] = deque()
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        self._closed = False
        self._worker = threading.Thread(target=self._run, name=name, daemon=True)
        self._worker.start()
        # Python aborts with noise if it ends while the worker is inside of torch.
        atexit.register(self.close)

    def close(self) -> None:
        """Drop all jobs, stop the running one at its next step, and end the worker."""
        with self._locked() as dropped:
            self._closed = True
            for job in [self._current, *self._waiting]:
                if job is not None:
                    self._drop(job, dropped)
            self._changed.notify_all()
        self._worker.join(_LAST_STEP_SECONDS)

    def submit(
        self, key: Hashable, work: Callable[[Cancel], T], better: Iterable[Hashable] = ()
    ) -> Ticket[T]:
        """Queue a job, or join a waiting or running one with an equal key.

        Args:
            key: Identifies the work: jobs with equal keys are shared.
            work: Called once in the worker thread; checks its argument to see whether to stop.
            better: Keys of jobs whose results would do as well, joined if queued or running.

        Raises:
            BusyError: Too many jobs wait already.
        """
        keys = [key, *better]
        with self._locked() as dropped:
            self._drop_forgotten(dropped)
            present = (job for job in [self._current, *self._waiting] if job is not None)
            job = next((j for j in present if j.key in keys and not j.cancel.is_set()), None)
            if job is None:
                if len(self._waiting) >= self.most_waiting:
                    raise BusyError(
                        f"{len(self._waiting)} computations are waiting already; "
                        "yours starts as soon as there is room."
                    )
                job = _Job(key, work)
                self._waiting.append(job)
                self._changed.notify_all()
            job.waiting_for_it += 1
            job.looked_at = self._clock()
        return Ticket(self, job)

    def ahead(self, job: _Job) -> int:
        """Number of recently polled jobs that run before this one."""
        with self._locked():
            job.looked_at = self._clock()
            if job not in self._waiting:
                return 0
            before = self._waiting[: self._waiting.index(job)]
            return sum(map(self._fresh, before)) + (self._current is not None)

    def leave(self, job: _Job, really: Callable[[], bool] = lambda: True) -> None:
        """Remove one waiter of this job, if ``really()`` is true."""
        with self._locked() as dropped:
            if really():
                self._leave(job, dropped)

    def lose(self, job: _Job) -> None:
        """Remove one waiter of this job at the next access to the queue.

        Called by a ticket's finaliser, which may run while this thread holds the lock.
        """
        self._lost.append(job)

    @contextmanager
    def blocked(self, job: _Job) -> Iterator[None]:
        """Context in which the job counts as polled."""
        with self._changed:
            job.blocked += 1
        try:
            yield
        finally:
            with self._changed:
                job.blocked -= 1
                job.looked_at = self._clock()

    @contextmanager
    def _locked(self) -> Iterator[list[_Job]]:
        """Hold the lock; futures of the jobs put into the list are cancelled after its release.

        A future has a lock of its own, and whoever holds it may come to want this one.
        """
        dropped: list[_Job] = []
        try:
            with self._changed:
                self._drop_lost(dropped)
                yield dropped
        finally:
            for job in dropped:
                job.future.set_exception(Cancelled("Nobody waited for this any more."))

    def _leave(self, job: _Job, dropped: list[_Job]) -> None:
        job.waiting_for_it -= 1
        if job.waiting_for_it <= 0:
            self._drop(job, dropped)

    def _drop(self, job: _Job, dropped: list[_Job]) -> None:
        job.cancel.set()
        if job in self._waiting:
            self._waiting.remove(job)
            dropped.append(job)

    def _drop_lost(self, dropped: list[_Job]) -> None:
        while self._lost:
            self._leave(self._lost.popleft(), dropped)

    def _drop_forgotten(self, dropped: list[_Job]) -> None:
        for job in [self._current, *self._waiting]:
            if job is not None and not self._fresh(job, _FORGOTTEN_SECONDS):
                self._drop(job, dropped)

    def _fresh(self, job: _Job, seconds: float = _FRESH_SECONDS) -> bool:
        return job.blocked > 0 or self._clock() - job.looked_at < seconds

    def _run(self) -> None:
        while not self._closed:
            job = self._next()
            if job is None:
                continue
            self._work(job)
            with self._locked():
                self._current = None
            del job  # while waiting for the next one, nothing of this one is kept alive

    def _next(self) -> _Job | None:
        """Wait for a job; None if all waiting ones have expired."""
        with self._locked() as dropped:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closed)
            self._drop_lost(dropped)
            self._drop_forgotten(dropped)
            if not self._waiting:
                return None
            self._current = next(filter(self._fresh, self._waiting), self._waiting[0])
            self._waiting.remove(self._current)
            return self._current

    def _work(self, job: _Job) -> None:
        try:
            result = job.work(job.cancel)
        except BaseException as error:  # whoever waits for it is told, and the worker goes on
            self.stopped += isinstance(error, Cancelled)
            self.finished += not isinstance(error, Cancelled)
            # The traceback holds all that the work had in hand, for as long as the error is kept.
            job.future.set_exception(error.with_traceback(None))
        else:
            self.finished += 1
            job.future.set_result(result)
