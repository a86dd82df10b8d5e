"""Links, Back and Forward in a real Chromium; what AppTest can't see of the browser's history."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from cactiviz.ui import texts

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
_PAUSE_MS = 700  # a person's; what comes quicker is taken for an echo


def said(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def says(page: Page, query: dict[str, str]) -> None:
    """Wait until the address has exactly these parameters."""
    for _ in range(400):
        if said(page) == query:
            page.wait_for_timeout(_PAUSE_MS)
            if said(page) == query:  # and keeps them
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.url} doesn't say {query}")


def chosen(page: Page, *titles: str) -> None:
    """Wait until exactly these networks are chosen at the side."""
    labels = [title if title == "CactiNet" else f"{title} ↓" for title in titles]
    active = page.locator(".st-key-models button[aria-pressed=true]")
    expect(active).to_have_text(labels, timeout=60_000)


def press(page: Page, title: str) -> None:
    page.locator(".st-key-models button").filter(has_text=title).click()


def open_page_of(page: Page, title: str, heading: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
    page.get_by_role("heading", name=heading).wait_for()


def test_back_and_forward_go_through_what_was_chosen(open_page: Open) -> None:
    page = open_page("/?palette=viridis")
    chosen(page, "CactiNet")
    press(page, "AlexNet")
    look, first = {"palette": "viridis"}, {"networks": "alexnet cactinet"}
    says(page, {**first, **look})
    press(page, "EB0")
    page.wait_for_timeout(40)
    press(page, "EB3")  # at once
    last = {"networks": "alexnet efficientnet_b0 efficientnet_b3 cactinet"}
    says(page, {**last, **look})
    chosen(page, "AlexNet", "EB0", "EB3", "CactiNet")
    for _ in range(2):  # the two quick presses may have become one entry
        if said(page).get("networks") != first["networks"]:
            page.go_back()
            page.wait_for_timeout(_PAUSE_MS)
    says(page, {**first, **look})
    chosen(page, "AlexNet", "CactiNet")
    assert page.locator("table").get_by_text("AlexNet", exact=True).count() == 1
    page.go_back()
    says(page, look)
    chosen(page, "CactiNet")
    page.go_forward()
    says(page, {**first, **look})
    chosen(page, "AlexNet", "CactiNet")
    page.reload()
    chosen(page, "AlexNet", "CactiNet")
    says(page, {**first, **look})


def test_pages_keep_what_was_chosen_and_back_needs_one_press(open_page: Open) -> None:
    page = open_page()
    chosen(page, "CactiNet")
    open_page_of(page, "Gallery", texts.GALLERY_TITLE)
    page.wait_for_timeout(_PAUSE_MS)
    open_page_of(page, "Compare", texts.COMPARE_TITLE)
    press(page, "AlexNet")
    query = {"networks": "alexnet cactinet"}
    says(page, query)
    open_page_of(page, "Gallery", texts.GALLERY_TITLE)
    page.wait_for_timeout(_PAUSE_MS)
    open_page_of(page, "Compare", texts.COMPARE_TITLE)
    says(page, query)  # completed in place
    chosen(page, "AlexNet", "CactiNet")
    page.go_back()
    page.get_by_role("heading", name=texts.GALLERY_TITLE).wait_for()
    page.wait_for_timeout(_PAUSE_MS)
    page.go_back()
    says(page, query)
    chosen(page, "AlexNet", "CactiNet")
    page.go_back()
    says(page, {})
    chosen(page, "CactiNet")
    page.go_back()
    page.get_by_role("heading", name=texts.GALLERY_TITLE).wait_for()
    page.wait_for_timeout(_PAUSE_MS)
    page.go_back()  # to the very first entry, which means the first picture and network
    page.get_by_role("heading", name=texts.COMPARE_TITLE).wait_for()
    says(page, {})
    chosen(page, "CactiNet")


def test_a_link_restores_the_page_and_is_copied_whole(open_page: Open) -> None:
    link = {
        "picture": "samples:photographs/coffee",
        "views": "grad_cam layer_cam",
        "class": "cactus",
        "against": "no cactus",
        "layer": "stages.1",
        "scale": "rank",
        "strength": "0.8",
    }
    query = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in link.items())
    page = open_page(f"/?{query}")
    page.locator("table").get_by_text("LayerCAM", exact=True).wait_for()
    assert page.locator("input[name=scale]:checked").get_attribute("value") == "rank"
    page.get_by_text("“cactus” rather than “no cactus” · layer stages.1", exact=True).wait_for()
    says(page, link)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert dict(parse_qsl(urlsplit(copied).query)) == link


@pytest.mark.parametrize(("size", "scheme"), [("1280", "light"), ("390", "dark")])
def test_a_web_address_in_a_link_is_asked_for_and_stays_text(
    open_page: Open, size: str, scheme: str
) -> None:
    web = "http://127.0.0.1:9/<img+src=x+onerror=alert(1)>.png"
    page = open_page(f"/?web={web}&networks=<img+src=x>", size=size, scheme=scheme)
    page.get_by_text("This link wants to fetch a picture from 127.0.0.1:9.").wait_for()
    page.get_by_text("The link names “<img” and 1 more as a network").wait_for()
    assert page.locator("img[src=x]").count() == 0
    page.get_by_role("button", name=texts.LINK_FETCH).click()
    page.get_by_text("This link wants").wait_for(state="hidden")
    page.get_by_role("alert").filter(has_text="127.0.0.1").wait_for(state="attached")
    assert page.locator("img[src=x]").count() == 0
