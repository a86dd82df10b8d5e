"""Lists what the commands and the app connect to and look up without being asked: nothing.

    python benchmarks/connections.py [--audit] [NAME ...]

Under ``strace`` where that is installed, else (or with --audit) heard by Python's audit hook. The
exit code is 1 if anything leads beyond this computer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.driving import hearing, served  # noqa: E402
from tests.fixtures.tiny_tiles import write_tiles  # noqa: E402

_ONE = ("tiles/train/t01.png", "--models", "cactinet", "--device", "cpu")
COMMANDS: dict[str, tuple[str, ...]] = {
    "methods": ("methods",),
    "models": ("models", "--all", "resnet"),
    "doctor": ("doctor", "--offline"),  # without this it is asked what can be reached
    "data list": ("data", "list"),
    "data info": ("data", "info", "caltech256"),
    "data sample": ("data", "sample", "scenes", "--count=2", "--out=drawn"),
    "compare": ("compare", *_ONE, "--out=c.png", "--json=c.json", "--npz=c.npz"),
    "compare untrained": (
        *("compare", "sample:chelsea", "--models=alexnet,timm:resnet18,efficientnet_b0"),
        *("--untrained", "--methods=grad_cam", "--out=u.png"),
    ),
    "report": ("report", *_ONE, "--out=r.html"),
    "report zip": ("report", *_ONE, "--out=r.zip"),
    "neurons": (
        *("neurons", "tiles/train/t01.png", "--model=cactinet", "--random=2"),
        *("--layer=stem", "--out=n.png"),
    ),
    "filters": ("filters", "tiles/train/t01.png", "--model=cactinet", "--out=f.png"),
    "animate gif": ("animate", "tiles", "--models=cactinet", "--most=2", "--out=a.gif"),
    "animate mp4": ("animate", "tiles", "--models=cactinet", "--most=2", "--out=a.mp4"),
    "train": (
        *("train", "cactinet", "--data=tiles", "--out=run", "--device=cpu", "--input-size=32"),
        *("--epochs=1", "--batch-size=8", "--calibration-batches=1"),
    ),
    "evaluate": ("evaluate", "cactinet", "--data=tiles", "--sheet=e.png"),
    "replay": ("replay", "r.zip", "--out=again.zip"),
    "replay of an animation": ("replay", "a.gif", "--data=tiles"),
    "replay of an address": ("replay", "remote.json"),
}


def run(name: str, folder: Path, traced: bool) -> tuple[int, list[str], str]:
    """Run one command; its exit code, what leads outside, and the end of what it said."""
    command = [sys.executable, "-m", "cactiviz", *COMMANDS[name]]
    if name == "replay of an address":
        _make_remote(folder)
    environment, log = _surroundings(folder), folder / "heard"
    log.write_text("")
    if traced:
        command = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log), *command]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    return ran.returncode, _outside(log, traced), (ran.stderr or ran.stdout)[-200:]


def run_app(folder: Path, traced: bool) -> tuple[int, list[str], str]:
    """Start the app, look at its pages and upload a file, and end it."""
    environment, log = _surroundings(folder), folder / "heard"
    log.write_text("")
    before = ("strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)) if traced else ()
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    server = served.Server(temporary, before, environment)
    seen: list[int] = []
    if not server.wait_until_it_answers():
        return 1, _outside(log, traced), server.log.read_text()[-300:]
    for page in ("", "animate", "filters", "neurons", "gallery", "learn"):
        served.visit(server, page, lambda: seen.append(1))
        time.sleep(6)
    code = server.end(signal.SIGINT)
    return (
        (0 if code == 130 and len(seen) >= 6 else 1),
        _outside(log, traced),
        f"{code} {len(seen)}",
    )


def _outside(log: Path, traced: bool) -> list[str]:
    text = log.read_text(errors="replace")
    return hearing.outside_traced(text.splitlines()) if traced else hearing.outside(text)


def _surroundings(folder: Path) -> dict[str, str]:
    heard = hearing.environment(folder)
    return {
        **{name: value for name, value in os.environ.items() if name != "CACTIVIZ_WEIGHTS"},
        **heard,
        "PYTHONPATH": f"{heard['PYTHONPATH']}{os.pathsep}{ROOT}",
        "HOME": str(folder),
        "TORCH_HOME": str(folder / "torch"),
        "CACTIVIZ_DATA": str(folder / "data"),
    }


def _make_remote(folder: Path) -> None:
    """A recipe of a picture at an address: the report's own, with another source."""
    with zipfile.ZipFile(folder / "r.zip") as archive:
        recipe = archive.read("recipe.json").decode()
    text = recipe.replace("tiles/train/t01.png", "https://cactus.example/t01.png")
    (folder / "remote.json").write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audit", action="store_true", help="Python's audit hook, not strace")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*COMMANDS, "app"]))
    arguments = parser.parse_args()
    traced = not arguments.audit and shutil.which("strace") is not None
    print("by strace" if traced else "by Python's audit hook")
    bad = 0
    with tempfile.TemporaryDirectory(prefix="connections-") as place:
        folder = Path(place)
        write_tiles(folder / "tiles")
        for name in arguments.names or [*COMMANDS, "app"]:
            code, found, said = (
                run_app(folder, traced) if name == "app" else run(name, folder, traced)
            )
            bad += len(found)
            words = "nothing" if not found else f"{len(found)} times outside"
            print(f"{name:24} exit {code}  {words}" + (f"  {said!r}" if code else ""), flush=True)
            for line in dict.fromkeys(found):
                print(f"    {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
