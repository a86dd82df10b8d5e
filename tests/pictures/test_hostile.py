"""Hundreds of hostile files: each is a picture or one sentence, in little time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.fixtures.hostile_files import FORMATS, Outcome, corpus, mutants

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own: a decoder that crashes, or writes to standard error by itself, is seen,
# and nothing else takes memory. A bare package stands in for the front door, which imports torch.
PROGRAM = """
import dataclasses, json, sys, types
package = sys.modules["cactiviz"] = types.ModuleType("cactiviz")
package.__path__ = ["cactiviz"]
import tests.fixtures.hostile_files as hostile_files
for outcome in hostile_files.measure(hostile_files.corpus()):
    print(json.dumps(dataclasses.astuple(outcome)), flush=True)
"""


@pytest.fixture(scope="module")
def run() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "always", "-c", PROGRAM]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def outcomes(run: subprocess.CompletedProcess[str]) -> list[Outcome]:
    return [Outcome(*json.loads(line)) for line in run.stdout.splitlines()]


def test_nothing_escapes_and_nothing_is_written_to_standard_error(
    run: subprocess.CompletedProcess[str], outcomes: list[Outcome]
) -> None:
    last = outcomes[-1].name if outcomes else "the first"
    assert run.stderr == "", f"after {last}"
    assert run.returncode == 0, f"after {last}"


def test_corpus_is_large_varied_and_the_same_each_time(outcomes: list[Outcome]) -> None:
    names = [outcome.name for outcome in outcomes]
    assert len(names) == len(set(names)) >= 300
    assert len([outcome for outcome in outcomes if outcome.is_picture]) >= 100
    assert len([outcome for outcome in outcomes if not outcome.is_picture]) >= 100
    assert list(mutants(5, 20)) == list(mutants(5, 20)) != list(mutants(6, 20))


def test_every_sound_file_is_a_picture(outcomes: list[Outcome]) -> None:
    sound = {outcome.name: outcome for outcome in outcomes if outcome.name.startswith("sound ")}
    assert {f"sound {kind}" for kind in FORMATS} < set(sound)
    refused = {name: outcome.text for name, outcome in sound.items() if not outcome.is_picture}
    assert refused == {}


def test_every_refusal_is_one_plain_sentence(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.is_picture:
            continue
        text = outcome.text
        assert text.startswith('"file" ') and text.endswith("."), outcome
        assert text.count(". ") == 0 and "\n" not in text and len(text) < 250, outcome
        for foreign in ("Error", "Traceback", "Exception", "None", "0x", "[", "PIL", "-"):
            assert foreign not in text, outcome
    kinds = Counter(" ".join(outcome.text.split()[1:4]) for outcome in outcomes)
    assert {"is damaged or", "takes too much", "is not a", "is an empty"} < set(kinds)


def test_every_file_takes_under_two_seconds(outcomes: list[Outcome]) -> None:
    slow = [outcome for outcome in outcomes if outcome.cpu_seconds >= 2]  # of the processor's time
    assert slow == []


def test_every_file_takes_under_300_megabytes(outcomes: list[Outcome]) -> None:
    assert [outcome for outcome in outcomes if outcome.megabytes >= 300] == []
    assert max(outcome.megabytes for outcome in outcomes) > 50  # it is measured at all


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("PNG of 49 MP, transparent", "picture"),
        ("JPEG of 48 MP", "picture"),
        ("JPEG of 48 MP, progressive", "picture"),
        ("JPEG of 48 MP, progressive, no subsampling", "takes too much"),
        ("JPEG of 2000 with 3000 scans", "takes too much"),
        ("PNG with 60 texts", "picture"),
        ("PNG of 300,000 chunks", "takes too much"),
        ("GIF frame of 9600 squared", "has 92.2 megapixels"),
        ("GIF with a comment of 10 MB", "is damaged"),
        ("GIF with 2 million blocks", "takes too much"),
        ("TIFF with huge tiles", "takes too much"),
        ("WebP of 16384 squared", "has 268.4 megapixels"),
        ("BMP of run lengths, 49 MP", "takes too much"),
        ("PPM of 49 MP, odd range", "takes too much"),
        ("JPEG with EXIF whose directory is itself", "picture"),
        ("AVIF with EXIF of 65,535 entries", "picture"),
        ("PNG of (1, 3000)", "is only 1 pixels wide and 3000 high"),
        ("TIFF of 7000 x 7000, 5 bands of 16 bits", "takes too much"),
        ("TIFF of 16 MP, 4 bands of uint16, one strip again and again", "picture"),
        ("SVG", "is not a picture that can be read here but an SVG drawing"),
        ("zip", "is not a picture"),
    ],
)
def test_what_becomes_of(name: str, kind: str, outcomes: list[Outcome]) -> None:
    (outcome,) = (outcome for outcome in outcomes if outcome.name == name)
    assert (outcome.is_picture and kind == "picture") or f'"file" {kind}' in outcome.text, outcome


def test_animations_and_pages_are_told(outcomes: list[Outcome]) -> None:
    notes = {outcome.name: outcome.text for outcome in outcomes if outcome.is_picture}
    for name in ("APNG", "GIF animated", "WEBP animated", "AVIF animated"):
        assert notes[f"sound {name}"] == "The first of 3 frames of an animation."
    assert notes["sound TIFF pages"] == "The first of 3 pages."


def test_corpus_does_not_depend_on_what_was_opened() -> None:
    assert next(corpus()) == next(corpus())
