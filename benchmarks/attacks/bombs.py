"""Files that ask for far more memory than they bring, given to the command in a process each."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .table import Table
from .target import ROOT, said

_MOST_MORE_MEGABYTES = 150
_MOST_MORE_SECONDS = 15
_LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    text: str
    megabytes: float
    seconds: float


def run(*arguments: str) -> Ended:
    """The command in a process of its own, with what the system says of its memory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with tempfile.TemporaryFile() as said_by_it:
        child = subprocess.Popen(
            [sys.executable, "-m", "cactiviz", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said_by_it,
            stderr=said_by_it,
        )
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() - began > _LONGEST_SECONDS:
                child.kill()
            time.sleep(0.05)
        child.returncode = os.waitstatus_to_exitcode(status)
        said_by_it.seek(0)
        text = said_by_it.read().decode("utf-8", "replace")
    return Ended(child.returncode, text, usage.ru_maxrss / 1024, time.monotonic() - began)


class _Calls:
    def __init__(self, function: object, *arguments: object) -> None:
        self.said = function, arguments

    def __reduce__(self) -> object:
        return self.said


def networks(folder: Path) -> Iterator[Path]:
    """Files of weights."""
    call = pickle.dumps({"a": _Calls(bytearray, 3_000_000_000)}, 2)
    yield _written(folder / "bytearray.pth", _zip({"x/data.pkl": call, "x/version": b"3\n"}))
    empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = "{" + ",".join(f'"{number}":{empty}' for number in range(700_000)) + "}"
    yield _written(folder / "empty.safetensors", struct.pack("<Q", len(header)) + header.encode())
    dictionaries = b"\x80\x02" + b"}" * 5_000_000 + b"."
    yield _written(
        folder / "dictionaries.pth", _zip({"x/data.pkl": dictionaries, "x/version": b"3\n"})
    )
    packed = _zip({"x/data.pkl": call, "x/version": b"3\n", "x/data/0": 2**30})
    yield _written(folder / "packed.pth", packed)


def recipes(folder: Path) -> Iterator[Path]:
    """Recipes."""
    yield _written(folder / "recipe.zip", _zip({"recipe.json": 2**31}))
    deep = b'{"makes": "comparison", "a": ' + b"[" * 5_000_000
    yield _written(folder / "deep.json", deep)


def run_bombs(table: Table) -> None:
    """Each against a text of the same kind, which is refused at once."""
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        text = _written(folder / "text.pth", b"a text")
        usual = run(*_with_network(text))
        table.holds("a text is refused", usual.code == 1, said(usual.text))
        for file in networks(folder):
            _compare(table, file, run(*_with_network(file)), usual)
        empty = _written(folder / "none.json", json.dumps({"a": 1}).encode())
        usual = run("replay", str(empty))
        table.holds("a recipe of nothing is refused", usual.code == 1, said(usual.text))
        for file in recipes(folder):
            _compare(table, file, run("replay", str(file)), usual)
        names = ["--checkpoint", f"mine=cactinet:{_whole()}:/dev/zero"]
        ended = run("compare", "sample:chelsea", *names, "--out", str(folder / "a.png"))
        _compare(table, Path("/dev/zero as a list of classes"), ended, usual)


def _compare(table: Table, file: Path, ended: Ended, usual: Ended) -> None:
    size = f"{file.stat().st_size:,} bytes" if file.is_file() else "a device"
    more = ended.megabytes - usual.megabytes
    table.add(
        f"{file.name} ({size}): memory beyond", more, _MOST_MORE_MEGABYTES, "MB", said(ended.text)
    )
    table.add("  time beyond", ended.seconds - usual.seconds, _MOST_MORE_SECONDS, "s")
    refused = ended.code == 1 and "Traceback" not in ended.text
    table.holds("  refused, with no traceback", refused)


def _with_network(file: Path) -> list[str]:
    given = ["--checkpoint", f"mine=cactinet:{file}"]
    return ["compare", "sample:chelsea", *given, "--out", str(file.parent / "out.png")]


def _whole() -> Path:
    return ROOT / "cactiviz/models/weights/cactinet.safetensors"


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _zip(parts: dict[str, bytes | int]) -> bytes:
    """A ZIP of these parts; a number stands for so many blanks.

    Nothing large is made here: of a child, the system says no less than its parent had.
    """
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in parts.items():
                pieces = [data] if isinstance(data, bytes) else [b" " * 2**20] * (data >> 20)
                with archive.open(name, "w", force_zip64=True) as part:
                    for piece in pieces:
                        part.write(piece)
        file.seek(0)
        return file.read()
