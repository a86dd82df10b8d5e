"""What one may begin with: each chooses what it says, and leaves the rest."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from cactiviz.methods import VIEWS
from cactiviz.models import MODELS, load_model
from cactiviz.ui.address.link import FIRST_NETWORKS, FIRST_VIEWS
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import texts as sidebar_texts
from cactiviz.ui.sidebar.beginnings import BEGINNINGS, begin

BLOG = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
PICTURE = (state.SOURCE, state.DATASET, state.CLASS, state.ITEM)
BEFORE = {
    **{state.SOURCE: "set", state.DATASET: "samples", state.CLASS: "photographs"},
    **{state.ITEM: "rocket", state.MODELS: ["resnet152", "cactinet"], state.METHODS: ["saliency"]},
    **{state.LAYER: {"cactinet": "stem"}, state.TARGET: "cactus", state.AGAINST: "no cactus"},
    **{state.PICKING: "camera", state.WHOLE: True},
}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session in which something of everything is chosen."""
    made: dict[str, Any] = dict(BEFORE)
    monkeypatch.setattr(st, "session_state", made)
    return made


@pytest.mark.parametrize(
    ("name", "picture", "networks", "views", "layers"),
    [
        (
            *("photographs", ("set", "samples", "photographs", "chelsea")),
            *(FIRST_NETWORKS, FIRST_VIEWS, {}),
        ),
        (
            *("cacti", ("set", "scenes", "cactus", "178"), ("cactinet",)),
            *(("hires_cam",), {"cactinet": "stages.1"}),
        ),
        ("blog", ("set", "samples", "photographs", "rocket"), BLOG, FIRST_VIEWS, {}),
    ],
)
def test_a_beginning_chooses_picture_networks_views_and_layers(
    session: dict[str, Any],
    name: str,
    picture: tuple[str, ...],
    networks: tuple[str, ...],
    views: tuple[str, ...],
    layers: dict[str, str],
) -> None:
    begin(name)
    assert tuple(session[key] for key in PICTURE) == picture
    assert session[state.MODELS] == list(networks) and session[state.METHODS] == list(views)
    assert session[state.LAYER] == layers
    assert session[state.TARGET] is None and session[state.AGAINST] is None
    assert session[state.PICKING] is None and session[state.WHOLE]


def test_a_picture_of_ones_own_is_asked_for_and_the_networks_stay(session: dict[str, Any]) -> None:
    begin("own")
    assert session[state.PICKING] == session[state.SOURCE] == "upload"
    for key in (state.MODELS, state.METHODS, state.LAYER, state.ITEM):
        assert session[key] == BEFORE[key]
    assert session[state.TARGET] is None


def test_what_is_on_another_page_opens_there_and_changes_nothing_here(
    session: dict[str, Any],
) -> None:
    begin("inaturalist")
    assert session == {
        **BEFORE,
        state.SHOWN: library.LIVE,
        state.GO_TO: state.GALLERY_PAGE,
    }


def test_all_that_they_name_is_there() -> None:
    assert list(BEGINNINGS) == list(sidebar_texts.BEGINNINGS)
    for beginning in BEGINNINGS.values():
        assert set(beginning.networks) <= set(MODELS) and set(beginning.views) <= set(VIEWS)
        if beginning.item is not None:
            library.opened(beginning.item.dataset).find(beginning.item.address.partition(":")[2])
        for network, layer in beginning.layers:
            load_model(network, untrained=True).module.get_submodule(layer)
