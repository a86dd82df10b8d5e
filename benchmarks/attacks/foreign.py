"""Requests and sockets of other pages, other names and other ports: none comes in."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator

from .table import Table
from .target import Target, started

_PATHS = (
    *(("GET", path) for path in ("/", "/filters", "/_stcore/health", "/_stcore/host-config")),
    *(("GET", path) for path in ("/media/0.mp4", "/static/js/a.js", "/_stcore/bidi-components/a")),
    *((method, "/_stcore/upload_file/a/b") for method in ("PUT", "POST", "OPTIONS", "DELETE")),
)
_SHUT = ("metrics", "metrics/", "agent/interact", "agent/mcp", "script-health-check", "stream/x")


def foreign(target: Target, table: Table) -> None:
    """Ask in every way that only the app's own pages may."""
    host = target.host
    port = host.rpartition(":")[2]
    came_in, asked = [], 0
    for wrong_host, origin in _wrong(host, port):
        for method, path in _PATHS:
            asked += 1
            status, body = _ask(host, method, path, wrong_host, origin)
            if status not in (403, 421) or not body.strip():
                came_in.append(f"{method} {path} as {wrong_host} of {origin}: {status}")
        asked += 1
        status = _socket(host, wrong_host, origin)
        if status != 403:
            came_in.append(f"a socket as {wrong_host} of {origin}: {status}")
    table.holds(f"{asked} foreign requests and sockets are refused", not came_in, str(came_in[:3]))
    shut = [name for name in _SHUT if _ask(host, "GET", f"/_stcore/{name}", host, "")[0] != 404]
    table.holds("Streamlit's other addresses are shut", not shut, str(shut))
    own = [_ask(host, "GET", path, host, f"http://{host}")[0] for _, path in _PATHS[:4]]
    socket = _socket(host, host, target.address)
    table.holds(
        "the app's own page comes in", own == [200] * 4 and socket == 101, f"{own}, {socket}"
    )
    table.holds("nothing unforeseen in the log", not target.complaints(), _first(target))


def run_foreign(table: Table) -> None:
    """On this computer, and with others let in."""
    for options in ((), ("--host", "0.0.0.0")):
        with started(*options) as target:
            foreign(target, table)


def _wrong(host: str, port: str) -> Iterator[tuple[str, str]]:
    """Pairs of Host and Origin that aren't the app's."""
    for name in (
        *("evil.test", f"evil.test:{port}", f"127.0.0.1.evil.test:{port}", f"{host}@evil.test"),
        *(f"localhost.evil.test:{port}", "evil.test/127.0.0.1", "0x7f.1", "2130706433", "", "*"),
    ):
        yield name, ""
        yield name, f"http://{name}"
    for origin in (
        *(
            "http://evil.test",
            f"http://evil.test:{port}",
            "https://a.streamlit.app",
            "null",
            "file://",
        ),
        *(
            f"http://127.0.0.1:{int(port) + 1}",
            f"http://localhost:{port}",
            f"http://{host}.evil.test",
        ),
        *(f"http://evil.test@{host}", f"ftp://{host}", f"http://{host}/", f"{host}"),
    ):
        yield host, origin


def _ask(at: str, method: str, path: str, host: str, origin: str, **more: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(at, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    if origin:
        connection.putheader("Origin", origin)
    for name, value in (more or {"Content-Length": "0"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = "" if answer.status == 101 else answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, body


def _socket(at: str, host: str, origin: str) -> int:
    """What a WebSocket's handshake is answered with."""
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()}
    return _ask(at, "GET", "/_stcore/stream", host, origin, **upgrade, **key)[0]


def _first(target: Target) -> str:
    return "; ".join(target.complaints()[:2])
