"""Somebody at the app without a screen, who brings files as the page in a browser does.

The upload is the page's own (a PUT with the token against forgery), and so are the messages that
tell of it; only the browser is missing. Like ``driving.wire`` this speaks Streamlit's messages.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import requests
from driving.wire import Wire
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from cactiviz.ui.animate import texts as animate_texts

#: One network and one view, so that a picture costs little.
LIGHT = {"networks": "cactinet", "views": "grad_cam"}
_WAIT_SECONDS = 120.0
_UPLOAD_SECONDS = 60.0


class Person(Wire):
    """One session, and what it may upload or make.

    Attributes:
        session: Its id, once its page has run.
        address: Of the app.
        download: The address of the file that was made for the last download.
    """

    session = ""
    address = ""
    download = ""

    @classmethod
    @asynccontextmanager
    async def visit(
        cls, address: str, query: Mapping[str, str] | None = None
    ) -> AsyncIterator[Person]:
        """Open the first page, and wait until it has run."""
        async with cls.come(address, LIGHT if query is None else query) as person:
            assert isinstance(person, Person)
            person.address = address
            await person.until(lambda: bool(person.session) and not person._running)
            yield person

    async def until(self, holds: Callable[[], bool], seconds: float = _WAIT_SECONDS) -> None:
        """Wait; raises TimeoutError if it never holds."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"It never came; there is {self.alerts()}, {self._words()}")
            await asyncio.sleep(0.02)

    async def open_picture(self, name: str, data: bytes) -> str:
        """Bring a picture of one's own; what the page says of it, empty if it shows it."""
        await self._choose_source()
        await self._bring("upload", name, data)
        await self.until(self._has_answered)
        return " ".join(self.alerts())

    async def open_network(self, name: str, data: bytes, architecture: str) -> str:
        """Bring a network of one's own by the form; what the form says, empty if it took it."""
        said = self.alerts()
        if not self._fields("own file"):
            await self._press("open own")
            await self.until(lambda: bool(self._fields("own file")) and not self._running)
        await self._bring("own file", name, data)
        state = WidgetState(id=self._field("own architecture").selectbox.id)
        state.string_value = architecture
        self._values[state.id] = state
        state = WidgetState(id=self._field("own name").text_input.id)
        state.string_value = uuid.uuid4().hex[:12]
        self._values[state.id] = state
        before = self._run
        await self._press("own submit")
        await self.until(
            lambda: self._run > before and not self._running and not self._reads_a_network()
        )
        if self._fields("own file"):
            return " ".join(one for one in self.alerts() if one not in said) or "nothing is said"
        await self._press("open own")
        await self.until(lambda: bool(self._fields("own remove 0")) and not self._running)
        await self._press("own remove 0")  # which closes the form
        await self.until(lambda: not self._fields("own file") and not self._running)
        return ""

    async def make_film(self) -> list[str]:
        """On the page Animate, make an MP4; the addresses of the film and of its download."""
        group = next(
            one
            for one in self._elements("button_group")
            if animate_texts.FILM_FORMATS["mp4"] in [o.content for o in one.button_group.options]
        )
        state = WidgetState(id=group.button_group.id)
        state.string_array_value.data.append(animate_texts.FILM_FORMATS["mp4"])
        self._values[state.id] = state
        await self._send()
        await self.until(
            lambda: (
                any(not one.button.disabled for one in self._fields("film make"))
                and not self._running
            )
        )
        await self._press("film make")
        await self.until(lambda: bool(self._elements("video")) and not self._running)
        deferred = self._elements("download_button")[0].download_button.deferred_file_id
        asked = BackMsg()
        asked.backend_operation_request.request_id = "download"
        asked.backend_operation_request.session_id = self.session
        asked.backend_operation_request.deferred_file.file_id = deferred
        await self._socket.send(asked.SerializeToString())
        await self.until(lambda: bool(self.download))
        video = self._elements("video")[0].video.url
        return [f"{self.address}{place}" for place in (video, self.download)]

    async def put(self, file: str, name: str, data: bytes) -> requests.Response:
        """Upload a file under an id of this session's."""
        place = f"{self.address}/_stcore/upload_file/{self.session}/{file}"
        return await asyncio.to_thread(put, self.address, place, name, data)

    def alerts(self) -> list[str]:
        """What the page complains of."""
        wrong = [one.alert.body for one in self._elements("alert") if one.alert.format == 1]
        return wrong + [one.exception.message for one in self._elements("exception")]

    def _has_answered(self) -> bool:
        data = self.data()
        waits = not data["columns"] or any(column["waiting"] for column in data["columns"])
        return not self._running and (bool(self.alerts()) or not waits)

    def _reads_a_network(self) -> bool:
        buttons = [one.button for one in self._fields("own submit")]
        return any(button.disabled for button in buttons)

    async def _choose_source(self) -> None:
        if self._fields("upload"):
            return
        await self.until(lambda: bool(self._fields("open own")) and not self._running)
        await self.open_source("upload")
        await self.until(lambda: bool(self._fields("upload")) and not self._running)

    async def _bring(self, field: str, name: str, data: bytes) -> None:
        file = uuid.uuid4().hex
        answer = await self.put(file, name, data)
        if answer.status_code != 204:
            raise RuntimeError(f"{name}: {answer.status_code}, {answer.text}")
        state = WidgetState(id=self._field(field).file_uploader.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(data), file
        info.file_urls.file_id = file
        before = self._values.get(state.id)
        self._values[state.id] = state
        run = self._run
        await self._send()
        await self.until(lambda: self._run > run and not self._running)
        if before is not None:  # as the page does with the file that was there before
            old = before.file_uploader_state_value.uploaded_file_info[0].file_id
            place = f"{self.address}/_stcore/upload_file/{self.session}/{old}"
            await asyncio.to_thread(delete, self.address, place)

    async def _press(self, key: str) -> None:
        await self.until(lambda: bool(self._fields(key)) and not self._running)
        button = self._field(key).button
        run = self._run
        await self._send(WidgetState(id=button.id, trigger_value=True))
        await self.until(lambda: self._run > run)

    def _field(self, key: str) -> Element:
        found = self._fields(key)
        if not found:
            raise LookupError(f"There is no {key}; the page says {self.alerts()}")
        return found[0]

    def _fields(self, key: str) -> list[Element]:
        """Those whose key begins so; a form's end in how often it was opened."""
        kinds = ("file_uploader", "button", "selectbox", "text_input")
        return [
            one
            for kind in kinds
            for one in self._elements(kind)
            if getattr(one, kind).id.partition("-")[2].partition("-")[2].startswith(key)
        ]

    def _hear(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "new_session":
            self.session = message.new_session.initialize.session_id
        if message.WhichOneof("type") == "backend_operation_response":
            self.download = message.backend_operation_response.deferred_file.url
        super()._hear(message)


def put(address: str, place: str, name: str, data: bytes) -> requests.Response:
    """Upload a file with the token that the app gives its pages."""
    with requests.Session() as session:
        token = _token(session, address)
        files = {"file": (name, data, "application/octet-stream")}
        return session.put(place, files=files, headers=token, timeout=_UPLOAD_SECONDS)


def delete(address: str, place: str) -> requests.Response:
    """Remove an upload likewise."""
    with requests.Session() as session:
        return session.delete(place, headers=_token(session, address), timeout=_UPLOAD_SECONDS)


def _token(session: requests.Session, address: str) -> dict[str, str]:
    page = {"Accept-Language": "en"}
    session.get(f"{address}/_stcore/health", headers=page, timeout=_UPLOAD_SECONDS)
    token = session.cookies.get("_streamlit_xsrf") or ""
    return {"X-Xsrftoken": token, "Origin": address}


class Filmmaker(Person):
    """Somebody on the page Animate."""

    page_name = "animate"
