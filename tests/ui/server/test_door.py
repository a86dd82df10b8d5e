"""The middleware before the app: who comes in, what each answer says, how much is taken."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import weakref
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from cactiviz.runtime.runner import spare_the_collector
from cactiviz.ui.server import door
from cactiviz.ui.server.names import Names, is_same
from cactiviz.ui.server.sessions import Quota, Sessions, Uploads

HOST = "127.0.0.1:8501"
Sent = list[dict[str, Any]]


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Streamlit's place: lets everything in."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(
    app: ASGIApp, path: str = "/", method: str = "GET", *, kind: str = "http", **headers: str
) -> Sent:
    """What the app sends for one request."""
    named = {"host": HOST} | {key.replace("_", "-"): value for key, value in headers.items()}
    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "headers": [(key.encode(), value.encode()) for key, value in named.items() if value],
    }
    sent: Sent = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def status(sent: Sent) -> int:
    first = sent[0]
    if first["type"] == "websocket.accept":
        return 101
    return 403 if first["type"] == "websocket.close" else int(first["status"])


def said(sent: Sent) -> dict[str, str]:
    return {key.decode().lower(): value.decode() for key, value in sent[0]["headers"]}


@pytest.fixture
def guarded() -> ASGIApp:
    return door._Requests(inner, Names.of("127.0.0.1"))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin", "comes_in"),
    [
        (HOST, "", True),
        (HOST, f"http://{HOST}", True),
        ("localhost:8501", "http://localhost:8501", True),
        ("[::1]:8501", "http://[::1]:8501", True),
        ("LOCALHOST.:8501", "http://localhost.:8501", True),
        (HOST, "http://127.0.0.1:9000", False),  # another program of this computer's
        (HOST, "http://localhost:8501", False),
        (HOST, "https://a.streamlit.app", False),
        (HOST, "null", False),
        (HOST, f"http://{HOST}.evil.example", False),
        (HOST, f"http://evil.example@{HOST}", False),
        ("evil.example:8501", "http://evil.example:8501", False),  # DNS rebinding
        ("127.0.0.1.evil.example", "", False),
        ("127.0.0.1@evil.example", "", False),
        ("evil.example/127.0.0.1", "", False),
        ("192.168.1.7:8501", "", False),  # it listens to this computer alone
        ("", "", False),
    ],
)
def test_only_the_apps_own_pages_come_in(
    guarded: ASGIApp, kind: str, host: str, origin: str, comes_in: bool
) -> None:
    found = status(ask(guarded, "/_stcore/stream", kind=kind, host=host, origin=origin))
    assert (found in (101, 204)) is comes_in, found


@pytest.mark.parametrize(
    ("host", "comes_in"),
    [
        ("192.168.1.7:8501", True),
        ("[2001:db8::7]:8501", True),
        ("my-laboratory:8501", True),
        ("my-laboratory.local", True),
        ("cactus.example", True),
        ("CACTUS.example.", True),
        ("evil.example:8501", False),
        ("a.cactus.example", False),
    ],
)
def test_let_others_in_it_knows_addresses_its_own_names_and_those_that_were_allowed(
    monkeypatch: pytest.MonkeyPatch, host: str, comes_in: bool
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "My-Laboratory.example.org")
    names = Names.of("0.0.0.0", ["Cactus.example"])
    assert (status(ask(door._Requests(inner, names), host=host)) == 204) is comes_in


def test_two_hosts_or_two_origins_are_none(guarded: ASGIApp) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"] += [(b"host", b"localhost")]
        await guarded(scope, receive, send)

    assert status(ask(app)) == 421


@pytest.mark.parametrize(
    ("site", "into", "comes_in"),
    [
        ("", "", True),  # no browser
        ("none", "document", True),  # typed
        ("cross-site", "document", True),  # a link
        ("same-origin", "script", True),
        ("same-origin", "empty", True),
        ("same-site", "document", True),  # from another port of this computer's
        ("same-site", "image", False),
        ("cross-site", "video", False),
        ("cross-site", "iframe", False),
        ("cross-site", "object", False),
        ("same-site", "empty", False),
    ],
)
def test_another_page_that_says_no_origin_is_known_by_what_the_browser_says(
    guarded: ASGIApp, site: str, into: str, comes_in: bool
) -> None:
    said_by_it = {"sec_fetch_site": site, "sec_fetch_dest": into}
    assert (status(ask(guarded, "/media/film.mp4", **said_by_it)) == 204) is comes_in


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/", True),
        ("/filters", True),
        ("/_stcore/health", True),
        ("/_stcore/host-config", True),
        ("/_stcore/upload_file/a/b", True),
        ("/_stcore/bidi-components/a/b.js", True),
        ("/_stcore/metrics", False),
        ("/_stcore/metrics/", False),
        ("/_stcore/agent/openapi.json", False),
        ("/_stcore/script-health-check", False),
        ("/_stcore/allowed-message-origins", False),
    ],
)
def test_of_streamlits_own_addresses_only_those_that_the_app_needs_are_open(
    guarded: ASGIApp, path: str, there: bool
) -> None:
    assert (status(ask(guarded, path)) == 204) is there


def test_pages_may_not_be_framed_and_load_from_here_alone() -> None:
    headers = said(ask(door._Answers(inner)))
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["frame-ancestors"] == "'none'" and headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert rules["default-src"] == "'none'" and rules["connect-src"] == "'self' data:"
    everywhere = " ".join(rules.values())
    assert "http:" not in everywhere and "https:" not in everywhere and "*" not in everywhere
    assert "'unsafe-eval'" not in rules["script-src"]
    assert "'unsafe-inline'" not in rules["script-src"]


def test_a_sessions_files_run_nothing_and_no_cache_keeps_them() -> None:
    headers = said(ask(door._Answers(inner), "/media/0123.html"))
    assert headers["cache-control"] == "no-store"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_refusal_has_the_same_headers() -> None:
    refusing = door._Answers(door._Requests(inner, Names.of("127.0.0.1")))
    sent = ask(refusing, host="evil.example")
    assert status(sent) == 421 and "frame-ancestors 'none'" in said(sent)["content-security-policy"]


def test_the_page_that_streamlit_serves_has_no_script_but_those_that_are_known() -> None:
    assert len(door._inline_scripts()) >= 1
    assert is_same("http://a:1", "a:1") and not is_same("ftp://a:1", "a:1")


# Uploads


class Runtime:
    """Streamlit's runtime, as far as sessions need it."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.closed: list[str] = []
        self.forgotten: list[str] = []
        self.looked = 0
        self.uploaded_file_mgr = self.media_file_mgr = self

    def connect_session(self, session: str) -> str:
        self.active.add(session)
        return session

    def remove_session_files(self, session: str) -> None:
        self.forgotten.append(session)

    def remove_orphaned_files(self) -> None:
        self.looked += 1

    def is_active_session(self, session: str) -> bool:
        return session in self.active

    def close_session(self, session: str) -> None:
        self.closed.append(session)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    found = Runtime()
    monkeypatch.setattr("streamlit.runtime.exists", lambda: True)
    monkeypatch.setattr("streamlit.runtime.get_instance", lambda: found)
    return found


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def active() -> set[str]:
    return {"s", "t"}


