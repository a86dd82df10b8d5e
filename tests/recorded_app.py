"""The app with a record of each request and of what it was answered with, in a line of JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cactiviz.ui import server


class Recorder:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        said = {
            "kind": scope["type"],
            "method": scope.get("method", ""),
            "path": scope["path"],
            "host": headers.get("host", ""),
            "origin": headers.get("origin", ""),
            "site": headers.get("sec-fetch-site", ""),
            "into": headers.get("sec-fetch-dest", ""),
        }

        async def send_on(message: Message) -> None:
            kind = message["type"]
            answer = {"websocket.accept": 101, "websocket.close": 403}.get(kind)
            if kind == "http.response.start":
                answer = message["status"]
            if answer is not None:
                line = json.dumps({**said, "answer": answer})
                with open(os.environ["RECORD"], "a") as file:
                    file.write(line + "\n")
            await send(message)

        await self._app(scope, receive, send_on)


if __name__ != "__main__":
    app = st.App(
        Path(__file__).resolve().parent.parent / "app.py",
        middleware=[Middleware(Recorder), *server.middleware()],
    )
