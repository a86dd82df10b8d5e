"""What a killed program left half written is cleared by the next; what is being written stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cactiviz.errors import OutputError
from cactiviz.files import MARK, clear, unfinished_file, unfinished_folder, whole_file
from cactiviz.rendering.formats.png import write_folder

ROOT = Path(__file__).resolve().parents[1]
# A bare package stands in for the front door, which imports torch.
KILLED = """
import os, signal, sys, types
package = sys.modules["cactiviz"] = types.ModuleType("cactiviz")
package.__path__ = ["cactiviz"]
from pathlib import Path
from cactiviz.files import unfinished_file, unfinished_folder
target = Path(sys.argv[1])
with unfinished_file(target) as (file, _), unfinished_folder(target) as folder:
    file.write(b"half")
    (folder / "0001.png").write_bytes(b"half")
    print("at work", flush=True)
    sys.stdin.readline()
"""
posix = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@posix
def test_what_a_killed_program_left_goes_and_what_one_at_work_writes_stays(tmp_path: Path) -> None:
    target = tmp_path / "x.gif"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        with whole_file(target) as file:  # another writes the same meanwhile
            file.write(b"mine")
        assert len(names(tmp_path)) == 3, "what is being written was taken away"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(names(tmp_path)) == 3
    with whole_file(target) as file:
        file.write(b"next")
    assert names(tmp_path) == ["x.gif"] and target.read_bytes() == b"next"


def test_a_persons_own_hidden_files_stay(tmp_path: Path) -> None:
    target = tmp_path / "x.gif"
    theirs = [".x.gif.original", ".x.gif.cv", f".x.gif{MARK}a", f".y.gif{MARK}abcdefgh", ".x.gif"]
    for name in theirs:
        (tmp_path / name).write_bytes(b"theirs")
    (tmp_path / f".x.gif{MARK}linked00").symlink_to(tmp_path / ".x.gif")
    left = tmp_path / f".x.gif{MARK}abcdefgh"
    left.write_bytes(b"half")
    clear(target)
    assert not left.exists() and (tmp_path / ".x.gif").exists()
    assert set(theirs) < set(names(tmp_path))


@pytest.mark.parametrize("fails", [None, RuntimeError, KeyboardInterrupt])
def test_after_the_block_nothing_is_left_however_it_ends(
    fails: type[BaseException] | None, tmp_path: Path
) -> None:
    target = tmp_path / "x"
    try:
        with unfinished_folder(target) as folder, unfinished_file(target) as (file, _):
            (folder / "a").write_bytes(b"1")
            file.write(b"2")
            if fails is not None:
                raise fails
    except (RuntimeError, KeyboardInterrupt):
        assert fails is not None
    assert names(tmp_path) == []


def test_a_folder_that_is_no_place_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        write_folder(tmp_path / "none" / "frames", [])