@pytest.fixture
def uploads(clock: list[float], active: set[str]) -> Uploads:
    quota = Quota(bytes_of_session=100, bytes_of_all=150, files_of_session=3)
    return Uploads(quota, active.__contains__, 120, lambda: clock[0])


def put(uploads: Uploads, session: str, file: str, size_bytes: int) -> str:
    """A file that comes whole if it may."""
    if why := uploads.take(session, file, size_bytes):
        return why
    uploads.settle(session, file, True)
    return ""


def test_a_session_may_hold_so_much_whatever_its_widgets_are_called(uploads: Uploads) -> None:
    assert put(uploads, "s", "1", 60) == ""
    assert "no more room" in put(uploads, "s", "2", 41)
    assert put(uploads, "s", "2", 40) == ""
    assert put(uploads, "s", "1", 30) == "", "a file that replaces another counts once"
    uploads.drop("s", "2")
    assert put(uploads, "s", "3", 70) == ""


def test_all_together_may_hold_so_much(uploads: Uploads) -> None:
    assert put(uploads, "s", "1", 100) == "" and put(uploads, "t", "1", 50) == ""
    assert "Others hold" in put(uploads, "t", "2", 1)


def test_many_small_files_are_too_many(uploads: Uploads) -> None:
    assert [put(uploads, "s", str(number), 0) for number in range(4)][3].startswith("This page")


def test_what_a_session_held_is_free_once_it_has_ended_and_not_while_it_may_come_back(
    uploads: Uploads, clock: list[float], active: set[str]
) -> None:
    put(uploads, "s", "1", 100)
    active.remove("s")
    clock[0] = 119
    assert "Others hold" in put(uploads, "t", "1", 60)
    clock[0] = 121
    assert put(uploads, "t", "1", 60) == "" and uploads.held_bytes() == 60


