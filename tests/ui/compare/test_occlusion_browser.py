"""The box on the picture in a real Chromium: mouse, finger, keyboard, numbers, and what is sent."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cactiviz.ui.compare import texts as compare_texts
from tests.fixtures.browsing import HOSTILE, SCREENS, served
from tests.fixtures.sampling import long

#: The suite covers a part once, in the app itself: `test_history_browser.py`.
pytestmark = [pytest.mark.browser, long]
FOLDER = Path(__file__).resolve().parents[2] / "fixtures"
OpenPage = Callable[..., Page]
CAT = "?sample=chelsea"  # 451 x 300 pixels


@pytest.fixture(scope="module")
def app_address(chromium: str) -> Iterator[str]:
    """A page with nothing but what is tested here, in place of the app."""
    places = {"PYTHONPATH": str(FOLDER.parent)}
    with served(FOLDER / "what_if_page.py", places) as url:
        yield url


def panel(page: Page) -> None:
    page.get_by_role("button", name=compare_texts.WHAT_IF, exact=True).click()
    expect(page.locator(".editor .stage img")).to_be_visible()


def numbers(page: Page) -> list[int]:
    """Left, top, width, height."""
    fields = [page.get_by_label(name, exact=True) for name in ("Left", "Top", "Width", "Height")]
    return [int(field.input_value() or -1) for field in fields]


def computations(page: Page) -> int:
    said = page.get_by_text("computations").inner_text()
    return int(said.split()[0])


def settled(page: Page) -> None:
    """Until the networks were given the picture that is shown, and have all answered."""
    expect(page.get_by_text("This is the picture that the networks are given now.")).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.locator("tr.waiting")).to_have_count(0)


def drag(page: Page, start: tuple[float, float], stop: tuple[float, float]) -> None:
    """By shares of the picture's width and height."""
    page.locator(".editor .stage").scroll_into_view_if_needed()
    place = page.locator(".editor .stage").bounding_box()
    assert place is not None
    points = [
        (place["x"] + x * place["width"], place["y"] + y * place["height"])
        for x, y in (start, stop)
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move((points[0][0] + points[1][0]) / 2, points[0][1])
    page.mouse.move(*points[1])
    page.mouse.up()


@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_a_drawn_box_is_covered_and_the_network_answers_again(
    open_page: OpenPage, size: str, scheme: str
) -> None:
    page = open_page(CAT, size=size, scheme=scheme)
    panel(page)
    drag(page, (0.2, 0.2), (0.6, 0.7))
    settled(page)
    left, top, width, height = numbers(page)
    for found, wanted in ((left, 90), (top, 60), (width, 180), (height, 150)):
        assert abs(found - wanted) <= 2
    row = page.get_by_role("row").last
    assert re.search(r"CactiNet.*%.*%", row.inner_text(), re.DOTALL)
    drag(page, (0.4, 0.45), (0.5, 0.45))  # takes it along
    settled(page)
    moved = numbers(page)
    assert abs(moved[0] - left - 45) <= 2 and moved[1:] == [top, width, height]
    drag(page, (1.0, 0.9), (1.0, 0.9))  # a click beside it is no box
    assert numbers(page) == moved
    drag(page, (moved[0] / 451, moved[1] / 300), (0.0, 0.0))  # its upper left corner
    settled(page)
    assert numbers(page)[:2] == [0, 0]
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    ours = [v for v in found.response["violations"] if ".stage" in str(v) or "tools" in str(v)]
    assert not ours, ours


def test_the_keyboard_alone_does_it_and_asks_once_it_rests(open_page: OpenPage) -> None:
    page = open_page(CAT)
    panel(page)
    page.get_by_role("button", name="Cover the middle").focus()
    page.keyboard.press("Enter")
    settled(page)
    assert numbers(page) == [150, 100, 150, 100]
    expect(page.locator(".box")).to_be_focused()
    before = computations(page)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert numbers(page) == [132, 109, 159, 91]
    said = page.locator(".editor [role=status]")
    expect(said).to_have_text(
        "Box: 132 from the left, 109 from the top, 159 wide, 91 high, in pixels."
    )
    settled(page)
    assert computations(page) - before <= 2, "five keys, one question"
    page.keyboard.press("Delete")
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_role("button", name="Cover the middle")).to_be_focused()
    assert numbers(page) == [-1] * 4


def test_six_quick_boxes_cost_no_more_than_two_computations(open_page: OpenPage) -> None:
    page = open_page(CAT + "&name=slow")
    panel(page)
    drag(page, (0.1, 0.1), (0.3, 0.3))
    settled(page)
    before, top = computations(page), page.get_by_label("Top", exact=True).input_value()
    started = time.monotonic()
    for number in range(6):
        drag(page, (0.2, 0.2 + 0.1 * number), (0.2, 0.3 + 0.1 * number))  # takes it down
    seconds = time.monotonic() - started
    # Not where to: on a busy machine the page may move below the mouse.
    expect(page.get_by_label("Top", exact=True)).not_to_have_value(top)
    settled(page)
    # The one that was under way, and the last; each takes a second, so as many more if a busy
    # machine was so slow to move the box.
    assert computations(page) - before <= 2 + int(seconds)


def test_numbers_ways_and_uncovering(open_page: OpenPage) -> None:
    page = open_page(CAT)
    panel(page)
    page.get_by_label("Left", exact=True).fill("400")
    page.keyboard.press("Enter")
    settled(page)
    assert numbers(page) == [301, 100, 150, 100], "pushed back into the picture"
    image = page.locator(".editor .stage img")
    grey = image.get_attribute("src")
    page.get_by_label("A blur").check()
    expect(image).not_to_have_attribute("src", grey or "")
    settled(page)
    assert image.get_attribute("src") != grey
    page.get_by_role("button", name="Uncover", exact=True).click()
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_label("A blur")).to_be_checked()
    page.get_by_role("button", name="Cover the middle").click()
    settled(page)
    page.get_by_role("button", name="Uncover and close").click()
    expect(page.locator(".editor .stage")).to_have_count(0)


def test_a_press_leads_to_why_not_and_back(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Why not “no cactus”?").click()
    expect(page.get_by_role("heading", name="What speaks for “cactus”")).to_be_visible()
    expect(page.get_by_text("surer of “cactus” than")).to_be_visible()
    expect(page.get_by_text("single score")).to_be_visible()
    page.get_by_role("button", name="Own answers again").click()
    expect(page.get_by_role("heading", name="What speaks for")).to_have_count(0)


def test_a_hostile_class_stays_text(open_page: OpenPage) -> None:
    page = open_page(f"{CAT}&against={HOSTILE}", size="390")
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(page.get_by_text(f"CactiNet has no class “{HOSTILE}”")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
