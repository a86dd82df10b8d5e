"""The real app in a process of its own, and what it costs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    address: str
    pid: int
    log: Path

    def cpu_seconds(self) -> float:
        """Of all its threads since it started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Of memory, as far as it is in use (RSS)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def complaints(self) -> list[str]:
        """Lines of its log that tell of an error."""
        signs = ("Traceback", "Error", "ERROR", "WARNING", "Exception")
        return [line for line in self.log.read_text().splitlines() if any(s in line for s in signs)]


@contextmanager
def started() -> Iterator[Server]:
    """The app on a free port, without weights but those that come along; it ends with this."""
    if not Path("/proc/self/stat").exists():
        sys.exit("This benchmark reads CPU time and memory from /proc: run it on Linux.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        environment = {**os.environ, "TORCH_HOME": folder, "CACTIVIZ_DATA": folder}
        environment.pop("CACTIVIZ_WEIGHTS", None)
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        options = ["--server.port", str(port), "--server.headless", "true"]
        with log.open("w") as file:
            process = subprocess.Popen(
                command + options, cwd=ROOT, env=environment, stdout=file, stderr=file
            )
        server = Server(f"http://127.0.0.1:{port}", process.pid, log)
        try:
            _wait_for(server)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(server: Server) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"The app did not start:\n{server.log.read_text()}")
