"""Many sessions at once, each choosing networks, views and pictures at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from .wire import Wire

PICTURES = 40
MOST_NETWORKS = 3  # of one choice, so that many choices come to their end
HAND = (0.1, 0.4)  # seconds from one click to the next
PATIENCE = 3.0  # seconds of a page at rest that ignores a click, after which it is pressed again


class Crowd:
    """The sessions.

    Attributes:
        shown: What ``Wire.rest`` said of each finished comparison, and what was chosen.
        errors: Whatever went wrong.
        clicks: How often a button was pressed.
        lost: How many of these had no effect: Streamlit drops a button's press if the next one
            reaches the server before what the first one does has begun.
    """

    def __init__(self, address: str, networks: Sequence[str], views: Sequence[str]) -> None:
        self.shown: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.clicks = self.lost = 0
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
        try:
            async with Wire.come(self._address, query) as visitor:
                visitor.expect(networks, self._views)
                await visitor.rest()
                while time.monotonic() < end:
                    drawn = await self._change(visitor, chance)
                    if drawn and await visitor.ignores(drawn, PATIENCE):
                        self.lost += 1
                        await visitor.draw()
                    found = await visitor.rest(drawn)
                    chosen = {"networks": visitor.networks, "views": visitor.views}
                    self.shown.append({**found, **chosen})
                    await asyncio.sleep(chance.random())
                self.errors += [f"session {number}: {error}" for error in visitor.errors]
        except ExceptionGroup as group:
            self.errors.append(f"session {number}: {group.exceptions[0]!r}")

    async def _change(self, visitor: Wire, chance: random.Random) -> str:
        """Choose something else; the picture that was there before, if another one was drawn."""
        before = str(visitor.data()["picture"]["name"])
        what = chance.choice(("network", "network", "view", "picture"))
        in_doubt = chance.choice((0, 0, 1, 3))  # some can't make up their minds
        for _ in range(in_doubt + (what == "picture")):
            await visitor.draw()
            self.clicks += 1
            await asyncio.sleep(chance.uniform(*HAND))
        if what == "network":
            few, many = len(visitor.networks) == 1, len(visitor.networks) >= MOST_NETWORKS
            out = [name for name in self._networks if name not in visitor.networks]
            among = out if few else visitor.networks if many else self._networks
            await visitor.toggle_network(chance.choice(list(among)))
        elif what == "view":
            few = len(visitor.views) == 1
            out = [view for view in self._views if view not in visitor.views]
            await visitor.toggle_view(chance.choice(out if few else list(self._views)), self._views)
        return before if in_doubt or what == "picture" else ""
