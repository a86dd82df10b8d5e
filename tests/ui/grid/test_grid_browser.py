"""The grid in a real Chromium: what is painted, and that none of it needs Python."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from cactiviz.rendering import paint
from cactiviz.ui import texts
from cactiviz.ui.grid import encoding
from tests.fixtures.browsing import NUMBERS_ON, PATIENCE_MS, served
from tests.fixtures.grid_case import FAILED, HOSTILE, METHOD_FAILED, comparison
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).resolve().parents[2] / "fixtures"
MADE = comparison()
PIXELS = """([key, kind]) => {
    const cell = [...document.querySelectorAll('*')].find(
      e => e.shadowRoot?.querySelector('.table'))
      .shadowRoot.querySelector(`[data-key="${key}"]`);
    const canvas = cell.querySelector(kind);
    if (canvas.hidden) return null;
    return [canvas.width, canvas.height, canvas.toDataURL('image/png')];
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    places = {"PYTHONPATH": os.pathsep.join([str(FOLDER.parent), str(FOLDER)])}
    with served(FOLDER / "grid_page.py", places) as url:
        yield url


@pytest.fixture(scope="module")
def frames() -> list[str]:
    """What the browser sent to the server."""
    return []


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str, frames: list[str]) -> Iterator[Page]:
    """One page for all tests; each leaves no dialog open."""
    errors: list[str] = []
    context = browser.new_context(
        viewport={"width": 1280, "height": 860},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(NUMBERS_ON)
    page = context.new_page()
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("websocket", lambda ws: ws.on("framesent", lambda _: frames.append("sent")))
    page.goto(address)
    ready(page)
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def page(opened: Page, address: str) -> Iterator[Page]:
    yield opened
    if opened.locator("dialog[open]").count():
        opened.keyboard.press("Escape")
    choose(opened, "Compare shapes")
    opened.wait_for_function("!location.search")  # the look leaves the address a moment later


def ready(page: Page) -> None:
    page.locator(".cell").first.wait_for()
    page.wait_for_function(
        """() => {
        const host = [...document.querySelectorAll('*')].find(
          e => e.shadowRoot?.querySelector('.cell'));
        const all = host.shadowRoot.querySelectorAll('.cell canvas.ground');
        return all.length === 7 && [...all].every(one => one.width !== 300);
    }"""
    )


def run_again(page: Page) -> None:
    """By a script, so that the focus stays; until the page shows what the run has sent."""
    count = page.get_by_text("runs", exact=False).first
    before = count.inner_text()
    page.get_by_role("button", name="run again").evaluate("button => button.click()")
    expect(count).not_to_have_text(before)


def choose(page: Page, scale: str) -> None:
    page.get_by_label(scale, exact=True).check(force=True)


def cell(page: Page, view: str, network: str) -> Any:
    return page.locator(f'.table [data-key="{view} {network}"]')


def canvas(page: Page, view: str, network: str, kind: str) -> NDArray[np.uint8] | None:
    found = page.evaluate(PIXELS, [f"{view} {network}", kind])
    if found is None:
        return None
    image = Image.open(BytesIO(base64.b64decode(found[2].partition(",")[2])))
    assert image.size == (found[0], found[1])
    return np.asarray(image.convert("RGB"))


def painted(
    view: str, network: str, size: tuple[int, int], strength: float = 1.0, **style: Any
) -> tuple[NDArray[np.uint8], tuple[slice, slice]]:
    """What ``render`` paints of a cell, and where it is seen."""
    explanation = MADE.explanations[network]
    attribution = explanation.attributions[view]
    display = encoding.display_of(attribution)
    shown = [e.values for e in MADE.attributions() if e.method == view]
    scale = style.get("scale", "own")
    maps = paint.on_one_scale(attribution.values, shown, scale)
    vmax = paint.vmax_of(maps, display, scale)
    image = paint.paint(
        MADE.picture,
        attribution.values,
        explanation.seen,
        display=display,
        vmax=vmax,
        size=size,
        strength=strength,
        **style,
    )
    whole, seen = MADE.picture.size, explanation.seen
    spans = [
        slice(round(start * pixels / all_), round((start + length) * pixels / all_))
        for start, length, pixels, all_ in (
            (seen.top, seen.height, size[0], whole[0]),
            (seen.left, seen.width, size[1], whole[1]),
        )
    ]
    return image, (spans[0], spans[1])


@pytest.mark.parametrize("scale", ["own", "shared", "rank", "evidence"])
@pytest.mark.parametrize(
    ("view", "bound"),
    # A gradient goes through levels of a root, and in colour through a JPEG.
    [("grad_cam", 0.6), ("hires_cam", 0.6), ("saliency", 1.5), ("guided_backprop", 4.0)],
)
def test_a_map_is_painted_as_render_paints_it(
    page: Page, view: str, bound: float, scale: str
) -> None:
    names = {"own": "Compare shapes", "shared": "Compare strengths", "rank": "Order only"}
    choose(page, names.get(scale, "Shares"))
    ground = canvas(page, view, "alexnet", "canvas.ground")
    layer = canvas(page, view, "alexnet", "canvas.layer")
    assert ground is not None and layer is not None
    expected, seen = painted(view, "alexnet", ground.shape[:2], scale=scale)
    assert layer.shape == expected[seen].shape
    if scale == "rank" and view == "guided_backprop":
        bound *= 2  # ranks spread the many small values, where a JPEG's errors are
    assert np.abs(layer.astype(int) - expected[seen]).mean() < bound


def test_the_ground_is_dimmed_and_hatched_where_nothing_was_seen(page: Page) -> None:
    ground = canvas(page, "grad_cam", "alexnet", "canvas.ground")
    assert ground is not None
    expected, seen = painted("grad_cam", "alexnet", ground.shape[:2], strength=0.0)
    assert np.abs(ground[seen].astype(int) - expected[seen]).mean() < 3
    outside = np.ones(ground.shape[:2], bool)
    outside[seen] = False
    assert abs(ground[outside].mean() - expected[outside].mean()) < 12
    assert ground[outside].mean() < 0.75 * ground[seen].mean()


def test_strength_is_seen_and_costs_no_message(page: Page, frames: list[str]) -> None:
    runs = page.get_by_text("runs", exact=False).first.inner_text()
    before = len(frames)
    slider = page.get_by_label("Overlay", exact=True)
    shots = []
    for strength in ("0.2", "0.5"):
        slider.fill(strength)
        shot = cell(page, "grad_cam", "cactinet").locator(".stack").screenshot()
        shots.append(np.asarray(Image.open(BytesIO(shot)).convert("RGB")).astype(int))
    expected = [
        painted("grad_cam", "cactinet", shot.shape[:2], float(strength))[0]
        for shot, strength in zip(shots, ("0.2", "0.5"), strict=True)
    ]
    inner = np.s_[6:-6, 6:-6]  # the corners are round
    for shot, wanted in zip(shots, expected, strict=True):
        assert np.abs(shot[inner] - wanted[inner]).mean() < 6
    assert np.abs(shots[0] - shots[1]).mean() > 8
    choose(page, "Order only")
    page.get_by_role("button", name="Palette: inferno").click()
    page.get_by_role("menuitemradio", name="turbo hard to read").click()
    page.wait_for_function("location.search === '?scale=rank&palette=turbo'")
    slider.fill("0.75")
    page.wait_for_function("new URLSearchParams(location.search).get('strength') === '0.75'")
    turbo, seen = painted("grad_cam", "alexnet", (90, 120), scale="rank", palette="turbo")
    layer = canvas(page, "grad_cam", "alexnet", "canvas.layer")
    assert layer is not None
    size = layer.shape[1], layer.shape[0]
    assert np.abs(layer.astype(int) - cv2.resize(turbo[seen], size)).mean() < 16
    assert len(frames) == before, "the server was told"
    assert page.get_by_text("runs", exact=False).first.inner_text() == runs
    # A run of the page changes nothing of it; what is at its first value leaves the address.
    run_again(page)
    assert slider.input_value() == "0.75"
    slider.fill("0.5")
    page.get_by_role("button", name="Palette: turbo").click()
    # An open menu takes the keys a moment after it is seen.
    expect(page.get_by_role("menuitemradio", checked=True)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    choose(page, "Compare shapes")
    page.wait_for_function("location.search === ''")


@long
def test_a_link_brings_the_look(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address}/?other=%3Cb%3E&palette=cividis&strength=0.3&scale=nonsense")
    ready(other)
    assert other.get_by_role("button", name="Palette: cividis").is_visible()
    assert other.get_by_label("Overlay", exact=True).input_value() == "0.3"
    assert other.get_by_label("Compare shapes", exact=True).is_checked()
    other.get_by_role("button", name="Copy link").click()
    other.locator(".panel:popover-open", has_text="Your picture stays here.").wait_for()
    copied = other.evaluate("navigator.clipboard.readText()")
    assert copied == f"{address}/?other=%3Cb%3E&palette=cividis&strength=0.3"
    other.close()


def test_words_under_the_pointer(page: Page) -> None:
    stack = cell(page, "grad_cam", "alexnet").locator(".stack")
    box = stack.bounding_box()
    values = MADE.explanations["alexnet"].attributions["grad_cam"].values
    row, column = np.unravel_index(values.argmax(), values.shape)
    seen = MADE.explanations["alexnet"].seen
    height, width = MADE.picture.size
    down = (seen.top + seen.height * (row + 0.5) / values.shape[0]) / height
    across = (seen.left + seen.width * (column + 0.5) / values.shape[1]) / width
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    says = page.locator(".says")
    said = says.inner_text()
    assert f"{values.max():.3g} here, 100 % of this map" in said
    assert said.endswith(f"stronger than {paint.percent(62 / 63)} of the map")
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    assert says.inner_text().endswith("never saw this part")


@long
def test_words_stay_in_sight_however_far_one_scrolls(page: Page, address: str) -> None:
    other = page.context.new_page()
    for width in (1280, 620):  # in the second the table scrolls within its own box
        other.set_viewport_size({"width": width, "height": 600})
        other.goto(address)
        ready(other)
        scrolls = other.locator(".grid").evaluate("e => e.classList.contains('scrolls')")
        assert scrolls == (width == 620)
        stack = cell(other, "guided_backprop", "alexnet").locator(".stack")
        stack.evaluate("e => e.scrollIntoView({block: 'center'})")
        stack.hover()
        says = other.locator(".says")
        expect(says).to_contain_text("Guided backprop")
        assert other.locator(".toolbar").bounding_box()["y"] < 60, "nothing was scrolled"
        seen = says.evaluate(
            """e => { const at = e.getBoundingClientRect();
            const [x, y] = [at.right - 9, (at.top + at.bottom) / 2];
            return e.getRootNode().elementFromPoint(x, y) === e; }"""
        )
        assert seen, f"something lies over the words at {width} px"
        line = other.locator(".status").bounding_box()
        head = other.locator(".head").first.bounding_box()
        assert scrolls or line["y"] + line["height"] == head["y"], "not just above the names"
    other.close()


def test_words_of_a_cell_go_when_the_focus_leaves_it(page: Page) -> None:
    page.mouse.move(0, 0)
    says = page.locator(".says")
    first = cell(page, "grad_cam", "alexnet")
    first.focus()
    expect(says).to_contain_text("Grad-CAM")
    page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("CactiNet")
    page.get_by_role("button", name="Palette: inferno").focus()
    expect(says).to_have_text(texts.GRID["hint"])


def test_dialog_arrows_escape_and_focus(page: Page) -> None:
    first = cell(page, "grad_cam", "alexnet")
    first.focus()
    for key, view, network in (
        ("ArrowRight", "grad_cam", "cactinet"),
        ("ArrowDown", "hires_cam", "cactinet"),
        ("ArrowDown", "saliency", "cactinet"),
        ("ArrowDown", "filters", "cactinet"),  # guided backprop failed there
        ("ArrowUp", "saliency", "cactinet"),
        ("ArrowLeft", "saliency", "alexnet"),
    ):
        page.keyboard.press(key)
        assert cell(page, view, network).evaluate("e => e.getRootNode().activeElement === e"), key
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("heading", name="Saliency · AlexNet").wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_role("heading", name="Saliency · CactiNet").wait_for()
    page.keyboard.press("ArrowUp")
    dialog.get_by_role("heading", name="HiResCAM · CactiNet").wait_for()
    assert dialog.locator(".choice").count() == 2
    divider = dialog.get_by_role("slider", name="How much of the map is shown")
    divider.focus()
    page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "55"
    dialog.get_by_role("heading", name="HiResCAM · CactiNet").wait_for()
    page.keyboard.press("+")
    moved = dialog.locator(".scene").evaluate_all(
        "all => new Set(all.map(e => getComputedStyle(e).transform.split(',')[0])).size"
    )
    assert moved == 1, "the panes are zoomed together"
    assert "matrix(1.5" in dialog.locator(".scene").first.evaluate(
        "e => getComputedStyle(e).transform"
    )
    box = divider.bounding_box()
    assert box is not None
    dialog.get_by_role("button", name="Saliency").click()  # no arrow key needed
    dialog.get_by_role("heading", name="Saliency · CactiNet").wait_for()
    dialog.locator(".choice").first.click()
    dialog.get_by_role("heading", name="Saliency · AlexNet").wait_for()
    answer = page.locator("thead .answers .class").first.inner_text()
    expect(dialog.locator(".answered")).to_contain_text(f"{answer}, ")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 9)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") != "55"
    page.keyboard.press("ArrowUp")  # the mouse didn't give the keys to the divider
    page.keyboard.press("ArrowRight")
    dialog.get_by_role("heading", name="HiResCAM · CactiNet").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    # A dialog tells of its end only after it is hidden.
    expect(cell(page, "hires_cam", "cactinet")).to_be_focused()


def test_hostile_names_stay_text_and_reasons_stand_in_their_place(page: Page) -> None:
    assert page.locator("img[src=x]").count() == 0
    assert page.locator(".original").get_attribute("alt") == f"The picture: {HOSTILE}"
    head = page.locator(".head").first
    assert HOSTILE in head.inner_text() and "random weights" in head.inner_text()
    assert HOSTILE in (cell(page, "saliency", "alexnet").get_attribute("aria-label") or "")
    assert page.locator(".why", has_text=FAILED).count() == 1
    assert page.locator(".why", has_text=METHOD_FAILED).count() == 1
    assert page.locator(".waiting").count() == 5
    assert "second in the queue" in page.locator(".head").nth(3).inner_text()


@long
def test_an_export_is_asked_for_and_saved_once(page: Page) -> None:
    page.get_by_role("button", name="Take home").click()
    with page.expect_download() as saving:
        page.get_by_role("menuitem", name="Raw maps (npz)").click()
    assert saving.value.suggested_filename == "maps.npz"
    assert Path(saving.value.path()).read_bytes() == b"\0made"
    page.get_by_text("kind='export', value='npz'").wait_for()
    assert page.get_by_role("button", name="Take home").is_enabled()
    again: list[object] = []
    page.on("download", lambda file: again.append(file))
    run_again(page)
    run_again(page)  # a second one could overtake no file of the first
    assert not again


def test_new_data_leaves_what_has_not_changed(page: Page) -> None:
    mark = cell(page, "saliency", "alexnet")
    mark.evaluate("e => { e.dataset.mark = 'here'; e.focus(); }")
    run_again(page)
    assert mark.get_attribute("data-mark") == "here"
    assert mark.evaluate("e => e.getRootNode().activeElement === e")


@long
def test_a_phone_scrolls_the_table_and_not_the_page(page: Page, address: str) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    context.add_init_script(NUMBERS_ON)
    phone = context.new_page()
    phone.goto(address)
    ready(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    box = phone.locator(".box")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth")
    side = phone.locator(".side").first
    before = side.bounding_box()
    box.evaluate("e => { e.scrollLeft = 200; e.scrollTop = 150; }")
    phone.wait_for_timeout(200)
    after = side.bounding_box()
    assert before is not None and after is not None and before["x"] == after["x"]
    top, head = box.bounding_box(), phone.locator(".head").nth(2).bounding_box()
    assert top is not None and head is not None and 0 <= head["y"] - top["y"] <= 2
    cell(phone, "saliency", "cactinet").tap()
    dialog = phone.get_by_role("dialog")
    dialog.get_by_role("heading", name="Saliency · CactiNet").wait_for()
    dialog.get_by_role("button", name="Close").tap()
    dialog.wait_for(state="hidden")
    context.close()


@long
def test_one_network_and_what_else_there_is(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address}/?networks=cactinet")
    other.get_by_role("button", name=f"{HOSTILE} Add").wait_for()
    assert other.locator("img[src=x]").count() == 0
    assert other.locator(".aside").first.is_visible()
    other.get_by_role("button", name="ResNet50 Add").click()
    other.get_by_text("kind='add', value='resnet50'").wait_for()
    other.close()
