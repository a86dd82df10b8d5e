"""The middleware before the app: who comes in, what each answer says, how much is taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from cactiviz.ui.server import door, policy
from cactiviz.ui.server.names import Names, is_same
from cactiviz.ui.server.sessions import Sessions
from cactiviz.ui.server.uploads import Quota, Uploads

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
    assert rules["default-src"] == "'none'" and rules["connect-src"] == "'self'"
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
    assert len(policy._inline_scripts()) >= 1
    assert is_same("http://a:1", "a:1") and not is_same("ftp://a:1", "a:1")


# Uploads


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


def test_a_session_may_hold_so_much_whatever_its_widgets_are_called(uploads: Uploads) -> None:
    assert uploads.take("s", "1", 60) == ""
    assert "no more room" in uploads.take("s", "2", 41)
    assert uploads.take("s", "2", 40) == ""
    assert uploads.take("s", "1", 30) == "", "a file that replaces another counts once"
    uploads.drop("s", "2")
    assert uploads.take("s", "3", 70) == ""


def test_all_together_may_hold_so_much(uploads: Uploads) -> None:
    assert uploads.take("s", "1", 100) == "" and uploads.take("t", "1", 50) == ""
    assert "Others hold" in uploads.take("t", "2", 1)


def test_many_small_files_are_too_many(uploads: Uploads) -> None:
    assert [uploads.take("s", str(number), 0) for number in range(4)][3].startswith("This page")


def test_what_a_session_held_is_free_once_it_has_ended_and_not_while_it_may_come_back(
    uploads: Uploads, clock: list[float], active: set[str]
) -> None:
    uploads.take("s", "1", 100)
    active.remove("s")
    clock[0] = 119
    assert "Others hold" in uploads.take("t", "1", 60)
    clock[0] = 121
    assert uploads.take("t", "1", 60) == "" and uploads.held_bytes() == 60


def test_an_upload_that_is_refused_or_breaks_off_counts_for_nothing(uploads: Uploads) -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("gone")

    path = "/_stcore/upload_file/s/1"
    assert status(ask(door._Uploading(refusing, uploads), path, "PUT", content_length="90")) == 403
    with pytest.raises(OSError, match="gone"):
        ask(door._Uploading(breaking, uploads), path, "PUT", content_length="90")
    assert uploads.held_bytes() == 0
    app = door._Uploading(inner, uploads)
    assert status(ask(app, path, "PUT", content_length="90")) == 204
    assert status(ask(app, path[:-1] + "2", "PUT", content_length="90")) == 413
    assert status(ask(app, path[:-1] + "2", "PUT")) == 411
    assert uploads.held_bytes() == 90
    assert status(ask(app, path, "DELETE")) == 204
    assert uploads.held_bytes() == 0


# Sessions


class Runtime:
    """Streamlit's runtime, as far as sessions need it."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.closed: list[str] = []

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


def test_a_session_that_was_cut_off_is_ended_and_one_that_came_back_is_not(
    served: Runtime, clock: list[float]
) -> None:
    sessions = Sessions(10, lambda: clock[0])
    served.active = {"a", "b", "c"}
    for one in served.active:
        sessions.note(one)
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
