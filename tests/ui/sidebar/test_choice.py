"""A class that is typed: known here, or near one that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cactiviz.models import MODELS
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.inside_pages import open_page, settled

LITE = ["efficientnet_lite0"]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """Compare with a network of ImageNet, of which a cat is explained; the box is open."""
    query = {"networks": "efficientnet_lite0", "views": "grad_cam", "class": "tabby"}
    app = open_page("pages/compare.py", monkeypatch, tmp_path, query)
    app.session_state["explained"] = True
    return settled(app)


def type_class(app: AppTest, typed: str, key: str = state.TARGET) -> list[str]:
    """What is warned of once a class was typed."""
    field = app.selectbox(key=key)
    assert field.proto.accept_new_options
    field.options.append(typed)  # as the browser does
    field.set_value(typed)
    settled(app)
    return [one.value.replace("\\", "") for one in app.warning]


def explained(app: AppTest) -> str:
    """What the maps are said to explain."""
    for _ in range(100):
        shown = [one.proto for one in app.get("bidi_component")]
        grid = unpacked(next(one.bytes for one in shown if one.component_name == "cactiviz_grid"))
        if not any(column["waiting"] for column in grid["columns"]):
            return str(grid["explained"])
        app.run()
    raise AssertionError("a network never answered")


def test_a_class_that_nobody_has_leaves_what_was_explained_and_offers_the_nearest(
    app: AppTest,
) -> None:
    before = explained(app)
    assert "tabby" in before
    (said,) = type_class(app, "zebraa")
    assert said == sidebar_texts.nobody_has("zebraa", several=False, some_near=True)
    assert app.selectbox(key=state.TARGET).value == "tabby" and explained(app) == before
    assert app.session_state[state.TRAIL].at["class"] == "tabby"
    app.button(key="near zebra").click()
    settled(app)
    assert app.selectbox(key=state.TARGET).value == "zebra" and "zebra" in explained(app)
    assert not app.warning
    assert "no name" in type_class(app, HOSTILE)[0].casefold()
    assert app.selectbox(key=state.TARGET).value == "zebra"
    app.button_group(key=state.MODELS).set_value(["cactinet"])  # which never heard of it
    settled(app)
    assert not any(HOSTILE in one.value for one in app.warning)


def test_what_is_typed_in_other_letters_or_as_a_number_is_known(app: AppTest) -> None:
    for typed, meant in (("EGYPTIAN  cat", "Egyptian cat"), ("281", "281"), ("index:3", "index:3")):
        assert not type_class(app, typed)
        assert app.selectbox(key=state.TARGET).value == meant
    assert "wolf" in type_class(app, "wolff", state.AGAINST)[0]
    assert app.selectbox(key=state.AGAINST).value is None
    app.selectbox(key=state.TARGET).set_value(None)
    settled(app)
    assert not app.warning and "class" not in app.session_state[state.TRAIL].at


def test_a_link_to_a_class_that_nobody_has_offers_the_nearest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = {"networks": "efficientnet_lite0", "views": "grad_cam", "class": "zebraa"}
    app = open_page("pages/compare.py", monkeypatch, tmp_path, {**query, "against": "tabby"})
    assert explained(app) == ""
    app.button(key="explain zebra").click()
    settled(app)
    assert "zebra" in explained(app) and "not tabby" in explained(app)
    at = app.session_state[state.TRAIL].at
    assert (at["class"], at["against"]) == ("zebra", "tabby")


def test_names_near_a_typed_one_are_those_that_hold_it_or_differ_little() -> None:
    assert catalog.near_classes(LITE, "egyptian kat") == ["Egyptian cat"]
    cats = [name for name in MODELS[LITE[0]].class_names if "cat" in name.casefold().split()]
    assert set(catalog.near_classes(LITE, "cat")) < set(cats)
    assert "zebra" in catalog.near_classes([*LITE, "cactinet"], "Zebre")
    assert catalog.near_classes(["cactinet"], "cactuss") == ["cactus", "no cactus"]
    assert catalog.near_classes(LITE, "") == catalog.near_classes(LITE, "qqqqqq") == []
