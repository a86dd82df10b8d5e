"""Links, Back and Forward in a real Chromium; what AppTest can't see of the browser's history."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from cactiviz.ui import texts
from cactiviz.ui.address import texts as address_texts
from cactiviz.ui.animate import texts as animate_texts
from cactiviz.ui.compare import texts as compare_texts
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.browsing import CACTINET, EVERYWHERE, SCREENS, open_sidebar, settled, until
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
_PAUSE_MS = 300  # in which an address that isn't to stay would change again

FIRST = {"networks": "cactinet"}  # what the address says of CACTINET

_BACK_AT_ONCE = """() => {
  const push = history.pushState;
  history.pushState = function (...entry) {
    push.apply(history, entry);
    history.pushState = push;
    history.back();
    window.wentBack = true;
  };
}"""


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
    here = ("CactiNet", "Lite0", "Lite1", "Lite2")
    labels = [title if title in here else f"{title} ↓" for title in titles]
    active = page.locator(".st-key-models button[aria-pressed=true]")
    expect(active).to_have_text(labels, timeout=60_000)


def press(page: Page, title: str) -> None:
    open_sidebar(page)
    page.locator(".st-key-models button").filter(has_text=title).click()


def selected(page: Page, label: str) -> None:
    """Wait until a choice among few has this label."""
    names = "[data-testid=stButtonGroup] button[aria-checked=true]"
    expect(page.locator(names).filter(has_text=label)).to_have_count(1)


def choose(page: Page, label: str) -> None:
    page.locator("[data-testid=stButtonGroup] button").filter(has_text=label).click()


def copied(page: Page) -> str:
    """What "Copy link" copies, without the server's name."""
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied.", exact=True).last.wait_for()
    parts = urlsplit(page.evaluate("navigator.clipboard.readText()"))
    return f"{parts.path}?{parts.query}"


def open_page_of(page: Page, title: str, heading: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
    page.get_by_role("heading", name=heading).wait_for()


def test_a_link_is_restored_and_can_be_copied(open_page: Open) -> None:
    link = {
        "picture": "samples:photographs/coffee",
        "networks": "cactinet",
        "views": "grad_cam layer_cam",
        "class": "cactus",
        "against": "no cactus",
        "layer": "stages.1",
        "scale": "rank",
        "strength": "0.8",
    }
    query = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in link.items())
    page = open_page(f"/?{query}", numbers=True)
    page.locator("table").get_by_text("LayerCAM", exact=True).wait_for()
    assert page.locator("input[name=scale]:checked").get_attribute("value") == "rank"
    page.get_by_text("“cactus” rather than “no cactus” · layer stages.1", exact=True).wait_for()
    says(page, link)
    assert dict(parse_qsl(urlsplit(copied(page)).query)) == link


@long
def test_a_bare_address_stays_bare_and_an_error_in_one_network_leaves_the_others(
    open_page: Open,
) -> None:
    other = open_page()
    chosen(other, "Lite0", "Lite1", "Lite2")
    says(other, {})  # a bare address stays bare
    first = {"picture": "samples:photographs/chelsea", "views": "grad_cam"}
    press(other, "Lite1")
    two = {**first, "networks": "efficientnet_lite0 efficientnet_lite2"}
    says(other, two)
    press(other, "AlexNet")
    three = {**first, "networks": "efficientnet_lite0 efficientnet_lite2 alexnet"}
    says(other, three)
    expect(other.locator(".box .why")).to_contain_text("aren't on this computer")
    settled(other, 2)  # an error in one network leaves the others
    other.go_back()
    says(other, two)
    chosen(other, "Lite0", "Lite2")
    other.go_back()
    says(other, {})
    chosen(other, "Lite0", "Lite1", "Lite2")
    other.go_forward()
    says(other, two)
    other.reload()
    chosen(other, "Lite0", "Lite2")
    says(other, two)


@long
def test_back_and_forward_go_through_what_was_chosen(open_page: Open) -> None:
    page = open_page("/?palette=viridis")
    chosen(page, "CactiNet")
    style, first = {"palette": "viridis"}, {"networks": "alexnet cactinet"}
    press(page, "AlexNet")
    says(page, {**first, **style})
    press(page, "EB0")
    page.wait_for_timeout(40)
    press(page, "EB3")  # at once
    last = {"networks": "alexnet efficientnet_b0 efficientnet_b3 cactinet"}
    says(page, {**last, **style})
    chosen(page, "AlexNet", "EB0", "EB3", "CactiNet")
    for _ in range(2):  # the two quick presses may have become one entry
        if said(page).get("networks") != first["networks"]:
            page.go_back()
            page.wait_for_timeout(_PAUSE_MS)
    says(page, {**first, **style})
    chosen(page, "AlexNet", "CactiNet")
    assert page.locator("table").get_by_text("AlexNet", exact=True).count() == 1
    page.go_back()
    says(page, {**FIRST, **style})
    chosen(page, "CactiNet")
    page.go_forward()
    says(page, {**first, **style})
    chosen(page, "AlexNet", "CactiNet")
    page.reload()
    chosen(page, "AlexNet", "CactiNet")
    says(page, {**first, **style})


