"""From page to page in a real Chromium: what is chosen stays."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cactiviz.ui import texts
from tests.fixtures.browsing import at_rest

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
    expect(page.get_by_test_id("stTopNavLink").filter(has_text=name)).to_have_attribute(
        "aria-current", "page"
    )
    at_rest(page)


def original(page: Page) -> str:
    return page.locator(".box .original").get_attribute("alt") or ""


def test_a_page_left_at_once_keeps_what_it_chose_by_itself(open_page: Open) -> None:
    """A visit whose answers are there already runs once; nobody has touched anything on it."""
    warm = open_page()
    expect(warm.locator(".box .cell")).to_have_count(4)
    page = open_page()
    expect(page.locator(".box .cell")).to_have_count(4)
    at_rest(page)
    before = original(page)
    go(page, texts.FILTERS)
    expect(page.locator(".grid .cell").first).to_be_visible()
    expect(page.get_by_text(texts.PICK_A_NETWORK)).to_have_count(0)
    go(page, texts.NEURONS)
    go(page, texts.COMPARE)
    expect(page.locator(".box .cell")).to_have_count(4)
    assert original(page) == before


def test_a_picture_of_ones_own_stays_until_another_takes_its_place(open_page: Open) -> None:
    page = open_page()
    at_rest(page)
    page.get_by_test_id("stSidebar").get_by_text(texts.SOURCES["upload"], exact=True).click()
    for name, colour in (("mine.png", "red"), ("other.png", "green")):
        file = BytesIO()
        Image.new("RGB", (80, 60), colour).save(file, "png")
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
            {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
        )
        expect(page.locator(".box .original")).to_have_attribute("alt", f"{texts.ORIGINAL}: {name}")
        go(page, texts.FILTERS)
        go(page, texts.COMPARE)
        expect(page.locator(".box .original")).to_have_attribute("alt", f"{texts.ORIGINAL}: {name}")
        expect(page.get_by_text(texts.STILL_THERE.format(name=name))).to_be_visible()
