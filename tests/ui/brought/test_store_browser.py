"""What a browser brought survives Back, Forward, another page and a reload, and stays its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors.torch import load_file, save

from cactiviz.models import MODELS, find_weights
from cactiviz.ui import texts
from cactiviz.ui.address import texts as address_texts
from cactiviz.ui.animate import texts as animate_texts
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.networks import texts as networks_texts
from cactiviz.ui.pictures import library
from cactiviz.ui.pictures import texts as pictures_texts
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.browsing import (
    CACTINET,
    HOSTILE,
    ask_for_picture,
    at_rest,
    bring,
    go,
    open_sidebar,
    shows,
    until,
)
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
FIRST = library.UNNAMED_ITEM.address
WEIGHTS = find_weights(MODELS["cactinet"])
needs_weights = pytest.mark.skipif(WEIGHTS is None, reason="the weights are not in this checkout")


def said(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def chosen(page: Page, *titles: str) -> None:
    """Wait until exactly these networks are chosen at the side, and stand above the grid."""
    expect(page.locator(".st-key-models button[aria-pressed=true]")).to_have_text([*titles])
    expect(page.locator(".box th.head .title")).to_have_text([*titles])


def network_file(factor: float) -> bytes:
    """CactiNet's own weights, told from others by their last layer."""
    assert WEIGHTS is not None
    weights = load_file(WEIGHTS)
    last = [key for key, value in weights.items() if value.ndim and value.shape[0] == 1]
    return save({k: v * factor if k in last else v.clone() for k, v in weights.items()})


def add_network(page: Page, name: str, factor: float, classes: str = "") -> None:
    at_rest(page)
    open_sidebar(page)
    page.locator(".st-key-open-own button").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name=networks_texts.OWN_SUBMIT).wait_for()
    at_rest(page)  # a run that draws the form once more would lose what is put into it at once
    form.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": f"{name}.safetensors", "mimeType": "", "buffer": network_file(factor)}
    )
    form.get_by_text(f"{name}.safetensors").first.wait_for()
    box = form.get_by_role("combobox", name=networks_texts.OWN_ARCHITECTURE)
    box.fill("CactiNet")
    box.press("Enter")
    if classes:
        form.get_by_text(networks_texts.OWN_CLASSES, exact=True).click()
        area = form.get_by_label(networks_texts.OWN_CLASSES_TYPED)
        area.fill(classes)
        area.press("Control+Enter")
        at_rest(page)
    form.get_by_role("button", name=networks_texts.OWN_SUBMIT).click()
    form.wait_for(state="hidden")


def picture_bytes(colour: str) -> bytes:
    data = BytesIO()
    Image.new("RGB", (90, 60), colour).save(data, "PNG")
    return data.getvalue()


def picture_file(name: str, colour: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": picture_bytes(colour)}


def upload(page: Page, *files: dict[str, object]) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(files))  # type: ignore[arg-type]


