"""What the system refuses reaches a person as one sentence: homes, users, disks, pipes, Ctrl+C."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import torch
from PIL import Image

import cactiviz as cv
from cactiviz.cli import app, doctor, ending, main
from cactiviz.datasets import data_folder, open_dataset
from cactiviz.download import download
from cactiviz.errors import CactivizError, DataError, DownloadError, OutputError, PictureError
from cactiviz.files import read_stream
from cactiviz.models import find_weights, get_spec, weights_folders
from cactiviz.pictures.open import open_picture
from cactiviz.pictures.web import connect, fetch_picture
from cactiviz.recipes.recipe import read_recipe
from cactiviz.rendering.formats import check_size
from tests.fixtures.sampling import long

ROOT = Path(__file__).resolve().parents[2]
CPU = ("--untrained", "--device", "cpu")
COMPARE = ("compare", "sample:chelsea", "--models", "cactinet", "--methods", "saliency", *CPU)
ANIMATE = ("animate", "sample:chelsea", "--models", "cactinet", *CPU)
posix = pytest.mark.skipif(os.name != "posix", reason="pipes, users and signals are POSIX's")
#: Several commands in one process, since each one takes seconds to load its libraries.
SEVERAL = """
import json, sys
from cactiviz.cli.main import main
for arguments in json.loads(sys.argv[1]):
    print(json.dumps([main(arguments), arguments[0]]), file=sys.stderr, flush=True)
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = main.main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        assert isinstance(leaving.code, int)
        code = leaving.code
    output, errors = capsys.readouterr()
    return code, output, errors


