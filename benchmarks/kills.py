"""Kills commands and the app at moments drawn by seed, and holds what is left to what is promised.

    python benchmarks/kills.py [--moments 20] [--seed 1] [animate film report train app]

With SIGKILL, SIGTERM and SIGINT, so many times each. After each: what stands under a final name is
whole; the exit code and the last line are the documented ones; no process is left; the next start
gives what an undisturbed run gives and leaves no temporary file. Any fault is printed, and the exit
code is 1 then.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from safetensors.torch import load as load_tensors

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.driving import children, served  # noqa: E402
from tests.fixtures.tiny_tiles import write_tiles  # noqa: E402

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_SMALL = ("--models", "cactinet", "--device", "cpu")


@dataclass(frozen=True)
class Task:
    """A command that is killed.

    Attributes:
        arguments: Behind ``cactiviz``, in a folder beside the pictures' one, ``tiles``.
        results: The names of what it makes.
        stops_well: Whether a request to end is an end as any other (exit code 0).
    """

    arguments: tuple[str, ...]
    results: tuple[str, ...]
    stops_well: bool = False


TASKS = {
    "animate": Task(
        ("animate", "../tiles", "--most=6", "--panel=64", *_SMALL, "--out=x.gif"), ("x.gif",)
    ),
    "film": Task(
        ("animate", "../tiles", "--most=6", "--panel=64", *_SMALL, "--out=x.mp4"), ("x.mp4",)
    ),
    "report": Task(("report", "../tiles/train/t01.png", *_SMALL, "--out=x.zip"), ("x.zip",)),
    "train": Task(
        (
            *("train", "cactinet", "--data=../tiles", "--out=run", "--device=cpu"),
            *("--checkpoint-every=1", "--input-size=32", "--epochs=3", "--batch-size=8"),
            "--calibration-batches=2",
        ),
        ("run/cactinet.safetensors", "run/last.ckpt", "run/settings.json"),
        stops_well=True,
    ),
}


@dataclass
class Tally:
    """What came of the kills of one task.

    Attributes:
        kills: Signals that reached it at work.
        early: Moments that came after its end.
        whole: Kills after which a final name was there, and whole.
        faults: What was wrong.
    """

    kills: int = 0
    early: int = 0
    whole: int = 0
    faults: list[str] = field(default_factory=list)


def check_whole(path: Path) -> None:
    """Read all of a result.

    Raises:
        Exception: It isn't whole.
    """
    data = path.read_bytes()
    if path.suffix == ".gif":
        with Image.open(io.BytesIO(data)) as image:
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                image.load()
        assert data.endswith(b";"), "it ends early"
    elif path.suffix == ".mp4":
        at = 0
        while at < len(data):  # its boxes must fill it
            size = int.from_bytes(data[at : at + 4], "big")
            assert 8 <= size <= len(data) - at, "a box is cut"
            at += size
        assert b"moov" in data
    elif path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            json.loads(archive.read("recipe.json"))
    elif path.suffix == ".json":
        json.loads(data)
    elif path.suffix == ".safetensors":
        assert load_tensors(data)
    elif path.suffix == ".ckpt":
        import torch

        assert torch.load(path, weights_only=True)["state_dict"]
    else:
        raise ValueError(path.name)


def kill_often(
    task: Task, place: Path, moments: int, chance: random.Random, signals: tuple[int, ...] = SIGNALS
) -> Tally:
    """Kill a command so many times with each signal.

    Args:
        task: The command.
        place: An empty folder.
        moments: For each signal.
        chance: Draws the moments.
        signals: Which.
    """
    write_tiles(place / "tiles")
    tally, (values, listing, seconds) = Tally(), _undisturbed(task, place)
    for number in signals:
        for turn in range(moments):
            where = f"{signal.Signals(number).name} {turn + 1} of {moments}"
            moment = chance.uniform(0, seconds)
            work, temporary = _room(place)
            with children.started(list(task.arguments), work, temporary) as child:
                _wait_for_its_beginning(child)
                time.sleep(moment)
                at_work = child.process.exitcode is None
                if at_work:
                    child.send(number)
                code = child.wait()
                pid = child.process.pid or 0
                wrong = [*_unwelcome_end(task, code, number, child), *children.gone(pid)]
            tally.kills += at_work
            tally.early += not at_work
            wrong += _half_written(task, work, tally)
            with children.started(list(task.arguments), work, temporary) as child:
                code = child.wait()
                if code:
                    wrong.append(f"the next start ended with {code}: {child.errors()[-300:]}")
            wrong += _differences(work, temporary, values, listing)
            tally.faults += [f"{where} at {moment:.3f} s: {what}" for what in wrong]
            shutil.rmtree(work.parent)
    return tally


def _undisturbed(task: Task, place: Path) -> tuple[dict[str, bytes], list[str], float]:
    work, temporary = _room(place)
    for _ in range(2):  # the first one may load what the others have
        shutil.rmtree(work)
        work.mkdir()
        with children.started(list(task.arguments), work, temporary) as child:
            _wait_for_its_beginning(child)
            begun = time.monotonic()
            assert child.wait() == 0, child.errors()
            seconds = time.monotonic() - begun
    values = {name: (work / name).read_bytes() for name in task.results}
    for name in task.results:
        check_whole(work / name)
    listing = _listing(work)
    assert not _listing(temporary), _listing(temporary)
    return values, listing, seconds


def _room(place: Path) -> tuple[Path, Path]:
    room = Path(tempfile.mkdtemp(dir=place))
    (place / room.name).chmod(0o755)
    work, temporary = place / room.name / "work", place / room.name / "temporary"
    work.mkdir()
    temporary.mkdir()
    if not (room / "tiles").exists():
        (room / "tiles").symlink_to(place / "tiles")
    return work, temporary


def _wait_for_its_beginning(child: children.Child) -> None:
    """Until it is a session of its own: the server that forks takes its time."""
    pid = child.process.pid or 0
    while child.process.exitcode is None:
        try:
            if os.getsid(pid) == pid:
                return
        except ProcessLookupError:
            return
        time.sleep(0.001)


def _unwelcome_end(task: Task, code: int, number: int, child: children.Child) -> Iterator[str]:
    said = child.errors()
    if code not in {0, -number, 128 + number}:
        yield f"it ended with {code}: {said[-300:]}"
    if number == signal.SIGKILL:
        return
    if "Traceback" in said or "Exception ignored" in said:
        yield f"a traceback: {said[-600:]}"
    if code == 128 + number and "stopped" not in (said.splitlines() or [""])[-1].lower():
        yield f"its last line is {said[-200:]!r}"
    if code == 0 and task.stops_well and "Stopping" in said:
        printed = child.said.read_text()
        if "goes on from here" not in printed and "3.00 epochs" not in printed:
            yield "it doesn't say that it goes on"


def _half_written(task: Task, work: Path, tally: Tally) -> Iterator[str]:
    for name in task.results:
        if (work / name).exists():
            try:
                check_whole(work / name)
                tally.whole += 1
            except Exception as error:
                yield f"{name} is half written: {error!r}"


def _differences(
    work: Path, temporary: Path, values: dict[str, bytes], listing: list[str]
) -> Iterator[str]:
    for name, value in values.items():
        if not (work / name).exists():
            yield f"{name} isn't there after the next start"
        elif (work / name).read_bytes() != value and not name.endswith(".ckpt"):
            yield f"{name} differs from an undisturbed run's"
    if _listing(work) != listing:
        yield f"left in its folder: {sorted(set(_listing(work)) ^ set(listing))}"
    if _listing(temporary):
        yield f"left in the temporary folder: {_listing(temporary)}"


def _listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, metavar="N", help="of each signal")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join([*TASKS, "app"]))
    arguments = parser.parse_args()
    wanted: list[str] = arguments.tasks or [*TASKS, "app"]
    bad = 0
    for name in wanted:
        chance = random.Random(f"{arguments.seed} {name}")
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            tally: Tally | served.Kills
            if name == "app":
                tally = served.kill_often(Path(folder), arguments.moments, chance, SIGNALS)
            else:
                tally = kill_often(TASKS[name], Path(folder), arguments.moments, chance)
        bad += len(tally.faults)
        words = (
            f"{tally.early} in its start, {tally.seen} sessions seen"
            if isinstance(tally, served.Kills)
            else f"{tally.early} moments after the end, {tally.whole} whole results seen"
        )
        seconds = time.monotonic() - begun
        print(f"{name}: {tally.kills} kills, {words}, {len(tally.faults)} faults; {seconds:.0f} s")
        for fault in tally.faults:
            print(f"  {fault}")
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
