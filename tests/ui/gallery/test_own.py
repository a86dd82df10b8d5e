"""The user's own pictures in the Gallery: several at once, and one of them on Compare."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from weakref import WeakSet

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.pictures import open
from cactiviz.ui import texts
from cactiviz.ui.brought import current, pictures, store
from cactiviz.ui.brought.store import BrowserFolder
from cactiviz.ui.components import wall
from cactiviz.ui.gallery import page
from cactiviz.ui.gallery import texts as gallery_texts
from cactiviz.ui.session import state
from tests.fixtures.inside_pages import CACTINET

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "<img src=x onerror=alert(1)>.png"
File = tuple[str, bytes, str]


def file(name: str, shade: int = 90) -> File:
    data = BytesIO()
    Image.new("RGB", (64, 48), (shade, 120, 60)).save(data, "PNG")
    return name, data.getvalue(), "image/png"


class Walls:
    """What walls are given to show, and what is pressed in them."""

    def __init__(self) -> None:
        self.cells: Sequence[wall.Cell] = ()
        self.pressed = ""

    def show(self, cells: Sequence[wall.Cell], label: str, key: str) -> str | None:
        self.cells = cells
        return self.pressed or None

    def names(self) -> list[str]:
        assert all(cell.src.startswith("data:image/jpeg") for cell in self.cells)
        return [cell.title for cell in self.cells]


@pytest.fixture
def walls(monkeypatch: pytest.MonkeyPatch) -> Walls:
    made = Walls()
    monkeypatch.setattr(wall, "show", made.show)
    return made


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, walls: Walls) -> AppTest:
    """The Gallery with the field for the user's own pictures."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(store, "_folders", WeakSet[BrowserFolder]())  # none of other tests
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/gallery.py").run()
    app.button_group(key=state.SHOWN).set_value(page.OWN).run()
    assert not app.exception
    walls.cells = ()  # of the data set that it opens with
    return app


def drop(app: AppTest, *files: File) -> None:
    """Drop files on the field, which is empty again after."""
    (field,) = app.file_uploader
    field.set_value(list(files)).run()
    assert not app.exception and not app.file_uploader[0].value


def test_several_pictures_become_the_gallery_and_one_goes_to_compare(
    app: AppTest, walls: Walls
) -> None:
    drop(app, file("b.png", 10), file("a.png", 200), file(HOSTILE))
    assert walls.names() == [HOSTILE, "a.png", "b.png"] and not app.warning
    drop(app, file("c.png"))  # beside the others
    assert walls.names() == [HOSTILE, "a.png", "b.png", "c.png"]
    walls.pressed = walls.cells[2].key
    app.run()
    app.query_params.update(CACTINET)
    next(one for one in app.button if one.label == gallery_texts.COMPARE_THIS).click().run()
    assert not app.exception and app.session_state[state.SOURCE] == "upload"
    shown = app.session_state[state.SHOWN_PICTURE]
    assert shown.name == "b.png" and shown.rgb[0, 0, 0] == 10
    app.switch_page("pages/gallery.py").run()
    assert len(walls.names()) == 4  # they stay


def test_what_is_no_picture_is_a_sentence_and_takes_nothing_from_the_others(
    app: AppTest, walls: Walls, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "no <b>.png", b"no picture", "image/png"
    drop(app, file("a.png"), broken, file("b.png"))
    assert walls.names() == ["a.png", "b.png"]
    (said,) = [one.value for one in app.warning]
    assert texts.plain("no <b>.png") in said and "<b>" not in said
    monkeypatch.setattr(open, "MAX_BYTES", 300)
    large = "large.png", bytes(301), "image/png"
    drop(app, large, broken, file("c.png"))
    assert walls.names() == ["a.png", "b.png", "c.png"]
    assert [one.value for one in app.warning] == [gallery_texts.refused(2)]
    (folded,) = [one for one in app.expander if one.label == gallery_texts.REFUSED_WHICH]
    assert folded.markdown[0].value.count("\n") == 1 and not folded.proto.expanded


def test_no_more_are_kept_than_there_is_room_for(
    app: AppTest, walls: Walls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_PICTURES", 2)
    drop(app, *(file(f"{shade}.png", shade) for shade in (10, 20, 30)))
    assert walls.names() == ["10.png", "20.png"]
    assert [one.value for one in app.warning] == [texts.plain(gallery_texts.no_room_for("30.png"))]


def test_a_long_gallery_has_pages(
    app: AppTest, walls: Walls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE_SIZE", 2)
    drop(app, *(file(f"{shade}.png", shade) for shade in (10, 20, 30)))
    assert walls.names() == ["10.png", "20.png"]
    next(one for one in app.button if one.label == gallery_texts.NEXT).click().run()
    assert walls.names() == ["30.png"]
    assert current.GALLERY != current.FILM
