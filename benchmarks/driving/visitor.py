"""One session in a browser of its own, which chooses as a person does."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser, Locator, Page, async_playwright

from cactiviz.models import MODELS
from cactiviz.ui.pictures import texts as pictures_texts
from cactiviz.ui.sidebar import texts as sidebar_texts

PROBE = Path(__file__).with_name("probe.js").read_text("utf-8")
WAIT_SECONDS = 60
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
LOOKS = {"palette": ("viridis", "inferno"), "scale": ("rank", "own")}
CHANGES = {
    "strength": """([name, turn]) => {
        const slider = __probe.root()?.querySelector(".toolbar input[type=range]");
        return slider && __probe.cost(() => {
            slider.value = 0.3 + 0.05 * (turn % 9);
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        });
    }""",
    "palette": """([name, turn]) => {
        const entries = __probe.root()?.querySelectorAll(".toolbar [role=menuitemradio]") ?? [];
        const entry = [...entries].find((one) => one.textContent.startsWith(name));
        return entry && __probe.cost(() => entry.click());
    }""",
    "scale": """([name, turn]) => {
        const radio = __probe.root()?.querySelector(`.toolbar input[type=radio][value=${name}]`);
        return radio && __probe.cost(() => radio.click());
    }""",
}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if found is None:
        sys.exit("Chromium is missing: install it, or name its path in CHROMIUM.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(QUIET))
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """One session.

    Attributes:
        networks: Those chosen, as far as :meth:`expect` was told.
        views: Likewise.
        errors: What the page complained of.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.networks: list[str] = []
        self.views: list[str] = []
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)

    @classmethod
    async def come(
        cls,
        browser: Browser,
        address: str,
        query: Mapping[str, str] | None = None,
    ) -> Visitor:
        context = await browser.new_context(
            reduced_motion="reduce", viewport={"width": 1280, "height": 860}
        )
        context.set_default_timeout(1000 * WAIT_SECONDS)
        page = await context.new_page()
        await page.add_init_script(PROBE)
        visitor = cls(page)
        await page.goto(f"{address}/?{urlencode(query or {})}", wait_until="commit")
        return visitor

    async def leave(self) -> None:
        await self.page.context.close()

    def expect(self, networks: Iterable[str], views: Iterable[str]) -> None:
        """Say what is chosen, in the order in which it is shown."""
        order = list(MODELS)
        self.networks = sorted(networks, key=order.index)
        self.views = list(views)

    def wanted(self, **more: str) -> dict[str, Any]:
        """What the screen is to show: ids, as the grid has them."""
        return {"networks": self.networks, "views": self.views, **more}

    async def comparison(self, wanted: dict[str, Any]) -> float:
        """Milliseconds from the start of the page until it is on the screen."""
        found: float = await self.page.evaluate(
            f"wanted => __probe.until(() => __probe.shows(wanted), {WAIT_SECONDS}, wanted)", wanted
        )
        return found

    async def unfold(self) -> None:
        """Open the side panel, where the networks are."""
        await self.page.get_by_test_id("stExpandSidebarButton").click()
        await self._side().get_by_role("button", name=sidebar_texts.MORE_NETWORKS).wait_for()

    async def toggle_network(self, name: str) -> float:
        """Choose it or not; milliseconds from the click to the comparison on the screen."""
        chosen = set(self.networks) ^ {name}
        self.expect(chosen, self.views)
        return await self._click(self._pill(MODELS[name].title))

    async def draw(self, wait: bool = True) -> float:
        """Have another picture by chance; likewise."""
        button = self.page.get_by_role("button", name=re.compile(f"{pictures_texts.DRAW_ONE}$"))
        if not await button.count():
            await self.page.get_by_role("button", name=pictures_texts.ASKS_ALT["more"]).click()
            await button.wait_for()
        if not wait:
            await button.click()
            return 0.0
        before = await self.page.evaluate("__probe.data.picture.name")
        return await self._click(button, **{"not": before})

    async def trivial_run(self) -> tuple[float, float]:
        """Milliseconds of a run that changes nothing but a button: in the page, at the server."""
        button = self._side().get_by_role(
            "button", name=re.compile(rf"({sidebar_texts.MORE_NETWORKS}|{sidebar_texts.FEWER})$")
        )
        page, server = await self._during(f"__probe.run({WAIT_SECONDS})", button.last)
        return page, server

    async def change_look(self, what: str, turn: int) -> float | None:
        """Milliseconds of the page's thread for a change of the look; None where it isn't found."""
        name = LOOKS.get(what, ("",))[turn % len(LOOKS.get(what, ("",)))]
        found: float | None = await self.page.evaluate(CHANGES[what], [name, turn])
        return found

    async def _click(self, what: Locator, **more: str) -> float:
        wanted = self.wanted(**more)
        found: float = await self._during(
            f"wanted => __probe.comparison(wanted, {WAIT_SECONDS})", what, wanted
        )
        return found

    async def _during(self, script: str, what: Locator, given: Any = None) -> Any:
        """What a script says that watches while something is clicked."""
        await what.scroll_into_view_if_needed()
        watching: Awaitable[Any] = self.page.evaluate_handle(
            f"given => {{ window.__seen = ({script}); if (typeof __seen === 'function') "
            "window.__seen = __seen(given); __seen.catch(() => 0); }",
            given,
        )
        await watching
        await what.click()
        return await self.page.evaluate("window.__seen")

    def _side(self) -> Locator:
        return self.page.get_by_test_id("stSidebar")

    def _pill(self, title: str) -> Locator:
        return self._side().get_by_role("button", name=re.compile(rf"^{re.escape(title)}( ↓.*)?$"))
