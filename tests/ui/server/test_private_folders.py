"""What a killed server left behind goes at the next start, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from cactiviz.ui.session import private_folders
from cactiviz.ui.session.private_folders import PrivateFolder

DEAD = 999_999_999  # no system gives a process such a number
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, sys
from cactiviz.ui.session.private_folders import PrivateFolder
film, own = PrivateFolder("film"), PrivateFolder("own")
(film.path / "answers").mkdir()
(own.path / "network.pth").write_bytes(b"x" * 1000)
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_what_a_killed_process_left_goes_and_what_a_living_one_holds_stays(
    temporary: Path,
) -> None:
    with start(temporary) as killed, start(temporary) as living:
        mine = PrivateFolder("own")
        assert mine.path.stat().st_mode & 0o77 == 0
        # As if seen by a server in a container, where these processes have other numbers.
        for pid in (killed.pid, living.pid, os.getpid()):
            for path in temporary.glob(f"cactiviz-*-{pid}-*"):
                path.rename(str(path).replace(f"-{pid}-", f"-{999_999_000 + pid % 997}-"))
        assert len(list(temporary.iterdir())) == 5
        assert private_folders.remove_left_behind() == []
        killed.kill()
        killed.wait()
        gone = private_folders.remove_left_behind()
        assert sorted(name[:14] for name in gone) == ["cactiviz-film-", "cactiviz-own-9"]
        assert len(list(temporary.glob("cactiviz-own-*/network.pth"))) == 1
        assert len(list(temporary.iterdir())) == 3
        living.communicate("\n")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it is seen in /proc")
def test_one_that_has_ended_and_was_not_waited_for_has_ended(temporary: Path) -> None:
    process = start(temporary)
    process.kill()
    assert process.stdout is not None
    process.stdout.read()  # which ends with it
    while "Z" not in Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2]:
        time.sleep(0.01)
    assert len(private_folders.remove_left_behind()) == 2
    process.communicate()


def test_what_is_removed_gives_its_handle_back(temporary: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    folder = PrivateFolder("film")
    (folder.path / "a" / "b").mkdir(parents=True)
    folder.remove()
    assert not list(temporary.iterdir()) and len(os.listdir("/dev/fd")) == before


def test_no_link_is_followed_and_nothing_of_others_goes(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("x")
    (temporary / f"cactiviz-own-{DEAD}-link").symlink_to(elsewhere)
    inside = temporary / f"cactiviz-own-{DEAD}-inside"
    inside.mkdir()
    (inside / "link").symlink_to(elsewhere)
    (temporary / f"cactiviz-film-{DEAD}-file").write_text("")
    for name in (f"my-cactiviz-own-{DEAD}-a", "cactiviz-own-me", f"cactiviz-own-{DEAD}-a b", "b"):
        (temporary / name).mkdir()
    before = {path.name for path in temporary.iterdir()}
    assert private_folders.remove_left_behind() == [inside.name]
    assert {path.name for path in temporary.iterdir()} == before - {inside.name}
    assert (elsewhere / "precious").read_text() == "x"


def test_what_another_user_owns_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = temporary / f"cactiviz-own-{DEAD}-1"
    place.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert private_folders.remove_left_behind() == [] and place.is_dir()


def test_folders_of_versions_without_a_lock_go_when_their_process_is_gone(temporary: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone, alive, given_anew, old_film, new_film = (
        temporary / name
        for name in (
            f"cactiviz-own-{ended.pid}-abc_1",
            f"cactiviz-own-{os.getpid()}-abc_2",
            f"cactiviz-own-{os.getpid()}-abc_3",
            "cactiviz-film-abc_4",
            "cactiviz-film-abc_5",
        )
    )
    for folder in (gone, alive, given_anew, old_film, new_film):
        folder.mkdir()
        (folder / "file").write_text("x")
    for path in (old_film / "file", old_film, given_anew):
        os.utime(path, (1e9, 1e9))  # in 2001, when this process wasn't
    removed = set(private_folders.remove_left_behind())
    assert removed == {gone.name, given_anew.name, old_film.name}
    assert alive.is_dir() and new_film.is_dir()
