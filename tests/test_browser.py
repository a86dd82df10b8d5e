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

from cactiviz.images import sample, samples
from cactiviz.models import MODELS, find_weights

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "tests" / "screenshots"
SIZES = {"1280": (1280, 860), "390": (390, 844)}
HOSTILE = "<img src=x onerror=alert(1)>"
CACTINET = "CactiNet" if find_weights(MODELS["cactinet"]) else "CactiNet (untrained)"
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
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
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


@pytest.fixture(scope="module")
def address(chromium: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address, with no weights but those that come along."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TORCH_HOME": str(tmp_path_factory.mktemp("torch")),
        "CACTIVIZ_DATA": str(data),
    }
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
    if on_a_phone(page):
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()


def test_first_visit_shows_a_result(page: Page) -> None:
    settled(page, images=5)
    assert page.locator(".cv-grid").get_by_text(CACTINET, exact=True).is_visible()
    shown = page.locator(".cv-grid img").evaluate_all(
        "all => all.map(image => [image.complete, image.naturalWidth > 0, image.alt.length > 0])"
    )
    assert all(all(image) for image in shown)


def test_upload_and_two_networks(page: Page) -> None:
    settled(page, images=5)
    photograph = BytesIO()
    Image.fromarray(sample("coffee").rgb).save(photograph, "JPEG", quality=90)
    hostile = f"{HOSTILE}.jpg"  # it must stay text
    open_sidebar(page)
    page.get_by_test_id("stSidebar").get_by_text("Your own", exact=True).click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": hostile, "mimeType": "image/jpeg", "buffer": photograph.getvalue()}
    )
    page.locator(f'.cv-grid img[alt="The picture: {hostile}"]').wait_for()
    page.get_by_text("Use random weights where none are here").click()
    page.get_by_test_id("stSidebar").get_by_text("AlexNet", exact=True).click()
    close_sidebar(page)
    settled(page, images=9)
    heads = page.locator(".cv-grid thead .cv-name").all_text_contents()
    assert heads == ["AlexNet (untrained)", CACTINET]
    alts = page.locator(".cv-grid img").evaluate_all("all => all.map(image => image.alt)")
    assert alts[0] == f"The picture: {hostile}"
    assert page.locator("img[src=x]").count() == 0
    assert sum(alt.startswith("Grad-CAM of AlexNet (untrained) for") for alt in alts) == 1
    sources = page.locator(".cv-grid img").evaluate_all("all => all.map(image => image.src)")
    assert len(set(sources)) == 9, "two cells show the same picture"


def on_a_phone(page: Page) -> bool:
    return page.viewport_size is not None and page.viewport_size["width"] < 700


def open_gallery(page: Page) -> None:
    if on_a_phone(page):
        page.locator(".st-key-cv-pages").get_by_text("Gallery").click()
    else:
        page.get_by_test_id("stTopNavLink").nth(1).click()
    thumbnails(page, 24)


def thumbnails(page: Page, count: int) -> list[str]:
    """What each small picture is called, once there are so many and all are loaded."""
    images = page.locator(".grid img")
    page.wait_for_timeout(100)
    for _ in range(100):
        shown = images.evaluate_all("all => all.map(one => one.naturalWidth > 0 && one.alt)")
        if len(shown) == count and all(shown):
            return list(shown)
        page.wait_for_timeout(100)
    raise AssertionError(f"{shown}, not {count} pictures")


def choose_dataset(page: Page, title: str) -> None:
    page.locator(".st-key-shown button").filter(has_text=title).click()


def test_gallery_opens_and_draws_again(page: Page) -> None:
    settled(page, images=5)
    open_gallery(page)
    first = thumbnails(page, 24)
    page.get_by_role("button", name="Draw again").click()
    page.get_by_text("24 of 2,000 · seed 2").wait_for()
    page.locator(f'.grid li:first-child img:not([alt="{first[0]}"])').wait_for()
    assert len(set(first) - set(thumbnails(page, 24))) > 12
    page.get_by_text("In order", exact=True).click()
    page.get_by_text("1–24 of 2,000").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("25–48 of 2,000").wait_for()
    page.locator('.grid li:first-child img[alt="no cactus: 24"]').wait_for()


def test_gallery_searches_the_classes(page: Page) -> None:
    settled(page, images=5)
    open_gallery(page)
    choose_dataset(page, "Caltech-256")
    page.get_by_text("24 of 24 · seed 1").wait_for()  # twelve classes of thirty, two of each
    page.get_by_label("Search the classes").press_sequentially("Thing-2")
    page.get_by_text("22 of 22 · seed 1").wait_for()  # 2, and 20 to 29
    assert all("thing-2" in name for name in thumbnails(page, 22))


def test_gallery_offers_what_is_not_here(page: Page) -> None:
    settled(page, images=5)
    open_gallery(page)
    choose_dataset(page, "iNaturalist · not here yet")
    page.get_by_role("button", name="Download about 3.8 GB").wait_for()
    panel = page.locator(".cv-facts").inner_text()
    assert "not verified: no hash is published" in panel and "licence" in panel
    choose_dataset(page, "live search")
    page.get_by_text("Nothing is asked of inaturalist.org").wait_for()


def test_gallery_hands_a_picture_to_compare(page: Page, data: Path) -> None:
    settled(page, images=5)
    open_gallery(page)
    choose_dataset(page, "Any folder or zip")
    page.get_by_placeholder("/home/you/pictures").fill(str(data / "own"))
    page.keyboard.press("Enter")
    page.locator(".broken").wait_for()  # among good ones
    assert sorted(thumbnails(page, 2)) == [f"{HOSTILE}: {HOSTILE}.jpg", "cats: cup.jpg"]
    picture = page.locator(".grid button").filter(has=page.get_by_alt_text(f"{HOSTILE}.jpg"))
    picture.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("its terms are known to whoever put it there").wait_for()
    dialog.get_by_role("button", name="Compare this one").click()
    page.locator(f'.cv-grid img[alt="The picture: folder:{HOSTILE}/{HOSTILE}.jpg"]').wait_for()
    settled(page, images=5)
    assert page.locator("img[src=x]").count() == 0


def test_arrows_move_between_the_small_pictures(page: Page) -> None:
    settled(page, images=5)
    open_gallery(page)
    buttons = page.locator(".grid button")
    buttons.first.focus()
    columns = buttons.evaluate_all("all => new Set(all.map(one => one.offsetLeft)).size")
    for key, index in (("ArrowRight", 1), ("ArrowDown", 1 + columns), ("Home", 0), ("End", 23)):
        page.keyboard.press(key)
        at = buttons.evaluate_all("all => all.indexOf(all[0].getRootNode().activeElement)")
        assert at == index, key
