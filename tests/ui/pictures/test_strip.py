"""The strip of pictures: what stands in it, and what a press leads to."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image

from cactiviz.datasets import Item
from cactiviz.pictures.open import SAMPLES, open_picture
from cactiviz.ui.brought import current, store
from cactiviz.ui.brought.store import BrowserFolder
from cactiviz.ui.pictures import library, picker, strip
from cactiviz.ui.pictures.strip import Tile
from cactiviz.ui.session import state

CHELSEA, COFFEE = (Item("samples", "photographs", name) for name in ("chelsea", "coffee"))
FIRST = [f"samples:photographs/{name}" for name in SAMPLES] + ["scenes:cactus/178"]
ASKS = ["upload", "camera", "more"]
Session = dict[str, Any]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    """A session that has chosen nothing yet, and a folder for what it brings."""
    made: Session = {}
    monkeypatch.setattr(st, "session_state", made)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    # Both are kept by the session of a run, which there is none of.
    monkeypatch.setattr(store, "here", lambda: made.get(state.OWN))
    monkeypatch.setattr(picker, "opened", lambda own: open_picture(own.read(), name=own.name))
    return made


def bring(session: Session, name: str, source: str = "upload") -> None:
    """What the field of a source does with a file."""
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(data, "PNG")
    folder = session.setdefault(state.OWN, BrowserFolder(lambda _: None))
    session[state.BROUGHT + source] = folder.pictures.put(name, data.getvalue())


def tiles() -> dict[str, Tile]:
    return {tile.key: tile for tile in strip._tiles()}


def chosen() -> list[str]:
    return [key for key, tile in tiles().items() if tile.chosen]


def test_it_begins_with_photographs_and_a_drawn_scene_and_ends_with_questions(
    session: Session,
) -> None:
    made = tiles()
    assert list(made) == [*(f"set {address}" for address in FIRST), *ASKS]
    assert chosen() == ["set samples:photographs/chelsea"]
    titles = [tile.title for tile in made.values()]
    assert titles == [
        *("cat", "coffee", "rocket", "astronaut", "desert"),
        *("your photo", "camera", "more"),
    ]
    assert all(tile.alt for tile in made.values())
    thumbnails = [tile.src for tile in made.values() if tile.src]
    assert len(set(thumbnails)) == len(FIRST)
    assert all(src.startswith("data:image/jpeg;base64,") for src in thumbnails)
    assert [key for key, tile in made.items() if tile.sign] == ASKS


def test_a_press_shows_the_picture_of_a_tile_and_closes_what_asked(session: Session) -> None:
    session.update({state.PICKING: "camera", state.SOURCE: "camera"})
    strip._follow(f"set {COFFEE.address}")
    assert session[state.SOURCE] == "set" and not strip.asked()
    picked = (session[key] for key in (state.DATASET, state.CLASS, state.ITEM))
    assert tuple(picked) == ("samples", "photographs", "coffee")
    assert chosen() == [f"set {COFFEE.address}"]


@pytest.mark.parametrize("key", ASKS)
def test_what_asks_opens_with_one_press_and_closes_with_another(session: Session, key: str) -> None:
    state.choose(COFFEE)
    strip._follow(key)
    assert strip.asked() == key and chosen() == [key]
    assert session[state.SOURCE] == ("set" if key == "more" else key)
    strip._follow(key)
    assert not strip.asked() and chosen() == [f"set {COFFEE.address}"]


def test_what_is_shown_stays_where_more_is_asked_for_and_closed_again(session: Session) -> None:
    session.update({state.SOURCE: "web", state.WEB: "https://example.org/a.jpg"})
    strip._follow("more")
    assert session[state.SOURCE] == "web" and strip.asked() == "more"
    strip._follow("more")
    assert session[state.SOURCE] == "web" and not strip.asked()
    bring(session, "mine.png", "upload")
    session[state.SOURCE] = "upload"
    strip._follow("upload")
    strip._follow("upload")
    assert session[state.SOURCE] == "upload" and chosen() == ["own upload"]


def test_pictures_of_ones_own_become_tiles(session: Session) -> None:
    hostile = "<img src=x>.png"
    for name, source in ((hostile, "upload"), ("camera", "camera")):
        bring(session, name, source)
    made = tiles()
    assert list(made)[len(FIRST) : -len(ASKS)] == ["own upload", "own camera"]
    assert made["own upload"].title == hostile == made["own upload"].alt  # which is set as text
    assert made["own upload"].src.startswith("data:image/jpeg;")
    assert not made["own upload"].chosen
    session[state.PICKING] = "more"
    strip._follow("own upload")
    assert session[state.SOURCE] == "upload" and not strip.asked()
    assert chosen() == ["own upload"]
    current_one = current.picture("upload")
    assert current_one is not None
    current_one.file.unlink()
    assert "own upload" not in tiles(), "it can't be read any more"


def test_a_picture_of_another_page_stands_in_it_for_as_long_as_it_is_shown(
    session: Session,
) -> None:
    scene = Item("scenes", "no cactus", "7")
    state.choose(scene)
    made = tiles()
    assert list(made)[len(FIRST)] == f"set {scene.address}" and chosen() == [f"set {scene.address}"]
    assert made[f"set {scene.address}"].title == "7"
    strip._follow(f"set {scene.address}")
    assert session[state.ITEM] == "7"
    state.choose(CHELSEA)
    assert f"set {scene.address}" not in tiles()
    session.update({state.SOURCE: "web"})
    assert chosen() == ["more"]


def test_a_picture_that_is_not_there_is_no_tile_and_breaks_nothing(session: Session) -> None:
    state.choose(Item("samples", "photographs", "dog"))
    assert list(tiles()) == [*(f"set {address}" for address in FIRST), *ASKS]
    state.choose(Item("caltech256", "009.bear", "009_0001"))
    assert list(tiles()) == [*(f"set {address}" for address in FIRST), *ASKS]
    assert not library.is_here("caltech256")


@pytest.mark.parametrize(
    "key",
    [
        *(None, 7, [], {}, ["set samples:photographs/coffee"], "", "set", "upload ", "own web"),
        *("set scenes:cactus/3", "set folder:../../etc/passwd", "samples:photographs/coffee"),
        *("own camera", "own upload", "own set"),  # nothing was brought
    ],
)
def test_nonsense_from_a_browser_chooses_nothing(session: Session, key: object) -> None:
    session[state.PICKING] = "more"
    before = dict(session)
    strip._follow(key)
    assert session == before
