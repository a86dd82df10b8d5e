"""Imports go down only: the scan of every import against one small table of floors."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# place: (floor, the floors and places it may import, the libraries it may import).
# A place is a module or a folder under cactiviz/; it may always import itself and the standard
# library. numpy comes with floor 0, whose values hold arrays, so only floor 6 is without it.
TABLE: dict[str, tuple[int, str, str]] = {
    "types": (0, "", "numpy"),
    "errors": (0, "", "numpy"),
    "starting": (0, "", ""),
    "containers": (1, "0", ""),
    "pixels": (1, "0 containers", "numpy PIL"),
    "bit_depth": (1, "0", "numpy PIL"),
    "deep": (1, "0 bit_depth", "numpy PIL"),
    "raster": (1, "0 containers bit_depth", "numpy PIL"),
    "heic": (1, "0 containers", "PIL pillow_heif"),
    "decode": (1, "0 containers deep heic pixels raster bit_depth", "numpy PIL"),
    "streams": (1, "0", ""),
    "redaction": (1, "0", ""),
    "cells": (1, "0", ""),
    "nearby": (1, "0", ""),
    "recipe_schema": (1, "0 cover palettes scales", ""),
    "recipe_check": (1, "0 recipe_schema", "jsonschema"),
    "arrays": (1, "0", "numpy PIL"),
    "images": (1, "0 arrays decode streams", "PIL skimage"),  # skimage for its photographs
    "addresses": (1, "0", ""),
    "web": (1, "0 addresses", "requests"),
    "fetch": (1, "0", "numpy requests filelock"),
    "output": (1, "0", ""),
    "overwriting": (1, "0 output", ""),
    "palettes": (1, "0", "numpy cv2"),
    "scales": (1, "0", "numpy"),
    "tally": (1, "0 scales", "numpy"),
    "regions": (1, "0 scales", "numpy"),
    "captions": (1, "0 regions scales", "numpy"),
    "render": (1, "0 captions palettes regions scales", "numpy PIL cv2"),
    "kernels": (1, "0", "numpy"),
    "lettering": (1, "0", "PIL"),
    "cover": (1, "0", "numpy cv2"),
    "places": (1, "0", ""),
    "frame": (1, "0 lettering", ""),
    "sheet": (1, "0 lettering places render", "numpy PIL cv2"),
    "panels": (1, "0 frame lettering places scales", "numpy PIL cv2"),
    "contact_sheet": (1, "0 lettering sheet", "PIL"),
    "export": (1, "0 output", "numpy PIL cv2 imageio_ffmpeg"),
    "device": (2, "0", "numpy PIL torch torchvision"),
    "preprocess": (2, "0", "numpy PIL torch torchvision"),
    "models": (
        2,
        "0 images fetch device operations preprocess trace",
        "numpy torch torchvision efficientnet_pytorch timm safetensors",
    ),
    "operations": (2, "0", "torch"),
    "trace": (2, "0 operations", "numpy torch"),
    "ceilings": (2, "0 operations trace", "torch"),
    "cheaper": (2, "0", "torch"),
    "halving": (2, "0 device", "torch"),
    "backprop": (2, "0 ceilings cheaper halving operations trace", "torch"),
    "engine": (2, "0 backprop halving", "torch"),
    "neurons": (2, "0 backprop ceilings halving trace", "torch"),
    "receptive": (2, "0 operations trace", "numpy torch"),
    "methods": (2, "0 backprop engine", "numpy torch"),  # what the engine's pass yields are tensors
    "datasets": (
        2,
        "0 decode images fetch redaction web",
        "numpy cv2 pyinaturalist requests_ratelimiter kagglehub",
    ),
    "doctor": (3, "0-2", "torch"),
    "targets": (3, "0-2", ""),
    "arguments": (3, "0-2 reading", ""),
    "filters": (3, "0-2 arguments", "torch"),
    "explain_neurons": (3, "0-2 arguments", "numpy torch"),
    "notes": (3, "0-2", "numpy"),
    "reading": (3, "0-2", "numpy"),
    "explain": (3, "0-2 arguments filters notes reading targets", "numpy torch"),
    "limits": (3, "0-2 notes reading", ""),
    "explained": (3, "0-2 reading", ""),
    "comparison": (3, "0-2 explained limits reading", "numpy PIL"),
    "kept": (3, "0-2 explain reading", "numpy"),
    "look": (3, "0-2 explained kept", "numpy"),
    "recipe": (3, "0-2 kept look origins", "PIL"),
    "shots": (3, "0-2 recipe", ""),
    "answers": (3, "0-2 kept shots", ""),
    "full_values": (3, "0-2 answers kept look", ""),
    "animate": (3, "0-2 answers full_values kept look recipe", ""),
    "interactive": (1, "0", "numpy PIL plotly"),
    "page": (1, "0 captions palettes scales sheet", "numpy PIL"),
    "report": (3, "0-2 comparison limits reading", "numpy PIL"),
    "origins": (3, "0-2", ""),
    "recipe_differences": (3, "0-2 recipe", "numpy"),
    "remake": (
        3,
        "0-2 answers arguments compare comparison kept look origins reading recipe "
        "recipe_differences report shots",
        "numpy",
    ),
    "presets": (3, "0-2 kept look shots", ""),
    "comparison_gif": (3, "0-2 comparison explained reading", ""),
    "compare": (3, "0-2 arguments comparison explain reading", "torch"),
    "metrics": (3, "0-2 comparison explain compare", "numpy PIL cv2 torch torchvision"),
    "plots": (3, "0-2 comparison explain compare", "numpy PIL cv2 plotly"),
    "training": (
        3,
        "0-2 comparison explain compare",
        "numpy PIL torch torchvision lightning torchmetrics optuna safetensors filelock",
    ),
    "snippets": (4, "0-3", ""),
    "commands": (4, "0-3", "numpy PIL"),
    "cli": (4, "0-3 commands", "numpy PIL torch"),
    "jobs": (4, "0", ""),
    "memory": (4, "0-3", "numpy torch"),
    "runner": (4, "0-3 jobs memory", "cachetools torch"),
    "__init__": (5, "0-3", ""),  # the front door: `from cactiviz import ...` for people outside
    "__main__": (5, "0 cli", ""),
    "ui": (5, "0-4", "streamlit starlette numpy PIL cv2 torch plotly"),
    "app.py": (6, "ui", "streamlit"),
    "pages": (6, "ui", "streamlit"),
}
VAGUE_NAMES = {"utils", "helpers", "common", "manager", "base"}
LONGEST_FILE = 300  # lines
ONE_LANGUAGE = "cactiviz/ui/texts.py"  # may be longer, so that a language is one file


def allowed_places(place: str) -> set[str]:
    """The places that ``place`` may import, itself among them."""
    allowed = {place}
    for word in TABLE[place][1].split():
        if word[0].isdigit():
            lowest, highest = int(word[0]), int(word[-1])
            allowed |= {p for p, row in TABLE.items() if lowest <= row[0] <= highest}
        else:
            allowed.add(word)
    return allowed


def place_of(path: str) -> str:
    """``cactiviz/models/cactinet.py`` -> ``models``."""
    parts = path.split("/")
    return parts[1].removesuffix(".py") if parts[0] == "cactiviz" else parts[0]


def imported_names(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of all that a file imports, wherever in the file it does so."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source, path)):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom():
                above = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*above, *filter(None, [node.module])])
                if module == "cactiviz":
                    yield from ((node.lineno, f"cactiviz.{alias.name}") for alias in node.names)
                else:
                    yield node.lineno, module
            case ast.Call(
                func=ast.Attribute(attr="import_module")
                | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def violations(path: str, source: str) -> list[str]:
    """One sentence for each import that the table doesn't permit."""
    place = place_of(path)
    if place not in TABLE:
        return [f"{path} has no row in the table of floors"]
    floor, _, libraries = TABLE[place]
    found = []
    for line, name in imported_names(path, source):
        top, _, rest = name.partition(".")
        if top in sys.stdlib_module_names or top in libraries.split():
            continue
        if top == "cactiviz":
            inside = rest.split(".")[0]
            if inside in allowed_places(place) or (inside == "__version__" and floor < 6):
                continue
        found.append(f"{path}:{line}: floor {floor} ({place}) must not import {name}")
    return found


