"""What a browser brought is kept for it alone, for half an hour, and within its room."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.errors import OutputError
from cactiviz.ui.address import binding, own
from cactiviz.ui.address import texts as address_texts
from cactiviz.ui.address.own import OwnChoice, merged
from cactiviz.ui.animate import texts as animate_texts
from cactiviz.ui.brought import pictures, store
from cactiviz.ui.brought.pictures import NOT_KEPT
from cactiviz.ui.brought.store import (
    KEPT_SECONDS,
    BrowserFolder,
    KnownBrowsers,
    Remembered,
    is_word,
)
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.inside_pages import CACTINET, ask_for

ROOT = Path(__file__).resolve().parents[3]
ONE, OTHER = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(store, "_folders", WeakSet[BrowserFolder]())  # none of other tests
    return folder


class Clock:
    """Time that passes when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def network(shelf: BrowserFolder, size: int, name: str = "mine") -> None:
    shelf.add(shelf.put(io.BytesIO(bytes(size)), "a.pth", name, "cactinet", ""))


def test_it_is_kept_for_half_an_hour_after_its_last_session_was_seen(
    clock: Clock, temporary: Path
) -> None:
    shelf = BrowserFolder(lambda _: None, clock)
    network(shelf, 10)
    shelf.pictures.put("a.png", b"picture")
    shelf.stay("one tab")
    shelf.stay("another")
    shelf.leave("one tab", 1e6)
    clock.now += 10 * KEPT_SECONDS
    assert not shelf.close_if_left(KEPT_SECONDS), "a tab is open still"
    shelf.leave("another", 1e6)
    clock.now += KEPT_SECONDS - 1
    assert not shelf.close_if_left(KEPT_SECONDS) and len(files_in(temporary)) == 2
    shelf.stay("back again")
    clock.now += KEPT_SECONDS
    assert not shelf.close_if_left(KEPT_SECONDS)
    shelf.leave("back again", 1e6)
    clock.now += KEPT_SECONDS
    assert shelf.close_if_left(KEPT_SECONDS) and shelf.closed
    assert not list(temporary.iterdir()) and not shelf.networks


