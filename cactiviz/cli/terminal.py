"""What a terminal shows as tables and bars; where there is none, plain lines."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from cactiviz.types import Report

if TYPE_CHECKING:
    from rich.progress import Progress

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_BARS = 0.1
_WIDTH_OF_AMOUNTS = 42  # characters, with a bar of a few
#: Unit of amounts that are counted in bytes.
MEGABYTES = "MB"


def say(sentences: Iterable[str]) -> None:
    """Print sentences on standard error, each once."""
    for sentence in dict.fromkeys(sentences):
        print(sentence, file=sys.stderr)


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
def progress(unit_of: Callable[[str], str], only: str = "") -> Iterator[Report]:
    """Within the block, reports of long work are shown on standard error.

    Args:
        unit_of: From the work, as it is reported, to what its amounts count.
        only: The one unit of which lines are printed where there is no terminal; else all.
    """
    is_screen = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    bars = _bars() if is_screen else None
    last, tasks = -_SECONDS_BETWEEN_LINES, dict[tuple[str, int | None], Any]()

    def line(what: str, done: int, total: int | None) -> None:
        nonlocal last
        now, unit = time.monotonic(), unit_of(what)
        is_due = done == total or now - last >= _SECONDS_BETWEEN_LINES
        if is_due and only in ("", unit):
            last = now
            print(f"{what} ({_amount(done, total, unit)})", file=sys.stderr, flush=True)

    def bar(what: str, done: int, total: int | None) -> None:
        nonlocal last
        assert bars is not None
        now, unit = time.monotonic(), unit_of(what)
        total = None if total is not None and done > total else total  # it was none
        if len(what) > (room := max(12, bars.console.width - _WIDTH_OF_AMOUNTS)):
            what = f"{what[: room - 1]}…"
        if (unit, total) not in tasks:
            tasks[unit, total] = bars.add_task(what, total=total, amount="", rate="")
        task, amount = tasks[unit, total], _amount(done, total, unit)
        bars.update(task, description=what, completed=done, amount=amount)
        bars.update(
            task, rate=_rate(next(each.speed for each in bars.tasks if each.id == task), unit)
        )
        if done == total or now - last >= _SECONDS_BETWEEN_BARS:
            last = now
            bars.refresh()
        if done == total and unit == MEGABYTES:  # a download that is over is nothing to look at
            bars.remove_task(tasks.pop((unit, total)))

    with bars or nullcontext():
        yield bar if bars else line


def _bars() -> Progress:
    """Bars that are drawn when something is reported, never from a thread of their own."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    return Progress(
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
