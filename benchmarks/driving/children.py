"""Commands in processes of their own, to be killed: how they end, and what they leave."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

PATIENCE_SECONDS = 120.0
_PRELOADED = ["cactiviz.cli.main", "cactiviz.training.train"]


@dataclass(frozen=True)
class Child:
    """The command ``cactiviz`` at work in a session of its own.

    Attributes:
        process: Forked from one that has imported what takes longest.
        said: The file of what it prints.
        complained: That of what it prints on standard error.
    """

    process: BaseProcess
    said: Path
    complained: Path

    def send(self, number: int) -> None:
        """A signal; Ctrl+C reaches what the command started as well, as in a terminal."""
        pid = self.process.pid
        assert pid is not None
        try:
            (os.killpg if number == signal.SIGINT else os.kill)(pid, number)
        except ProcessLookupError:
            os.kill(pid, number)  # it leads no group yet

    def wait(self) -> int:
        """Its exit code; negative after a signal that it didn't hear.

        Raises:
            TimeoutError: It doesn't end.
        """
        self.process.join(PATIENCE_SECONDS)
        if self.process.exitcode is None:
            raise TimeoutError(f"it goes on and on: {self.errors()}")
        return self.process.exitcode

    def errors(self) -> str:
        return self.complained.read_text(errors="replace")


@contextmanager
def started(arguments: list[str], folder: Path, temporary: Path) -> Iterator[Child]:
    """The command in a folder; killed at the end of the block if it is still there.

    Args:
        arguments: Behind ``cactiviz``.
        folder: In which it works.
        temporary: Where it may put temporary files; what it prints lies beside.
    """
    said, complained = temporary.with_suffix(".out"), temporary.with_suffix(".err")
    for place in (said, complained):
        place.write_bytes(b"")
    starter = multiprocessing.get_context("forkserver")
    starter.set_forkserver_preload(_PRELOADED)
    process = starter.Process(target=_run, args=(arguments, folder, temporary, said, complained))
    process.start()
    try:
        yield Child(process, said, complained)
    finally:
        process.kill()
        process.join()


def of_session(leader: int) -> list[str]:
    """The command lines of all processes of a session."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            line = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(shlex.join(os.fsdecode(part) for part in line if part)[:200])
    return found


def gone(leader: int, seconds: float = 5.0) -> list[str]:
    """Wait for a session to be empty; what is still there after so many seconds."""
    end = time.monotonic() + seconds
    while (left := of_session(leader)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _run(arguments: list[str], folder: Path, temporary: Path, said: Path, complained: Path) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for place, number in ((said, 1), (complained, 2)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = None  # asked again, now that the variable is another
    os.chdir(folder)
    import torch

    torch.set_num_threads(1)  # sums depend on how many share them
    sys.argv = ["cactiviz", *arguments]
    from cactiviz.__main__ import main

    sys.exit(main())
