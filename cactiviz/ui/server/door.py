"""The middleware around Streamlit's server, from the outside in."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from importlib import resources

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cactiviz.ui.server.names import Names, from_environment, is_same
from cactiviz.ui.server.sessions import Quota, Sessions, Uploads, few_handles_left

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
#: Of everything: no guessing of types, no frame around it, nothing told to other sites.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Of files of a session's own: they hold nothing that runs, and no cache keeps them.
HEADERS_OF_MEDIA = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}


def middleware() -> list[Middleware]:
    """What ``streamlit.App`` is given, as the settings of this start ask for."""
    address = str(st.get_option("server.address") or "")
    allowed = [name for name in st.get_option("server.allowedHosts") if name != "*"]
    names = Names.of(address, (*allowed, *from_environment()))
    largest = int(st.get_option("server.maxUploadSize")) * _MEGABYTE
    # One's own computer: a network of the largest size and pictures beside it, in several tabs.
    quota = Quota(
        bytes_of_session=largest + 300 * _MEGABYTE,
        bytes_of_all=(2 if names.others else 3) * largest + 1000 * _MEGABYTE,
    )
    uploads = Uploads(quota, sessions().is_active, sessions().kept_seconds)
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


@cache
def headers_of_pages() -> dict[str, str]:
    """The policy of the app's own pages.

    Scripts are Streamlit's files, components (which it loads from blobs), and the few inline ones
    of its page, known by their hashes. Streamlit's widgets write their styles inline. Pictures and
    films are data or blobs as well.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "blob:", *_inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data:",  # what the camera took is read from a data address
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{rule} {sources}" for rule, sources in rules.items())
    return {"Content-Security-Policy": policy}


def _inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's page itself."""
    page = resources.files("streamlit").joinpath("static/index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


class _Answers:
    """Adds to each answer what the browser may load, and that no page may frame it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        said = HEADERS_OF_MEDIA if scope["path"].startswith("/media/") else headers_of_pages()

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **said}.items():
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
        if few_handles_left():
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