def to(page: Page, title: str, heading: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
    page.get_by_role("heading", name=heading).wait_for()


@needs_weights
@long
def test_networks_and_a_picture_of_ones_own_outlive_back_another_page_and_a_reload(
    open_page: Open,
) -> None:
    page = open_page(CACTINET)
    chosen(page, "CactiNet")
    shows(page, FIRST)
    add_network(page, "one", 1.0, "sand\nthorns")
    chosen(page, "CactiNet", "one")
    add_network(page, "two", -1.0)
    chosen(page, "CactiNet", "one", "two")
    ask_for_picture(page, "upload")
    shows(page, FIRST)  # nothing is chosen yet
    upload(page, picture_file("mine.png", "red"))
    shows(page, "mine.png")
    assert re.fullmatch("picture network [0-9a-f]{8}", said(page)["without"])
    last = page.url

    page.go_back()
    chosen(page, "CactiNet", "one", "two")
    shows(page, FIRST)
    page.go_back()
    chosen(page, "CactiNet", "one")
    page.go_back()
    chosen(page, "CactiNet")
    assert said(page) == {"networks": "cactinet"}
    for _ in range(3):
        page.go_forward()
        page.wait_for_timeout(400)
    chosen(page, "CactiNet", "one", "two")
    shows(page, "mine.png")
    assert page.url == last

    to(page, texts.FILTERS, layers_texts.FILTERS_TITLE)
    expect(page.locator("[data-testid=stMain] h2")).to_have_text(["CactiNet", "one", "two"])
    page.reload()
    expect(page.locator("[data-testid=stMain] h2")).to_have_text(["CactiNet", "one", "two"])
    at_rest(page)
    page.go_back()
    chosen(page, "CactiNet", "one", "two")
    shows(page, "mine.png")
    page.reload()
    chosen(page, "CactiNet", "one", "two")
    shows(page, "mine.png")
    assert page.url == last
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    ask_for_picture(page, "upload")
    expect(page.get_by_text(pictures_texts.STILL_THERE.format(name="mine.png"))).to_be_visible()
    page.go_back()  # in a session that has never seen these entries
    chosen(page, "CactiNet", "one", "two")
    page.go_back()
    chosen(page, "CactiNet", "one")


@needs_weights
@long  # what is told is tested without a browser too
def test_whoever_opens_a_link_is_told_what_it_could_not_carry(open_page: Open) -> None:
    page = open_page(CACTINET)
    chosen(page, "CactiNet")
    add_network(page, "one", 1.0, "sand\nthorns")
    chosen(page, "CactiNet", "one")
    ask_for_picture(page, "upload")
    upload(page, picture_file("mine.png", "red"))
    shows(page, "mine.png")
    page.get_by_text(sidebar_texts.EXPLAINED, exact=True).click()
    box = page.get_by_role("combobox", name=sidebar_texts.EXPLAIN_CLASS, exact=True)
    box.fill("thorns")
    box.press("Enter")
    until(page, "location.search.includes('class=thorns')")
    at_rest(page)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text(address_texts.STAYS_PICTURE).first.wait_for()
    page.get_by_text(address_texts.STAYS_NETWORK).first.wait_for()
    link = urlsplit(page.evaluate("navigator.clipboard.readText()"))
    assert "mine" not in link.query and "one" not in link.query
    assert page.evaluate("localStorage['cactiviz-browser']") not in link.query

    other = open_page(f"{link.path}?{link.query}")
    for sentence in (
        address_texts.LEFT_OUT["picture"],
        address_texts.LEFT_OUT["network"],
        address_texts.class_unknown("thorns", several=False),
    ):
        expect(other.get_by_test_id("stAlert").filter(has_text=sentence)).to_be_visible()
    chosen(other, "CactiNet")
    expect(other.locator(".box .why")).to_have_count(0)  # no network fails on the class
    expect(other.locator(".st-key-models button").filter(has_text="one")).to_have_count(0)
    at_rest(other)
    assert said(other)["without"] == dict(parse_qsl(link.query))["without"]
    open_sidebar(other)
    other.locator(".st-key-models button").filter(has_text="AlexNet").click()
    expect(other.get_by_text(address_texts.LEFT_OUT["network"])).to_have_count(0)
    expect(
        other.get_by_text(address_texts.LEFT_OUT["picture"])
    ).to_be_visible()  # it still is another
    assert said(other)["without"].startswith("picture ")

    page.go_back()  # to the entry before the class
    chosen(page, "CactiNet", "one")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page.locator(".st-key-models button").filter(has_text="one").click()
    chosen(page, "CactiNet")


@long  # the first test is the sample: they lie in the same folder
def test_pictures_of_an_animation_outlive_another_page_and_a_reload(open_page: Open) -> None:
    page = open_page("/animate?networks=cactinet&each=1&views=layer_cam")
    open_sidebar(page)
    page.get_by_test_id("stSidebar").get_by_text(
        animate_texts.FILM_SOURCES["upload"], exact=True
    ).click()
    expect(page.get_by_text(animate_texts.STAND_INS)).to_be_visible()
    expect(page.get_by_text(animate_texts.FILM_PICK)).to_have_count(0)
    upload(page, picture_file("a.png", "red"), picture_file("b.png", "teal"))
    until(page, "location.search.includes('without=pictures')")
    to(page, texts.GALLERY, texts.GALLERY_TITLE)
    page.go_back()
    open_sidebar(page)
    kept = pictures_texts.still_there_many(2)
    expect(page.get_by_text(kept)).to_be_visible()
    page.reload()
    expect(page.get_by_text(kept)).to_be_visible()
    at_rest(page)
    other = open_page(urlsplit(page.url).path + "?" + urlsplit(page.url).query)
    expect(other.get_by_text(address_texts.LEFT_OUT["pictures"])).to_be_visible()
    at_rest(other)
    assert said(other)["without"].startswith("pictures")  # as long as it is true


def test_a_picture_of_ones_own_stays_with_its_browser_until_another_takes_its_place(
    open_page: Open,
) -> None:
    page = open_page(CACTINET)
    shows(page, FIRST)
    hostile = f"{HOSTILE}.png"  # it must stay text
    for name, colour in (("mine.png", "red"), (hostile, "green")):
        ask_for_picture(page, "upload")
        bring(page, name, picture_bytes(colour))
        expect(page.get_by_test_id("stFileUploaderDropzoneInput")).to_have_count(0)
        own = page.get_by_role("button", name=name, exact=True)
        expect(own).to_have_attribute("aria-pressed", "true")
    page.reload()
    shows(page, hostile)
    assert page.locator("img[src=x]").count() == 0
    ask_for_picture(page, "upload")
    expect(page.get_by_text(pictures_texts.STILL_THERE.format(name=hostile))).to_be_visible()
    page.get_by_role("button", name=pictures_texts.TILES["coffee"]).click()
    shows(page, "samples:photographs/coffee")
    page.go_back()
    shows(page, hostile)
    other = open_page(urlsplit(page.url).path + "?" + urlsplit(page.url).query)
    expect(other.get_by_text(address_texts.LEFT_OUT["picture"])).to_be_visible()
    shows(other, FIRST)
    assert HOSTILE not in other.content()
    word = "localStorage['cactiviz-browser']"
    assert page.evaluate(word) != other.evaluate(word)


@long
def test_two_tabs_of_one_browser_have_the_same_and_another_browser_nothing(
    open_page: Open,
) -> None:
    page = open_page(CACTINET)
    shows(page, FIRST)
    tab = open_page(CACTINET, beside=page)
    shows(tab, FIRST)
    page.bring_to_front()
    for name, colour in (("mine.png", "red"), ("other.png", "green")):
        ask_for_picture(page, "upload")
        bring(page, name, picture_bytes(colour))
        go(page, texts.FILTERS)
        go(page, texts.COMPARE)
        shows(page, name)
    tab.bring_to_front()
    tab.goto(page.url)  # pasted
    shows(tab, "other.png")
    expect(tab.get_by_text(address_texts.LEFT_OUT["picture"])).to_have_count(0)
    other = open_page(urlsplit(page.url).path + "?" + urlsplit(page.url).query)
    expect(other.get_by_text(address_texts.LEFT_OUT["picture"])).to_be_visible()
    shows(other, FIRST)
    word = "localStorage['cactiviz-browser']"
    assert page.evaluate(word) == tab.evaluate(word) != other.evaluate(word)
