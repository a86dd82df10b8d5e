"""The names that programs use: a change to one of them is a decision, made here too."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

import cactiviz
from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation

NAMES = {
    *("compare", "explain", "explain_neurons", "filters", "load_model", "network"),
    *("open_item", "open_picture", "samples", "METHODS", "MODELS", "CactivizError"),
    *("Attribution", "Checkpoint", "Comparison", "Explanation", "FilterGrid", "Layer"),
    *("LoadedModel", "Neuron", "NeuronAttribution", "Picture", "Prediction", "Preprocessing"),
    *("Target", "TileAnswers", "tile"),
}
RENAMED = {
    "Answer": "Prediction",
    "NeuronExplanation": "NeuronAttribution",
    "Reading": "Explanation",
}


def test_the_public_names_are_these() -> None:
    assert set(cactiviz.__all__) == NAMES
    assert len(cactiviz.__all__) == len(NAMES), "a name is there twice"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_public_name_leads_to_what_has_that_name(name: str) -> None:
    value = getattr(cactiviz, name)
    assert value is not None and name in dir(cactiviz)
    if isinstance(value, type) or callable(value):
        assert value.__name__ == name
        assert getattr(importlib.import_module(value.__module__), name) is value


def test_an_import_of_all_names_gives_each_of_them() -> None:
    names: dict[str, object] = {}
    exec("from cactiviz import *", names)
    assert set(names) - {"__builtins__"} == NAMES


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_name_warns_and_is_the_new_one(old: str) -> None:
    for _ in range(2):
        with pytest.warns(DeprecationWarning, match=f"{old} is called {RENAMED[old]} now"):
            value = getattr(cactiviz, old)
        assert value is getattr(cactiviz, RENAMED[old])
    assert old not in cactiviz.__all__


def test_old_attributes_warn_and_are_the_new_ones() -> None:
    picture = cactiviz.Picture(np.zeros((64, 64, 3), np.uint8), "black")
    comparison = cactiviz.compare(
        picture, models=["cactinet"], methods=["grad_cam"], device="cpu", untrained=True
    )
    assert isinstance(comparison, Comparison)
    with pytest.warns(DeprecationWarning, match="called explanations"):
        explanations = comparison.readings
    assert explanations == comparison.explanations
    (explanation,) = comparison.explanations.values()
    assert isinstance(explanation, Explanation)
    with pytest.warns(DeprecationWarning, match="called predictions"):
        predictions = explanation.answers
    assert predictions == explanation.predictions and len(predictions) > 0


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_that"):
        cactiviz.nothing_like_that  # noqa: B018 - asking is what is tested


def test_the_package_itself_loads_neither_torch_nor_numpy() -> None:
    program = "import sys, cactiviz; print({'torch', 'numpy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "set()\n", ran.stderr
