"""Samples of ``benchmarks/kills.py`` and ``benchmarks/connections.py``, in small."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks.driving import hearing
from tests.fixtures.sampling import long
from tests.fixtures.tiny_tiles import write_tiles

ROOT = Path(__file__).resolve().parents[1]
linux = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc"
)
# All that is run here in one process, since loading torch takes most of the time.
COMMANDS = """
import sys
from cactiviz.cli.main import main
one = ["tiles/train/t01.png", "--models", "cactinet", "--device", "cpu"]
for command in (
    ["models"], ["data", "list"], ["report", *one, "--out=r.zip"], ["replay", "r.zip"],
    ["animate", "tiles", "--models=cactinet", "--most=1", "--panel=64", "--out=a.gif"],
):
    assert main(command) == 0, command
if len(sys.argv) > 1:  # what Python itself says of these calls
    sys.audit("socket.connect", None, ("127.0.0.1", 9))
    sys.audit("socket.connect", None, ("192.0.2.1", 9))
    sys.audit("socket.getaddrinfo", "cactus.example", 443, 0, 0, 0)
"""


@linux
@pytest.mark.parametrize(
    ("name", "number"),
    [pytest.param("report", signal.SIGTERM, marks=long), ("film", signal.SIGKILL)],
)
def test_a_killed_command_leaves_nothing_and_the_next_one_makes_the_same(
    name: str, number: int, tmp_path: Path
) -> None:
    chance = random.Random(f"{name} sample")
    tally = kills.kill_often(kills.TASKS[name], tmp_path, 1, chance, (number,))
    assert tally.faults == []
    assert tally.kills + tally.early == 1


def test_a_result_that_is_cut_is_seen(tmp_path: Path) -> None:
    """The check itself."""
    from PIL import Image

    whole = tmp_path / "x.gif"
    Image.effect_noise((64, 64), 80).save(whole)
    kills.check_whole(whole)
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises((AssertionError, OSError, EOFError)):
        kills.check_whole(whole)


@pytest.mark.parametrize("also", ["", "a connection"])
def test_commands_ask_nobody_outside(also: str, tmp_path: Path) -> None:
    write_tiles(tmp_path / "tiles", 4)
    heard = hearing.environment(tmp_path)
    environment = {
        **os.environ,
        **heard,
        "PYTHONPATH": f"{heard['PYTHONPATH']}{os.pathsep}{ROOT}",
        "TORCH_HOME": str(tmp_path),
    }
    program = COMMANDS if not also else COMMANDS[COMMANDS.index("if len") :]
    ran = subprocess.run(
        [sys.executable, "-c", "import sys\n" + program, *filter(None, [also])],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert ran.returncode == 0, ran.stderr
    place = Path(heard["HEARD"])
    outside = hearing.outside(place.read_text() if place.exists() else "")
    said = ["socket.connect\t('192.0.2.1', 9)", "socket.getaddrinfo\t'cactus.example'"]
    assert outside == (said if also else [])
