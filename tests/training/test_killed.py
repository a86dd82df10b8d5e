"""Real training processes that are killed and interrupted: nothing half written, nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cactiviz.cli.main import main
from cactiviz.datasets.registry import open_anywhere
from cactiviz.models import Checkpoint, load_model
from cactiviz.training.run import CHECKPOINT, SETTINGS, WEIGHTS, Recipe
from cactiviz.training.train import train
from tests.fixtures.sampling import EVERY, long
from tests.fixtures.tiny_tiles import write_tiles

RECIPE = Recipe(input_size=32, epochs=4, batch_size=8, calibration_batches=2)
STEPS = 16
KILLS = 3 if os.environ.get(EVERY) else 2
OPTIONS = ("--input-size=32", "--epochs=4", "--batch-size=8", "--calibration-batches=2")
PATIENCE = 60.0  # seconds

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiles(tmp_path_factory.mktemp("data") / "tiles")


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    # Sums depend on how many threads share them: as many here as in the processes.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(open_anywhere(str(data)), run, RECIPE, device="cpu").weights
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Run:
    """A process of its own that trains, and what it says."""

    process: BaseProcess
    out: Path
    err: Path

    def signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def ended(self) -> int | None:
        """Its exit code, which is negative after a signal; None while it runs."""
        return self.process.exitcode

    def end(self) -> tuple[str, str]:
        """Wait until it ends by itself; what it said, and what it said of errors."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, "it goes on and on"
        return self.said()

    def said(self) -> tuple[str, str]:
        return self.out.read_text(), self.err.read_text()


def run_command(arguments: list[str], out: Path, err: Path) -> None:
    """In the new process: the command line, as a shell would start it."""
    for place, number in ((out, 1), (err, 2)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    torch.set_num_threads(1)
    sys.exit(main(arguments))


@contextmanager
def training(data: Path, run: Path) -> Iterator[Run]:
    """``cactiviz train`` with a checkpoint after each step."""
    command = ["train", "cactinet", "--data", str(data), "--out", str(run), "--device", "cpu"]
    command += ["--checkpoint-every", "1", *OPTIONS]
    out, err = run.with_suffix(".out"), run.with_suffix(".err")
    # Forked from one that has imported what takes longest, so that seven of them are quickly there.
    starter = multiprocessing.get_context("forkserver")
    starter.set_forkserver_preload(["cactiviz.cli.main", "cactiviz.training.train"])
    process = starter.Process(target=run_command, args=(command, out, err))
    process.start()
    try:
        yield Run(process, out, err)
    finally:
        process.kill()
        process.join()


def wait_for(process: Run, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert process.ended() is None, process.said()
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def steps(run: Path) -> int:
    """Of the checkpoint, which must be whole; 0 where there is none."""
    path = run / CHECKPOINT
    if not path.exists():
        return 0
    return int(torch.load(path, weights_only=True)["global_step"])


def stamp(run: Path) -> int | None:
    path = run / CHECKPOINT
    return path.stat().st_mtime_ns if path.exists() else None


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = load_file(one), load_file(other)
    assert first.keys() == second.keys()
    assert not [name for name in first if not torch.equal(first[name], second[name])]


def test_killed_several_times_and_no_worse_for_it(
    data: Path, undisturbed: Path, tmp_path: Path
) -> None:
    chance, run, before = random.Random(5), tmp_path / "run", 0
    for attempt in range(KILLS):
        old = stamp(run)
        with training(data, run) as process:
            if attempt == 0:  # maybe before its first step
                wait_for(process, (run / SETTINGS).exists)
            else:
                wait_for(process, lambda old=old: stamp(run) != old)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.3))
            process.signal(signal.SIGKILL)
        assert process.ended() == -signal.SIGKILL, "it was quicker than the test"
        done = steps(run)
        assert before < done < STEPS or done == before == attempt == 0
        before = done
        assert not (run / WEIGHTS).exists()
    with training(data, run) as process:
        out, err = process.end()
    assert process.ended() == 0, err
    assert "4.00 epochs" in out
    assert steps(run) == STEPS
    assert_same_weights(run / WEIGHTS, undisturbed)
    assert not [
        path.name for path in run.iterdir() if path.name.startswith(".") and path.name != ".lock"
    ]


@pytest.mark.parametrize("name", ("SIGINT", pytest.param("SIGTERM", marks=long)))
def test_asked_to_stop_it_stops_well_and_goes_on(
    name: str, data: Path, undisturbed: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with training(data, run) as process:
        wait_for(process, lambda: stamp(run) is not None)
        process.signal(signal.Signals[name])
        out, err = process.end()
    assert process.ended() == 0, err
    assert "the same command goes on" in out
    assert "Stopping after this step" in err
    assert "Traceback" not in err
    assert 0 < steps(run) < STEPS
    mine = load_model(Checkpoint("mine", "cactinet", run / WEIGHTS), device="cpu")
    with torch.no_grad():
        assert bool(mine.module(torch.zeros(1, 3, 32, 32)).isfinite().all())
    if name == "SIGINT":
        with training(data, run) as process:
            out, err = process.end()
        assert process.ended() == 0, err
        assert "goes on" not in out
        assert_same_weights(run / WEIGHTS, undisturbed)