def test_where_room_is_short_the_longest_unseen_goes_and_never_one_in_use(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_BYTES_OF_ALL", 4000)
    used, old, older, newest = (BrowserFolder(lambda _: None, clock) for _ in range(4))
    for shelf in (used, old, older):
        network(shelf, 1000)
        assert shelf.pictures.put("a", bytes(200)) != NOT_KEPT
    for shelf in (older, old):
        clock.now += 1
        shelf.leave_in(1e6)
    network(newest, 1000)  # 4,600 bytes with the three of before
    assert older.closed and not (old.closed or used.closed)
    network(newest, 700, "another")
    assert old.closed and not used.closed
    with pytest.raises(OutputError):
        network(newest, 1300, "a third")
    assert newest.pictures.put("b", bytes(1300)) == NOT_KEPT
    assert not used.closed and set(newest.networks) == {"mine", "another"}
    newest.drop(newest.networks["another"])
    network(newest, 1000, "a third")


def test_what_cannot_fit_costs_nobody_anything(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_BYTES_OF_ALL", 1000)
    left, now = BrowserFolder(lambda _: None, clock), BrowserFolder(lambda _: None, clock)
    network(left, 500)
    left.leave_in(1e6)
    with pytest.raises(OutputError):
        network(now, 1001)
    assert not left.closed


def test_a_browser_has_no_more_networks_than_the_form_says_whatever_its_tabs_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "MOST_NETWORKS", 2)
    shelf = BrowserFolder(lambda _: None)
    for name in ("one", "two"):
        network(shelf, 1, name)
    with pytest.raises(OutputError, match="2"):
        network(shelf, 1, "three")


def test_promised_room_is_never_more_than_there_is_however_many_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "MOST_BYTES_OF_ALL", 5000)
    shelves = [BrowserFolder(lambda _: None) for _ in range(4)]
    kept: list[str] = []

    def bring(shelf: BrowserFolder) -> None:
        for at in range(20):
            kept.append(shelf.pictures.put(f"{at}", bytes(100)))

    threads = [threading.Thread(target=bring, args=(shelf,)) for shelf in shelves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(number != NOT_KEPT for number in kept) == 50


def test_the_pictures_of_one_browser_make_room_for_its_newer_ones(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    shelf = BrowserFolder(lambda _: None)
    album = shelf.pictures
    first, second = (album.put(name, bytes(400)) for name in ("a", "b"))
    assert album.put("a", bytes(400)) == first and len(files_in(temporary)) == 2
    assert album.get(first) is not None  # looked at last
    third = album.put("c", bytes(400))
    assert album.get(second) is None and len(files_in(temporary)) == 2
    assert album.put("d", bytes(400), beside=(first, third)) == NOT_KEPT
    assert album.get(first) and album.get(third)
    assert album.put("large", bytes(1001)) == NOT_KEPT
    monkeypatch.setattr(pictures, "MOST_PICTURES", 2)
    album.put("small", b"1")
    assert len(files_in(temporary)) == 2
    kept = album.get(third)
    assert kept is not None and (kept.name, kept.read()) == ("c", bytes(400))


def test_a_word_opens_what_is_its_own_and_nothing_else() -> None:
    gone: list[str] = []
    known: KnownBrowsers[str] = KnownBrowsers(lambda what: what in gone)
    assert known.add(ONE, "mine") and known.add(OTHER, "yours")
    assert (known.find(ONE), known.find(OTHER)) == ("mine", "yours")
    assert not known.add(ONE, "somebody's") and known.find(ONE) == "mine"
    for wrong in ("", "none", ONE[:-1], ONE + "0", ONE.upper() + "A", "../" + ONE, ONE + "\n"):
        assert not is_word(wrong) and not known.add(wrong, "x") and known.find(wrong) is None
    assert ONE not in repr(vars(known)), "the word itself is kept"
    gone.append("mine")
    assert known.find(ONE) is None and known.find(OTHER) == "yours"


def test_a_choice_is_found_by_its_mark_and_the_oldest_is_forgotten() -> None:
    remembered = Remembered[OwnChoice]()
    marks = [remembered.mark(OwnChoice(picture=("upload", str(at)))) for at in range(1001)]
    assert len(set(marks)) == 1001 and remembered.find(marks[0]) is None
    assert remembered.find(marks[-1]) == OwnChoice(picture=("upload", "1000"))
    assert remembered.mark(OwnChoice(picture=("upload", "1000"))) == marks[-1]


def test_networks_of_ones_own_keep_their_places() -> None:
    assert merged(["a", "b"], ["b", "own 1", "a", "own 2"]) == ["b", "own 1", "a", "own 2"]
    assert merged(["c"], ["own 1", "a"]) == ["own 1", "c"]


# --- In the app ---


@pytest.fixture
def new_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., AppTest]:
    """Opens the app, each time in a session of its own, of the browser of a word.

    With CactiNet, unless a link says otherwise.
    """
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(store, "_known", KnownBrowsers[BrowserFolder](lambda shelf: shelf.closed))
    monkeypatch.setattr(own, "_PATIENCE_SECONDS", -1.0)  # AppTest has no browser
    st.cache_data.clear()
    st.cache_resource.clear()

    def opened(
        word: str = "", query: dict[str, str] | None = None, page: str = "compare"
    ) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if page != "compare":
            app.switch_page(f"pages/{page}.py")
        if word:
            app.session_state[state.WORD] = word
        app.query_params.update(CACTINET if query is None else query)
        app.run()
        assert not app.exception
        return app

    return opened


def bring(app: AppTest, name: str, colour: str) -> None:
    data = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(data, "PNG")
    ask_for(app, "upload")
    app.file_uploader(key="upload").set_value((name, data.getvalue(), "image/png")).run()
    assert not app.exception and not app.error


def said(app: AppTest) -> dict[str, str]:
    pairs = dict(app.query_params).items()
    return {key: value if isinstance(value, str) else value[-1] for key, value in pairs}


def shown(app: AppTest) -> str:
    return str(app.session_state[state.SHOWN_PICTURE].name)


def told(app: AppTest) -> list[str]:
    return [one.value for one in (*app.info, *app.warning)]


def about_the_link(app: AppTest) -> list[str]:
    """What is told but for an animation that is still on its way."""
    return [said for said in told(app) if said != animate_texts.FILM_FIRST]


def test_another_session_of_the_browser_has_the_picture_and_another_browser_a_sentence(
    new_session: Callable[..., AppTest],
) -> None:
    app = new_session(ONE)
    bring(app, "mine.png", "red")
    link = said(app)
    assert set(link) == {"networks", "without"} and shown(app) == "mine.png"
    assert not app.session_state[state.PICKING]  # the field makes room for the maps
    again = new_session(ONE, link)
    assert shown(again) == "mine.png" and said(again) == link and not told(again)
    for other in (new_session(OTHER, link), new_session("", link)):
        assert shown(other) != "mine.png" and told(other) == [address_texts.LEFT_OUT["picture"]]
        assert state.OWN not in other.session_state
        ask_for(other, "more").number_input(key="picked 0").set_value(3).run()
        assert not told(other) and "without" not in said(other)
    late = new_session("", link)
    late.session_state[state.WORD] = ONE  # its word comes after the page
    late.run()
    assert shown(late) == "mine.png" and said(late) == link and not told(late)
    made_up = new_session(ONE, {"without": "picture network deadbeef <b>"})
    assert not made_up.exception and len(told(made_up)) == 1  # it can't be read
    by_hand = new_session(OTHER, {"without": "network"})
    assert told(by_hand) == [address_texts.LEFT_OUT["network"]]


@pytest.mark.parametrize("page", ["compare", "animate"])
def test_a_folder_of_this_computer_is_found_by_this_browser_alone(
    new_session: Callable[..., AppTest], tmp_path: Path, page: str
) -> None:
    """No address says where it is; whoever else has the address needs the pictures."""
    (tmp_path / "mine" / "cats").mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "mine" / "cats" / "a.png")
    query = {"picture": "folder:cats/a.png", "networks": "cactinet"}
    query = {"set": "folder", "each": "1"} if page == "animate" else query
    app = new_session(ONE, {**query, "place": str(tmp_path / "mine")}, page)
    next(one for one in app.button if one.label == address_texts.LINK_OPEN).click().run()
    assert not app.exception and not about_the_link(app)
    link = dict(app.session_state[state.TRAIL].at)
    word = "pictures" if page == "animate" else "picture"
    assert link["without"].startswith(f"{word} ") and str(tmp_path) not in str(link)
    assert not {"place", "picture", "set"} & set(link)
    again, other = new_session(ONE, link, page), new_session(OTHER, link, page)
    for one in (app, again):
        if page == "animate":
            assert one.session_state[state.FILM_SET] == "folder"
        else:
            assert shown(one) == "folder:cats/a.png"
        assert one.session_state[state.TRAIL].at == link and not about_the_link(one)
    assert (
        about_the_link(other) == [address_texts.LEFT_OUT[word]]
        and state.PLACE not in other.session_state
    )
    (tmp_path / "mine" / "cats" / "a.png").unlink()
    (tmp_path / "mine" / "cats").rmdir()
    (tmp_path / "mine").rmdir()
    late = new_session(ONE, link, page)
    assert about_the_link(late) == [address_texts.LEFT_OUT[word]]
    for one in (app, again, other, late):
        if state.FILM in one.session_state:
            one.session_state[state.FILM].close()


