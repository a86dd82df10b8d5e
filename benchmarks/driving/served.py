"""The app, killed at moments drawn by seed while a session has work done and uploads a file."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import connect

from .children import gone

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120
_AT_WORK_SECONDS = 6.0  # in which the moments after the start lie
_PAGES = ("", "animate")
_UPLOAD_BYTES = 200_000_000


@dataclass
class Kills:
    """What came of them.

    Attributes:
        kills: How many.
        early: Those before it answered.
        whole: Starts that answered.
        faults: What was wrong.
        seen: What sessions were given, to know that there was work.
    """

    kills: int = 0
    early: int = 0
    whole: int = 0
    faults: list[str] = field(default_factory=list)
    seen: int = 0


class Server:
    """``cactiviz app`` in a session of its own.

    Args:
        temporary: Its folder for temporary files.
        before: What the command is started with, as a tracer.
        surroundings: Of its environment.
    """

    def __init__(
        self,
        temporary: Path,
        before: Sequence[str] = (),
        surroundings: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = temporary.with_suffix(".log")
        environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "TORCH_HOME": str(temporary.parent),
            "CACTIVIZ_DATA": str(temporary.parent),
            "PYTHONPATH": str(ROOT),
            **(surroundings or {}),
        }
        command = [*before, sys.executable, "-m", "cactiviz", "app", "--no-browser"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_hears_interrupts,
            )

    def answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1):
            return True
        return False

    def wait_until_it_answers(self) -> bool:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if self.answers():
                return True
            time.sleep(0.05)
        return False

    def end(self, number: int) -> int | None:
        """Send a signal, and wait; Ctrl+C goes to all of the session, as in a terminal."""
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return None


def visit(server: Server, page: str, seen: Callable[[], None]) -> None:
    """Look at a page and upload a file, in a thread of its own, until the server is gone."""
    threading.Thread(target=_visiting, args=(server, page, seen), daemon=True).start()


def kill_often(place: Path, moments: int, chance: random.Random, signals: tuple[int, ...]) -> Kills:
    """Kill the app so many times with each signal, in its start and at work.

    Args:
        place: An empty folder.
        moments: For each signal.
        chance: Draws the moments.
        signals: Which.
    """
    kills = Kills()
    temporary = place / "temporary"
    temporary.mkdir()
    before: list[str] = []
    first = time.monotonic()
    server = Server(temporary)
    if not server.wait_until_it_answers():
        raise RuntimeError(f"the app doesn't start: {server.log.read_text()}")
    start_seconds = time.monotonic() - first
    server.end(signal.SIGTERM)
    for number in signals:
        for turn in range(moments):
            at_work = turn % 4 != 3  # one of four in its start
            moment = chance.uniform(0, _AT_WORK_SECONDS if at_work else start_seconds)
            wrong = _kill(temporary, number, moment, at_work, kills, before, _PAGES[turn % 2])
            where = f"{signal.Signals(number).name} {turn + 1} of {moments}, {moment:.2f} s"
            kills.faults += [
                f"{where} {'at work' if at_work else 'in its start'}: {what}" for what in wrong
            ]
    server = Server(temporary)  # the next start of the last one
    server.wait_until_it_answers()
    kills.faults += _still_there(temporary, before)
    server.end(signal.SIGTERM)
    if left := _listing(temporary):
        kills.faults.append(f"left after a request to end: {left}")
    return kills


def _kill(
    temporary: Path,
    number: int,
    moment: float,
    at_work: bool,
    kills: Kills,
    before: list[str],
    page: str,
) -> list[str]:
    server, wrong = Server(temporary), list[str]()

    def seen() -> None:
        kills.seen += 1

    if at_work:
        if not server.wait_until_it_answers():
            wrong.append(f"the next start doesn't answer: {server.log.read_text()[-500:]}")
        wrong += _still_there(temporary, before)
        kills.whole += 1
        visit(server, page, seen)
    else:
        kills.early += 1
    time.sleep(moment)
    code = server.end(number)
    kills.kills += 1
    if code is None:
        wrong.append("it went on")
    elif code not in (0, -number, 128 + number):
        wrong.append(f"it ended with {code}")
    said = server.log.read_text(errors="replace")
    if number != signal.SIGKILL and ("Traceback" in said or "Exception" in said):
        wrong.append(f"a traceback: {said[-800:]}")
    wrong += [f"still at work: {line}" for line in gone(server.process.pid)]
    before[:] = _listing(temporary)
    if number != signal.SIGKILL and before:
        wrong.append(f"left though it was asked to end: {before}")
    return wrong


def _still_there(temporary: Path, before: list[str]) -> list[str]:
    """What an earlier one left, and a new one that answers hasn't cleared."""
    end = time.monotonic() + 3
    while left := [name for name in before if (temporary / name).exists()]:
        if time.monotonic() > end:
            before.clear()
            return [f"left after the next start: {left}"]
        time.sleep(0.1)
    return []


def _listing(folder: Path) -> list[str]:
    """What is there, but for the empty folder that torch makes whenever it is imported."""
    return sorted(
        path.name
        for path in folder.iterdir()
        if not path.name.startswith("torchinductor_") or any(path.iterdir())
    )


def _visiting(server: Server, page: str, seen: Callable[[], None]) -> None:
    with suppress(Exception):  # it is killed in the midst
        asyncio.run(_session(server, page, seen))


async def _session(server: Server, page: str, seen: Callable[[], None]) -> None:
    at = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    protocols = ["streamlit"]
    async with connect(
        at,
        subprotocols=protocols,  # type: ignore[arg-type]
        origin=server.address,  # type: ignore[arg-type]
        max_size=None,
    ) as socket:
        asked = BackMsg()
        asked.rerun_script.query_string = "networks=alexnet,resnet152,cactinet&untrained=true"
        asked.rerun_script.page_name = page
        await socket.send(asked.SerializeToString())
        async for raw in socket:
            assert isinstance(raw, bytes)
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                seen()
                ask = BackMsg()
                ask.file_urls_request.request_id = "1"
                ask.file_urls_request.file_names.append("w.pth")
                ask.file_urls_request.session_id = message.new_session.initialize.session_id
                await socket.send(ask.SerializeToString())
            elif kind == "file_urls_response":
                (urls,) = message.file_urls_response.file_urls
                threading.Thread(
                    target=_upload, args=(server, urls.upload_url), daemon=True
                ).start()


def _upload(server: Server, url: str) -> None:
    with suppress(requests.RequestException):
        head = b'--x\r\nContent-Disposition: form-data; name="w.pth"; filename="w.pth"\r\n\r\n'
        body = head + bytes(_UPLOAD_BYTES) + b"\r\n--x--\r\n"
        requests.put(
            f"{server.address}{url}",
            data=_Slow(body),
            headers={
                "Content-Type": "multipart/form-data; boundary=x",
                "Origin": server.address,
            },
            timeout=30,
        )


class _Slow(io.BytesIO):
    """A file that is sent piece by piece."""

    def read(self, size: int | None = -1) -> bytes:
        time.sleep(0.02)
        return super().read(size)


def _hears_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
