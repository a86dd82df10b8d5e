"""Bars and tables on a terminal; plain lines where there is none."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from cactiviz.cli import terminal
from cactiviz.cli.main import main
from cactiviz.cli.terminal import progress, table, unit_of_loading
from cactiviz.datasets import DATASETS
from cactiviz.models import MODELS

ROWS = [("alexnet", "61.1", "[red]a/path"), ("cactinet", "4.1", "b" * 70)]


class Screen(io.StringIO):
    """A terminal, as far as a program can see."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True

    def rows(self) -> list[str]:
        """What was drawn, line by line, without what moves the cursor."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())
        return [row.rstrip() for row in re.split(r"[\r\n]+", plain) if row.strip()]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)


@contextmanager
def on_a_screen() -> Iterator[Screen]:
    screen = Screen()
    with redirect_stdout(screen), redirect_stderr(screen):
        yield screen


def work() -> None:
    """What loading two networks reports, of which one is downloaded."""
    with progress(unit_of_loading) as report:
        report("alexnet", 0, 2)
        for done in (0, 100_000_000, 244_400_000):
            report("alexnet: downloading", done, 244_400_000)
        print("A sentence.", file=sys.stderr)
        report("cactinet", 1, 2)
        report("done", 2, 2)


def test_on_a_terminal_work_has_a_bar_with_amount_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(terminal, "_SECONDS_BETWEEN_BARS", 0)
    with on_a_screen() as screen:
        work()
    rows = screen.rows()
    assert all(len(row) <= 60 for row in rows)
    half = next(row for row in rows if "100.0 of 244.4 MB" in row)
    assert re.search(r"alexnet: .*[━╸╺]+ 100\.0 of 244\.4 MB +([\d.]+ MB/s)? +[-:\d]+$", half)
    assert any(re.search(r"244\.4 of 244\.4 MB +[\d.]+ MB/s 00:00$", row) for row in rows)
    assert "A sentence." in rows
    assert re.search(r"^done ━+ 2 of 2 +[\d.]+ networks/s 00:00$", rows[-1])
    assert "\x1b[?25h" in screen.getvalue(), "the cursor stays hidden"
    assert "\x1b[3" in screen.getvalue(), "without a colour"


def test_no_colour_is_drawn_where_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with on_a_screen() as screen:
        work()
    assert not re.search(r"\x1b\[[\d;]*3\d", screen.getvalue())


def test_a_screen_that_only_types_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with on_a_screen() as screen:
        work()
    assert screen.getvalue().startswith("alexnet (0 of 2)\n")
    assert not re.search(r"[\r\x1b]", screen.getvalue())


def test_an_interrupt_leaves_the_bar_and_the_cursor() -> None:
    with (
        on_a_screen() as screen,
        pytest.raises(KeyboardInterrupt),
        progress(lambda _: "pictures") as report,
    ):
        report("Asking", 3, 10)
        raise KeyboardInterrupt
    assert "Asking" in screen.rows()[-1] and "3 of 10" in screen.rows()[-1]
    assert screen.getvalue().rindex("\x1b[?25h") > screen.getvalue().rindex("\x1b[?25l")


def test_without_a_terminal_lines_are_few_and_plain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 3))
    monkeypatch.setattr(terminal.time, "monotonic", lambda: float(next(seconds)))
    with progress(lambda _: "pictures") as report:
        for done in range(13):
            report("Asking", done, 12)
    printed, lines = capsys.readouterr()
    # One at once, one each ten seconds, and the last.
    assert lines.splitlines() == [f"Asking ({done} of 12)" for done in (0, 4, 8, 12)]
    assert printed == "" and "\r" not in lines and "\x1b" not in lines


def test_of_a_comparison_only_downloads_get_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(unit_of_loading, only=terminal.MEGABYTES) as report:
        report("alexnet", 0, 2)
        report("alexnet: downloading", 244_400_000, 244_400_000)
        report("done", 2, 2)
    assert capsys.readouterr().err == "alexnet: downloading (244.4 of 244.4 MB)\n"


def test_on_a_terminal_rows_are_a_table_that_loses_nothing() -> None:
    with on_a_screen() as screen:
        assert table(("Name", "Size", "Place"), ROWS, "{} {} {}")
    rows = screen.rows()
    assert rows[0].split() == ["Name", "Size", "Place"] and len(rows) > len(ROWS) + 2
    assert all(len(row) <= 60 for row in rows)
    assert "[red]a/path" in screen.getvalue()  # a text, not a colour
    assert "".join(rows).count("b") == 70


def test_elsewhere_rows_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert not table(("Name", "Size", "Place"), ROWS[:1], "{:10}{:>6} M  {}")
    assert not table(("Name", "Size", "Place"), ROWS[:1], lambda *cells: "\n".join(cells))
    assert capsys.readouterr().out == (
        "alexnet     61.1 M  [red]a/path\nalexnet\n61.1\n[red]a/path\n"
    )


@pytest.mark.parametrize(
    ("typed", "titles", "names"),
    [
        ("models", "Name Network Parameters Weights", list(MODELS)),
        ("data list", "Name Data set Where", list(DATASETS)),
        ("doctor --offline", "Network On disk", list(MODELS)),
    ],
)
def test_lists_are_tables_on_a_terminal(typed: str, titles: str, names: list[str]) -> None:
    with on_a_screen() as screen:
        assert main(typed.split()) == 0
    rows = screen.rows()
    begin = next(i for i, row in enumerate(rows) if row.split() == titles.split())
    assert set(rows[begin + 1].strip()) == {"─"}
    firsts = [row.split()[0] for row in rows[begin + 2 :] if not row.startswith(" ")]
    assert firsts[: len(names)] == names


def test_answers_are_a_table_on_a_terminal() -> None:
    scene = ["compare", "scenes:cactus/178", "--models", "cactinet", "--device", "cpu"]
    with on_a_screen() as screen:
        assert main([*scene, "--methods", "grad_cam"]) == 0
    answer = next(row for row in screen.rows() if row.startswith("CactiNet "))
    assert re.fullmatch(r"CactiNet +cactus +\d+\.\d%", answer)