def code_files(*patterns: str) -> list[Path]:
    return sorted(file for pattern in patterns for file in ROOT.glob(pattern))


def test_imports_go_down_only() -> None:
    files = code_files("app.py", "pages/**/*.py", "cactiviz/**/*.py")
    assert files
    wrong = [
        sentence
        for file in files
        for sentence in violations(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_table_itself_goes_down_only() -> None:
    below = {place: allowed_places(place) - {place} for place in TABLE}
    for place, others in below.items():
        assert all(TABLE[other][0] <= TABLE[place][0] for other in others), place
    TopologicalSorter(below).prepare()  # on one floor, never in a circle: raises CycleError
    assert "methods" not in allowed_places("models")
    assert "models" not in allowed_places("methods")


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("cactiviz/types.py", "from cactiviz import render", "cactiviz.rendering.paint"),
        ("cactiviz/types.py", "import torch", "torch"),
        (
            "cactiviz/rendering/paint.py",
            "import numpy, torch.nn.functional as F",
            "torch.nn.functional",
        ),
        ("cactiviz/export.py", "from .render import overlay", "cactiviz.rendering.paint"),
        ("cactiviz/pictures/open.py", "def f():\n    import cv2", "cv2"),
        ("cactiviz/download.py", "import cactiviz", "cactiviz"),
        ("cactiviz/models/table.py", "from cactiviz.methods import METHODS", "cactiviz.methods"),
        ("cactiviz/models/table.py", "from ..methods.cam import f", "cactiviz.methods.cam"),
        ("cactiviz/models/table.py", "from .. import methods", "cactiviz.methods"),
        ("cactiviz/models/table.py", "import requests", "requests"),
        ("cactiviz/methods/cam.py", "from cactiviz import types, models", "cactiviz.models"),
        (
            "cactiviz/methods/cam.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import cactiviz.models.specs",
            "cactiviz.models.specs",
        ),
        (
            "cactiviz/methods/cam.py",
            "import importlib\nimportlib.import_module('cactiviz.ui')",
            "cactiviz.ui",
        ),
        (
            "cactiviz/comparison/compare.py",
            "from cactiviz.metrics import deletion",
            "cactiviz.metrics",
        ),
        ("cactiviz/cli/main.py", "from cactiviz import ui", "cactiviz.ui"),
        ("cactiviz/ui/grid.py", "import app", "app"),
        ("app.py", "import torch", "torch"),
        ("pages/compare.py", "import numpy as np", "numpy"),
        ("pages/compare.py", "from cactiviz import ui, models", "cactiviz.models"),
        ("pages/compare.py", "from cactiviz.errors import CactivizError", "cactiviz.errors"),
    ],
)
def test_the_scan_finds(path: str, source: str, name: str) -> None:
    (sentence,) = violations(path, source)
    assert sentence.startswith(f"{path}:{source[: source.rindex('import')].count(chr(10)) + 1}: ")
    assert sentence.endswith(f"must not import {name}")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "cactiviz/rendering/paint.py",
            "import json\nimport cv2\nfrom PIL import Image\nfrom .types import Box",
        ),
        ("cactiviz/methods/cam.py", "from ..engine import Pass\nfrom . import registry"),
        (
            "cactiviz/metrics/localization.py",
            "import torch\nfrom cactiviz import __version__, compare, models",
        ),
        ("cactiviz/ui/grid/__init__.py", "from ... import render\nfrom ..state import read"),
        ("pages/compare.py", "import time\nimport streamlit as st\nfrom cactiviz import ui"),
    ],
)
def test_the_scan_permits(path: str, source: str) -> None:
    assert violations(path, source) == []


