"""What a bare address, an older one and each beginning stand for, and that they come back."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from cactiviz.datasets import Item
from cactiviz.methods import FILTERS, VIEWS
from cactiviz.ui.address import binding
from cactiviz.ui.address.link import FIRST_NETWORKS, Link
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.beginnings import BEGINNINGS, begin

LITE = "efficientnet_lite0 efficientnet_lite1 efficientnet_lite2"
CHELSEA = "samples:photographs/chelsea"
FOUR_VIEWS = ("grad_cam", "saliency", "guided_backprop", FILTERS)
INSIDE = ("compare", "filters", "neurons")
Session = dict[str, Any]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session in which nothing is chosen yet; what is chosen in it is its content."""
    made: Session = {}
    monkeypatch.setattr(st, "session_state", made)
    return made


def follow(session: Session, query: dict[str, str], page: str = "compare") -> Link:
    """What a session of its own has chosen, once it has followed an address without complaint."""
    session.clear()
    link, wrong = binding.read(page, query)
    assert not wrong and not binding.choose(page, query, link)
    return link


def picked(session: Session) -> str:
    return "{}:{}/{}".format(*(session[key] for key in (state.DATASET, state.CLASS, state.ITEM)))


@pytest.mark.parametrize("page", INSIDE)
def test_a_bare_address_is_a_first_visit_and_the_other_way_round(
    session: Session, page: str
) -> None:
    assert binding.query(page) == {}  # nobody has chosen anything
    first = follow(session, {}, page)
    assert first == Link(picture=CHELSEA, models=FIRST_NETWORKS, methods=("grad_cam",))
    assert first.models == tuple(LITE.split())
    assert picked(session) == CHELSEA and session[state.MODELS] == LITE.split()
    assert binding.query(page) == {}
    foreign = {"palette": "viridis", "utm_source": "x"}  # the look is no choice of these
    assert follow(session, foreign, page) == first
    assert binding.query(page) == {}


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ({"class": "cactus"}, {"networks": "cactinet", "class": "cactus"}),
        ({"layer": "stages.1"}, {"networks": "cactinet", "layer": "stages.1"}),
        ({"whole": "1"}, {"networks": "cactinet", "whole": "1"}),
        ({"networks": "cactinet"}, {"networks": "cactinet"}),
        ({"picture": "scenes:cactus/178"}, {"networks": "cactinet"}),
    ],
)
def test_what_an_older_address_leaves_out_is_what_it_was_then(
    session: Session, query: dict[str, str], written: dict[str, str]
) -> None:
    link = follow(session, query)
    assert (link.models, link.methods) == (("cactinet",), FOUR_VIEWS)
    assert picked(session) == "scenes:cactus/178" and session[state.MODELS] == ["cactinet"]
    assert session[state.METHODS] == list(FOUR_VIEWS)
    before = dict(session)
    assert binding.query("compare") == written
    follow(session, written)
    assert session == before


@pytest.mark.parametrize(
    ("item", "networks", "views", "query"),
    [
        # One choice alone of the first visit's, and of what an address leaves out.
        ("coffee", LITE, "grad_cam", {"picture": "samples:photographs/coffee"}),
        ("chelsea", LITE, " ".join(FOUR_VIEWS), {"picture": CHELSEA, "views": None}),
        ("178", LITE, "grad_cam", {}),
        ("178", LITE, " ".join(FOUR_VIEWS), {"views": None}),
        ("chelsea", "cactinet", " ".join(FOUR_VIEWS), {"picture": CHELSEA, "views": None}),
        ("chelsea", "cactinet", "grad_cam", {"picture": CHELSEA}),
        ("178", "cactinet", " ".join(FOUR_VIEWS), {"views": None}),
        ("178", "alexnet cactinet", "saliency", {"views": "saliency"}),
    ],
)
def test_every_other_choice_names_its_networks_and_comes_back(
    session: Session, item: str, networks: str, views: str, query: dict[str, str | None]
) -> None:
    """``None`` for what isn't said."""
    scene = Item("scenes", "cactus", item)
    state.choose(scene if item == "178" else Item("samples", "photographs", item))
    session.update({state.MODELS: networks.split(), state.METHODS: views.split()})
    before = dict(session)
    written = binding.query("compare")
    said = {"networks": networks, "views": "grad_cam", **query}
    assert written == {key: text for key, text in said.items() if text is not None}
    follow(session, written)
    assert {key: session[key] for key in before} == before


@pytest.mark.parametrize("name", [name for name, one in BEGINNINGS.items() if one.networks])
def test_the_address_of_each_beginning_brings_it_back(session: Session, name: str) -> None:
    state.choose(library.UNNAMED_ITEM)
    session[state.METHODS] = ["saliency"]
    begin(name)
    choice = (state.SOURCE, state.DATASET, state.CLASS, state.ITEM)
    choice += (state.MODELS, state.METHODS, state.LAYER)
    session[state.METHODS].sort(key=VIEWS.index)  # in which order doesn't count
    before = {key: session[key] for key in choice}
    query = binding.query("compare")
    assert ("networks" in query) == (name != "photographs")
    follow(session, query)
    assert {key: session[key] for key in choice} == before


def test_a_page_without_views_keeps_those_of_compare_to_itself(session: Session) -> None:
    follow(session, {})
    session[state.METHODS] = ["saliency"]
    for page in ("filters", "neurons"):
        query = binding.query(page)
        assert query == {"networks": LITE, "picture": CHELSEA}
    assert binding.query("compare") == {**query, "views": "saliency"}
    follow(session, query, "filters")
    assert picked(session) == CHELSEA and session[state.MODELS] == LITE.split()
    assert state.METHODS not in session
