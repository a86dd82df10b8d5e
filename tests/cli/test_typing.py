"""What is typed: slips and what they are answered with, options cut short, completion by Tab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cactiviz.cli.layers import NEURON_METHODS
from cactiviz.cli.main import main
from cactiviz.errors import near
from cactiviz.explanations import neurons
from cactiviz.models import MODELS
from cactiviz.pictures.open import SAMPLES
from cactiviz.rendering.colormaps import PALETTES

ROOT = Path(__file__).resolve().parents[2]


def refused(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    """The sentence on wrong usage, below the usage of the command that was meant."""
    with pytest.raises(SystemExit) as ended:
        main(typed)
    printed, complained = capsys.readouterr()
    assert (ended.value.code, printed) == (2, "")
    usage, _, last = complained.rstrip("\n").rpartition("\n")
    assert usage.startswith("usage: cactiviz") and last.startswith("cactiviz")
    return last.partition(": error: ")[2]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("comprae a.png", "There is no command “comprae”; near it is compare."),
        ("data lst", "There is no command “lst”; near it is list."),
        ("compare a.png --palete gray", "There is no option --palete; near it is --palette."),
        ("compare a.png --palete=gray", "There is no option --palete; near it is --palette."),
        ("compare a.png --xyz", "There is no option --xyz."),
        ("compare a.png -x", "There is no option -x."),
        ("--verison", "There is no option --verison; near it is --version."),
        ("compare a.png --palette virdis", "--palette: there is no “virdis”; near it is viridis."),
        ("compare a.png --device tpu", "--device: there is no “tpu”; there are auto, cpu, cuda."),
        ("train cactinett --data x --out y", "architecture: there is no “cactinett”; near it is"),
        ("compare a.png --out --npz x.npz", "--out needs a value."),
        ("compare a.png --out", "--out needs a value."),
        ("compare a.png --m x", "--m could be --models or --methods."),
        ("compare a.png --layer a --layers b,c", "--layer and --layers don't go together."),
        ("compare a.png --layers b,c --layer a", "--layer and --layers don't go together."),
        ("train cactinet --data x --out y --epochs 1.5", "--epochs: give a whole number from 1"),
        ("", "Name a command."),
        ("data", "Name a command."),
    ],
)
def test_a_slip_is_answered_with_what_is_near_it(
    typed: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *typed.split()).startswith(sentence)


@pytest.mark.parametrize("typed", ["", "data"])
def test_where_nothing_is_typed_the_commands_are_listed(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(typed.split())
    complained = capsys.readouterr().err
    assert "get" in complained if typed else "See and compare:\n  compare  put one" in complained


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("alexnett", "as torchvision:NAME or timm:NAME; near it is alexnet."),
        ("Cactinet", "; near it is cactinet."),
        ("nothing of the kind", "as torchvision:NAME or timm:NAME."),
    ],
)
def test_a_network_that_is_not_there_is_near_another(
    network: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["filters", "sample:chelsea", "--model", network]) == 1
    assert capsys.readouterr().err.endswith(f"{words}\n")


def test_several_may_be_near_and_the_first_of_two_alike_is_named() -> None:
    assert near("grad_can", ["grad_cam", "grad_car", "x"]) == "; near it are grad_car and grad_cam"
    assert near("cactus", ["Cactus", "CACTUS"]) == "; near it is Cactus"
    assert near("", []) == ""


def test_an_option_may_be_cut_short_and_its_value_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "--untr.json"
    short = ["--mod=cactinet", "--untr", "--meth", "saliency", "--dev", "cpu"]
    assert main(["compare", "sample:chelsea", *short, "--js", str(file)]) == 0
    found = json.loads(file.read_text("utf-8"))
    assert found["predictions"]["cactinet"]["untrained"] is True
    assert [one["method"] for one in found["explanations"]] == ["saliency"]
    capsys.readouterr()
    # Behind -- nothing is an option.
    assert main(["compare", *short, "--", "--untr"]) == 1
    assert "--untr" in capsys.readouterr().err


def test_neurons_are_explained_by_the_methods_that_the_help_names() -> None:
    assert tuple(neurons.NEURON_METHODS) == NEURON_METHODS


# --- Tab -------------------------------------------------------------------------------------

_TABS = """
import contextlib, io, json, os, sys
from cactiviz.cli.main import main
sys.argv = ["cactiviz"]
found = []
for words in json.loads(os.environ["TYPED"]):
    os.environ |= {"COMP_WORDS": "\\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as printed:
        code = main()
    found.append([code, printed.buffer.getvalue().decode().splitlines()])
heavy = sorted({"torch", "torchvision", "timm", "rich"} & set(sys.modules))
print(json.dumps([found, heavy]))
"""
TYPED = {
    "comp": ["compare"],
    "data s": ["sample", "search"],
    "compare --pal": ["--palette"],
    "compare a.png --palette ": list(PALETTES),
    "compare a.png --palette v": ["viridis"],
    "compare a.png --models ale": ["alexnet"],
    "compare a.png --models alexnet,cac": ["alexnet,cactinet"],
    "compare a.png --methods sal": ["saliency"],
    "animate --methods saliency,layer": ["saliency,layer_cam"],
    "neurons a.png --model ": list(MODELS),
    "evaluate cact": ["cactinet"],
    "compare sample:": [f"sample:{name}" for name in SAMPLES],
    "data get cal": ["caltech256"],
    "compare a.png --out ": None,  # a file, which the shell knows
    "compare pictures/": None,
    "nothing --v": ["--version"],
}


def test_tab_completes_commands_options_and_names_without_torch() -> None:
    words = [["cactiviz", *line.split(" ")] for line in TYPED]
    found = subprocess.run(
        [sys.executable, "-c", _TABS],
        env={**os.environ, "_CACTIVIZ_COMPLETE": "bash_complete", "TYPED": json.dumps(words)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    completed, heavy = json.loads(found.stdout)
    assert heavy == []
    for (line, expected), (code, items) in zip(TYPED.items(), completed, strict=True):
        assert code == 0
        kinds = [item.partition(",") for item in items]
        if expected is None:
            assert [kind for kind, _, _ in kinds] == ["file"], line
        else:
            assert [(kind, value) for kind, _, value in kinds] == [
                ("plain", value) for value in expected
            ], line
    assert found.stderr == ""


def test_the_help_says_how_tab_is_switched_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "_CACTIVIZ" in line]
    command = line.partition('eval "$(')[2].partition(")")[0]
    variable, _, shell = command.split()[0].partition("=")
    ran = subprocess.run(
        [sys.executable, "-m", "cactiviz"],
        env={**os.environ, variable: shell},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0 and "complete -o nosort -F" in ran.stdout
