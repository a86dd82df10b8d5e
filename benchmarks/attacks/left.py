"""What is left of sessions that have ended, and of a server that was killed: nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import requests

from .person import LIGHT, Filmmaker
from .table import Table
from .target import Target, started

_FEW = {"each": "1", "networks": "cactinet"}
#: After a connection broke, Streamlit keeps its session for two minutes, and a drawer 15 s more.
_GONE_SECONDS = 150.0


def links_end(target: Target, table: Table, seconds: float) -> None:
    """Make a film, leave, and ask for it until it is gone.

    Args:
        target: The server.
        table: What is measured.
        seconds: After which it must be.
    """

    async def make() -> list[str]:
        async with Filmmaker.visit(target.address, _FEW) as person:
            links = await person.make_film()
            found = [requests.get(link, timeout=30) for link in links]
            well = all(one.status_code == 200 and one.content[4:8] == b"ftyp" for one in found)
            stored = any(one.headers["cache-control"] != "no-store" for one in found)
            table.holds("a film and its download are served, and not stored", well and not stored)
            return links

    links = asyncio.run(make())
    began = time.monotonic()

    def left() -> list[str]:
        films = [path.name for path in target.temporary.glob("cactiviz-film-*")]
        return films + [one for one in links if requests.get(one, timeout=30).status_code != 404]

    while left() and time.monotonic() - began < seconds:
        time.sleep(1)
    took = time.monotonic() - began
    table.add("its links and its folder are gone after", took, seconds, "s", str(left()))


def killed(table: Table) -> None:
    """Kill a server that holds a film, and start another one beside one that lives."""

    async def make(target: Target) -> None:
        async with Filmmaker.visit(target.address, {**LIGHT, **_FEW}) as person:
            await person.make_film()

    with started() as first:
        asyncio.run(make(first))
        os.kill(first.pid, signal.SIGKILL)
        while first.alive():
            time.sleep(0.1)
        before = sorted(path.name for path in first.temporary.iterdir())
        table.holds("a killed server leaves folders behind", bool(before), str(before))
        with started(TMPDIR=str(first.temporary)):
            after = sorted(path.name for path in first.temporary.iterdir())
        table.holds("which the next one deletes as it starts", not after, str(after))


def run_left(table: Table) -> None:
    """Both."""
    with started() as target:
        links_end(target, table, _GONE_SECONDS)
        table.holds("nothing unforeseen in the log", not target.complaints())
    killed(table)
