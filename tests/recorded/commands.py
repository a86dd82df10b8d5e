"""The commands that are recorded, and what is kept of each."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from . import measured
from .machine import ROOT, call

_NET, _CPU = "--models cactinet", "--device cpu"
#: Two drawn scenes as files of two classes.
PICTURES = {"cactus": "scenes:cactus/137", "no cactus": "scenes:no cactus/31"}


@dataclass(frozen=True)
class Command:
    """A call.

    Attributes:
        line: As it is typed after ``cactiviz``.
        outputs: The files it writes.
        says: Whether what it prints is kept "whole", line by line, or its "words" alone, where it
            is a table whose columns and headings may be laid out anew.
        draws: Its pictures hold nothing that a network computed: they are kept by their hash.
        warns: Its complaints are kept; else they may be progress.
    """

    line: str
    outputs: tuple[str, ...] = ()
    says: str = "whole"
    draws: bool = False
    warns: bool = False


COMMANDS = {
    "methods": Command("methods", says="words"),
    "models": Command("models", says="words"),
    "data list": Command("data list", says="words"),
    "data info": Command("data info scenes", says="words"),
    "data sample": Command(
        "data sample scenes --class 'no cactus' --count 2 --seed 3 --out drawn",
        (
            "drawn/001_scenes-no-cactus-243.png",
            "drawn/002_scenes-no-cactus-606.png",
            "drawn/credits.txt",
        ),
        draws=True,
    ),
    "compare": Command(
        f"compare scenes:cactus/178 {_NET} {_CPU} --out a.png --json a.json --npz a.npz",
        ("a.png", "a.json", "a.npz"),
    ),
    "compare a class": Command(
        f"compare 'scenes:no cactus/3' {_NET} {_CPU} --class cactus --against 'no cactus' "
        "--layer stages.1 --methods grad_cam,layer_cam,guided_grad_cam --scale evidence "
        "--palette viridis --contour 0.5 --out b.png --json b.json --npz b.npz",
        ("b.png", "b.json", "b.npz"),
    ),
    "compare a covered part": Command(
        f"compare scenes:cactus/178 {_NET} {_CPU} --cover 40,60,120,120:blur --resize crop "
        "--methods layer_cam --scale rank --json c.json --npz c.npz",
        ("c.json", "c.npz"),
    ),
    "compare all stages": Command(
        f"compare sample:rocket {_NET} {_CPU} --layers all-stages --methods grad_cam "
        "--scale shared --palette cividis --out d.png --npz d.npz",
        ("d.png", "d.npz"),
    ),
    "compare every method": Command(
        f"compare scenes:cactus/5 {_NET} {_CPU} --methods grad_cam,saliency,guided_backprop,"
        "guided_grad_cam,hires_cam,layer_cam,grad_cam_plus_plus,x_grad_cam,eigen_grad_cam "
        "--npz e.npz",
        ("e.npz",),
    ),
    "compare for a class that is none": Command(
        f"compare scenes:cactus/178 {_NET} {_CPU} --class tabby --methods grad_cam,saliency "
        "--out f.png",
        ("f.png",),
        draws=True,  # a picture and sentences
        warns=True,
    ),
    "compare what is not there": Command(
        f"compare nowhere.jpg {_NET} {_CPU} --out g.png", warns=True
    ),
    "report html": Command(
        f"report scenes:cactus/178 {_NET} {_CPU} --methods grad_cam,saliency --out a.html",
        ("a.html",),
    ),
    "report png": Command(
        f"report scenes:cactus/178 {_NET} {_CPU} --methods layer_cam "
        "--class cactus --cover 40,60,120,120 --strength 0.8 --palette magma --dpi 72 --out b.png",
        ("b.png",),
    ),
    "report zip": Command(
        f"report pictures/cactus/a.png {_NET} {_CPU} --methods grad_cam --layer stages.3 "
        "--out b.zip",
        ("b.zip",),
    ),
    "animate pictures": Command(
        f"animate pictures sample:coffee {_NET} {_CPU} --panel 96 --out a.gif", ("a.gif",)
    ),
    "animate a preset": Command(
        f"animate --preset cactinet {_CPU} --each 1 --panel 80 --dark --palette turbo "
        "--strength 0.7 --title 'Drawn scenes' --columns 2 --seconds 0.5 --loop 3 --out b.gif",
        ("b.gif",),
    ),
    "animate answers": Command(
        f"animate pictures/cactus/a.png {_NET} {_CPU} --method layer_cam --layer stages.1 --top 2 "
        "--scale shared --panel 80 --no-captions --resize squash --out frames",
        ("frames/0001.png", "frames/0002.png"),
    ),
    "filters": Command(
        f"filters scenes:cactus/178 --model cactinet {_CPU} --out h.png --npz h.npz",
        ("h.png", "h.npz"),
    ),
    "filters list": Command(f"filters scenes:cactus/178 --model cactinet {_CPU} --list"),
    "neurons": Command(
        f"neurons scenes:cactus/178 --model cactinet {_CPU} --layer stem --random 2 --seed 4 "
        "--out i.png --npz i.npz",
        ("i.png", "i.npz"),
    ),
    "neurons at a place": Command(
        f"neurons scenes:cactus/178 --model cactinet {_CPU} --at 3,4 --neuron 3,1,2 "
        "--method saliency --npz j.npz",
        ("j.npz",),
    ),
}


def lay_out(folder: Path) -> None:
    """Write the pictures that commands read: a folder of two classes."""
    import cactiviz as cv

    for (name, origin), file in zip(PICTURES.items(), ("a.png", "b.png"), strict=True):
        (folder / "pictures" / name).mkdir(parents=True)
        Image.fromarray(cv.open_item(origin).rgb).save(folder / "pictures" / name / file)


def run(name: str, folder: Path) -> dict[str, Any]:
    """What a command gives in a folder that was laid out."""
    command = COMMANDS[name]
    code, out, err = call(shlex.split(command.line))
    found: dict[str, Any] = {"code": code}
    if command.says == "words":
        found["words"] = sorted(measured.words(_placeless(out, folder)))
    else:
        found["says"] = [line.rstrip() for line in out.splitlines() if line.strip()]
    if command.warns:
        found["warns"] = [line for line in err.splitlines() if line.strip()]
    for output in command.outputs:
        path = folder / output
        if path.suffix == ".txt":
            found[output] = path.read_text("utf-8").splitlines()
        elif command.draws:
            with Image.open(path) as image:
                found[output] = measured.of_drawing(image)
        else:
            found[output] = measured.of_file(path)
    return found


def _placeless(text: str, folder: Path) -> str:
    """Without the paths of this machine, where the environment may lie anywhere."""
    here = tuple(map(str, (folder, ROOT, sys.prefix)))
    kept = (word for word in text.split() if not word.startswith(here))
    return " ".join(kept)


def nothing_missing(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The words of a table that were recorded and aren't there now; headings may be added."""
    return sorted((Counter(was.pop("words", [])) - Counter(now.pop("words", []))).elements())
