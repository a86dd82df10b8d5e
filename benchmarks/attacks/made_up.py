"""Uploads to made-up widgets by one handshake: as much as the quota says, and then a sentence."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter

import requests

from .person import Person, put
from .table import Table
from .target import Target, said, started

_SPARE_MEGABYTES = 250  # of a server at work, beside what it holds for others


async def made_up(target: Target, table: Table, count: int, megabytes: int, quota: int) -> None:
    """One session uploads, and tries to have what it holds counted for less.

    Args:
        target: The server.
        table: What is measured.
        count: Uploads.
        megabytes: Of each.
        quota: Megabytes of a session.
    """
    data = bytes(megabytes * 2**20)
    async with Person.visit(target.address) as person:
        before, answers = target.megabytes(), Counter[int]()
        words = set()
        for at in range(count):
            answer = await person.put(f"made-up-{at}", "a.png", data)
            answers[answer.status_code] += 1
            words |= {answer.text} - {""}
        taken = answers[204] * megabytes
        most = min(quota, count * megabytes)
        table.add(f"{count} uploads of {megabytes} MB: taken", taken, most, "MB", said(str(words)))
        table.add("memory for them", target.megabytes() - before, taken + _SPARE_MEGABYTES, "MB")
        refused = answers[413] == count - answers[204] and all("room" in word for word in words)
        table.holds("the others are refused with a sentence", refused, str(dict(answers)))
        more = await asyncio.to_thread(_more, target, person.session, data, answers[204])
        table.add("taken by tricks with names, lengths and tokens", more, quota - taken, "MB")
        table.add("memory after them", target.megabytes() - before, quota + _SPARE_MEGABYTES, "MB")


def _more(target: Target, session: str, data: bytes, there: int) -> float:
    """Megabytes that are taken although the session is full: names again, failures, no token."""
    place = f"{target.address}/_stcore/upload_file/{session}"
    taken = 0.0
    for at in range(there):
        requests.delete(f"{place}/made-up-{at}", timeout=30)  # without the token: it stays
        requests.put(f"{place}/made-up-{at}", data=b"no form", timeout=30)
        answer = put(target.address, f"{place}/{uuid.uuid4().hex}", "a.png", data)
        taken += len(data) / 2**20 if answer.status_code == 204 else 0
    chunks = requests.put(f"{place}/chunks", data=iter([data]), timeout=60)
    taken += len(data) / 2**20 if chunks.status_code == 204 else 0
    return taken


async def all_full(target: Target, table: Table, megabytes: int, quota: int) -> None:
    """As many sessions as it takes until nothing has room; then health says so."""
    data = bytes(megabytes * 2**20)
    before = target.megabytes()
    async with asyncio.TaskGroup() as group:
        full = asyncio.Event()

        async def fill() -> None:
            async with Person.visit(target.address) as person:
                while (await person.put(uuid.uuid4().hex, "a.png", data)).status_code == 204:
                    pass
                await full.wait()

        group.create_task(fill())
        end = time.monotonic() + 240
        while (health := await asyncio.to_thread(target.health))[0] == 200:
            await asyncio.sleep(1)
            if target.megabytes() - before > quota + _SPARE_MEGABYTES or time.monotonic() > end:
                break
            if len(group._tasks) < 8:  # type: ignore[attr-defined]
                group.create_task(fill())
        table.holds("once nothing has room, health isn't well", health[0] == 503, said(health[1]))
        async with Person.visit(target.address):
            pass  # whoever brings nothing is let in still
        most = quota + _SPARE_MEGABYTES + 60 * 8  # and a session at work each
        table.add("memory of all then", target.megabytes() - before, most, "MB")
        full.set()


def freed(target: Target, table: Table, before: float, wait: float) -> None:
    """Wait until the sessions have ended, then see what is left."""
    end = time.monotonic() + wait
    while time.monotonic() < end and target.megabytes() > before + _SPARE_MEGABYTES:
        time.sleep(1)
    left = target.megabytes() - before
    table.add(f"memory left {wait:.0f} s after the last session", left, _SPARE_MEGABYTES, "MB")
    table.holds("then health is well", target.health()[0] == 200, str(target.health()))
    table.holds("nothing unforeseen in the log", not target.complaints())


def run_made_up(table: Table, count: int, megabytes: int, wait: float) -> None:
    """With others let in, where a session's quota is 600 MB and all have 1600 MB."""
    with started("--host", "0.0.0.0") as target:

        async def warm_up() -> None:
            async with Person.visit(target.address):
                pass

        asyncio.run(warm_up())
        before = target.megabytes()
        asyncio.run(made_up(target, table, count, megabytes, 600))
        freed(target, table, before, wait)
        asyncio.run(all_full(target, table, megabytes, 1600))
        freed(target, table, before, wait)