@pytest.fixture
def there(served: Runtime) -> Sessions:
    """Where the sessions "s" and "t" are."""
    sessions = Sessions(10)
    sessions.note("s")
    sessions.note("t")
    return sessions


def test_an_upload_that_is_refused_or_breaks_off_counts_for_nothing(
    uploads: Uploads, there: Sessions
) -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("gone")

    path = "/_stcore/upload_file/s/1"
    assert (
        status(ask(door._Uploading(refusing, uploads, there), path, "PUT", content_length="90"))
        == 403
    )
    with pytest.raises(OSError, match="gone"):
        ask(door._Uploading(breaking, uploads, there), path, "PUT", content_length="90")
    assert uploads.held_bytes() == 0
    app = door._Uploading(inner, uploads, there)
    assert status(ask(app, path, "PUT", content_length="90")) == 204
    assert status(ask(app, path[:-1] + "2", "PUT", content_length="90")) == 413
    assert status(ask(app, path[:-1] + "2", "PUT")) == 411
    assert uploads.held_bytes() == 90
    assert status(ask(app, path, "DELETE")) == 204
    assert uploads.held_bytes() == 0


def test_a_file_that_is_there_counts_whatever_is_tried_with_its_name(
    uploads: Uploads, there: Sessions
) -> None:
    path = "/_stcore/upload_file/s/1"
    during: list[int] = []

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        during.append(status(ask_again(scope["method"])))
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask_again(method: str) -> Sent:
        sent: Sent = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"content-length", b"0")]
        scope = {"type": "http", "path": path, "method": method, "headers": headers}
        coroutine = door._Uploading(inner, uploads, there)(scope, None, send)  # type: ignore[arg-type]
        with contextlib.suppress(StopIteration):
            coroutine.send(None)  # nothing in it waits
        return sent

    assert status(ask(door._Uploading(inner, uploads, there), path, "PUT", content_length="90"))
    wrong = door._Uploading(refusing, uploads, there)
    assert status(ask(wrong, path, "PUT", content_length="1")) == 400
    assert uploads.held_bytes() == 90, "what it would have replaced is in memory still"
    assert during == [413], "two of one name at once: the one counted need not be the one kept"
    during.clear()
    refused = door._Uploading(inner_refusing, uploads, there)
    assert status(ask(refused, path, "DELETE")) == 403
    assert uploads.held_bytes() == 90, "it wasn't removed"


async def inner_refusing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_an_upload_that_outlives_its_session_is_forgotten(
    uploads: Uploads, there: Sessions, served: Runtime, active: set[str], clock: list[float]
) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        active.remove("s")
        clock[0] = 1000
        assert uploads.held_bytes() == 90, "it is on its way"
        there._end("s")
        await inner(scope, receive, send)

    path = "/_stcore/upload_file/s/1"
    ask(door._Uploading(slow, uploads, there), path, "PUT", content_length="90")
    assert served.forgotten == ["s"]
    ask(
        door._Uploading(inner, uploads, there),
        path.replace("/s/", "/t/"),
        "PUT",
        content_length="9",
    )
    assert served.forgotten == ["s"]


# Sessions


def test_a_session_that_was_cut_off_is_ended_and_one_that_came_back_is_not(
    served: Runtime, clock: list[float]
) -> None:
    sessions = Sessions(10, lambda: clock[0])
    served.active = {"a", "b", "c"}
    for one in served.active:
        sessions.note(one)

    async def pass_time() -> None:
        served.active = {"c"}
        sessions.end_those_gone()
        clock[0] = sessions.kept_seconds - 1
        served.active = {"b", "c"}  # it came back
        sessions.end_those_gone()
        assert served.closed == []
        clock[0] = sessions.kept_seconds
        sessions.end_those_gone()
        assert served.closed == ["a"]
        clock[0] = 10 * sessions.kept_seconds
        sessions.end_those_gone()
        assert served.closed == ["a"]

    asyncio.run(pass_time())


def test_the_one_too_many_is_told_and_those_whose_page_is_gone_make_room_first(
    served: Runtime, clock: list[float]
) -> None:
    sessions = Sessions(2, lambda: clock[0])
    app = door._Crowd(inner, sessions)

    async def crowd() -> list[bool]:
        with (
            sessions.connection() as first,
            sessions.connection() as second,
            sessions.connection() as third,
        ):
            return [first, second, third]

    assert asyncio.run(crowd()) == [True, True, False]

    async def full() -> tuple[int, str]:
        with sessions.connection(), sessions.connection():
            sent: Sent = []

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {"type": "http", "path": "/filters", "method": "GET", "headers": []}
            await app(scope, None, send)  # type: ignore[arg-type]
            return status(sent), sent[1]["body"].decode()

    code, body = asyncio.run(full())
    assert code == 503 and "no more" in body
    served.active = {"a"}
    sessions.note("a")
    sessions.note("b")  # cut off, and may come back

    async def one_more() -> bool:
        with sessions.connection(), sessions.connection() as second:
            return second

    assert asyncio.run(one_more()) is True
    assert served.closed == ["b"]


