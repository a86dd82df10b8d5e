"""A data set that isn't in the data folder can be where its owner says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def caltech(tmp_path: Path) -> Path:
    """A folder with one picture in Caltech-256's layout."""
    folder = tmp_path / "mine" / "256_ObjectCategories" / "009.bear"
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "009_0001.jpg")
    return tmp_path / "mine"


def _gallery() -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=120)
    page.session_state["inside"] = True
    page.session_state["shown"] = "caltech256"
    return page.run()


def test_a_data_set_is_found_where_its_owner_says(
    caltech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "nothing here"))
    page = _gallery()
    field = page.text_input(key="place of caltech256")
    field.set_value(str(tmp_path / "empty")).run()
    assert "isn't in there" in page.error[0].value
    page.text_input(key="place of caltech256").set_value(str(caltech)).run()
    assert not page.error and not page.text_input
    assert "1 of 1" in " ".join(caption.value for caption in page.caption)


def test_where_others_are_let_in_nobody_names_a_folder(
    caltech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "nothing here"))
    monkeypatch.setattr("cactiviz.ui.pictures.library.is_loopback", lambda address: False)
    page = AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=120)
    for key, value in {
        "inside": True,
        "shown": "caltech256",
        "place of caltech256": str(caltech),
    }.items():
        page.session_state[key] = value
    page.run()
    assert not page.text_input
    assert "1 of 1" not in " ".join(caption.value for caption in page.caption)