@pytest.mark.parametrize("source", ["upload", "camera", "web"])
def test_a_tab_alone_changes_neither_picture_nor_address(
    new_session: Callable[..., AppTest], source: str
) -> None:
    query = {"picture": "samples:photographs/coffee"}
    app = new_session(ONE, query)
    before = shown(app)
    if source == "web":
        ask_for(app, "more").button_group(key="source").set_value(source).run()
    else:
        ask_for(app, source)
    assert said(app) == query and not app.exception
    assert sidebar_texts.STAND_IN in [one.value for one in app.caption]
    assert app.session_state[state.SHOWN_PICTURE].name == before
    trail = app.session_state[state.TRAIL]
    assert trail.written == 0


def test_what_one_brought_is_what_another_tab_shows_meanwhile(
    new_session: Callable[..., AppTest],
) -> None:
    app = new_session(ONE)
    bring(app, "mine.png", "red")
    link = said(app)
    ask_for(app, "camera")
    assert shown(app) == "mine.png" and said(app) == link
    ask_for(app, "upload")
    assert shown(app) == "mine.png" and said(app) == link


def test_a_class_goes_with_the_networks_that_know_it_and_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {"mine": ("sand", "thorns"), "cactinet": ("cactus", "no cactus"), "nameless": ()}
    monkeypatch.setattr("cactiviz.ui.networks.catalog.names", lambda: list(names))
    monkeypatch.setattr("cactiviz.ui.networks.catalog.class_names", names.__getitem__)
    session = {state.MODELS: ["mine", "cactinet"], state.TARGET: "Thorns", state.AGAINST: "cactus"}
    monkeypatch.setattr(st, "session_state", session)
    known: dict[str, str] = {}
    assert binding.drop_unknown(known, new=False) == []
    session[state.MODELS] = ["mine"]
    assert binding.drop_unknown(known, new=False) == [address_texts.class_unknown("cactus", False)]
    assert session[state.TARGET] == "Thorns" and session[state.AGAINST] is None
    session[state.MODELS] = ["nameless", "cactinet"]  # the former may know it
    assert binding.drop_unknown(known, new=False) == []
    session[state.MODELS] = ["cactinet"]
    assert binding.drop_unknown(known, new=False) == [address_texts.class_unknown("Thorns", False)]
    session[state.TARGET] = "never known"  # CactiNet's column says so, and what is near
    assert binding.drop_unknown(known, new=False) == []
    assert binding.drop_unknown(known, new=True) != []
    for number in ("1", "index:7"):
        session[state.TARGET] = number
        assert binding.drop_unknown(known, new=True) == []


def test_the_first_picture_of_all_stands_in_where_nothing_was_shown(
    new_session: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        "cactiviz.ui.compare.page.show", lambda choice: asked.append(choice.picture)
    )
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state[state.SOURCE] = "upload"
    app.run()
    first = library.picture(library.opened(library.first()), library.first_item())
    assert not app.exception and asked[-1].sha256 == first.sha256  # type: ignore[attr-defined]
