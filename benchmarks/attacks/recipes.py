"""Mutated recipes and exports, each given to ``replay``; all in one process, as torch takes long.

The app reads no recipes: the command is the only way to them.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .table import Table
from .target import ROOT

_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**400, 1e308, float("nan"), "", "\0", "../../etc/passwd", "/dev/zero"),
    *("<script>", "=1+1", "x" * 100_000, [], {}, [[]] * 1000, {"a": {}}, ["a", 1, None]),
)


def run_recipes(table: Table, count: int, seed: int) -> None:
    """Make some exports, break them in ``count`` ways, and replay each."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"}
        child = subprocess.run(
            [sys.executable, "-m", "attacks.recipes", str(count), str(seed)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
    wrong = [one for one in lines if one["wrong"]]
    codes = Counter(one["code"] for one in lines)
    done = child.returncode == 0 and len(lines) == count
    table.holds(f"{count} recipes are replayed or refused", done, child.stderr[-300:] or str(codes))
    table.holds("none with a traceback or without a sentence", not wrong, str(wrong[:2]))
    if lines:
        grown = lines[-1]["megabytes"] - lines[len(lines) // 4]["megabytes"]
        table.add("memory of the last three quarters: growth", grown, 150, "MB")


def recipes(exports: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Broken ones: by their bytes where they are files, else by a field of another kind."""
    from tests.fixtures.hostile_files import mutated

    random = np.random.default_rng(seed)
    plain = [name for name in exports if name.endswith(".json")]
    for number in range(count):
        if number % 3 == 2:
            name = list(exports)[number // 3 % len(exports)]
            yield f"{number}-{name}", mutated(exports[name], random)
            continue
        name = plain[number % len(plain)]
        recipe = json.loads(exports[name])
        for _ in range(int(random.integers(1, 3))):
            _break(recipe, random)
        yield f"{number}-{name}", json.dumps(recipe).encode()


def _break(recipe: Any, random: np.random.Generator) -> None:
    """Let one field, however deep, be gone or something odd."""
    while True:
        keys = list(recipe) if isinstance(recipe, dict) else list(range(len(recipe)))
        if not keys:
            return
        key = keys[int(random.integers(len(keys)))]
        inside = recipe[key]
        if isinstance(inside, dict | list) and inside and random.random() < 0.7:
            recipe = inside
            continue
        if random.random() < 0.25:
            del recipe[key]
        else:
            recipe[key] = copy.deepcopy(_ODD[int(random.integers(len(_ODD)))])
        return


def _exports() -> dict[str, bytes]:
    from cactiviz.cli import main

    made = ("report.html", "report.zip", "report.json", "report.png")
    for out in made:
        main.main(["report", "sample:chelsea", "--models", "cactinet", "--out", out])
    few = ["--models", "cactinet", "--method", "grad_cam", "--out", "film.gif"]
    os.mkdir("pictures")
    from PIL import Image

    from cactiviz.pictures.open import sample

    for name in ("chelsea", "coffee"):
        Image.fromarray(sample(name).rgb).resize((96, 64)).save(f"pictures/{name}.png")
    main.main(["animate", "pictures", *few])
    from cactiviz.recipes.recipe import read_recipe

    film = json.dumps(read_recipe(Path("film.gif"))).encode()
    exports = {name: Path(name).read_bytes() for name in (*made, "film.gif")}
    return {**exports, "film.json": film}


def _main(count: int, seed: int) -> None:
    from cactiviz.cli import main

    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        exports = _exports()
    for name, data in recipes(exports, count, seed):
        Path(name).write_bytes(data)
        words, wrong, code = io.StringIO(), "", 0
        try:
            with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
                code = main.main(["replay", name, "--out", f"again{Path(name).suffix}"])
        except SystemExit as error:
            code = int(error.code or 0)
        except BaseException as error:
            wrong = repr(error)[:200]
        if code not in (0, 1, 2) or "Traceback" in words.getvalue() or not words.getvalue().strip():
            wrong = wrong or words.getvalue()[-200:] or "silence"
        said = {"name": name, "code": code, "wrong": wrong, "megabytes": _megabytes()}
        print(json.dumps(said), flush=True)


def _megabytes() -> float:
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
