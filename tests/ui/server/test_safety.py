"""What the app's settings promise, and whether the running server keeps to it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page
from streamlit.testing.v1 import AppTest

from cactiviz.pictures import open
from cactiviz.ui import navigation, texts
from cactiviz.ui.brought import store
from cactiviz.ui.pictures import texts as pictures_texts
from cactiviz.ui.session import state
from tests.fixtures.browsing import ask_for_picture, at_rest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
# Put into a server by its environment: it writes down every address outside that is looked up or
# connected to, and refuses it.
WATCH = """
import os, socket

def _watched(name, place):
    before = getattr(socket, name) if place is socket else getattr(place, name)
    def instead(*given, **named):
        host = given[0] if place is socket else (given[1][0] if type(given[1]) is tuple else None)
        if host not in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", b"127.0.0.1"):
            with open(os.environ["WATCH_FILE"], "a") as file:
                print(name, host, file=file)
            raise OSError("watched")
        return before(*given, **named)
    setattr(place, name, instead)

_watched("getaddrinfo", socket)
_watched("gethostbyname", socket)
_watched("connect", socket.socket)
_watched("connect_ex", socket.socket)
"""


class Running:
    """An app that was started by its command."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.watched = folder / "watched"
        self.said = folder / "said"
        (folder / "sitecustomize.py").write_text(WATCH)
        environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "WATCH_FILE": str(self.watched),
            "TORCH_HOME": str(folder),
            "CACTIVIZ_DATA": str(folder / "data"),
        }
        command = [sys.executable, "-m", "cactiviz", "app", "--port", str(self.port)]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, "--no-browser", *options],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        for _ in range(240):
            try:
                requests.get(f"{self.url}/_stcore/health", timeout=1)
                return
            except requests.RequestException:
                time.sleep(0.25)
        pytest.fail(f"the app did not start: {self.said.read_text()}")

    def asked_outside(self) -> str:
        return self.watched.read_text() if self.watched.is_file() else ""

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)  # as Ctrl+C does: the command and its server
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The app as a person at this computer starts it."""
    started = Running(tmp_path_factory.mktemp("app"))
    yield started
    started.stop()


def handshake(port: int, host: str, origin: str | None = None) -> int:
    """The status with which the app's socket answers a page that was opened under a name."""
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        *([f"Origin: {origin}"] if origin else []),
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: streamlit",
    ]
    return status(port, "\r\n".join([*lines, "", ""]).encode())


def status(port: int, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        first = connection.recv(64)
    found = re.match(rb"HTTP/1\.1 (\d+)", first)
    assert found is not None, first
    return int(found[1])


def test_the_settings_shut_the_app_off_and_tell_nobody() -> None:
    server, client = SETTINGS["server"], SETTINGS["client"]
    assert server["address"] == "127.0.0.1"
    assert server["enableXsrfProtection"] is True and server["enableCORS"] is True
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}
    assert server["maxUploadSize"] == store.MOST_MEGABYTES, "the form promises another limit"
    assert client["showErrorDetails"] == "none" and client["showErrorLinks"] is False
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    switched_on = {"enableStaticServing", "enableAgentApi", "trustedUserHeaders"} & set(server)
    assert not switched_on


def test_a_pictures_own_limits_are_far_below_the_servers() -> None:
    assert open.MAX_BYTES == 50 * 2**20 < store.MOST_MEGABYTES * 2**20


def test_the_tabs_icon_comes_with_the_page() -> None:
    kind, _, data = navigation._TAB_ICON.partition(",")
    assert kind == "data:image/svg+xml;base64" and len(data) < 3000  # it is sent in each run
    icon = ElementTree.fromstring(b64decode(data))
    assert icon.tag.endswith("}svg") and icon.get("width") == icon.get("height") == "64"


def test_only_this_computer_reaches_it_and_only_by_its_own_names(running: Running) -> None:
    port = running.port
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert handshake(port, f"{name}:{port}", f"http://{name}:{port}") == 101, name
    rebound = f"evil.example:{port}"  # a name of somebody else's, made to mean this computer
    assert handshake(port, rebound, f"http://{rebound}") == 403
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    at = {row[1].split(":")[0] for row in listening if row[1].endswith(f":{port:04X}")}
    assert at == {"0100007F"}, "it listens at another address than 127.0.0.1"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


@pytest.mark.browser
def test_uploads_need_the_token_keep_to_the_limit_and_nothing_goes_outside(
    page: Page, running: Running
) -> None:
    page.goto(f"{running.url}/?networks=cactinet&views=grad_cam")
    at_rest(page)
    ask_for_picture(page, "upload")
    photograph = BytesIO()
    Image.fromarray(open.sample("coffee").rgb).save(photograph, "JPEG")
    upload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photograph.getvalue()}
    with page.expect_request(lambda request: request.method == "PUT") as sent:
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(upload)  # type: ignore[arg-type]
    url, headers = sent.value.url, sent.value.headers
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    token = headers["x-xsrftoken"]
    body = {"file": ("a.jpg", b"x")}

    def put(**given: object) -> requests.Response:
        return requests.put(url, files=body, timeout=10, **given)  # type: ignore[arg-type]

    assert put(cookies=cookies, headers={"X-Xsrftoken": token}).status_code == 204
    assert put(cookies=cookies).status_code == 403, "a page elsewhere could upload"
    assert put(headers={"X-Xsrftoken": token}).status_code == 403
    size = SETTINGS["server"]["maxUploadSize"] * 2**20 + 1
    path = "/" + url.split("/", 3)[3]
    head = [
        f"PUT {path} HTTP/1.1",
        f"Host: 127.0.0.1:{running.port}",
        f"X-Xsrftoken: {token}",
        "Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type: multipart/form-data; boundary=x",
        f"Content-Length: {size}",
    ]
    assert status(running.port, "\r\n".join([*head, "", ""]).encode()) == 413
    assert running.asked_outside() == "", "the server asked somebody outside, unasked"


def test_a_picture_too_large_is_refused_though_the_server_would_take_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(open, "MAX_BYTES", 2**20)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state[state.SOURCE] = "upload"
    app.run()
    picture = BytesIO()
    Image.new("RGB", (1000, 600)).save(picture, "BMP")
    app.file_uploader(key="upload").set_value(("a.bmp", picture.getvalue(), "image/bmp")).run()
    assert [e.value for e in app.error] == [
        texts.plain(pictures_texts.TOO_LARGE_A_PICTURE.format(megabytes=1))
    ]
    assert not app.exception


def test_let_others_in_it_warns_takes_less_and_still_asks_nobody_outside(tmp_path: Path) -> None:
    started = Running(tmp_path, "--host", "0.0.0.0", "--allow-name", "my-computer.local")
    try:
        name = f"my-computer.local:{started.port}"
        assert handshake(started.port, name, f"http://{name}") == 101
        # Streamlit would let any name in, and ask elsewhere whether a strange page is its own.
        assert handshake(started.port, f"evil.example:{started.port}") == 403
        assert handshake(started.port, name, "http://evil.example") == 403
        assert handshake(started.port, f"127.0.0.1:{started.port}", "http://localhost:1") == 403
        assert requests.get(f"{started.url}/_stcore/metrics", timeout=5).status_code == 404
        asked = started.asked_outside()
    finally:
        started.stop()
    said = started.said.read_text()
    assert "not to this computer alone" in said and "no password" in said
    assert asked == "", "the server asked somebody outside, unasked"
