"""The app in a real Chromium: what a person sees and does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from cactiviz.images import sample

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "tests" / "screenshots"
SIZES = {"1280": (1280, 860), "390": (390, 844)}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def address(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address, on a machine without any weights."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TORCH_HOME": str(tmp_path_factory.mktemp("torch"))}
    environment.pop("CACTIVIZ_WEIGHTS", None)
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = ["--server.port", str(port), "--server.headless", "true"]
    server = subprocess.Popen(
        command + options, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("the app did not start within a minute")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")])
def page(request: pytest.FixtureRequest, chromium: str, address: str) -> Iterator[Page]:
    """A fresh page; the test fails if it asks outside, logs an error or overflows."""
    size, scheme = request.param
    width, height = SIZES[size]
    asked: list[str] = []
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        phone = size == "390"
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            color_scheme=scheme,
        )
        opened = context.new_page()
        opened.set_default_timeout(60_000)
        opened.on("request", lambda r: asked.append(r.url))
        opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        opened.on("pageerror", lambda e: errors.append(str(e)))
        opened.goto(address)
        yield opened
        overflow = opened.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        SCREENSHOTS.mkdir(exist_ok=True)
        name = request.node.originalname.removeprefix("test_")
        opened.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png")
        browser.close()
    outside = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws://127"))]
    assert not outside, f"requests to outside: {outside}"
    assert not errors, f"errors in the console: {errors}"
    assert overflow <= 0, f"the page is {overflow} px wider than the screen"


def settled(page: Page, images: int) -> None:
    """Wait until the grid holds this many pictures and nothing more is computed."""
    page.wait_for_function(
        "n => document.querySelectorAll('.cv-grid img').length === n"
        " && !document.querySelector('.cv-waiting')"
        " && !document.querySelector('[data-testid=stProgress]')",
        arg=images,
    )


def open_sidebar(page: Page) -> None:
    expand = page.get_by_test_id("stExpandSidebarButton")
    if expand.is_visible():
        expand.click()


def close_sidebar(page: Page) -> None:
    if page.viewport_size and page.viewport_size["width"] < 700:
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()


def test_first_visit_shows_a_result(page: Page) -> None:
    settled(page, images=5)
    assert page.get_by_text("CactiNet (untrained)").is_visible()
    shown = page.locator(".cv-grid img").evaluate_all(
        "all => all.map(image => [image.complete, image.naturalWidth > 0, image.alt.length > 0])"
    )
    assert all(all(image) for image in shown)


def test_upload_and_two_networks(page: Page) -> None:
    settled(page, images=5)
    photograph = BytesIO()
    Image.fromarray(sample("coffee").rgb).save(photograph, "JPEG", quality=90)
    hostile = "<img src=x onerror=alert(1)>.jpg"  # it must stay text
    open_sidebar(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": hostile, "mimeType": "image/jpeg", "buffer": photograph.getvalue()}
    )
    page.locator(f'.cv-grid img[alt="The picture: {hostile}"]').wait_for()
    page.get_by_text("Use random weights where none are here").click()
    page.get_by_test_id("stSidebar").get_by_text("AlexNet", exact=True).click()
    close_sidebar(page)
    settled(page, images=9)
    heads = page.locator(".cv-grid thead .cv-name").all_text_contents()
    assert heads == ["AlexNet (untrained)", "CactiNet (untrained)"]
    alts = page.locator(".cv-grid img").evaluate_all("all => all.map(image => image.alt)")
    assert alts[0] == f"The picture: {hostile}"
    assert page.locator("img[src=x]").count() == 0
    assert sum(alt.startswith("Grad-CAM of AlexNet (untrained) for") for alt in alts) == 1
    sources = page.locator(".cv-grid img").evaluate_all("all => all.map(image => image.src)")
    assert len(set(sources)) == 9, "two cells show the same picture"
