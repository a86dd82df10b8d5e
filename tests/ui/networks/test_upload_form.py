"""Networks of one's own: read without running code, kept for one session, gone with it."""

from __future__ import annotations

import io
import pickle
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

import pytest
import streamlit as st
import torch
from safetensors.torch import load_file, save
from streamlit.testing.v1 import AppTest

from cactiviz.errors import OutputError, WeightsError
from cactiviz.models import MODELS, find_weights, load_model
from cactiviz.runtime.runner import Network
from cactiviz.ui import texts
from cactiviz.ui.brought import store
from cactiviz.ui.brought.store import BrowserFolder
from cactiviz.ui.networks import texts as networks_texts
from cactiviz.ui.networks.catalog import shareable
from cactiviz.ui.session import polling, private_folders, state
from tests.fixtures.inside_pages import CACTINET, press_in_grid, settled

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "<img src=x onerror=alert(1)> *b*"
SMALL = "torchvision:squeezenet1_1"  # another architecture, which is built quickly
SMALL_TITLE = "squeezenet1_1"
WEIGHTS = find_weights(MODELS["cactinet"])
needs_weights = pytest.mark.skipif(WEIGHTS is None, reason="the weights are not in this checkout")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(store, "_folders", WeakSet[BrowserFolder]())  # none of other tests
    return folder


@pytest.fixture
def forgotten() -> list[Network]:
    return []


@pytest.fixture
def shelf(forgotten: list[Network]) -> BrowserFolder:
    return BrowserFolder(forgotten.append)


@pytest.fixture
def new_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], AppTest]:
    """Opens the app with CactiNet, each time as another person."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()

    def opened() -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.query_params.update({**CACTINET, "views": "grad_cam"})
        return app.run()

    return opened


def cactinet(factor: float = 1.0) -> bytes:
    """CactiNet's file, with its answers multiplied."""
    assert WEIGHTS is not None
    weights = load_file(WEIGHTS)
    last = [key for key, value in weights.items() if value.ndim and value.shape[0] == 1]
    return save({k: v * factor if k in last else v.clone() for k, v in weights.items()})


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def put(shelf: BrowserFolder, data: bytes, name: str = "a.pth", classes: str = "") -> Network:
    return shelf.put(io.BytesIO(data), name, "mine", "cactinet", classes)


def until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def fill(
    app: AppTest, data: bytes, file_name: str, name: str = "", architecture: str = "cactinet"
) -> None:
    app.button(key="open own").click().run()
    field = field_of(app)
    app.file_uploader(key=field("file")).set_value((file_name, data, "application/octet-stream"))
    app.selectbox(key=field("architecture")).set_value(architecture)
    app.text_input(key=field("name")).set_value(name).run()


def field_of(app: AppTest) -> Callable[[str], str]:
    return lambda field: f"own {field} {app.session_state[state.OWN_OPENED]}"


def add(app: AppTest, button: str = "own submit") -> None:
    """Press the button, and wait as a page does whose fragment looks again."""
    app.button(key=button).click().run()
    for _ in range(200):
        if state.OWN_CHECK not in app.session_state:
            return
        time.sleep(0.15)
        app.run()
    raise AssertionError("the network was never read")


def answer(app: AppTest) -> str:
    """What the session's own network says of the picture on the page; empty until it does."""
    (network,) = app.session_state[state.OWN].networks.values()
    kept = dict(polling.runner()._results.items())
    return next((v.predictions[0].class_name for k, v in kept.items() if is_of(k, network)), "")


def is_of(key: tuple[Network, tuple[object, ...]], network: Network) -> bool:
    return key[0] == network and key[1][0] == "read"


def test_a_file_is_for_its_owner_alone_and_goes_with_the_network(
    shelf: BrowserFolder, temporary: Path, forgotten: list[Network]
) -> None:
    network = put(shelf, b"weights", "../../<b>.PTH", classes="one\ntwo")
    kept = files_in(temporary)
    assert {path.suffix for path in kept} == {".pth", ".txt"}
    assert all(path.parent.parent == temporary for path in kept), "it left the private folder"
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    assert network.checkpoint is not None
    assert network.checkpoint.file.read_bytes() == b"weights"
    assert network.checkpoint.class_names() == ("one", "two")
    shelf.add(network)
    shelf.drop(network)
    assert not files_in(temporary) and not shelf.networks and forgotten == [network]


def test_equal_names_and_files_of_two_sessions_are_two_networks(forgotten: list[Network]) -> None:
    one, other = BrowserFolder(forgotten.append), BrowserFolder(forgotten.append)
    assert put(one, b"same") != put(other, b"same")


def test_a_session_that_stays_away_loses_its_files_and_one_that_returns_does_not(
    shelf: BrowserFolder, temporary: Path, forgotten: list[Network]
) -> None:
    shelf.add(put(shelf, b"weights"))
    shelf.leave_in(0.05)
    shelf.stay()
    time.sleep(0.2)
    assert files_in(temporary) and not shelf.closed
    shelf.leave_in(0.05)
    until(lambda: shelf.closed and not list(temporary.iterdir()))
    assert len(forgotten) == 1 and not shelf.networks
    with pytest.raises(OutputError):
        put(shelf, b"too late")