@long
def test_back_at_once_and_twice_at_once_leads_where_it_says(open_page: Open) -> None:
    page = open_page(CACTINET)
    page.locator("table").wait_for()
    press(page, "AlexNet")
    says(page, {"networks": "alexnet cactinet"})
    page.evaluate(_BACK_AT_ONCE)  # long before the run has ended that writes the entry
    press(page, "EB0")
    until(page, "window.wentBack")
    says(page, {"networks": "alexnet cactinet"})
    chosen(page, "AlexNet", "CactiNet")
    page.evaluate("history.forward()")
    says(page, {"networks": "alexnet efficientnet_b0 cactinet"})
    chosen(page, "AlexNet", "EB0", "CactiNet")
    page.evaluate("history.back(); setTimeout(() => history.back(), 150)")
    says(page, FIRST)
    chosen(page, "CactiNet")


@long
def test_a_quick_press_on_something_else_is_not_taken_for_back(open_page: Open) -> None:
    page = open_page(CACTINET)
    page.locator("table").wait_for()
    press(page, "AlexNet")
    page.get_by_role(
        "button", name=sidebar_texts.MORE_NETWORKS
    ).click()  # with the address of before
    page.get_by_role("button", name=sidebar_texts.FEWER).wait_for()
    says(page, {"networks": "alexnet cactinet"})
    chosen(page, "AlexNet", "CactiNet")


@long
def test_filters_are_restored_and_back_goes_through_them(open_page: Open) -> None:
    page = open_page("/filters?networks=cactinet&views=layer_cam&seed=3")  # of other pages
    choose(page, texts.MAP_SCALES["own"])
    says(page, {**FIRST, "maps": "own"})
    layer = page.get_by_role("combobox", name=layers_texts.LAYER_OF.format(title="CactiNet"))
    layer.fill("head.0")
    layer.press("Enter")
    both = {**FIRST, "convolutions": "cactinet:head.0", "maps": "own"}
    says(page, both)
    page.get_by_role("button", name=layers_texts.SHOW_MORE.format(count=32)).click()
    query = {**both, "count": "64"}
    says(page, query)
    other = open_page(copied(page))
    selected(other, texts.MAP_SCALES["own"])
    expect(other.locator(".of-panes button")).to_have_count(64)
    says(other, query)
    page.go_back()
    says(page, both)
    expect(page.locator(".of-panes button")).to_have_count(32)
    page.go_back()
    says(page, {**FIRST, "maps": "own"})
    page.go_back()
    says(page, FIRST)
    selected(page, texts.MAP_SCALES["shared"])
    page.go_forward()
    says(page, {**FIRST, "maps": "own"})
    selected(page, texts.MAP_SCALES["own"])


@long  # the filters are the sample; what a link restores is tested without a browser too
def test_neurons_are_restored_and_say_nothing_on_another_page(open_page: Open) -> None:
    page = open_page("/neurons?networks=cactinet")
    page.get_by_role("button", name=texts.DRAW_AGAIN).click()
    says(page, {**FIRST, "seed": "2"})
    choose(page, layers_texts.NEURON_WAYS["place"])
    says(page, {**FIRST, "at": "0.5 0.5"})
    page.locator("button.point").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    query = {**FIRST, "at": "0.5 0.4"}
    says(page, query)
    other = open_page(copied(page))
    selected(other, layers_texts.NEURON_WAYS["place"])
    mark = other.locator(".point .mark")
    assert mark.evaluate("mark => [mark.style.top, mark.style.left]") == ["50%", "40%"]
    says(other, query)
    open_page_of(page, "Filters", layers_texts.FILTERS_TITLE)
    says(page, FIRST)
    page.go_back()
    says(page, query)
    page.go_back()
    page.go_back()
    says(page, {**FIRST, "seed": "2"})
    selected(page, layers_texts.NEURON_WAYS["chance"])
    page.get_by_text(layers_texts.SEED_SAID.format(seed=2), exact=True).wait_for()


