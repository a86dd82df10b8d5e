"""How quick and steady the app is: the real server, a real browser, a crowd, serial answers.

    python benchmarks/app.py [--quick] [--sessions 10] [--seconds 120]

Needs Chromium (or its path in CHROMIUM) and the development requirements, on Linux. The networks
that don't come along are used untrained, which costs as much. Nothing else should be running.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import time
from dataclasses import dataclass, field

import torch
from driving import serial
from driving.crowd import Crowd
from driving.server import Server, started
from driving.visitor import Visitor, chromium
from driving.wire import Wire
from playwright.async_api import Browser, Error

NETWORKS = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3", "cactinet")
VIEWS = ("grad_cam", "saliency", "guided_backprop", "filters")
WAIT = 0.15  # seconds between quick changes
QUICK_CHANGES = 6


@dataclass
class Table:
    """Rows of what was measured, and what is asked."""

    failed: list[str] = field(default_factory=list)

    def add(self, what: str, measured: float, most: float, unit: str, note: str = "") -> None:
        holds = measured <= most
        if not holds:
            self.failed.append(what)
        print(
            f"{what:46} {measured:9.2f} {unit:13} at most {most:<6g} "
            f"{'yes' if holds else 'NO':4} {note}",
            flush=True,
        )


def spread(values: list[float]) -> str:
    return f"({min(values):.1f} to {max(values):.1f}, n = {len(values)})"


def of_all(networks: tuple[str, ...], picture: str = "") -> dict[str, str]:
    query = {"networks": " ".join(networks), "untrained": "1"}
    return {**query, "picture": picture} if picture else query


async def first_visits(browser: Browser, server: Server, table: Table, times: int) -> None:
    took = []
    for _ in range(times):
        visitor = await Visitor.come(browser, server.address)
        took.append(await visitor.comparison({}) / 1000)
        await visitor.leave()
    note = spread(took)
    table.add("first visit to a finished comparison", statistics.median(took), 3, "s", note)


async def reruns(visitor: Visitor, table: Table, times: int) -> None:
    """A button that shows or hides rarely used views computes nothing."""
    at_page, on_the_way = [], []
    for _ in range(times):
        page, answered = await visitor.trivial_run()
        at_page.append(page)
        on_the_way.append(answered)
    for name, values in (("request to last answer", on_the_way), ("click to rest", at_page)):
        note = spread(values)
        table.add(f"trivial rerun in a browser, {name}", statistics.median(values), 80, "ms", note)


async def reruns_without_screen(
    server: Server, table: Table, networks: tuple[str, ...], times: int
) -> None:
    """What a run costs the server, without a browser that draws beside it."""
    async with Wire.come(server.address, of_all(networks)) as session:
        session.expect(networks, VIEWS)
        await session.rest()
        took = []
        for _ in range(times):
            await asyncio.sleep(0.3)
            took.append(1000 * await session.rerun())
    table.add("trivial rerun, at the server", statistics.median(took), 80, "ms", spread(took))


async def cached(visitor: Visitor, table: Table, times: int) -> None:
    """One network less, and all of them again: nothing is computed."""
    took = []
    everything = list(visitor.networks)
    for turn in range(times):
        await visitor.toggle_network(everything[turn % len(everything)])
        took.append(await visitor.toggle_network(everything[turn % len(everything)]))
    note = spread(took)
    table.add("cached comparison, click to screen", statistics.median(took), 300, "ms", note)


async def looks(visitor: Visitor, table: Table, times: int) -> None:
    for what, most in (("strength", 16), ("palette", 60), ("scale", 60)):
        took = [cost for turn in range(times) if (cost := await visitor.change_look(what, turn))]
        if took:
            note = spread(took)
            table.add(f"change of {what}, in the page", statistics.median(took), most, "ms", note)
        else:
            table.add(f"change of {what}, in the page", float("inf"), most, "ms", "not found")


async def changes(visitor: Visitor, server: Server, table: Table, times: int) -> None:
    """Pictures drawn by chance, which nobody has seen before."""

    async def cpu_seconds(of_changes: int) -> float:
        await asyncio.sleep(1)
        before = server.cpu_seconds()
        for _ in range(of_changes - 1):
            await visitor.draw(wait=False)
            await asyncio.sleep(WAIT)
        await visitor.draw()
        await asyncio.sleep(1)
        return server.cpu_seconds() - before

    one = statistics.median([await cpu_seconds(1) for _ in range(times)])
    six = statistics.median([await cpu_seconds(QUICK_CHANGES) for _ in range(times)])
    note = f"(CPU: {one:.2f} s for one, {six:.2f} s for {QUICK_CHANGES})"
    table.add(f"{QUICK_CHANGES} quick changes of picture", six / one, 2, "computations", note)


async def crowd(server: Server, table: Table, options: argparse.Namespace) -> None:
    """Many sessions at once; what each showed is then computed again, one after another."""
    people = Crowd(server.address, options.networks, VIEWS)
    print(f"\n{options.sessions} sessions for {options.seconds} s, each choosing at random")
    started_at = time.monotonic()
    memory: list[tuple[float, float]] = []

    async def watch() -> None:
        while True:
            memory.append((time.monotonic() - started_at, server.megabytes()))
            print(f"  {memory[-1][0]:4.0f} s  {memory[-1][1]:7.0f} MB", flush=True)
            await asyncio.sleep(10)

    watching = asyncio.create_task(watch())
    await people.live(options.sessions, options.seconds)
    watching.cancel()
    start = min(60, options.seconds / 2)
    settled = [megabytes for at, megabytes in memory if at >= start]
    shown = people.shown
    print(f"  {len(shown)} comparisons shown; now the serial ones")
    equal, maps, wrong = 0, 0, [*people.errors, *server.complaints()]
    if len(shown) < options.sessions:
        wrong.append("too few comparisons were shown to say anything")
    for one in shown:
        same, problems = serial.differences(one)
        equal += same
        maps += len(one["networks"]) * len(one["views"])
        wrong += problems
    for problem in wrong[:20]:
        print("  wrong:", problem)
    took = [one["seconds"] for one in shown]
    if took:
        print(f"  choice to comparison: median {statistics.median(took):.2f} s {spread(took)}")
    table.add(
        "answers and errors that are wrong", len(wrong), 0, "", f"of {len(shown)} comparisons"
    )
    note = f"of {people.clicks}; pressed again"
    table.add("presses of a button that were lost", people.lost, 0.02 * people.clicks, "", note)
    table.add("maps that differ in any bit", maps - equal, 0, "", f"of {maps}")
    if settled:
        grown = settled[-1] - settled[0]
        # Results fill their cache, which is bounded, before it can be flat.
        note = f"({settled[0]:.0f} to {settled[-1]:.0f} MB after the first {start:.0f} s)"
        table.add("growth of the server's memory", grown, 0.03 * settled[0], "MB", note)


async def measure(server: Server, options: argparse.Namespace) -> Table:
    table = Table()
    times = 3 if options.quick else 12
    async with chromium() as browser:
        visitor = await Visitor.come(browser, server.address, of_all(options.networks))
        visitor.expect(options.networks, VIEWS)
        took = await visitor.comparison(visitor.wanted())
        print(f"cold server, {len(options.networks)} networks loaded: {took / 1000:.1f} s\n")
        await first_visits(browser, server, table, times)
        await reruns_without_screen(server, table, options.networks, 2 * times)
        await visitor.unfold()
        await reruns(visitor, table, times)
        await cached(visitor, table, times)
        await looks(visitor, table, times)
        await changes(visitor, server, table, 1 if options.quick else 5)
        await visitor.leave()
        for problem in visitor.errors:
            print("  wrong:", problem)
    if options.sessions:
        await crowd(server, table, options)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only to see that it works")
    parser.add_argument("--sessions", type=int, help="at once; 0 for none")
    parser.add_argument("--seconds", type=int, help="that these last")
    parser.add_argument("--networks", help="names, parted by commas")
    options = parser.parse_args()
    usual = ("alexnet", "cactinet") if options.quick else NETWORKS
    options.networks = tuple(options.networks.split(",")) if options.networks else usual
    if options.sessions is None:
        options.sessions = 2 if options.quick else 10
    if options.seconds is None:
        options.seconds = 10 if options.quick else 120
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, {os.cpu_count()} cores, "
        f"{platform.platform()}"
    )
    with started() as server:
        try:
            table = asyncio.run(measure(server, options))
        except Error:
            print("\n".join(server.complaints()))
            raise
    print("\nAll as asked." if not table.failed else f"\nNot as asked: {', '.join(table.failed)}.")


if __name__ == "__main__":
    main()
