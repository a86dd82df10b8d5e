"""The app in a real Chromium: what a person sees and does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cactiviz.models import MODELS, find_weights
from cactiviz.pictures.open import sample
from cactiviz.ui import texts
from cactiviz.ui.compare import texts as compare_texts
from cactiviz.ui.grid import texts as grid_texts
from cactiviz.ui.pictures import texts as pictures_texts
from cactiviz.ui.sidebar import texts as sidebar_texts
from tests.fixtures.browsing import (
    CACTINET,
    EVERYWHERE,
    HOSTILE,
    PATIENCE_MS,
    Seen,
    ask_for_picture,
    at_rest,
    bring,
    go,
    in_the_dark,
    settled,
    shows,
    until,
    violations,
)
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
WEIGHTS = find_weights(MODELS["cactinet"])
#: What marks each page as complete.
COMPLETE = {
    "": ".cell",
    "filters": ".grid .cell",
    "neurons": ".grid .cell",
    "gallery": ".grid .cell",
    "learn": "img",
}
FRESH = itertools.count(901)  # numbers of pictures that nobody has asked about
SIX = "?networks=alexnet+densenet121+resnet152+efficientnet_b0+efficientnet_b3+cactinet&untrained=1"


def original(page: Page) -> str:
    """What the picture in the grid's corner is called."""
    return page.locator(".box .original").get_attribute("alt") or ""


@long
@pytest.mark.parametrize(("size", "scheme"), EVERYWHERE)
def test_an_address_of_before_shows_four_views(open_page: Open, size: str, scheme: str) -> None:
    page = open_page(CACTINET, size=size, scheme=scheme)
    settled(page, 4)
    head = page.locator(".box th.head").first
    assert head.locator(".title").inner_text() == "CactiNet"
    assert (head.locator(".warning").count() == 0) == (WEIGHTS is not None)
    assert "Download 244 MB" in page.locator(".offer").first.inner_text()
    assert page.locator(".box .cell").evaluate_all(
        "all => all.every(cell => cell.getAttribute('aria-label').length > 20)"
    )
    assert violations(page) == []


@long
@pytest.mark.parametrize("size", ["1280", "390"])
@pytest.mark.parametrize("name", ["filters", "neurons", "gallery", "learn"])
def test_page(open_page: Open, name: str, size: str) -> None:
    page = open_page(f"/{name}", size=size)
    page.locator(COMPLETE[name]).first.wait_for()
    at_rest(page)
    assert violations(page) == []
    in_the_dark(page)
    assert violations(page) == []


def test_from_page_to_page_with_the_policy_on(open_page: Open, seen: Seen) -> None:
    """``open_page`` fails it for any error in the console, which a violation of the policy is."""
    page = open_page()
    settled(page, 3)
    before = page.locator(".box .original").get_attribute("alt")
    for title, name in (
        (texts.FILTERS, "filters"),
        (texts.NEURONS, "neurons"),
        (texts.GALLERY, "gallery"),
        (texts.LEARN, "learn"),
    ):
        go(page, title)
        page.locator(COMPLETE[name]).first.wait_for()
        at_rest(page)
        assert page.get_by_test_id("stException").count() == 0
        expect(page.get_by_text(sidebar_texts.PICK_A_NETWORK)).to_have_count(0)
        assert violations(page) == []  # in the dark with every case
    go(page, texts.COMPARE)
    settled(page, 3)
    assert page.locator(".box .original").get_attribute("alt") == before
    assert not [one for one in seen.lines() if one["answer"] in (403, 421, 500, 503)]
    policy = page.evaluate("fetch('').then(a => a.headers.get('content-security-policy'))")
    assert "frame-ancestors 'none'" in policy and "connect-src 'self'" in policy


@long
def test_what_is_chosen_can_be_read_under_the_pointer(open_page: Open) -> None:
    page = open_page("/gallery")
    page.locator(COMPLETE["gallery"]).first.wait_for()
    page.get_by_role("radio", name="Any folder or zip").click()  # where the pointer stays
    page.get_by_text(pictures_texts.PLACE_ASK).wait_for()
    at_rest(page)
    assert violations(page) == []
    in_the_dark(page)
    assert violations(page) == []