def test_a_session_is_known_that_was_cut_off_before_its_page_was_run(
    served: Runtime, clock: list[float]
) -> None:
    sessions = Sessions(10, lambda: clock[0])

    async def come_and_go() -> None:
        with sessions.connection():
            served.connect_session("a")
        with sessions.connection():
            served.connect_session("b")
        served.active.clear()
        sessions.end_those_gone()
        clock[0] = sessions.kept_seconds
        sessions.end_those_gone()

    asyncio.run(come_and_go())
    assert sorted(served.closed) == ["a", "b"]


def test_after_a_session_has_ended_its_links_are_looked_for_once_more(
    served: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Sessions.__module__], "_AFTER_SECONDS", 0.0)
    sessions = Sessions(10)

    async def end_two() -> None:
        sessions._end("a")
        sessions._end("b")
        assert served.looked == 0, "another one's download may be on its way"
        await asyncio.sleep(0.05)

    asyncio.run(end_two())
    assert served.closed == ["a", "b"] and served.looked == 1


def test_what_is_left_of_a_session_that_was_here_when_the_app_had_loaded_goes(
    served: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Sessions.__module__], "_AFTER_SECONDS", 0.0)

    class Session:
        """In a circle, as one is with its handles."""

        def __init__(self) -> None:
            self.itself = self

    session = Session()
    gone = weakref.ref(session)
    spare_the_collector()
    del session
    gc.collect()
    assert gone() is not None, "it was taken out of the collector's sight"
    sessions = Sessions(10)

    async def end_it() -> None:
        sessions._end("a")
        await asyncio.sleep(0.05)

    asyncio.run(end_it())
    assert gone() is None


def test_networks_that_are_loaded_let_go_of_sessions_of_before() -> None:
    class Session:
        def __init__(self) -> None:
            self.itself = self

    session = Session()
    gone = weakref.ref(session)
    spare_the_collector()
    del session
    spare_the_collector()
    assert gone() is None


# Health


@pytest.mark.parametrize(
    ("handles_used", "connected", "uploaded", "language", "says"),
    [
        (100, 1, 50, "", ""),
        (100, 2, 50, "", "So many people"),
        (100, 2, 50, "de", "So many people"),
        (100, 1, 110, "", "fill all the room"),
        (100, 1, 110, "de", ""),  # a page that is to be connected: it needs no room for files
        (230, 1, 50, "", "as many connections"),
        (256, 0, 0, "de", "as many connections"),
    ],
)
def test_health_is_not_well_while_one_more_could_not_be_served(
    handles_used: int,
    connected: int,
    uploaded: int,
    language: str,
    says: str,
    uploads: Uploads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules[Sessions.__module__], "limit_of_handles", lambda: 256)
    monkeypatch.setattr(sys.modules[Sessions.__module__], "handles_in_use", lambda: handles_used)
    monkeypatch.setattr(sys.modules[Sessions.__module__], "LEAST_ROOM_BYTES", 50)
    sessions = Sessions(2)
    put(uploads, "s", "1", min(uploaded, 100))
    put(uploads, "t", "1", max(0, uploaded - 100))
    app = door._Health(inner, sessions, uploads)

    async def while_they_are_here() -> Sent:
        sessions._connected = connected
        sent: Sent = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"accept-language", language.encode())] if language else []
        scope = {"type": "http", "path": "/_stcore/health", "method": "GET", "headers": headers}
        await app(scope, None, send)  # type: ignore[arg-type]
        return sent

    sent = asyncio.run(while_they_are_here())
    assert status(sent) == (503 if says else 204)
    assert says in sent[1]["body"].decode()


def test_where_few_handles_are_left_nobody_more_comes_in(
    served: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Sessions.__module__], "limit_of_handles", lambda: 256)
    monkeypatch.setattr(sys.modules[Sessions.__module__], "handles_in_use", lambda: 230)
    app = door._Crowd(inner, Sessions(10))
    assert status(ask(app, "/filters")) == 503 and status(ask(app, kind="websocket")) == 403
    assert status(ask(app, "/static/js/main.js")) == 204, "those who are here go on"
