"""The page Animate in a real browser: what plays, and what can be taken home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browsing import SCREENS, until
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser

WIDTH = "image => image.decode().then(() => image.naturalWidth)"


def make(page: Page, kind: str) -> None:
    page.get_by_role("radio", name=kind, exact=True).click()
    page.get_by_role("button", name=f"Make the {kind}").click()
    expect(page.get_by_role("button", name=f"Download the {kind}")).to_be_visible()


def plays_and_can_be_held(page: Page) -> None:
    image = page.locator(".frame.plays img")
    image.wait_for()
    assert image.evaluate(WIDTH) == 1072  # four panels in a row
    moving = image.get_attribute("src") or ""
    assert moving.startswith("data:image/webp")
    page.get_by_role("button", name="Pause", exact=True).click()
    still = page.locator(".frame img").get_attribute("src") or ""
    assert still.startswith("data:image/jpeg")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(image).to_have_attribute("src", moving)


@long
@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_a_first_visit_plays_and_can_be_held(
    open_page: Callable[..., Page], size: str, scheme: str
) -> None:
    page = open_page("/animate", size=size, scheme=scheme, moving=True)
    plays_and_can_be_held(page)


def test_gif_and_mp4_play_where_they_were_made(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page("/animate?each=2", moving=True)  # four frames are quickly made
    plays_and_can_be_held(page)
    make(page, "GIF")
    image = page.locator('.frame img[src^="data:image/gif"]')
    assert image.evaluate(WIDTH) == 1072  # four panels in a row
    make(page, "MP4")
    video = page.locator("video")
    video.wait_for()
    until(page, "document.querySelector('video').currentTime > 0.2")
    assert video.evaluate("video => video.videoWidth") == 1072
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the MP4").click()
    assert download.value.suggested_filename == "cactiviz 4 pictures.mp4"
    download.value.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
