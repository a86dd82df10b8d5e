"""The middleware around Streamlit's server, from the outside in."""

from __future__ import annotations

import html
import re
from functools import cache

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cactiviz.ui.server import handles, policy
from cactiviz.ui.server.names import Names, from_environment, is_same
from cactiviz.ui.server.sessions import Sessions
from cactiviz.ui.server.uploads import Quota, Uploads

#: What the app needs of Streamlit's own routes; metrics and the rest are shut.
_CORE = re.compile(
    r"/_stcore/(?:health|host-config|stream|upload_file/[^/]+/[^/]+|bidi-components/.*)"
)
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)")
_MEGABYTE = 2**20
_HEALTH = "/_stcore/health"
_FULL = "So many people use this app at the moment that it takes no more. Please try again later."
_NO_HANDLES = "The app has nearly as many connections open as it may. Please try again later."
_NO_ROOM = "The files that were brought fill all the room that there is. Please try again later."
_LATER = {"Retry-After": "60"}


def middleware() -> list[Middleware]:
    """What ``streamlit.App`` is given, as the settings of this start ask for."""
    address = str(st.get_option("server.address") or "")
    allowed = [name for name in st.get_option("server.allowedHosts") if name != "*"]
    names = Names.of(address, (*allowed, *from_environment()))
    uploads = _uploads(names.others, sessions())
    return [
        Middleware(_Answers),
        Middleware(_Requests, names=names),
        Middleware(_Health, sessions=sessions(), uploads=uploads),
        Middleware(_Crowd, sessions=sessions()),
        Middleware(_Uploading, uploads=uploads, sessions=sessions()),
    ]


@cache
def sessions() -> Sessions:
    """Those of this server."""
    return Sessions()


def _uploads(others: bool, sessions: Sessions) -> Uploads:
    largest = int(st.get_option("server.maxUploadSize")) * _MEGABYTE
    # One's own computer: a network of the largest size and pictures beside it, in several tabs.
    quota = Quota(
        bytes_of_session=largest + 300 * _MEGABYTE,
        bytes_of_all=(2 if others else 3) * largest + 1000 * _MEGABYTE,
    )
    return Uploads(quota, sessions.is_active, sessions.kept_seconds)


class _Answers:
    """Adds to each answer what :mod:`cactiviz.ui.server.policy` says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        said = policy.OF_MEDIA if scope["path"].startswith("/media/") else policy.of_pages()

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**policy.EVERYWHERE, **said}.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_more)


class _Requests:
    """Refuses what wasn't asked under a name of the app's, or comes from another page."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        why = self._why_not(scope)
        if why is None:
            return await self._app(scope, receive, send)
        await _refuse(scope, receive, send, why)

    def _why_not(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._names.allow(hosts[0]):
            return PlainTextResponse(
                "The app isn't reached under this name. Open it under this computer's address, "
                "or start it with --allow-name NAME.",
                421,
            )
        # Other programs than browsers send no Origin; a page elsewhere can't leave it out.
        if len(origins) > 1 or any(not is_same(origin, hosts[0]) for origin in origins):
            return PlainTextResponse("Another page may not use the app.", 403)
        if _from_elsewhere(headers):
            return PlainTextResponse("Another page may not use the app.", 403)
        if scope["path"].startswith("/_stcore/") and not _CORE.fullmatch(scope["path"]):
            return PlainTextResponse("There is nothing here.", 404)
        return None


def _from_elsewhere(headers: Headers) -> bool:
    """Whether another page asks without saying its origin, for a picture or a frame of its own.

    Browsers say so of each request to this computer itself. Links may lead here from anywhere.
    """
    site, into = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-dest", "")
    return site in ("cross-site", "same-site") and into != "document"


class _Health:
    """Says whether the app can serve one more, where Streamlit only knows that it runs."""

    def __init__(self, app: ASGIApp, sessions: Sessions, uploads: Uploads) -> None:
        self._app, self._sessions, self._uploads = app, sessions, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == _HEALTH
        if asked and (why := self._why_not(Headers(scope=scope))):
            answer = PlainTextResponse(why, 503, {**_LATER, "Cache-Control": "no-store"})
            return await answer(scope, receive, send)
        await self._app(scope, receive, send)

    def _why_not(self, headers: Headers) -> str:
        if handles.nearly_all_in_use():
            return _NO_HANDLES
        if self._sessions.full:
            return _FULL
        # The app's pages ask before they connect, and may do so: they need no room for files. Of
        # all programs that ask, it is browsers that say which languages they like.
        browser = "accept-language" in headers
        return _NO_ROOM if self._uploads.full and not browser else ""


class _Crowd:
    """Keeps count of connections, and says so to the one too many."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app, self._sessions = app, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with self._sessions.connection() as admitted:
                if admitted:
                    return await self._app(scope, receive, send)
            return await _refuse(scope, receive, send, PlainTextResponse(_FULL, 503))
        page = scope["type"] == "http" and "." not in scope["path"].rpartition("/")[2]
        ours = page and not scope["path"].startswith(("/_stcore/", "/media/", "/static/"))
        if ours and not self._sessions.make_room():
            body = f"<!doctype html><title>cactiviz</title><p>{html.escape(_FULL)}</p>"
            answer = HTMLResponse(body, 503, _LATER)
            return await answer(scope, receive, send)
        await self._app(scope, receive, send)


class _Uploading:
    """Holds uploads to their quota before a byte of them is read."""

    def __init__(self, app: ASGIApp, uploads: Uploads, sessions: Sessions) -> None:
        self._app, self._uploads, self._sessions = app, uploads, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _UPLOAD.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["method"] not in ("PUT", "DELETE"):
            return await self._app(scope, receive, send)
        session, file = found.groups()
        puts = scope["method"] == "PUT"
        if puts:
            length = Headers(scope=scope).get("content-length", "")
            if not (length.isascii() and length.isdecimal()):
                return await PlainTextResponse("How long is it?", 411)(scope, receive, send)
            if why := self._uploads.take(session, file, int(length)):
                return await PlainTextResponse(why, 413)(scope, receive, send)
        done = False

        async def send_on(message: Message) -> None:
            nonlocal done
            if message["type"] == "http.response.start":
                done = message["status"] < 300
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            if puts:
                self._sessions.end_upload(session)
                self._uploads.settle(session, file, done)
            elif done:  # else it is there still
                self._uploads.drop(session, file)


async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    if scope["type"] == "http":
        return await answer(scope, receive, send)
    await send({"type": "websocket.close", "code": 1008})  # before it is accepted: an HTTP 403
