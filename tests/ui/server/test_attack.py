"""A sample of ``benchmarks/attack.py``: each attack by few, and what a small server says."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="memory and handles are read from /proc"
)


@pytest.fixture(scope="module", autouse=True)
def attacks() -> Iterator[None]:
    """The benchmark's modules can be imported."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


def test_few_handles_are_enough_for_a_sentence_each() -> None:
    """What the limit of handles allows is taken, and health tells when that is used up."""
    from attacks.foreign import foreign
    from attacks.table import Table
    from attacks.target import started

    with started(handles=(100, 198)) as target, ExitStack() as stack:
        limits = Path(f"/proc/{target.pid}/limits").read_text()
        assert limits.partition("Max open files")[2].split()[:2] == ["198", "198"], "raised"
        most = (198 - 150) // 8
        for _ in range(most):
            stack.enter_context(_connected(target.host))
        status, words = target.health()
        assert status == 503 and words.startswith("So many people")
        page = requests.get(target.address, timeout=30)
        assert page.status_code == 503 and "takes no more" in page.text
        with _connected(target.host, wants=b"403"):
            pass
        stack.close()
        _until(lambda: target.health()[0] == 200)
        silent = [stack.enter_context(_silent(target.host)) for _ in range(198 - 40)]
        _until(lambda: target.handles() > 170)
        status, words = target.health()
        assert status == 503 and "as many connections" in words
        assert requests.get(target.address, timeout=30).status_code == 503
        for one in silent:
            one.close()
        _until(lambda: target.health()[0] == 200)
        table = Table()
        foreign(target, table)
        assert not table.failed


def test_a_sample_of_each_attack_is_withstood() -> None:
    from attacks.crowd import Crowd
    from attacks.mutants import bring_checkpoints, bring_pictures, checkpoints, pictures
    from attacks.person import Person
    from attacks.target import started

    with started() as target:
        said = asyncio.run(bring_pictures(target, list(pictures(3, 4))))
        assert sum(said.values()) == 4
        said = asyncio.run(bring_checkpoints(target, list(checkpoints(3, 3))))
        assert said["taken"] >= 1 and sum(said.values()) == 3

        async def twice() -> list[int]:
            async with Person.visit(target.address) as person:
                answers = [await person.put(name, "a.png", b"x" * 1000) for name in ("a", "b")]
                place = f"{target.address}/_stcore/upload_file/{person.session}/a"
                unsigned = await asyncio.to_thread(requests.delete, place, timeout=30)
                return [*(one.status_code for one in answers), unsigned.status_code]

        assert asyncio.run(twice()) == [204, 204, 403]
        persons = Crowd(target, 5)
        asyncio.run(persons.live(3, 1))
        assert not persons.wrong and persons.answers["socket 101"] >= 3
        assert target.complaints() == []
        left = list(target.temporary.glob("cactiviz-own-*"))
        assert left, "what was brought lies in private folders"
        os.kill(target.pid, signal.SIGKILL)
        _until(lambda: not target.alive())
        with started(TMPDIR=str(target.temporary)):
            left = [place.name for place in target.temporary.iterdir()]
            ours = [name for name in left if not name.startswith("torchinductor_")]  # by timm
            assert not ours, "what the killed one left is there still"


def _silent(host: str) -> socket.socket:
    name, _, port = host.partition(":")
    return socket.create_connection((name, int(port)), timeout=30)


def _connected(host: str, wants: bytes = b"101") -> socket.socket:
    """A WebSocket that asks for nothing."""
    found = _silent(host)
    lines = (
        *("GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Upgrade: websocket"),
        *("Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""),
    )
    found.sendall("\r\n".join(lines).encode())
    answer = found.recv(100)
    assert answer.startswith(b"HTTP/1.1 " + wants), answer
    return found


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
