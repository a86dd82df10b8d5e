"""What the tests of Filters and Neurons share: a page opened, and what its walls were given."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.ui import texts
from cactiviz.ui.components import wall

ROOT = Path(__file__).resolve().parent.parent
Walls = dict[str, Sequence[wall.Cell]]


def watch_walls(monkeypatch: pytest.MonkeyPatch) -> Walls:
    """By its key, what each wall is given to show from now on."""
    shown: Walls = {}

    def show(cells: Sequence[wall.Cell], label: str, key: str, images: Mapping[str, str]) -> None:
        used = {film.image for c in cells for pane in (*c.small, *c.large) for film in pane.films}
        assert used <= set(images), "a pane shows an image that isn't sent"
        shown[key] = cells

    monkeypatch.setattr(wall, "show", show)
    return shown


def open_page(
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    weights: Path,
    query: Mapping[str, str] | None = None,
) -> AppTest:
    """A page of the app, settled, with no weights but those that come along."""
    monkeypatch.setenv("TORCH_HOME", str(weights))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    st.cache_data.clear()
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page(page)
    app.query_params.update(query or {})
    return settled(app)


def settled(app: AppTest) -> AppTest:
    """Run until nothing is waited for."""
    for _ in range(400):
        app.run()
        assert not app.exception
        said = " ".join(captions(app))
        if texts.WAITING not in said and "hourglass" not in said:
            return app
        time.sleep(0.02)
    raise AssertionError("something is still waited for")


def captions(app: AppTest) -> list[str]:
    """The small print of a page, without the signs that keep Markdown away from it."""
    return [caption.value.replace("\\", "") for caption in app.caption]


def press(app: AppTest, label: str) -> None:
    """Press the button of this label, and wait until the page is settled."""
    next(button for button in app.button if button.label == label).click()
    settled(app)


def pixels(address: str) -> NDArray[Any]:
    """uint8 (h, w, 3) of an image in a data address."""
    image = Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(image.convert("RGB"))