def assert_one_sentence(errors: str) -> None:
    assert errors.count("\n") == 1 and errors.endswith(".\n"), f"not one sentence: {errors!r}"
    assert not any(word in errors for word in ("Traceback", "Errno", "Error:"))


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def png(path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")
    return path


# --- homes, users, languages -----------------------------------------------------------------


def _as_nobody_known() -> list[str]:
    """How a program is started as a user without an entry, or a skip with its reason."""
    if shutil.which("setpriv") is None or os.geteuid() != 0:
        pytest.skip("Only root can become a user without an entry, by setpriv.")
    caps = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", *caps]
    if subprocess.run([*become, sys.executable, "-c", ""], capture_output=True).returncode:
        pytest.skip("Python can't be read by a user without an entry here.")
    return become


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that any user may reach, as none of pytest's own is."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@posix
@pytest.mark.parametrize("home", ["/nonexistent", pytest.param(None, marks=long)])
def test_without_a_home_and_an_entry_of_ones_own_nothing_fails(
    home: str | None, open_to_all: Path
) -> None:
    become = _as_nobody_known()
    open_to_all.chmod(0o777)
    names = ("HOME", "USER", "LOGNAME", "TORCH_HOME", "CACTIVIZ_DATA", "CACTIVIZ_WEIGHTS")
    env = {name: value for name, value in environment(LC_ALL="C").items() if name not in names}
    env |= {} if home is None else {"HOME": home}
    recipe = ["replay", "~/recipe.json"]
    commands = [
        [*COMPARE, "--out", "s.png", "--json", "r.json"],
        [*ANIMATE, "--panel", "64", "--out", "a.gif"],
        ["report", "sample:chelsea", "--models", "cactinet", *CPU, "--out", "r.html"],
        ["replay", "r.html", "--out", "again.json"],
        ["doctor", "--offline"],
        ["models"],
        ["data", "list"],
        ["compare", "~/x.png", "--models", "cactinet"],
        ["compare", "~nosuch/x.png", "--models", "cactinet"],
        ["evaluate", "cactinet", "--data", "~nosuch", *CPU],
        recipe,
    ]
    found = subprocess.run(
        [*become, sys.executable, "-c", SEVERAL, json.dumps(commands)],
        cwd=open_to_all,
        env=env,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in found.stderr and "nobody foresaw" not in found.stderr, found.stderr
    codes = [json.loads(line) for line in found.stderr.splitlines() if line.startswith("[")]
    assert [code for code, _ in codes] == [0] * 7 + [1] * 4, found.stderr
    assert found.returncode == 0
    assert sorted(os.listdir(open_to_all)) == ["a.gif", "again.json", "r.html", "r.json", "s.png"]


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows where home is."""
    for name in ("HOME", "USERPROFILE", "CACTIVIZ_DATA", "CACTIVIZ_WEIGHTS", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setattr(os.path, "expanduser", lambda path: os.fspath(path))


@pytest.mark.usefixtures("no_home")
def test_where_there_is_no_home_no_folder_is_called_after_its_sign() -> None:
    assert data_folder() == Path("cactiviz-data")
    assert all("~" not in str(folder) for folder in weights_folders())
    assert doctor.examine()["disk_free_bytes"] > 0
    # pathlib raises here, where os.path leaves the path as it is.
    for source in ("~/x.png", Path("~nosuch/x.png")):
        with pytest.raises(PictureError, match="can't be found"):
            open_picture(source)


def test_home_is_written_out_wherever_a_path_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    png(tmp_path / "a.png")
    (tmp_path / "set" / "one").mkdir(parents=True)
    png(tmp_path / "set" / "one" / "b.png")
    alexnet = get_spec("alexnet")
    assert alexnet.weights is not None
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / alexnet.weights.file_name).write_bytes(b"weights")
    assert open_picture("~/a.png").size == open_picture(Path("~/a.png")).size == (40, 48)
    assert len(open_dataset("folder", Path("~/set"))) == 1
    assert find_weights(alexnet, Path("~/w")) is not None
    monkeypatch.setenv("CACTIVIZ_WEIGHTS", "~/w")
    assert find_weights(alexnet) is not None
    compare = ["compare", "~/a.png", "--models", "cactinet", "--methods", "saliency", *CPU]
    assert run(capsys, *compare, "--json=~/r.json")[0] == 0
    assert (tmp_path / "r.json").is_file()
    item = ["compare", "folder:one/b.png", "--data-dir=~/set", "--models", "cactinet", *CPU]
    assert run(capsys, *item, "--methods", "saliency")[0] == 0
    report = ["report", "~/a.png", "--models", "cactinet", *CPU, "--out=~/r.zip"]
    assert run(capsys, *report)[0] == 0
    assert run(capsys, "replay", "~/r.zip")[0] == 0
    # What was typed is what a recipe tells: no user's name stands in it.
    assert str(tmp_path) not in json.dumps(read_recipe(tmp_path / "r.zip"))
    assert run(capsys, "data", "sample", "samples", "--count", 1, "--out=~/drawn")[0] == 0
    assert len(os.listdir(tmp_path / "drawn")) == 2
    assert not any(name.startswith("~") for name in os.listdir("."))


LONG = "x" * 5000


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", LONG, "--models", "cactinet"),
        ("compare", f"sample:{LONG}", "--models", "cactinet"),
        (*COMPARE, "--out", f"{LONG}.png"),
        (*COMPARE, "--json", f"{LONG}/r.json"),
        (*COMPARE[:2], "--checkpoint", f"m=cactinet:{LONG}.pth:{LONG}.txt"),
        ("compare", "folder:a/b.png", "--data-dir", LONG, "--models", "cactinet"),
        ("compare", "cactus:a/b.png", "--data-dir", LONG, "--models", "cactinet"),
        ("animate", LONG, "--models", "cactinet", "--out", "x.gif"),
        (*ANIMATE, "--out", f"{LONG}.gif"),
        (*ANIMATE, "--out", LONG),
        ("evaluate", "cactinet", "--data", LONG, *CPU),
        ("evaluate", "cactinet", "--data", "scenes", "--sheet", f"{LONG}.png", *CPU),
        ("train", "cactinet", "--data", LONG, "--out", "run"),
        ("data", "sample", "samples", "--out", LONG),
        ("replay", LONG),
        ("compare", "~nosuch/x.png", "--models", "cactinet"),
        ("animate", "~nosuch", "--models", "cactinet", "--out", "x.gif"),
        ("evaluate", "cactinet", "--data", "~nosuch", *CPU),
        ("train", "cactinet", "--data", "~nosuch/set", "--out", "run"),
        ("replay", "~nosuch/recipe.json"),
        (*COMPARE, "--out", "~nosuch/x.png"),
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG")[:60],
)
def test_paths_that_lead_nowhere_are_told_in_one_sentence(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (1, "")
    assert_one_sentence(errors)
    assert "nobody foresaw" not in errors
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "command",
    [("models", "--weights-dir"), ("data", "list", "--dir"), ("data", "info", "folder", "--dir")],
)
def test_lists_of_what_is_here_pass_over_what_cannot_be(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, *command, LONG)[0] == 0


# --- full disks and closed streams -----------------------------------------------------------


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own with 16 kB of room."""
    place = tmp_path / "small"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("Only root can make a disk that is full.")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@posix
def test_a_full_disk_is_told_in_one_sentence_and_nothing_half_written_is_left(
    full_disk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = full_disk
    for arguments in (
        (*COMPARE, "--out", out / "s.png"),
        (*COMPARE, "--npz", out / "m.npz"),
        (*ANIMATE, "--out", out / "a.gif"),
        (*ANIMATE, "--out", out / "a.webp"),
        (*ANIMATE, "--out", out / "a.mp4"),
        (*ANIMATE, "--out", out / "frames"),
        ("report", "sample:chelsea", "--models", "cactinet", *CPU, "--out", out / "r.zip"),
        ("filters", "sample:chelsea", "--model", "cactinet", *CPU, "--npz", out / "f.npz"),
        ("data", "sample", "samples", "--out", out / "drawn"),
    ):
        code, _, errors = run(capsys, *arguments)
        assert code == 1, arguments
        assert "Traceback" not in errors and "Errno" not in errors
        assert "No space left" in errors or "no room" in errors, errors
        left = [path for path in out.rglob("*") if path.is_file() and ".parts" not in str(path)]
        assert not left, f"{arguments} left {left}"
        for path in out.iterdir():
            shutil.rmtree(path, ignore_errors=True)


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_nobody_takes_is_told_or_passed_over(tmp_path: Path) -> None:
    program = [sys.executable, "-c", SEVERAL, json.dumps([["methods"], ["models"]])]
    with open("/dev/full", "w") as full:
        found = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, env=environment())
    said = found.stderr.decode()
    assert said.splitlines()[0] == "The system refused: no space left on device."
    assert found.returncode == 0 and "Traceback" not in said and "Exception ignored" not in said
    # The shell closes what is printed to, and what is complained to.
    shell = f'"{sys.executable}" -m cactiviz compare nosuch.png --models cactinet >&- 2>&- <&-'
    assert subprocess.run(["sh", "-c", shell], env=environment()).returncode == 1


def test_each_exception_of_the_system_has_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (
        PermissionError(13, "Permission denied", "/secret/a.png"),
        OSError(28, "No space left on device"),
        OSError("a reason without a number"),
        OSError(),
        MemoryError(),
        np.zeros,  # asked for more than there can be
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] can't allocate memory: you tried"),
        RuntimeError("Could not determine home directory."),
        RuntimeError(),
        RecursionError("maximum recursion depth exceeded"),
        BlockingIOError(11, "Resource temporarily unavailable"),
    ):

        def fail(error: Any = error) -> int:
            if error is np.zeros:
                np.zeros(1 << 55)
            raise error

        assert ending.ended_well(fail) == 1
        assert_one_sentence(capsys.readouterr().err)
    with pytest.raises(TypeError):  # a mistake of the program's own keeps its traceback
        ending.ended_well(lambda: len(3))  # type: ignore[arg-type]
    monkeypatch.setattr(click.Command, "parse_args", lambda *_: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever had it before
    try:
        assert run(capsys, "methods") == (130, "", "Stopped.\n")
    finally:
        signal.signal(signal.SIGINT, before)


# --- sizes beyond memory ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "out"), [(10_000, "x.gif"), (9_000, "x.mp4"), (40_000, "frames"), (10**9, "x.webp")]
)
def test_frames_that_no_memory_holds_are_refused_before_the_work(
    size: int,
    out: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr("cactiviz.batch.collect.Collector.compute", begun)
    code, _, errors = run(capsys, *ANIMATE, "--panel", size, "--out", tmp_path / out)
    if size > 10_000:  # what no recipe takes either
        assert code == 2 and "give a whole number from 1 to 10000" in errors
    else:
        assert code == 1 and "too large" in errors
        assert_one_sentence(errors)
    assert os.listdir(tmp_path) == []


def test_frames_as_large_as_may_be_are_not_refused() -> None:
    check_size((10_000, 10_000), ".gif")
    with pytest.raises(OutputError, match="million"):
        check_size((10_001, 10_000), ".gif")


def test_counts_beyond_what_there_is_take_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    most = "9" * 30
    numbers = ("--columns", "1000", "--each", most, "--most", most, "--panel", "64")
    assert run(capsys, *ANIMATE, *numbers, "--out", tmp_path / "x.gif")[0] == 0
    drawn = ("data", "sample", "samples", "--count", most, "--seed", most)
    assert run(capsys, *drawn, "--out", tmp_path / "drawn")[0] == 0
    assert len(os.listdir(tmp_path / "drawn")) == 5


# --- pipes -----------------------------------------------------------------------------------


@posix
def test_pictures_and_recipes_come_through_pipes(tmp_path: Path) -> None:
    data = png(tmp_path / "a.png").read_bytes()
    recipe = json.dumps({"makes": "comparison", "pictures": []}).encode()
    for content, read in ((data, open_picture), (recipe, read_recipe)):
        os.mkfifo(tmp_path / "pipe")
        writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(content,))
        writer.start()
        found = read(tmp_path / "pipe")
        writer.join()
        (tmp_path / "pipe").unlink()
        if read is open_picture:
            assert found.size == (40, 48) and found.name == "pipe"  # type: ignore[attr-defined]
        else:
            assert found == json.loads(recipe)
    out, into = os.pipe()
    slow = threading.Thread(target=_trickle, args=(into, data))
    slow.start()
    assert open_picture(f"/dev/fd/{out}").size == (40, 48)
    slow.join()
    os.close(out)
    here, there = socket.socketpair()  # what some programs give as the standard input
    with here, there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        assert open_picture(f"/dev/fd/{here.fileno()}").size == (40, 48)


def _trickle(into: int, data: bytes) -> None:
    for start in range(0, len(data), 999):
        os.write(into, data[start : start + 999])
        time.sleep(0.001)
    os.close(into)


@posix
def test_what_never_ends_or_never_begins_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PictureError, match="gives nothing"):
        open_picture(tmp_path / "pipe")
    with pytest.raises(CactivizError, match="can't be read"):
        read_recipe(tmp_path / "pipe")
    with pytest.raises(PictureError, match="larger than"):
        open_picture("/dev/zero", max_bytes=1_000_000)
    with pytest.raises(PictureError, match="empty"):
        open_picture("/dev/null")
    assert len(read_stream("/dev/zero", 70_000)) == 70_000
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))
        with pytest.raises(PictureError, match="can't be read"):
            open_picture(tmp_path / "socket")


