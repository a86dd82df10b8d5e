"""What all tests share: the folder with test data, and a Chromium."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fixtures.browsing import (  # noqa: F401 - fixtures
    TALK,
    app_address,
    app_data,
    browser,
    open_page,
    record,
    seen,
)

ROOT = Path(__file__).resolve().parents[1]
#: The first has no window of its own to paint, which the others do even where nobody sees it.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with data that is too large for the repository; skips where it is absent."""
    folder = Path(os.environ.get("CACTIVIZ_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("The test data is not here: name its folder in CACTIVIZ_TEST_DATA.")
    return folder


@pytest.fixture(scope="session", autouse=True)
def pages_run_quickly() -> Iterator[None]:
    """Spare Streamlit in this process what it does for each run of a page.

    It looks for components among the installed packages, and collects garbage.
    """
    if "streamlit" not in sys.modules:  # no test that was collected opens pages
        yield
        return
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner import script_runner

    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        # It collects garbage after each run of a page: half a second over all that tests import.
        patch.setattr(script_runner, "gc", SimpleNamespace(collect=lambda generation: 0))
        yield


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

#: Left out of ``make quick``, besides what needs a browser: what trains, starts servers or other
#: programs, opens whole pages of the app or runs whole commands, or asks many or large networks.
LONG = (
    *("batch/test_animation", "cli/test_commands", "cli/test_inputs_kept", "cli/test_main"),
    *("cli/test_no_traceback", "comparison/test_caveats", "comparison/test_compare"),
    *("comparison/test_report", "comparison/test_said", "comparison/test_strangers"),
    *("datasets/test_folder_rule", "datasets/test_scenes", "engine/test_depth"),
    *("engine/test_receptive_field", "methods/test_completeness", "methods/test_float32"),
    *("methods/test_references", "models/test_checkpoint_real", "models/test_file_bounds"),
    *("models/test_lite", "models/test_models", "models/test_own_preprocessing"),
    *("models/test_state_dict", "models/test_weights", "models/test_zoo", "pictures/test_hostile"),
    *("pictures/test_public_door", "pictures/test_web", "recipes/test_locate"),
    *("recipes/test_origins", "recipes/test_snippets", "runtime/test_runner", "test_installed"),
    *("test_kills", "test_recorded", "test_start", "training/", "ui/address/test_history"),
    *("ui/address/test_links", "ui/animate/test_page", "ui/brought/test_store", "ui/compare/"),
    *("ui/layers/", "ui/learn/test_page", "ui/networks/", "ui/server/test_attack"),
    "ui/server/test_safety",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what takes long")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Not even import what ``--quick`` leaves out; None lets the other rules decide."""
    inside = collection_path.is_relative_to(ROOT / "tests")
    if not config.getoption("quick") or not inside or collection_path.is_dir():
        return None
    name = collection_path.relative_to(ROOT / "tests").as_posix()
    return True if name.startswith(LONG) or name.endswith("_browser.py") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the browser tests where ``--quick`` asks for it; begin with them otherwise.

    Whoever has nothing to do takes tests from the end of another's list: so one of several
    processes runs all that need a browser, with one server and one Chromium.
    """
    long = [item for item in items if item.get_closest_marker("browser")]
    others = [item for item in items if not item.get_closest_marker("browser")]
    if config.getoption("quick"):
        config.hook.pytest_deselected(items=long)
        long = []
    items[:] = long + others


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keep Playwright's loop to the tests that use it."""
    if not item.get_closest_marker("browser"):
        return (yield)
    with TALK.going_on():
        return (yield)
