"""The first ten seconds in a real Chromium: what a person sees who has pressed nothing yet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cactiviz.ui import texts
from cactiviz.ui.compare import texts as compare_texts
from cactiviz.ui.grid import texts as grid_texts
from tests.fixtures.browsing import at_rest, settled, violations
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
#: Screen -> how wide each map is at least, in pixels; on a phone the next one peeps in.
LEAST = {"1280": 280, "1024": 220, "390": 250}
SHORT = [("1280", "light"), ("390", "dark")]
REST = [("1280", "dark"), ("1024", "light"), ("1024", "dark"), ("390", "light")]
BLOG_SIX = "alexnet+densenet121+resnet152+efficientnet_b0+efficientnet_b3+cactinet"
QUICK_SIX = (
    "efficientnet_lite0+efficientnet_lite1+efficientnet_lite2+efficientnet_b0+alexnet+cactinet"
)
FOCUSED = "e => { while (e?.shadowRoot) e = e.shadowRoot.activeElement; return e?.className }"
NUMBER = re.compile(r"\d[\d.,]*")
#: Names and years have digits too.
NAMED = re.compile(r"Lite\d|\b(19|20)\d\d\b|\bEB\d|\bCC0\b")


def answers(page: Page) -> list[str]:
    """The sentence above each map."""
    return page.locator(".box th.head .says-first").all_text_contents()


def shown_text(page: Page) -> str:
    """What the first view says, down to the screen's lower edge."""
    return page.evaluate(
        """() => {
        const said = [];
        const visit = (node) => {
            if (node.nodeType === Node.TEXT_NODE) {
                const range = document.createRange();
                range.selectNodeContents(node);
                const seen = [...range.getClientRects()].some(
                    (at) => at.width > 1 && at.height > 1 && at.top < innerHeight && at.bottom > 0
                        && at.left < innerWidth && at.right > 0);
                if (seen && node.data.trim()) said.push(node.data.trim());
                return;
            }
            if (node instanceof Element && (node.matches("style, script, noscript") ||
                !node.checkVisibility({ visibilityProperty: true }))) return;
            for (const child of (node.shadowRoot ?? node).childNodes) visit(child);
        };
        visit(document.body);
        return said.join("\\n");
    }"""
    )


@pytest.mark.parametrize(
    ("size", "scheme"), [*SHORT, *(pytest.param(*screen, marks=long) for screen in REST)]
)
def test_three_networks_say_what_they_see(open_page: Open, size: str, scheme: str) -> None:
    page = open_page(size=size, scheme=scheme)  # which hears what is asked of outside
    settled(page, 3)
    at_rest(page)
    assert page.locator(".box th.head .title").all_inner_texts() == ["Lite0", "Lite1", "Lite2"]
    classes = ["tiger cat", "Egyptian cat", "Egyptian cat"]
    for said, class_name in zip(answers(page), classes, strict=True):
        assert re.fullmatch(rf"{class_name}, \d\d? % sure", said)
    badges = page.locator(".box th.head").evaluate_all(
        "all => all.map(head => head.querySelector('.badge')?.innerText ?? '')"
    )
    assert badges == [grid_texts.SAYS_OTHERWISE, "", ""]
    expect(page.get_by_text(compare_texts.DISAGREE)).to_be_visible()
    maps = [cell.bounding_box() for cell in page.locator(".box .cell .stack").all()]
    assert min(box["width"] for box in maps if box) >= LEAST[size]
    first = maps[0]
    assert len(maps) == 3 and first is not None
    _, height = (page.viewport_size or {}).values()
    if size == "390":
        assert first["y"] < height / 2
    else:
        assert max(box["y"] + box["height"] for box in maps if box) <= height
        original = page.locator(".box .original").bounding_box()
        assert original is not None and abs(original["width"] - first["width"]) < 2
    long_numbers = [
        found
        for found in NUMBER.findall(NAMED.sub("", shown_text(page)))
        if sum(character.isdigit() for character in found) > 2
    ]
    assert not long_numbers
    assert violations(page) == []


def test_each_first_action_works_with_one_press(open_page: Open) -> None:
    page = open_page()
    settled(page, 3)
    for _ in range(80):  # by the keyboard alone
        page.keyboard.press("Tab")
        if page.evaluate(f"({FOCUSED})(document.activeElement)") == "cell":
            break
    else:
        raise AssertionError("the Tab key never comes to a map")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("heading", name="Grad-CAM · Lite1").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    expect(page.locator(".box .cell").nth(1)).to_be_focused()

    ranges, overlay = page.locator(".box .range"), page.get_by_label("Overlay", exact=True)
    expect(ranges.first).to_be_hidden()
    expect(overlay).to_be_hidden()
    page.get_by_role("button", name=texts.GRID["numbers"]).click()
    expect(ranges.first).to_be_visible()
    expect(overlay).to_be_visible()
    page.get_by_role("button", name=texts.GRID["copy"]).click()
    page.get_by_text(texts.GRID["copied"], exact=True).last.wait_for()
    page.get_by_role("button", name=compare_texts.MORE_VIEWS).click()
    page.get_by_role("button", name="Saliency", exact=True).click()
    settled(page, 6)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Why not").click()
    page.get_by_role("heading", name="What speaks for").wait_for()
    page.get_by_role("button", name=compare_texts.WHAT_IF, exact=True).click()
    page.locator(".editor .stage img").wait_for()


@long
@pytest.mark.parametrize("networks", [QUICK_SIX, BLOG_SIX])
def test_six_networks_by_four_views_fit_one_screen(open_page: Open, networks: str) -> None:
    page = open_page(f"/?networks={networks}&untrained=1")
    settled(page, 24)
    last = page.locator(".box .cell").last.bounding_box()
    assert last is not None
    assert last["x"] + last["width"] <= 1280 and last["y"] + last["height"] <= 860
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