@posix
def test_the_command_reads_its_standard_input_and_prints_results(tmp_path: Path) -> None:
    """A picture comes from one program, and its results go to another or to a file."""
    png(tmp_path / "a.png")
    compare = ["compare", "/dev/stdin", "--models", "cactinet", "--methods", "saliency", *CPU]
    program = [sys.executable, "-m", "cactiviz", *compare, "--json", "/dev/stdout"]
    with (tmp_path / "all.txt").open("wb") as file:
        found = subprocess.run(
            program,
            input=(tmp_path / "a.png").read_bytes(),
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(),
        )
    assert (found.returncode, found.stderr) == (0, b"")
    said = (tmp_path / "all.txt").read_text("utf-8")
    results, end = json.JSONDecoder().raw_decode(said)
    assert results["picture"]["name"] == "stdin"
    assert said[end:].startswith("CactiNet "), "the file was emptied or written over"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff\xfe{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"PK\x03\x04 no zip",
        b'<html><script id="recipe">no</script>',
        b"<html>\xff",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\0\0\0 ftypisom",
    ],
)
@pytest.mark.parametrize("ending", [".json", ".png", ".zip", ""])
def test_a_file_without_a_recipe_is_told_so(content: bytes, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"x{ending}"
    file.write_bytes(content)
    with pytest.raises(CactivizError, match=r"There is no recipe in .*\.$"):
        read_recipe(file)


# --- Ctrl+C in the first seconds -------------------------------------------------------------


def _hears_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@posix
@pytest.mark.parametrize("start", ["module", "script"])
def test_an_interrupt_while_libraries_load_is_one_word(start: str, tmp_path: Path) -> None:
    script = tmp_path / "cactiviz"  # as pip writes it
    script.write_text("import sys\nfrom cactiviz.__main__ import main\nsys.exit(main())\n")
    begin = ["-m", "cactiviz"] if start == "module" else [str(script)]
    # It tells when torch begins to load: nobody knows how long that takes from the start.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Tell:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'torch.nn':\n"
        "            print('loading', flush=True)\n"
        "sys.meta_path.insert(0, Tell())\n"
    )
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    with subprocess.Popen(
        [sys.executable, *begin, "compare", "sample:chelsea"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        preexec_fn=_hears_interrupts,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "Stopped.\n")


@posix
def test_ctrl_c_on_a_terminal_leaves_the_bar_a_sentence_and_the_cursor(tmp_path: Path) -> None:
    import pty

    own, terminal = pty.openpty()
    arguments = ["animate", "scenes", "--each", "200", "--models", "cactinet", "--device", "cpu"]
    with subprocess.Popen(
        [sys.executable, "-m", "cactiviz", *arguments, "--panel", "64", "--out", "a.gif"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=tmp_path,
        env=environment(TERM="xterm", COLUMNS="70"),
        preexec_fn=_hears_interrupts,
    ) as process:
        os.close(terminal)
        said, asked = b"", False
        while True:
            try:
                said += os.read(own, 65536)
            except OSError:  # its other end is closed
                break
            # Not each count is drawn: a quick network is at the fifth when the bar is drawn again.
            if not asked and re.search(rb" ([2-9]|\d{2,}) of 400 ", said):
                asked = True
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    os.close(own)
    end = said[said.rindex(b"\r\x1b[2K") :].decode()
    assert " of 400 " in end and "pictures/s" in end
    assert end.endswith("the same command goes on from there.\r\n")
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l"), "the cursor stays hidden"
    assert os.listdir(tmp_path) == ["a.gif.parts"]


@posix
def test_the_app_that_is_stopped_at_its_start_says_nothing_of_python(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, os\n"
        "class Tell:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'streamlit.runtime':\n"
        f"            open({str(tmp_path / 'loading')!r}, 'w').close()\n"
        "sys.meta_path.insert(0, Tell())\n"
    )
    env = environment(HOME="/nonexistent")
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with subprocess.Popen(
        [sys.executable, "-m", "cactiviz", "app", "--no-browser", "--port", port],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        preexec_fn=_hears_interrupts,
        start_new_session=True,
    ) as process:
        while not (tmp_path / "loading").exists() and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 1, 130)
    assert "Traceback" not in said and "File " not in said, said


def test_the_app_has_a_home_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    assert Path(app._environment()["HOME"]).is_dir()


# --- proxies ---------------------------------------------------------------------------------


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that answers for every host, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"weights")

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxies")
def test_downloads_go_through_the_proxy_of_the_environment(
    proxy: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = proxy
    monkeypatch.setenv("http_proxy", address)
    path = download("http://weights.example/file.pth", tmp_path / "file.pth")
    assert path.read_bytes() == b"weights" and asked == ["http://weights.example/file.pth"]
    # One that makes no sense is told as a connection that fails, like one that is down.
    for broken in ("http://[", "nonsense", "socks5://127.0.0.1:1", "http://127.0.0.1:1"):
        monkeypatch.setenv("http_proxy", broken)
        with pytest.raises(DownloadError, match=r"\.$"):
            download("http://weights.example/b.pth", tmp_path / "b.pth", attempts=1)


@pytest.mark.usefixtures("no_proxies")
def test_a_picture_by_address_says_that_the_proxy_is_not_used(
    proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> list[str]:
        return []

    def somebody(*_: object) -> list[str]:
        return ["8.8.8.8"]

    def refused(*_: object) -> socket.socket:
        raise ConnectionRefusedError

    for resolver, connector in ((nobody, connect), (somebody, refused)):
        known: Any = {"resolver": resolver, "connector": connector}
        with pytest.raises(DownloadError) as plain:
            fetch_picture("http://pictures.example/a.png", **known)
        assert "proxy" not in str(plain.value)
        monkeypatch.setenv("https_proxy", proxy[0])
        with pytest.raises(DownloadError, match=r"proxy .* save the picture and open it"):
            fetch_picture("http://pictures.example/a.png", **known)
        monkeypatch.setenv("no_proxy", "pictures.example")
        with pytest.raises(DownloadError) as direct:
            fetch_picture("http://pictures.example/a.png", **known)
        assert str(direct.value) == str(plain.value)
        monkeypatch.delenv("no_proxy")
        monkeypatch.delenv("https_proxy")
    assert proxy[1] == [], "the proxy was asked for a picture"


# --- wrong types -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: cv.Target(3.5),  # type: ignore[arg-type]
        lambda: cv.Target(("cat",)),  # type: ignore[arg-type]
        lambda: cv.Target(None, b"cat"),  # type: ignore[arg-type]
        lambda: cv.Target(True),
        lambda: cv.Layer(None),  # type: ignore[arg-type]
        lambda: cv.Layer(3),  # type: ignore[arg-type]
        lambda: cv.Layer.parse(None),  # type: ignore[arg-type]
        lambda: cv.Layer.parse(Path("layer4")),  # type: ignore[arg-type]
        lambda: cv.open_item(None),  # type: ignore[arg-type]
        lambda: cv.open_item(Path("samples:photographs/chelsea")),  # type: ignore[arg-type]
        lambda: open_dataset(["samples"]),  # type: ignore[arg-type]
        lambda: open_dataset("folder", 3),  # type: ignore[arg-type]
    ],
)
def test_a_value_of_a_wrong_kind_is_told_in_a_sentence(call: Any) -> None:
    with pytest.raises((TypeError, CactivizError)) as caught:
        call()
    assert "attribute" not in str(caught.value) and "unhashable" not in str(caught.value)
    assert " " in str(caught.value)


def test_numbers_of_numpy_are_classes() -> None:
    assert cv.Target(np.int64(3)).class_ == 3  # type: ignore[arg-type]
    assert cv.Target("3", 4) == cv.Target("3", 4)
    with pytest.raises(DataError):
        cv.open_item("nothing of the kind")
