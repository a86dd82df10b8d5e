"""Sessions that open and are cut off at any moment, with few handles to be had."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets import ConnectionClosed, InvalidStatus, connect

from .table import Table
from .target import SIGNS, Target, started

_LONGEST_SECONDS = 3.0  # before one is cut off
_ANSWER_SECONDS = 60.0
_WARM_SHARE = 0.25
#: After a connection broke, Streamlit keeps its session for two minutes.
_KEPT_SECONDS = 125


class Crowd:
    """What came of it.

    Attributes:
        answers: How often each answer came.
        wrong: Answers that are neither the page nor a sentence.
    """

    def __init__(self, target: Target, seed: int) -> None:
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._target, self._seed = target, seed

    async def live(self, sessions: int, seconds: float) -> list[tuple[float, int, float]]:
        """Open and cut off; returns seconds, handles and megabytes as they went on."""
        began = time.monotonic()
        samples: list[tuple[float, int, float]] = []
        workers = [self._one(number, began + seconds) for number in range(sessions)]
        running = asyncio.gather(*workers)
        while not running.done():
            held = self._target.handles(), self._target.megabytes()
            samples.append((time.monotonic() - began, *held))
            await asyncio.sleep(min(2.0, seconds / 10))
        await running
        return samples

    async def _one(self, number: int, end: float) -> None:
        chance = random.Random(self._seed * 1000 + number)
        while time.monotonic() < end:
            await asyncio.to_thread(self._page)
            await self._session(chance)

    def _page(self) -> None:
        try:
            answer = requests.get(self._target.address, timeout=_ANSWER_SECONDS)
        except requests.RequestException as error:
            self._note("page", repr(error)[:90], False)
            return
        served = answer.status_code == 200 and "<!doctype html>" in answer.text.lower()
        refused = answer.status_code == 503 and "try again later" in answer.text
        self._note("page", str(answer.status_code), served or refused)

    async def _session(self, chance: random.Random) -> None:
        at = f"{self._target.address.replace('http', 'ws', 1)}/_stcore/stream"
        way = chance.random()
        try:
            socket = await connect(
                at,
                subprotocols=["streamlit"],  # type: ignore[list-item]
                origin=self._target.address,  # type: ignore[arg-type]
                max_size=None,
                open_timeout=_ANSWER_SECONDS,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            self._note("socket", str(status), status in (403, 503))
            return
        except (OSError, TimeoutError) as error:
            self._note("socket", repr(error)[:90], False)
            return
        self._note("socket", "101", True)
        try:
            if way > 0.1:  # else it never asks for a page
                asked = BackMsg()
                asked.rerun_script.query_string = "networks=cactinet&views=grad_cam"
                await socket.send(asked.SerializeToString())
                async with asyncio.timeout(chance.uniform(0, _LONGEST_SECONDS)):
                    async for _ in socket:
                        pass
        except (TimeoutError, ConnectionClosed):
            pass
        if way < 0.5:
            socket.transport.abort()  # as a cable that is pulled
        else:
            await socket.close()

    def _note(self, what: str, answer: str, well: bool) -> None:
        self.answers[f"{what} {answer}"] += 1
        if not well:
            self.wrong.append(f"{what}: {answer}")


def crowd(
    target: Target, table: Table, sessions: int, seconds: float, handles: int, seed: int
) -> None:
    """The crowd, and then whether everything it held is free again."""
    asyncio.run(Crowd(target, seed).live(sessions, min(30.0, seconds)))  # torch and the rest load
    if seconds > _KEPT_SECONDS:
        time.sleep(_KEPT_SECONDS)
    at_rest = target.handles()
    persons = Crowd(target, seed + 1)
    samples = asyncio.run(persons.live(sessions, seconds))
    total = sum(persons.answers.values())
    table.holds(
        f"{total} requests of {sessions} sessions in {seconds:.0f} s are answered",
        not persons.wrong,
        f"{dict(persons.answers)} {persons.wrong[:2]}",
    )
    table.add(
        "most handles", max(used for _, used, _ in samples), handles, "", f"{at_rest} at rest"
    )
    warm = [one for one in samples if one[0] >= _WARM_SHARE * seconds] or samples
    half = len(warm) // 2
    first = statistics.median(megabytes for *_, megabytes in warm[: half or 1])
    last = statistics.median(megabytes for *_, megabytes in warm[half:])
    table.add(
        "memory of the second half against the first",
        100 * last / first,
        110,
        "%",
        f"{last:.0f} MB",
    )
    first_used = statistics.median(used for _, used, _ in warm[: half or 1])
    last_used = statistics.median(used for _, used, _ in warm[half:])
    table.add("handles likewise", last_used, 1.1 * first_used + 10)
    wrong = [line for line in target.complaints() if any(sign in line for sign in SIGNS)]
    table.holds("nothing unforeseen in the log", not wrong, "; ".join(wrong[:2]))
    if seconds > _KEPT_SECONDS:
        time.sleep(_KEPT_SECONDS)
        table.add("handles when all have gone", target.handles(), at_rest + 10)
        table.add("memory then", 100 * target.megabytes() / first, 110, "%")
    table.holds("health is well", target.health()[0] == 200, str(target.health()))


def run_crowd(table: Table, sessions: int, seconds: float, handles: int, seed: int) -> None:
    """With a limit of handles as ``ulimit -n`` sets it."""
    with started(handles=handles) as target:
        crowd(target, table, sessions, seconds, handles, seed)
