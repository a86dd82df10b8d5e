"""One session without a screen: it speaks with the server as the page in a browser does.

Ten browsers would be most of what a small machine computes; visitors' own computers draw theirs.
Streamlit's messages are no public interface, so a newer Streamlit may need a change here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import ClientConnection, ConnectionClosed, connect

from cactiviz.methods import describe
from cactiviz.models import MODELS
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.pictures import texts as pictures_texts

WAIT_SECONDS = 90
STILL_SECONDS = 0.3  # without a message, after which the page is at rest
GRID = "cactiviz_grid"
MOST_KEPT = 100  # messages that the server need not send again; a browser keeps those of some runs


class Wire:
    """One session.

    Attributes:
        networks: Those chosen, as far as :meth:`expect` was told.
        views: Likewise.
        errors: What the page complained of.
        page_name: Of the page, before the server has told which it is; empty for the first.
    """

    page_name = ""
    most_kept = MOST_KEPT

    def __init__(self, socket: ClientConnection, query: Mapping[str, str]) -> None:
        self.networks: list[str] = []
        self.views: list[str] = []
        self.errors: list[str] = []
        self._socket = socket
        self._query = urlencode(query)
        self._page = ""
        self._values: dict[str, WidgetState] = {}
        self._kept: dict[str, ForwardMsg] = {}
        self._shown: dict[tuple[int, ...], tuple[int, str, Element]] = {}
        self._run, self._fragments = 0, set[str]()
        self._running = False
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._heard = time.monotonic()
        self._news = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def come(cls, address: str, query: Mapping[str, str]) -> AsyncIterator[Wire]:
        """Open the page at an address with these parameters."""
        at = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
        async with connect(at, subprotocols=["streamlit"], origin=address, max_size=None) as socket:  # type: ignore[list-item,arg-type]
            session = cls(socket, query)
            async with asyncio.TaskGroup() as group:  # which ends with the first that fails
                listening = group.create_task(session._listen())
                await session._send()
                yield session
                session._stop_timers()
                listening.cancel()

    def expect(self, networks: Iterable[str], views: Iterable[str]) -> None:
        """Say what is chosen, in the order in which it is shown."""
        order = list(MODELS)
        self.networks = sorted(networks, key=order.index)
        self.views = list(views)

    async def toggle_network(self, name: str) -> None:
        """Choose it, or not."""
        self.expect(set(self.networks) ^ {name}, self.views)
        await self._choose([MODELS[name].title for name in self.networks])

    async def toggle_view(self, view: str, order: Iterable[str]) -> None:
        """Likewise for a view."""
        chosen = set(self.views) ^ {view}
        self.views = [one for one in order if one in chosen]
        await self._choose([describe(view)[0] for view in self.views])

    async def open_source(self, name: str) -> None:
        """Press one of the signs beside the pictures, such as "upload" or "more"."""
        strip = next(
            one.bidi_component
            for one in self._elements("bidi_component")
            if one.bidi_component.component_name == STRIP
        )
        pressed = WidgetState(id=_make_trigger_id(strip.id, "events"))
        pressed.json_trigger_value = json.dumps([{"event": "pressed", "value": name}])
        self._values[strip.id] = WidgetState(id=strip.id, json_value="{}")  # as a browser's
        await self._send(pressed)

    async def draw(self) -> None:
        """Press the button for another picture by chance."""
        if not any(one.button.label == DRAW for one in self._elements("button")):
            await self.open_source("more")
            await self._until(
                lambda: (
                    any(one.button.label == DRAW for one in self._elements("button"))
                    and self._still()
                )
            )
        button = next(one.button for one in self._elements("button") if one.button.label == DRAW)
        await self._send(WidgetState(id=button.id, trigger_value=True))

    async def rest(self, different_from: str = "") -> dict[str, Any]:
        """What the page shows once it shows what is chosen and keeps still.

        Args:
            different_from: A picture's name that isn't waited for.

        Raises:
            TimeoutError: It never comes.
        """
        started = time.monotonic()

        def settled() -> bool:
            data = self.data()
            return (
                self._still()
                and [column["id"] for column in data["columns"]] == self.networks
                and [row["id"] for row in data["rows"]] == self.views
                and not any(column["waiting"] for column in data["columns"])
                and data["picture"]["name"] != different_from
            )

        while True:
            await self._until(settled)
            took = time.monotonic() - started
            heard = self._heard
            await asyncio.sleep(STILL_SECONDS)
            if heard == self._heard and settled():
                numbers = [one.number_input for one in self._elements("number_input")]
                return {
                    "data": self.data(),
                    "number": int(numbers[0].value) if numbers and numbers[0].set_value else None,
                    "seconds": took,
                    "errors": self._complaints(),
                }

    async def ignores(self, picture: str, seconds: float) -> bool:
        """Whether the page rests for so long with a picture that another one was asked for."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < seconds:
            if self.data()["picture"]["name"] != picture:
                return False
            if not self._still():
                quiet_since = time.monotonic()
            await asyncio.sleep(0.05)
        return True

    async def rerun(self) -> float:
        """Seconds of a run in which nothing changes, from the request to its last message."""
        started = time.monotonic()
        before = self._run
        await self._send()
        await self._until(lambda: self._run > before and not self._running)
        return self._heard - started

    def data(self) -> dict[str, Any]:
        """What the grid was given last."""
        for one in self._elements("bidi_component"):
            if one.bidi_component.component_name == GRID:
                return unpacked(one.bidi_component.bytes)
        return {"columns": [], "rows": [], "picture": {"name": ""}}

    def _still(self) -> bool:
        return not self._running and not self._timers

    def _complaints(self) -> list[str]:
        alerts = [one.alert.body for one in self._elements("alert")]
        return alerts + [one.exception.message for one in self._elements("exception")]

    def _elements(self, kind: str) -> list[Element]:
        return [one for _, _, one in self._shown.values() if one.WhichOneof("type") == kind]

    async def _choose(self, titles: list[str]) -> None:
        """Have the pills of these titles chosen, and no other of their group.

        Behind the title of a network that isn't here stands an arrow.
        """
        for element in self._elements("button_group"):
            labels = [option.content for option in element.button_group.options]
            chosen = [label for label in labels if label.partition(" :")[0] in titles]
            if len(chosen) == len(titles):
                state = WidgetState(id=element.button_group.id)
                state.string_array_value.data.extend(chosen)
                self._values[state.id] = state
                await self._send()
                return
        raise LookupError(f"There is no choice of {', '.join(titles)}.")

    async def _until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise TimeoutError(f"It never came; instead there is {self._words()}") from error

    def _words(self) -> str:
        data = self.data()
        columns = [(c["id"], c["waiting"] or c["why"]) for c in data["columns"]]
        state = "running" if self._running else "waiting" if self._timers else "at rest"
        chosen = f"chosen are {self.networks}, {self.views}"
        rows = [row["id"] for row in data["rows"]]
        return f"{data['picture']['name']}, {columns}, {rows}, {state}; {chosen}"

    async def _send(self, *triggers: WidgetState, fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self._query, self._page
        asked.page_name = self.page_name
        asked.widget_states.widgets.extend([*self._values.values(), *triggers])
        asked.cached_message_hashes.extend(self._kept)
        if fragment:
            asked.fragment_id, asked.is_auto_rerun = fragment, True
        if triggers or not fragment:
            self._running = True
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        try:
            async for raw in self._socket:
                assert isinstance(raw, bytes)
                self._hear(ForwardMsg.FromString(raw))
                self._heard = time.monotonic()
                self._news.set()
        except ConnectionClosed as error:
            self.errors.append(f"the connection broke: {error}")

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._run += 1
            self._running = True
            self._page = message.new_session.page_script_hash
            self._fragments = set(message.metadata.run.fragment_ids)
            if not self._fragments:
                self._stop_timers()
        elif kind == "ref_hash":
            path = tuple(message.metadata.delta_path)
            self._kept[message.ref_hash] = kept = self._kept.pop(message.ref_hash)
            self._take(path, kept)  # what is used again stays longest, as a browser keeps it
        elif kind == "delta":
            if message.metadata.cacheable:
                self._kept[message.hash] = message
                for old in list(self._kept)[: -self.most_kept]:
                    del self._kept[old]
            self._take(tuple(message.metadata.delta_path), message)
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            of = message.auto_rerun
            self._stop_timers([of.fragment_id])
            again = self._again(of.fragment_id, of.interval)
            self._timers[of.fragment_id] = asyncio.create_task(again)
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finished(message.script_finished)

    def _take(self, path: tuple[int, ...], message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") == "new_element":
            self._shown[path] = self._run, message.delta.fragment_id, message.delta.new_element

    def _finished(self, status: int) -> None:
        """What a whole run hasn't made again is gone; of a part's run, what belongs to the part."""
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("the page can't be compiled")
        self._running = False
        self._shown = {
            path: (run, fragment, element)
            for path, (run, fragment, element) in self._shown.items()
            if run == self._run or (self._fragments and fragment not in self._fragments)
        }

    async def _again(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._send(fragment=fragment)

    def _stop_timers(self, of: Iterable[str] | None = None) -> None:
        for fragment in list(self._timers if of is None else of):
            if timer := self._timers.pop(fragment, None):
                timer.cancel()


DRAW = pictures_texts.DRAW_ONE
#: The component of the pictures to choose from.
STRIP = "cactiviz_strip"
