"""Fixtures for tests in a real Chromium: the app's server, a browser, and pages that tell."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from cactiviz.pictures.open import samples

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "tests" / "screenshots"
SIZES = {"1280": (1280, 860), "390": (390, 844)}
EVERYWHERE = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
PATIENCE_MS = 60_000  # other tests take their time on a small machine
expect.set_options(timeout=PATIENCE_MS)
HOSTILE = "<img src=x onerror=alert(1)>"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Heard:
    """What a page asked for, and what it complained of."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def complaint(self, message: ConsoleMessage) -> None:
        """Keep it, but for Streamlit's search for its own base path below a page's address."""
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            self.errors.append(message.text)


@contextmanager
def served(script: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A Streamlit server with this script, until the end; its address.

    Args:
        script: The app, or a page that only a test serves.
        environment: What is other than here; empty for what shall not be set.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.port", str(port), "--server.headless", "true"]
    variables = {key: value for key, value in {**os.environ, **environment}.items() if value}
    server = subprocess.Popen(command + options, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail(f"{script.name} did not start within a minute")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="session")
def app_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data folder: a part of Caltech-256, and pictures whose names are hostile."""
    folder = tmp_path_factory.mktemp("data")
    photographs = list(samples().values())
    for index in range(30):
        place = folder / f"256_ObjectCategories/{index + 1:03}.thing-{index}"
        place.mkdir(parents=True)
        for number, photograph in enumerate(photographs[:2]):
            small = Image.fromarray(photograph.rgb).resize((120 + index, 90))
            small.save(place / f"{index + 1:03}_{number:04}.jpg")
    own = folder / "own" / HOSTILE
    own.mkdir(parents=True)
    Image.fromarray(photographs[0].rgb).save(own / f"{HOSTILE}.jpg")
    (folder / "own" / "cats").mkdir()
    Image.fromarray(photographs[1].rgb).save(folder / "own" / "cats" / "cup.jpg")
    (folder / "own" / "cats" / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="session")
def app_address(
    chromium: str, app_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the app, with no weights but those that come along."""
    environment = {
        "TORCH_HOME": str(tmp_path_factory.mktemp("torch")),
        "CACTIVIZ_DATA": str(app_data),
        "CACTIVIZ_WEIGHTS": "",
    }
    with served(ROOT / "app.py", environment) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for a file of tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Browser, app_address: str
) -> Iterator[Callable[..., Page]]:
    """Opens pages of the app, each in a session of its own.

    The test fails if one of them asks outside, logs an error or is wider than its screen.
    """
    opened: list[tuple[Page, Heard, str]] = []

    def open_one(query: str = "", *, size: str = "1280", scheme: str = "light") -> Page:
        phone = size == "390"
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            color_scheme=scheme,  # type: ignore[arg-type]
            permissions=["clipboard-read", "clipboard-write"],
        )
        page, heard = context.new_page(), Heard()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda r: heard.requests.append(r.url))
        page.on("console", lambda m: heard.complaint(m))
        page.on("pageerror", lambda e: heard.errors.append(str(e)))
        page.goto(app_address + query)
        opened.append((page, heard, f"{size}-{scheme}"))
        return page

    yield open_one
    SCREENSHOTS.mkdir(exist_ok=True)
    name = request.node.originalname.removeprefix("test_")
    overflows, outside, errors = [], [], []
    for page, heard, form in opened:
        page.screenshot(path=SCREENSHOTS / f"{name}-{form}.png")
        overflows.append(
            page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )
        at_home = (app_address, "data:", "blob:", "ws://127")
        outside += [url for url in heard.requests if not url.startswith(at_home)]
        errors += heard.errors
        page.context.close()
    assert not outside, f"requests to outside: {outside}"
    assert not errors, f"errors in the console: {errors}"
    assert max(overflows, default=0) <= 0, f"wider than the screen by {overflows} px"


def until(page: Page, expression: str, timeout_ms: float = PATIENCE_MS) -> None:
    """Wait until an expression holds in the page.

    ``wait_for_function`` evaluates it within the page, which the app's policy forbids.
    """
    end = time.monotonic() + timeout_ms / 1000
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise TimeoutError(f"It never held: {expression}")
        page.wait_for_timeout(50)


def at_rest(page: Page) -> None:
    """Wait until the server has nothing more to say, and nothing is shown faded meanwhile."""
    expect(page.locator('[data-testid=stApp][data-test-script-state="notRunning"]')).to_be_visible()
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    until(
        page,
        "[...document.images].every(image => image.complete) && !document.getAnimations().length",
    )


def in_the_dark(page: Page) -> None:
    """What the same page shows once the system's colours are dark."""
    page.emulate_media(color_scheme="dark")
    until(
        page,
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === 'dark'",
    )
    at_rest(page)


def on_a_phone(page: Page) -> bool:
    """Whether the page is as narrow as a phone."""
    return page.viewport_size is not None and page.viewport_size["width"] < 700


def open_sidebar(page: Page) -> None:
    """On a phone the sidebar is folded away."""
    expand = page.get_by_test_id("stExpandSidebarButton")
    if expand.is_visible():
        expand.click()


def close_sidebar(page: Page) -> None:
    """Where it covers the page."""
    if on_a_phone(page):
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
