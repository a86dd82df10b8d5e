"""What all tests share: the folder with test data, and a Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.fixtures.browsing import app_address, app_data, browser, open_page  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with data that is too large for the repository; skips where it is absent."""
    folder = Path(os.environ.get("CACTIVIZ_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("The test data is not here: name its folder in CACTIVIZ_TEST_DATA.")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips where there is none."""
    named = os.environ.get("CHROMIUM")
    found = (
        shutil.which(named)
        if named
        else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    )
    if found is None:
        pytest.skip(
            "Chromium is not installed: install your system's package `chromium`, "
            "or name the program in CHROMIUM."
        )
    return found


#: Pages that a browser test serves: they run only inside of Streamlit.
collect_ignore = [f"fixtures/{name}.py" for name in ("grid_page", "recorded_app", "what_if_page")]
