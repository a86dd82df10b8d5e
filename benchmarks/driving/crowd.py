"""Many sessions at once, each choosing networks, views and pictures at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from playwright.async_api import Browser, Error

from .visitor import Visitor

PICTURES = 40
MOST_NETWORKS = 3  # of one choice, so that many choices come to their end


class Crowd:
    """The sessions.

    Attributes:
        shown: What ``probe.rest`` said of each finished comparison.
        errors: Whatever went wrong.
    """

    def __init__(
        self, browser: Browser, address: str, networks: Sequence[str], views: Sequence[str]
    ) -> None:
        self.shown: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self._browser = browser
        self._address = address
        self._networks = networks
        self._views = views

    async def live(self, sessions: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._session(number, end) for number in range(sessions)))

    async def _session(self, number: int, end: float) -> None:
        chance = random.Random(number)
        networks = chance.sample(self._networks, min(2, len(self._networks)))
        picture = f"scenes:cactus/{chance.randrange(PICTURES)}"
        query = {"networks": " ".join(networks), "untrained": "1", "picture": picture}
        visitor = await Visitor.come(self._browser, self._address, query, one_of_many=True)
        visitor.expect(networks, self._views)
        try:
            await visitor.comparison(visitor.wanted(picture=picture))
            while time.monotonic() < end:
                await self._change(visitor, chance)
                self.shown.append(await visitor.rest())
                await asyncio.sleep(chance.random())
        except Error as error:
            self.errors.append(f"session {number}: {error}")
        self.errors += [f"session {number}: {error}" for error in visitor.errors]
        await visitor.leave()

    async def _change(self, visitor: Visitor, chance: random.Random) -> None:
        for _ in range(chance.choice((0, 0, 1, 3))):  # some can't make up their minds
            await visitor.draw(wait=False)
        what = chance.choice(("network", "network", "view", "picture"))
        if what == "network":
            few, many = len(visitor.networks) == 1, len(visitor.networks) >= MOST_NETWORKS
            out = [name for name in self._networks if name not in visitor.networks]
            among = out if few else visitor.networks if many else self._networks
            await visitor.toggle_network(chance.choice(list(among)))
        elif what == "view":
            few = len(visitor.views) == 1
            out = [view for view in self._views if view not in visitor.views]
            await visitor.toggle_view(chance.choice(out if few else list(self._views)), self._views)
        else:
            await visitor.draw()
