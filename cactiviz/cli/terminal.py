"""What a terminal shows as tables and bars; where there is none, plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cactiviz.types import Report

if TYPE_CHECKING:
    from rich.progress import TaskID

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_BARS = 0.1
_WIDTH_OF_AMOUNTS = 42  # characters, with a bar of a few
#: Unit of amounts that are counted in bytes.
MEGABYTES = "MB"


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], line: Callable[..., str] | str
) -> bool:
    """Print a table at the terminal's width; elsewhere a plain line for each row.

    Args:
        titles: Of the columns.
        rows: A text for each column.
        line: A row's plain line: a format with a place for each column, or what makes it of them.

    Returns:
        Whether it is a table.
    """
    if not sys.stdout.isatty():
        write = line.format if isinstance(line, str) else line
        for row in rows:
            print(write(*row))
        return False
    if not rows:
        return True
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, title in enumerate(titles):
        shown.add_column(title, overflow="fold", no_wrap=not number, style="" if number else "bold")
    for row in rows:
        shown.add_row(*map(Text, row))
    Console(highlight=False).print(shown)
    return True


def unit_of_loading(what: str) -> str:
    """The unit of a network that is loaded: bytes while it is downloaded."""
    return MEGABYTES if what.endswith("downloading") else "networks"


@contextmanager
def progress(unit: Callable[[str], str], only: str = "") -> Iterator[Report]:
    """Within the block, reports of long work are shown on standard error.

    Args:
        unit: From the work, as it is reported, to what its amounts count.
        only: The one unit of which lines are printed where there is no terminal; else all.
    """
    if not sys.stderr.isatty():
        yield _Lines(unit, only)
        return
    bars = _Bars(unit)
    with bars.shown:
        yield bars


class _Lines:
    """A line every ten seconds."""

    def __init__(self, unit: Callable[[str], str], only: str) -> None:
        self._unit, self._only, self._last = unit, only, -_SECONDS_BETWEEN_LINES

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now, unit = time.monotonic(), self._unit(what)
        is_due = done == total or now - self._last >= _SECONDS_BETWEEN_LINES
        if is_due and self._only in ("", unit):
            self._last = now
            print(f"{what} ({_amount(done, total, unit)})", file=sys.stderr, flush=True)


class _Bars:
    """A bar for each amount that grows: the networks that are asked, and the bytes of one.

    It is drawn when something is reported, never from a thread of its own.
    """

    def __init__(self, unit: Callable[[str], str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        self.shown = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4)),
            TextColumn("{task.fields[amount]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
            auto_refresh=False,
            redirect_stdout=False,  # which may be a file
            speed_estimate_period=300,  # seconds; some networks take minutes
            expand=True,
        )
        self._unit, self._last = unit, 0.0
        self._tasks: dict[tuple[str, int | None], TaskID] = {}

    def __call__(self, what: str, done: int, total: int | None) -> None:
        unit, now = self._unit(what), time.monotonic()
        if total is not None and done > total:
            total = None  # it was none
        if len(what) > (room := max(12, self.shown.console.width - _WIDTH_OF_AMOUNTS)):
            what = f"{what[: room - 1]}…"
        amount = _amount(done, total, unit)
        if (unit, total) not in self._tasks:
            added = self.shown.add_task(what, total=total, amount=amount, rate="")
            self._tasks[unit, total] = added
        task = self._tasks[unit, total]
        self.shown.update(task, description=what, completed=done, amount=amount)
        speed = next(each.speed for each in self.shown.tasks if each.id == task)
        self.shown.update(task, rate=_rate(speed, unit))
        if done == total or now - self._last >= _SECONDS_BETWEEN_BARS:
            self._last = now
            self.shown.refresh()
        if done == total and unit == MEGABYTES:  # a download that is over is nothing to look at
            self.shown.remove_task(self._tasks.pop((unit, total)))


def _amount(done: int, total: int | None, unit: str) -> str:
    """How far it is; a total that was passed was none.

    >>> _amount(3, 4, "pictures"), _amount(5, 4, "pictures"), _amount(5, None, "pictures")
    ('3 of 4', '5', '5')
    >>> _amount(1_000_000, 2_500_000, "MB"), _amount(1_000_000, None, "MB")
    ('1.0 of 2.5 MB', '1.0 MB')
    """
    texts = [f"{n / 1e6:.1f}" if unit == MEGABYTES else str(n) for n in (done, total or 0)]
    end = f" {MEGABYTES}" if unit == MEGABYTES else ""
    return f"{texts[0]}{f' of {texts[1]}' if total is not None and done <= total else ''}{end}"


def _rate(speed: float | None, unit: str) -> str:
    """Amount a second; empty where nobody knows yet.

    >>> _rate(2.34e6, "MB"), _rate(12.34, "pictures"), _rate(None, "pictures")
    ('2.3 MB/s', '12.3 pictures/s', '')
    """
    if speed is None:
        return ""
    return f"{speed / 1e6 if unit == MEGABYTES else speed:.1f} {unit}/s"
