"""From page to page in a real Chromium: what is chosen stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cactiviz.ui import texts
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.browsing import CACTINET, at_rest, go
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def original(page: Page) -> str:
    return page.locator(".box .original").get_attribute("alt") or ""


@long
def test_a_page_left_at_once_keeps_what_it_chose_by_itself(open_page: Open) -> None:
    """A visit whose answers are there already runs once; nobody has touched anything on it."""
    warm = open_page(CACTINET)
    expect(warm.locator(".box .cell")).to_have_count(4)
    page = open_page(CACTINET)
    expect(page.locator(".box .cell")).to_have_count(4)
    at_rest(page)
    before = original(page)
    go(page, texts.FILTERS)
    expect(page.locator(".grid .cell").first).to_be_visible()
    expect(page.get_by_text(sidebar_texts.PICK_A_NETWORK)).to_have_count(0)
    go(page, texts.NEURONS)
    go(page, texts.COMPARE)
    expect(page.locator(".box .cell")).to_have_count(4)
    assert original(page) == before