def test_a_file_without_a_row_is_found() -> None:
    assert violations("cactiviz/extras.py", "") == [
        "cactiviz/extras.py has no row in the table of floors"
    ]


def test_the_two_lowest_floors_run_without_torch() -> None:
    low = [place for place, (floor, _, _) in TABLE.items() if floor <= 1]
    there = [f"cactiviz.{place}" for place in low if (ROOT / f"cactiviz/{place}.py").exists()]
    program = (  # the front door imports all floors, so a bare package stands in for it
        "import sys, types\n"
        "package = sys.modules['cactiviz'] = types.ModuleType('cactiviz')\n"
        "package.__path__ = ['cactiviz']\n"
        f"import {', '.join(there)}\n"
        "print(*{'torch', 'torchvision', 'streamlit'} & set(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert loaded.stdout.split() == []


def test_files_stay_short_and_say_what_they_are() -> None:
    files = code_files(*(f"cactiviz/**/*.{suffix}" for suffix in ("py", "css", "js", "html")))
    long = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if (lines := len(file.read_text("utf-8").splitlines())) > LONGEST_FILE
        and file != ROOT / ONE_LANGUAGE
    }
    assert not long, f"longer than {LONGEST_FILE} lines: {long}"
    vague = [
        str(file.relative_to(ROOT))
        for file in files
        if VAGUE_NAMES & {part.split(".")[0] for part in file.relative_to(ROOT).parts}
    ]
    assert not vague, f"names that say nothing: {vague}"