@long
def test_stop_leaves_what_is_there_and_go_on_goes_on(open_page: Open) -> None:
    # Of a picture that no try before has put to them, or there is nothing to stop.
    page = open_page(f"/{SIX}&picture=scenes:cactus/{next(FRESH)}")
    page.locator(".st-key-stop button").click()
    page.get_by_role("button", name="Go on").wait_for()
    expect(page.get_by_text(compare_texts.STOPPED).first).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    settled(page, 24)


@long
def test_upload_and_two_networks(open_page: Open) -> None:
    page = open_page("/?networks=alexnet+cactinet&untrained=1", size="390", scheme="dark")
    settled(page, 8)
    photograph = BytesIO()
    Image.fromarray(sample("coffee").rgb).save(photograph, "JPEG", quality=90)
    hostile = f"{HOSTILE}.jpg"  # it must stay text
    ask_for_picture(page, "upload")
    bring(page, hostile, photograph.getvalue())
    settled(page, 8)
    assert page.locator(".box th.head .title").all_text_contents() == ["AlexNet", "CactiNet"]
    assert page.locator("img[src=x]").count() == 0


@long
def test_an_error_in_one_network_leaves_the_others(open_page: Open) -> None:
    page = open_page("/?networks=alexnet+cactinet")
    settled(page, 4)
    assert "aren't on this computer" in page.locator(".box .why").inner_text()


@long
def test_two_sessions_see_only_their_own_picture(open_page: Open) -> None:
    one, other = open_page(CACTINET), open_page("/?picture=samples:photographs/coffee")
    settled(one, 4)
    settled(other, 4)
    assert original(one) != original(other)
    photograph = BytesIO()
    Image.new("RGB", (80, 60), "teal").save(photograph, "PNG")
    ask_for_picture(one, "upload")
    bring(one, "secret.png", photograph.getvalue())
    other.reload()
    settled(other, 4)
    assert "coffee" in original(other) and "secret" not in other.content()


@long
def test_keyboard_alone_reaches_a_map_and_comes_back(open_page: Open) -> None:
    page = open_page(CACTINET)
    settled(page, 4)
    for _ in range(80):
        page.keyboard.press("Tab")
        inside = (
            "e => { while (e?.shadowRoot) e = e.shadowRoot.activeElement; return e?.className }"
        )
        if page.evaluate(f"({inside})(document.activeElement)") == "cell":
            break
    else:
        raise AssertionError("the Tab key never comes to a map")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    assert "Saliency" in page.locator("dialog[open]").inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")


