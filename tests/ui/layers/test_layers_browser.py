"""Filters and Neurons in a real Chromium: the wall, its enlarged view, and a place clicked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.fixtures.browsing import SCREENS, until
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
FOCUSED = "all => all.indexOf(all[0].getRootNode().activeElement)"


def walls_shown(page: Page) -> None:
    page.locator(".of-panes img").first.wait_for()
    until(page, "[...document.images].every(image => image.complete)")


def ours(page: Page) -> list[str]:
    """What axe finds in the walls and their dialogs, in words."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']}"
        for one in found
        for node in one["nodes"]
        if any(mark in str(node["target"]) for mark in ("of-panes", "dialog", "pane", "point"))
    ]


@long
@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_a_filter_is_enlarged_by_the_keyboard(open_page: Open, size: str, scheme: str) -> None:
    page = open_page("/filters?networks=cactinet", size=size, scheme=scheme)
    walls_shown(page)
    buttons = page.locator(".of-panes button")
    expect(buttons).to_have_count(32)
    kernel = page.locator(".of-panes .squares").first  # each weight is a square of its own
    assert kernel.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [3, 3]
    assert kernel.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    buttons.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    second = buttons.nth(1).get_attribute("aria-label") or ""
    expect(dialog.get_by_role("heading")).to_have_text(second.partition(" of ")[0])
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".place")).to_have_text("3 / 32")
    dialog.get_by_role("slider").fill("0.2")
    assert dialog.locator(".fades").evaluate("film => getComputedStyle(film).opacity") == "0.2"
    assert ours(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert buttons.evaluate_all(FOCUSED) == 2  # where the reader is now


@long
def test_neurons_follow_a_place_that_is_clicked(open_page: Open) -> None:
    page = open_page("/neurons?networks=cactinet", size="390")
    walls_shown(page)
    lines = page.locator(".of-panes .line")
    expect(lines).to_have_count(10)
    page.get_by_role("radio", name="Most active at a place").click()
    expect(lines.first).to_contain_text("row 16, column 16")
    picture = page.locator(".point")
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": box["width"] * 0.1, "y": box["height"] * 0.9})
    expect(lines.first).to_contain_text("row 28, column 3")
    picture.focus()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    expect(lines.first).to_contain_text("row 25, column 3")
    assert ours(page) == []