def test_so_many_browsers_may_have_something_here_and_those_in_use_stay(
    forgotten: list[Network],
) -> None:
    shelves = [BrowserFolder(forgotten.append) for _ in range(4)]
    shelves[0].stay("a")
    for shelf in (shelves[2], shelves[1], shelves[3]):
        shelf.leave_in(1e6)
    store._limit_number(4)
    assert [shelf.closed for shelf in shelves] == [False, False, True, False]
    store._limit_number(1)
    assert [shelf.closed for shelf in shelves] == [False, True, True, True]
    shelves[0].close()


def test_what_is_no_file_of_weights_or_too_large_is_refused_before_it_is_kept(
    shelf: BrowserFolder, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data/0", bytes(20_000_000))
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(WeightsError, match="packed"):
        put(shelf, packed.getvalue())
    with pytest.raises(WeightsError, match="ends in"):
        put(shelf, b"code", "a.py")
    monkeypatch.setattr(store, "MOST_MEGABYTES", 1)
    with pytest.raises(WeightsError, match="up to 1 MB"):
        put(shelf, bytes(2**20 + 1))
    monkeypatch.setattr(store, "MOST_BYTES_OF_ALL", 2**20)
    put(shelf, bytes(2**20))
    with pytest.raises(OutputError, match="no room"):
        put(BrowserFolder(lambda _: None), b"one byte too many for all sessions together")
    assert len(files_in(temporary)) == 1


def test_an_honest_file_of_torch_is_not_taken_for_a_packed_one(shelf: BrowserFolder) -> None:
    for new_format in (True, False):
        data = io.BytesIO()
        torch.save({"w": torch.zeros(600_000)}, data, _use_new_zipfile_serialization=new_format)
        put(shelf, data.getvalue())


@needs_weights
def test_the_form_says_what_is_missing_and_keeps_what_is_there(
    new_session: Callable[[], AppTest], temporary: Path
) -> None:
    app = new_session()
    app.button(key="open own").click().run()
    app.button(key="own submit").click().run()
    assert [e.value for e in app.error] == [texts.plain(networks_texts.OWN_NO_FILE)]
    fill(app, cactinet(), "<b>good.safetensors", "AlexNet", SMALL)
    add(app)
    assert "Another network is called AlexNet already" in app.error[0].value
    app.text_input(key=field_of(app)("name")).set_value("a/b").run()
    add(app)
    assert "can’t hold /" in app.error[0].value
    app.text_input(key=field_of(app)("name")).set_value("mine").run()
    add(app)
    assert not app.exception and not app.error
    assert [e.value for e in app.warning] == [
        texts.plain(networks_texts.own_fits("CactiNet", SMALL_TITLE))
    ]
    (said,) = (e.value for e in app.caption if "fit this architecture" in e.value)
    assert texts.plain("<b>good.safetensors") in said
    assert str(temporary) not in said.replace("\\", ""), "it tells where the server keeps files"
    assert not files_in(temporary), "what was refused is kept all the same"
    assert app.selectbox(key=field_of(app)("architecture")).value == SMALL
    assert app.text_input(key=field_of(app)("name")).value == "mine"
    app.text_area(key=field_of(app)("classes")).set_value("one\ntwo\nthree").run()
    add(app, "own use as")
    assert app.selectbox(key=field_of(app)("architecture")).value == "cactinet"
    assert texts.plain("Your list names 3 classes, but the network has 2.") == app.error[0].value
    app.text_area(key=field_of(app)("classes")).set_value("sand\nthorns").run()
    add(app)
    assert not app.error and not app.exception
    assert app.button_group(key="models").value == ["cactinet", "mine"]


def test_one_that_fails_is_the_button_for_another_file(
    new_session: Callable[[], AppTest], shelf: BrowserFolder
) -> None:
    shelf.add(put(shelf, b"no weights", "a.safetensors"))
    app = new_session()
    app.session_state[state.OWN] = shelf
    app.run().button_group(key="models").set_value(["mine", "cactinet"])
    settled(app)
    assert state.OWN_FORM not in app.session_state
    press_in_grid(app, "own", "cactinet")  # nothing of the kind is there
    assert state.OWN_FORM not in app.session_state
    press_in_grid(app, "own", "mine")
    assert app.session_state[state.OWN_FORM] and app.selectbox(key=field_of(app)("architecture"))


class Rude:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_file_is_never_run(
    new_session: Callable[[], AppTest], tmp_path: Path, zipped: bool
) -> None:
    data = io.BytesIO()
    if zipped:
        torch.save({"w": Rude(tmp_path / "pwned")}, data)
    else:
        pickle.dump({"w": Rude(tmp_path / "pwned")}, data)
    app = new_session()
    fill(app, data.getvalue(), "a.pth")
    add(app)
    assert len(app.error) == 1 and not app.exception and "Traceback" not in app.error[0].value
    assert not (tmp_path / "pwned").exists()


@needs_weights
def test_a_name_stays_text_and_a_network_can_be_removed_to_make_room(
    new_session: Callable[[], AppTest], temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_NETWORKS", 1)
    app = new_session()
    fill(app, cactinet(), "a.safetensors", HOSTILE)
    add(app)
    assert not app.exception and not app.error
    assert texts.plain(HOSTILE) in app.button_group(key="models").options
    assert app.button_group(key="models").value == ["cactinet", HOSTILE]
    shown = [one.value for kind in ("html", "markdown", "caption") for one in app.get(kind)]
    assert not [text for text in shown if "<img" in text.replace("\\<", "")]
    until(lambda: not app.run().exception and bool(files_in(temporary)))
    app.button(key="open own").click().run()
    assert app.info[0].value == texts.OWN_FULL.format(most=1) and not app.file_uploader
    app.button(key="own remove 0").click().run()
    assert not app.exception and not files_in(temporary)
    assert app.button_group(key="models").value == ["cactinet"]
    assert all(key[0].name != HOSTILE for key in polling.runner()._results)


@needs_weights
def test_two_sessions_share_neither_networks_nor_their_answers(
    new_session: Callable[[], AppTest],
) -> None:
    one, other = new_session(), new_session()
    for app, factor in ((one, 1.0), (other, -1.0)):
        assert "same" not in app.run().button_group(key="models").options
        fill(app, cactinet(factor), "same.safetensors")  # and called so
        add(app)
    until(lambda: one.run() and other.run() and bool(answer(one)) and bool(answer(other)))
    assert answer(one) != answer(other), "one was shown what the other one's network says"
    assert one.session_state[state.OWN] is not other.session_state[state.OWN]


@needs_weights
def test_a_session_cut_off_from_the_server_takes_its_files_along(
    new_session: Callable[[], AppTest], temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = 1 - st.get_option("server.disconnectedSessionTTL")
    monkeypatch.setattr(private_folders, "_GRACE_SECONDS", grace)
    app = new_session()
    fill(app, cactinet(), "a.safetensors", "mine")
    add(app)
    st.cache_resource.clear()  # as Streamlit does with a session's own where its connection breaks
    app.run()  # it is back
    time.sleep(1.2)
    assert files_in(temporary), "a short break cost a session its networks"
    st.cache_resource.clear()
    until(lambda: not list(temporary.iterdir()))
    app.run()
    assert not app.exception
    assert app.button_group(key="models").value == ["cactinet"]
    until(lambda: not app.run().session_state[state.TICKETS])  # no test leaves work behind


@needs_weights
def test_the_form_says_how_it_is_given_pictures_and_names_in_any_form(
    new_session: Callable[[], AppTest],
) -> None:
    app = new_session()
    fill(app, cactinet(), "a.safetensors", "mine")
    field = field_of(app)
    app.selectbox(key=field("colours")).set_value("own").run()
    app.text_input(key=field("mean")).set_value("0.5 0.5").run()
    add(app)
    assert [e.value for e in app.error] == [texts.plain(networks_texts.OWN_NOT_THREE)]
    app.text_input(key=field("mean")).set_value("0.5, 0.4, 0.3")
    app.text_input(key=field("std")).set_value("0.25")
    app.number_input(key=field("size")).set_value(96)
    app.selectbox(key=field("resize")).set_value("crop")
    names = "0,b\n1,a\n".encode("utf-16")
    app.file_uploader(key=field("list")).set_value(("LIST.CSV", names, "text/csv")).run()
    add(app)
    assert not app.error and not app.exception
    (network,) = app.session_state[state.OWN].networks.values()
    checkpoint = network.checkpoint
    assert checkpoint is not None and checkpoint.class_names() == ("b", "a")
    said = "mean=0.5/0.4/0.3,std=0.25,size=96,resize=crop"
    assert checkpoint.preprocessing == said
    spec = load_model(checkpoint, device="cpu").spec
    assert spec.preprocessing.input_size == (96, 96) and spec.preprocessing.resize == "crop"
    assert spec.preprocessing.mean == (0.5, 0.4, 0.3) and spec.preprocessing.std == (0.25,) * 3
    until(lambda: bool(answer(app.run())))
    shown = [block.value for block in app.code]
    assert any(f"mine={said}" in text and "--preprocessing" in text for text in shown), shown


def test_imagenets_names_are_asked_for_by_a_press(shelf: BrowserFolder, temporary: Path) -> None:
    network = shelf.put(io.BytesIO(b"weights"), "a.pth", "mine", "alexnet", "imagenet")
    assert network.checkpoint is not None and network.checkpoint.classes == "imagenet"
    assert network.checkpoint.class_names()[285] == "Egyptian cat"
    assert shareable(network.checkpoint).classes == "imagenet"
    shelf.add(network)
    shelf.drop(network)
    assert not files_in(temporary)