@long
def test_a_picture_of_the_camera_is_shown_and_saved(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/?networks=cactinet&views=grad_cam")
    settled(page, 1)
    ask_for_picture(page, "camera")
    page.locator("[data-testid=stCameraInput] video").wait_for()
    until(page, "document.querySelector('[data-testid=stCameraInput] video').readyState >= 2")
    page.get_by_test_id("stCameraInputButton").press("Enter")  # the video moves it as it grows
    shows(page, pictures_texts.CAMERA_NAME)
    settled(page, 1)
    at_rest(page)
    each_kind_is_saved(page, tmp_path, "your-photo")


def test_exports_are_saved_by_one_press_each(open_page: Open, tmp_path: Path) -> None:
    page = open_page(CACTINET)
    settled(page, 4)
    each_kind_is_saved(page, tmp_path, "scenes-cactus-178")


def each_kind_is_saved(page: Page, folder: Path, name: str) -> None:
    for kind, start in (
        ("png", b"\x89PNG"),
        ("gif", b"GIF89a"),
        ("npz", b"PK"),
        ("html", b"<!doctype"),
    ):
        page.get_by_role("button", name=texts.GRID["download"], exact=True).click()
        with page.expect_download() as saved:
            page.locator(".menu button").filter(has_text=grid_texts.EXPORTS[kind]).click()
        saved.value.save_as(folder / kind)
        assert (folder / kind).read_bytes().startswith(start)
        assert saved.value.suggested_filename == f"cactiviz {name}.{kind}"
    with Image.open(folder / "png") as sheet:
        assert sheet.format == "PNG" and sheet.width > 500
        assert json.loads(str(sheet.info["recipe"]))["makes"] == "comparison"


def open_gallery(open_page: Open, size: str = "1280") -> Page:
    """The Gallery with drawn scenes; it opens on the photographs that come along."""
    page = open_page("/gallery", size=size)
    thumbnails(page, 4)
    choose_dataset(page, "Drawn scenes")
    thumbnails(page, 24)
    expect(page.get_by_role("button", name=texts.DRAW_AGAIN)).to_have_count(1)  # the run is over
    return page


def thumbnails(page: Page, count: int) -> list[str]:
    """What each small picture is called, once there are so many and all are loaded."""
    images = page.locator(".grid img")
    page.wait_for_timeout(100)
    for _ in range(PATIENCE_MS // 100):
        shown = images.evaluate_all("all => all.map(one => one.naturalWidth > 0 && one.alt)")
        if len(shown) == count and all(shown):
            return list(shown)
        page.wait_for_timeout(100)
    raise AssertionError(f"{shown}, not {count} pictures")


def choose_dataset(page: Page, title: str) -> None:
    page.locator(".st-key-shown button").filter(has_text=title).click()


@long
def test_gallery_opens_and_draws_again(open_page: Open) -> None:
    page = open_gallery(open_page)
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


@long
def test_gallery_searches_the_classes(open_page: Open) -> None:
    page = open_gallery(open_page)
    choose_dataset(page, "Caltech-256")
    page.get_by_text("24 of 24 · seed 1").wait_for()  # twelve classes of thirty, two of each
    page.get_by_label("Search the classes").press_sequentially("Thing-2")
    page.get_by_text("22 of 22 · seed 1").wait_for()  # 2, and 20 to 29
    assert all("thing-2" in name for name in thumbnails(page, 22))


@long
def test_gallery_offers_what_is_not_here(open_page: Open) -> None:
    page = open_gallery(open_page)
    choose_dataset(page, "iNaturalist · not here yet")
    page.get_by_role("button", name="Download about 3.8 GB").wait_for()
    panel = page.locator(".cv-facts").inner_text()
    assert "not verified: no hash is published" in panel and "licence" in panel
    choose_dataset(page, "live search")
    page.get_by_text("Nothing is asked of inaturalist.org").wait_for()


@long
def test_gallery_hands_a_picture_to_compare(open_page: Open, app_data: Path) -> None:
    page = open_gallery(open_page)
    choose_dataset(page, "Any folder or zip")
    page.get_by_placeholder("/home/you/pictures").fill(str(app_data / "own"))
    page.keyboard.press("Enter")
    page.locator(".broken").wait_for()  # among good ones
    assert sorted(thumbnails(page, 2)) == [f"{HOSTILE}: {HOSTILE}.jpg", "cats: cup.jpg"]
    picture = page.locator(".grid button").filter(has=page.get_by_alt_text(f"{HOSTILE}.jpg"))
    picture.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("From your own folder").wait_for()
    dialog.get_by_role("button", name="Compare this one").click()
    expect(page.locator(".box .original")).to_have_attribute(
        "alt", f"The picture: folder:{HOSTILE}/{HOSTILE}.jpg"
    )
    settled(page, 3)
    assert page.locator("img[src=x]").count() == 0


@long
def test_arrows_move_between_the_small_pictures(open_page: Open) -> None:
    page = open_gallery(open_page)
    buttons = page.locator(".grid button")
    buttons.first.focus()
    columns = buttons.evaluate_all("all => new Set(all.map(one => one.offsetLeft)).size")
    for key, index in (("ArrowRight", 1), ("ArrowDown", 1 + columns), ("Home", 0), ("End", 23)):
        page.keyboard.press(key)
        at = buttons.evaluate_all("all => all.indexOf(all[0].getRootNode().activeElement)")
        assert at == index, key
