"""The app as ``cactiviz app`` starts it, in a process of its own, and what it holds."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120
#: Lines of a log that tell of what nobody foresaw.
SIGNS = ("Traceback", "Exception", "CRITICAL", "exception was never retrieved", "out of system")


@dataclass(frozen=True)
class Target:
    """A server under attack.

    Attributes:
        address: Where it answers.
        pid: Its process.
        log: What it has written.
        temporary: The folder of its temporary files.
    """

    address: str
    pid: int
    log: Path
    temporary: Path

    @property
    def host(self) -> str:
        """The Host of a request."""
        return self.address.removeprefix("http://")

    def megabytes(self) -> float:
        """Of memory that is in use (RSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def peak_megabytes(self) -> float:
        """The most since its start."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def handles(self) -> int:
        """How many are open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def alive(self) -> bool:
        """Whether it hasn't ended."""
        stat = Path(f"/proc/{self.pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"

    def health(self) -> tuple[int, str]:
        """What it says of itself; 0 where it says nothing."""
        try:
            answer = requests.get(f"{self.address}/_stcore/health", timeout=10)
        except requests.RequestException as error:
            return 0, str(error)
        return answer.status_code, answer.text

    def complaints(self) -> list[str]:
        """Lines of the log that tell of something unforeseen."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return [line for line in lines if any(sign in line for sign in SIGNS)]


@contextmanager
def started(
    *options: str, handles: int | tuple[int, int] = 0, **environment: str
) -> Iterator[Target]:
    """The app on a free port; it ends with this.

    Args:
        options: More of ``cactiviz app``.
        handles: The limit of its handles, as ``ulimit -n`` sets it, or the soft and the hard one; 0
            for that of here.
        environment: Variables of its own.
    """
    if not Path("/proc/self/stat").exists():
        sys.exit("This reads memory and handles from /proc: run it on Linux.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder, "temporary")
        temporary.mkdir()
        log = Path(folder, "log")
        own = {"TORCH_HOME": folder, "CACTIVIZ_DATA": folder, "TMPDIR": str(temporary)}
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **own, **environment}
        variables.pop("CACTIVIZ_WEIGHTS", None)
        command = [sys.executable, "-m", "cactiviz", "app", "--no-browser", "--port", str(port)]

        def limit() -> None:
            if handles:
                both = (handles, handles) if isinstance(handles, int) else handles
                resource.setrlimit(resource.RLIMIT_NOFILE, both)

        with log.open("w") as file:
            process = subprocess.Popen(
                [*command, *options],
                cwd=folder,
                env=variables,
                stdout=file,
                stderr=file,
                preexec_fn=limit,
            )
        target = Target(f"http://127.0.0.1:{port}", process.pid, log, temporary)
        try:
            _wait_for(target)
            yield target
        finally:
            process.send_signal(signal.SIGTERM)  # nothing happens if it has ended
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


def _wait_for(target: Target) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if target.health()[0] == 200:
            return
        time.sleep(0.2)
    sys.exit(f"The app did not start:\n{target.log.read_text()}")


def said(text: str) -> str:
    """A server's words on one short line, for a table."""
    return json.dumps(text[:70])