@long  # the same, of another page
@pytest.mark.parametrize(("size", "scheme"), EVERYWHERE)
def test_a_film_is_restored(open_page: Open, size: str, scheme: str) -> None:
    page = open_page("/animate?networks=cactinet&each=1&views=layer_cam", size=size, scheme=scheme)
    title = page.get_by_label(animate_texts.FILM_TITLE, exact=True)
    title.fill("a & b")
    title.press("Enter")
    query = {**FIRST, "each": "1", "views": "layer_cam", "title": "a & b"}
    says(page, query)
    page.get_by_text(animate_texts.FILM_DARK, exact=True).click()
    query["ground"] = "light" if scheme == "dark" else "dark"
    says(page, query)
    other = open_page(copied(page), size=size, scheme=scheme)
    expect(other.get_by_label(animate_texts.FILM_TITLE, exact=True)).to_have_value("a & b")
    dark = other.get_by_role("switch", name=animate_texts.FILM_DARK)
    expect(dark).to_be_checked(checked=query["ground"] == "dark")
    says(other, query)
    page.go_back()
    expect(page.get_by_role("switch", name=animate_texts.FILM_DARK)).to_be_checked(
        checked=scheme == "dark"
    )


def test_what_is_covered_is_restored(open_page: Open) -> None:
    page = open_page(CACTINET)
    page.get_by_role("button", name=compare_texts.WHAT_IF, exact=True).click()
    stage = page.locator(".editor .stage")
    stage.locator("img").wait_for()
    stage.scroll_into_view_if_needed()
    place = stage.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 0.2 * place["width"], place["y"] + 0.2 * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + 0.6 * place["width"], place["y"] + 0.7 * place["height"])
    page.mouse.up()
    box = stage.locator(".box")
    expect(box).to_be_focused()
    expect(page.locator(".box th.head .changed").first).to_be_visible()  # it answers anew
    drawn = box.get_attribute("style")
    page.keyboard.press("ArrowLeft")
    expect(box).not_to_have_attribute("style", drawn or "")
    until(page, "location.search.includes('cover')")
    page.get_by_role("radio", name=compare_texts.COVER_HOWS["mean"]).check(force=True)
    until(page, "location.search.includes('mean')")
    page.wait_for_timeout(_PAUSE_MS)
    query = said(page)
    other = open_page(copied(page), beside=page)
    box = other.locator(".stage .box.shown")  # its picture is the covered one
    box.wait_for()
    places = [one.locator(".stage .box").get_attribute("style") for one in (page, other)]
    assert places[0] == places[1]
    expect(other.get_by_role("radio", name=compare_texts.COVER_HOWS["mean"])).to_be_checked()
    says(other, query)
    page.go_back()
    expect(page.get_by_role("radio", name=compare_texts.COVER_HOWS["grey"])).to_be_checked()
    page.go_back()
    says(page, FIRST)
    expect(page.locator(".stage .box")).to_be_hidden()


@long
def test_pages_keep_what_was_chosen_and_back_needs_one_press(open_page: Open) -> None:
    page = open_page(CACTINET)
    chosen(page, "CactiNet")
    open_page_of(page, "Gallery", texts.GALLERY_TITLE)
    page.wait_for_timeout(_PAUSE_MS)
    open_page_of(page, "Compare", "What did")
    press(page, "AlexNet")
    query = {"networks": "alexnet cactinet"}
    says(page, query)
    open_page_of(page, "Gallery", texts.GALLERY_TITLE)
    page.wait_for_timeout(_PAUSE_MS)
    open_page_of(page, "Compare", "What did")
    says(page, query)  # completed in place
    chosen(page, "AlexNet", "CactiNet")
    page.go_back()
    page.get_by_role("heading", name=texts.GALLERY_TITLE).wait_for()
    page.wait_for_timeout(_PAUSE_MS)
    page.go_back()
    says(page, query)
    chosen(page, "AlexNet", "CactiNet")
    page.go_back()
    says(page, FIRST)
    chosen(page, "CactiNet")
    page.go_back()
    page.get_by_role("heading", name=texts.GALLERY_TITLE).wait_for()
    page.wait_for_timeout(_PAUSE_MS)
    page.go_back()  # to the very first entry, which means the first picture and network
    page.get_by_role("heading", name="What did").wait_for()
    says(page, FIRST)
    chosen(page, "CactiNet")


@long
@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_a_web_address_in_a_link_is_asked_for_and_stays_text(
    open_page: Open, size: str, scheme: str
) -> None:
    web = "http://127.0.0.1:9/<img+src=x+onerror=alert(1)>.png"
    page = open_page(f"/?web={web}&networks=<img+src=x>", size=size, scheme=scheme)
    page.get_by_text("This link wants to fetch a picture from 127.0.0.1:9.").wait_for()
    page.get_by_text("The link names “<img” and 1 more as a network").wait_for()
    assert page.locator("img[src=x]").count() == 0
    page.get_by_role("button", name=address_texts.LINK_FETCH).click()
    page.get_by_text("This link wants").wait_for(state="hidden")
    page.get_by_role("alert").filter(has_text="127.0.0.1").wait_for(state="attached")
    assert page.locator("img[src=x]").count() == 0
