"""Recipes, alone and inside of exports, and what each makes when it is opened again."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from . import measured
from .machine import call

FOLDER = Path(__file__).parent / "recipes"
#: A picture that lies beside the recipes which name it.
PICTURE = "picture.png"

_NET = "--models cactinet --device cpu"
#: File -> the call that made it.
MADE = {
    "scene.json": f"report scenes:cactus/178 {_NET} --out scene.json",
    "class.json": f"report 'scenes:no cactus/3' {_NET} --methods grad_cam,layer_cam "
    "--class cactus --against 'no cactus' --layer stages.1 --cover 40,60,120,120:blur "
    "--palette viridis --scale evidence --strength 0.8 --out class.json",
    "stages.json": f"report sample:coffee {_NET} --methods grad_cam --layers all-stages "
    "--resize squash --scale shared --out stages.json",
    "untrained.json": f"report {PICTURE} --models cactinet --device cpu --untrained "
    "--methods saliency --class index:1 --out untrained.json",
    "beside.html": f"report {PICTURE} {_NET} --methods grad_cam --out beside.html",
    "beside.png": f"report {PICTURE} {_NET} --methods layer_cam --dpi 72 --out beside.png",
    "beside.zip": f"report {PICTURE} {_NET} --methods grad_cam --cover 4,6,20,24:mean "
    "--out beside.zip",
    "preset.gif": "animate --preset cactinet --device cpu --each 1 --panel 64 --out preset.gif",
    "look.webp": f"animate {PICTURE} sample:rocket {_NET} --method layer_cam,saliency "
    "--class cactus --scale rank --palette cividis --strength 0.6 --panel 64 --columns 2 "
    "--title 'Two pictures' --no-captions --dark --seconds 0.5 --loop 2 --out look.webp",
    "layers.gif": f"animate scenes {_NET} --each 1 --most 1 --method hires_cam "
    "--layers stages.1,stages.2 --panel 64 --out layers.gif",
    "answers/0001.png": f"animate {PICTURE} {_NET} --top 2 --resize squash --layer stages.2 "
    "--panel 64 --out answers",
}
#: What a newer version, or another CPU, may say of a recipe that is made again.
_MAY_SAY = ("It was made with version ", "The map ")


def names() -> list[str]:
    """Each recipe that is kept, as ``replay`` is given it."""
    return [name.partition("/")[0] for name in MADE]


def make(folder: Path) -> None:
    """Write the picture and every recipe into an empty folder, in which this is called."""
    rows, columns = np.mgrid[0:48, 0:64]
    rgb = np.stack([150 + rows, 120 + columns, 90 + (rows + columns) // 2], -1).astype(np.uint8)
    rgb[12:40, 28:34] = (60, 110, 60)
    rgb[20:26, 34:44] = (70, 120, 60)
    Image.fromarray(rgb).save(PICTURE)
    for name, line in MADE.items():
        code, _, err = call(shlex.split(line))
        assert code == 0 and (folder / name).is_file(), (name, err)


def replay(name: str, folder: Path) -> dict[str, Any]:
    """What a kept recipe makes in an empty folder, from which nothing of it can be seen."""
    recipe = FOLDER / name
    held = recipe / "0001.png" if recipe.is_dir() else recipe
    before = measured.recipe_of(held.read_bytes())
    ending = ".gif" if before["makes"] == "animation" else ".json"
    out = folder / f"{Path(name).stem} again{ending}"
    code, _, err = call(["replay", str(recipe), "--out", str(out)])
    wrong = [line for line in err.splitlines() if line.endswith(".")]  # others are of progress
    kept = [line for line in wrong if not line.startswith(_MAY_SAY)]
    if wrong and not kept:
        code = 0
    return {"code": code, "wrong": kept, "made": measured.of_file(out)}


def keep(made: Path) -> None:
    """Take over a folder of recipes in place of those that are kept."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(made, FOLDER)
    for path in FOLDER.rglob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True) + "\n")
