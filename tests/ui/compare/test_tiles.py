"""Compare asks a network that learnt from tiles about a large picture, tile by tile."""

from __future__ import annotations

import time

from streamlit.testing.v1 import AppTest

import cactiviz as cv
from cactiviz.explanations.caveats import STRANGER
from cactiviz.explanations.tile import tile
from cactiviz.ui import texts
from cactiviz.ui.compare import texts as compare_texts
from tests.ui.compare.test_page import app, empty, grid, needs_weights

__all__ = ["app", "empty"]  # fixtures

SCENE = "scenes:cactus/178"
pytestmark = needs_weights


def shown(app: AppTest) -> str:
    """The sentence over the map, once all tiles are answered."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        app.run()
        assert not app.exception
        said = [one.value for one in app.markdown if "tiles\\:" in one.value]
        if said:
            return said[0].strip("*")
    raise AssertionError("no answer came")


def test_tiles_are_those_of_the_function(app: AppTest) -> None:
    app.query_params["picture"] = SCENE
    app.run()
    grid(app)
    app.button(key="tiles button").click().run()
    model = cv.load_model("cactinet", device="cpu")
    expected = tile(cv.open_item(SCENE), model)
    assert shown(app) == texts.plain(expected.summary)
    assert app.query_params["tiles"] == "32"  # so that a link shows it too
    app.select_slider(key="tiles side").set_value(64).run()
    assert shown(app) == texts.plain(tile(cv.open_item(SCENE), model, side=64).summary)
    app.button(key="tiles end").click().run()
    assert "tiles" not in app.query_params and not app.select_slider


def test_a_link_opens_with_its_tiles(app: AppTest) -> None:
    app.query_params.update({"picture": SCENE, "tiles": "64"})
    app.run()
    model = cv.load_model("cactinet", device="cpu")
    assert shown(app) == texts.plain(tile(cv.open_item(SCENE), model, side=64).summary)


def test_a_photograph_has_no_answer_and_is_offered_tiles(app: AppTest) -> None:
    app.query_params["picture"] = "samples:photographs/chelsea"
    app.run()
    (column,) = grid(app)["columns"]
    assert (column["note"], column["answers"], column["knows"]) == (STRANGER, [], "")
    keys = [one.key for one in app.button]
    assert "why not button" not in keys  # of an answer that means nothing
    app.button(key="tiles button").click().run()
    assert "aren't desert" in shown(app).replace("\\", "")


def test_networks_that_learnt_from_whole_pictures_are_not_asked(app: AppTest) -> None:
    app.query_params["networks"] = "efficientnet_lite0"
    app.query_params["tiles"] = "32"
    app.run()
    grid(app)
    assert compare_texts.ASK_TILES_NOBODY in [one.value for one in app.info]
    assert "tiles button" not in [one.key for one in app.button]
