"""Pictures from the web: what comes, what is refused, and that nothing private is ever touched."""

from __future__ import annotations

import gzip
import http.server
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cactiviz.errors import CactivizError, Cancelled, DownloadError
from cactiviz.pictures.web import MAX_REDIRECTS, Fetched, fetch_picture, is_public, parsed, resolve

PUBLIC = "93.184.216.34"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def give(data: bytes, *, status: int = 200, length: int | None = -1, **headers: str) -> Answer:
    """An answer with these bytes; length -1 is the true one, None none at all."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        if length is not None:
            request.send_header("Content-Length", str(len(data) if length < 0 else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)

    return answer


def send_to(location: str, status: int = 302) -> Answer:
    return give(b"", status=status, Location=location)


class Server:
    """A web server on this computer that counts who comes."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {"/cat.png": give(b"cat")}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append((self.path, dict(self.headers)))
                answer = outer.answers.get(self.path, give(b"none", status=404))
                with suppress(OSError):  # the client hung up, as some of these tests want it to
                    answer(self)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        class Counting(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def verify_request(self, *_: object) -> bool:
                outer.connections += 1
                return True

            def handle_error(self, *_: object) -> None:
                pass

        self.http = Counting(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def fetch(url: str, **options: object) -> Fetched:
    return fetch_picture(url, allow_private=True, **options)  # type: ignore[arg-type]


def refusal(url: str, **options: object) -> str:
    with pytest.raises(DownloadError) as caught:
        fetch_picture(url, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert text.endswith(".") and text.count(". ") == 0 and "\n" not in text
    for foreign in ("Error", "Errno", "Traceback", "HTTPConnection", "[", "SSL"):
        assert foreign not in text, text
    return text


class Internet:
    """Names of the internet, all played by one server here; says what was asked and connected."""

    def __init__(self, server: Server, **names: str | list[str]) -> None:
        self.server = server
        self.names = names
        self.asked: list[str] = []
        self.connected: list[str] = []

    def resolver(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        found = self.names.get(host.replace(".", "_"), [])
        return [found] if isinstance(found, str) else found

    def connector(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append(address)
        return socket.create_connection(("127.0.0.1", self.server.port), timeout_seconds)

    @property
    def options(self) -> dict[str, object]:
        return {"resolver": self.resolver, "connector": self.connector}


# What comes


def test_bytes_name_and_source_come_back(server: Server) -> None:
    server.answers["/a/cat%20one.png?size=2&key=secret"] = give(b"\x89PNG")
    fetched = fetch(f"  {server.url}/a/cat%20one.png?size=2&key=secret#top ")
    assert fetched == (b"\x89PNG", "cat one.png", f"{server.url}/a/cat%20one.png")
    ((_, headers),) = server.requests
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["Accept-Encoding"] == "identity" and "Cookie" not in headers


def test_progress_tells_bytes_and_total(server: Server) -> None:
    data = bytes(200_000)
    server.answers["/big"] = give(data)
    server.answers["/unknown"] = give(data, length=None)
    for path, total in (("/big", len(data)), ("/unknown", None)):
        steps: list[tuple[int, int | None]] = []
        fetch(server.url + path, progress=lambda *step, to=steps: to.append(step))
        assert steps[-1] == (len(data), total) and steps == sorted(steps)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/x/..%2f..%2fetc%2fpasswd", "passwd"),
        ("/x/..%5cboot.ini", "boot.ini"),
        ("/", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("/a/b/", "b"),
        ("/%00%0acat%e2%80%aegnp.png", "catgnp.png"),
        ("/" + "x" * 300, "x" * 100),
        ("/bär.png", "bär.png"),
    ],
)
def test_name_is_the_last_part_and_harmless(server: Server, typed: str, name: str) -> None:
    server.answers = _Always(give(b"data"))
    assert fetch(server.url + typed).name == name


class _Always(dict[str, Answer]):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def get(self, *_: object) -> Answer:  # type: ignore[override]
        return self.answer


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_answer_that_is_packed_all_the_same_is_unpacked(server: Server, packing: str) -> None:
    pack = zlib.compress if packing == "deflate" else gzip.compress
    server.answers["/p"] = give(pack(b"picture" * 1000), Content_Encoding=packing)
    assert fetch(f"{server.url}/p").data == b"picture" * 1000


def test_content_type_is_not_believed(server: Server) -> None:
    server.answers["/p"] = give(b"\x89PNG", Content_Type="text/html")
    assert fetch(f"{server.url}/p").data == b"\x89PNG"


def test_proxies_of_the_environment_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(f"{server.url}/cat.png").data == b"cat"


def test_next_address_is_tried_where_one_does_not_answer(server: Server) -> None:
    internet = Internet(server, two_example=["192.0.2.1", "93.184.216.35"])

    def connector(address: str, port: int, timeout_seconds: float) -> socket.socket:
        if address == "192.0.2.1":
            raise ConnectionRefusedError(111, "secret internals")
        return internet.connector(address, port, timeout_seconds)

    fetched = fetch("http://two.example/cat.png", resolver=internet.resolver, connector=connector)
    assert fetched.data == b"cat" and internet.asked == ["two.example"]


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, status: int) -> None:
    server.answers["/old"] = send_to("/cat.png?token=1", status)
    server.answers["/cat.png?token=1"] = give(b"cat")
    fetched = fetch(f"{server.url}/old")
    assert fetched == (b"cat", "cat.png", f"{server.url}/old")


def test_as_many_redirects_as_allowed_and_not_one_more(server: Server) -> None:
    for step in range(MAX_REDIRECTS + 1):
        server.answers[f"/{step}"] = send_to(f"/{step + 1}")
    server.answers[f"/{MAX_REDIRECTS + 1}"] = give(b"cat")
    assert fetch(f"{server.url}/1").data == b"cat"
    assert "without end" in refusal(f"{server.url}/0", allow_private=True)
    server.answers["/loop"] = send_to("/loop")
    server.requests.clear()
    refusal(f"{server.url}/loop", allow_private=True)
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://a.example/x", "gopher://a.example", "javascript:0", "http://["],
)
def test_redirect_out_of_the_web_is_refused(server: Server, location: str) -> None:
    server.answers["/old"] = send_to(location)
    assert "http://" in refusal(f"{server.url}/old", allow_private=True)


def test_redirect_with_a_password_is_refused(server: Server) -> None:
    server.answers["/old"] = send_to(f"http://me:secret@127.0.0.1:{server.port}/cat.png")
    text = refusal(f"{server.url}/old", allow_private=True)
    assert "password" in text and "secret" not in text


# Nothing private

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1",
    "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
    "::ffff:0:127.0.0.1", "localhost", "", "93.184.216.34:80", "0x7f.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::8.8.8.8", "172.32.0.1"]
)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1",
        "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.",
        "10.0.0.1", "169.254.169.254", "192.168.0.1", "[fe80::1]", "[64:ff9b::7f00:1]",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_is_connected_to(server: Server, host: str) -> None:
    connected: list[str] = []

    def connector(address: str, port: int, timeout_seconds: float) -> socket.socket:
        connected.append(address)
        raise OSError

    for options in ({}, {"connector": connector}):
        text = refusal(f"http://{host}:{server.port}/cat.png", **options)
        assert "private" in text or "not known" in text or "http://" in text
    assert (server.connections, connected) == (0, [])


@pytest.mark.parametrize("address", PRIVATE)
def test_no_name_that_resolves_to_a_private_address_is_connected_to(
    server: Server, address: str
) -> None:
    internet = Internet(server, bad_example=address, mixed_example=[PUBLIC, address])
    for host in ("bad.example", "mixed.example"):
        assert "private" in refusal(f"http://{host}/cat.png", **internet.options)
    assert (server.connections, internet.connected) == (0, [])


@pytest.mark.parametrize("address", [*PRIVATE[:8], "::1", "fe80::1", "::ffff:10.0.0.1"])
def test_no_redirect_leads_to_a_private_address(server: Server, address: str) -> None:
    internet = Internet(server, good_example=PUBLIC, bad_example=address)
    server.answers["/name"] = send_to("http://bad.example/cat.png")
    server.answers["/twice"] = send_to("/name")
    for path, expected in (("/name", 1), ("/twice", 2)):
        server.connections, internet.connected = 0, []
        text = refusal(f"http://good.example{path}", **internet.options)
        assert "private" in text and "bad.example" in text
        assert server.connections == expected
        assert internet.connected == [PUBLIC] * expected


def test_no_redirect_leads_to_this_computer_by_its_number(server: Server) -> None:
    internet = Internet(server, good_example=PUBLIC)

    def resolver(host: str, port: int) -> list[str]:
        return internet.resolver(host, port) or resolve(host, port)

    for host in ("127.0.0.1", "localhost", "2130706433", "[::1]"):
        server.connections = 0
        server.answers["/go"] = send_to(f"http://{host}:{server.port}/cat.png")
        text = refusal("http://good.example/go", resolver=resolver, connector=internet.connector)
        assert "private" in text or "not known" in text
        assert server.connections == 1  # the first hop


def test_name_is_looked_up_once_and_that_very_address_is_connected_to(server: Server) -> None:
    """A name that turns private at its second look-up (DNS rebinding) never gets one."""
    answers = [PUBLIC, "127.0.0.1"]
    connected: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        return [answers.pop(0)]

    def connector(address: str, port: int, timeout_seconds: float) -> socket.socket:
        connected.append(address)
        return socket.create_connection(("127.0.0.1", server.port), timeout_seconds)

    fetched = fetch_picture("http://re.example/cat.png", resolver=resolver, connector=connector)
    assert fetched.data == b"cat"
    assert (connected, answers) == ([PUBLIC], ["127.0.0.1"])
    assert server.requests[0][1]["Host"] == "re.example"


def test_public_name_is_fetched(server: Server) -> None:
    internet = Internet(server, xn__bcher_kva_example=PUBLIC, other_example="2606:2800:220:1::1")
    internet.names["xn--bcher-kva_example"] = PUBLIC
    server.answers["/go"] = send_to("http://other.example:8080/cat.png")
    fetched = fetch_picture("http://Bücher.example/go", **internet.options)  # type: ignore[arg-type]
    assert fetched.data == b"cat" and fetched.source == "http://xn--bcher-kva.example/go"
    assert internet.connected == [PUBLIC, "2606:2800:220:1::1"]
    assert server.requests[1][1]["Host"] == "other.example:8080"


# Refusals


@pytest.mark.parametrize(
    "typed",
    [
        "", "cat.png", "www.example.com/cat.png", "file:///etc/passwd", "ftp://a.example/x",
        "data:image/png;base64,AAAA", "http://", "http:///cat.png", "https://:443/x", "http://[::1",
        "http://a.example:99999/", "http://a.example:0/", "http://a.example:x/", "http://a..b/c",
        "http://" + "a" * 70 + ".example/", "http://a.example/" + "x" * 5000,
        "sample:chelsea", "//a.example/x", "http:a.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_so(typed: str) -> None:
    assert "http://" in refusal(typed, resolver=lambda *_: [PUBLIC], connector=_no_connection)


def _no_connection(*_: object) -> socket.socket:
    pytest.fail("connected to what is no address")


@pytest.mark.parametrize("user", ["me@", "me:secret@", ":secret@", "@"])
def test_address_with_a_user_is_refused(user: str) -> None:
    text = refusal(f"http://{user}a.example/", connector=_no_connection)
    assert "password" in text and "secret" not in text and "me" not in text.split()


def test_unknown_host_and_silent_host_are_told_apart() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    def refused(*_: object) -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")

    known = {"resolver": lambda *_: [PUBLIC]}
    assert "a.example is not known" in refusal("http://a.example/", resolver=unknown)
    assert "not known" in refusal("http://a.example/", resolver=lambda *_: [])
    assert "can't be reached" in refusal("http://a.example/", **known, connector=refused)


@pytest.mark.parametrize("status", [204, 304, 403, 404, 500])
def test_answer_without_the_picture_names_its_status(server: Server, status: int) -> None:
    server.answers["/x"] = give(b"", status=status)
    assert f"status {status}" in refusal(f"{server.url}/x", allow_private=True)


def test_redirect_to_nowhere_is_a_status(server: Server) -> None:
    server.answers["/x"] = give(b"", status=302)
    assert "status 302" in refusal(f"{server.url}/x", allow_private=True)


def _raw(data: bytes) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(data)

    return answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot packed",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(b"x" * 99, mtime=0)[:-9],
    ],
)
def test_broken_answer_is_never_taken_for_a_whole_one(server: Server, data: bytes) -> None:
    server.answers["/x"] = _raw(data)
    assert "failed before all" in refusal(f"{server.url}/x", allow_private=True)


def test_unknown_packing_is_refused(server: Server) -> None:
    server.answers["/x"] = give(b"data", Content_Encoding="br")
    assert "packed" in refusal(f"{server.url}/x", allow_private=True)


# Size


def test_bytes_at_the_limit_come_and_one_more_does_not(server: Server) -> None:
    data = bytes(1000)
    plain, unknown, packed = give(data), give(data, length=None), gzip.compress(data)
    server.answers |= {
        "/a": plain, "/b": unknown, "/c": give(packed, Content_Encoding="gzip")
    }  # fmt: skip
    for path in ("/a", "/b", "/c"):
        assert len(fetch(server.url + path, max_bytes=1000).data) == 1000
        text = refusal(server.url + path, allow_private=True, max_bytes=999)
        assert "larger than" in text


@pytest.mark.parametrize("length", [None, 5, 10**12])
def test_endless_answer_is_cut_off_whatever_length_it_tells(
    server: Server, length: int | None
) -> None:
    sent = 0

    def endless(request: http.server.BaseHTTPRequestHandler) -> None:
        nonlocal sent
        give(b"", length=length)(request)
        while True:
            request.wfile.write(bytes(65536))
            sent += 65536

    server.answers["/x"] = endless
    if length == 5:  # what comes after it is none of the answer
        assert fetch(f"{server.url}/x", max_bytes=10_000).data == bytes(5)
    else:
        text = refusal(f"{server.url}/x", allow_private=True, max_bytes=1_000_000)
        assert "larger than" in text
    assert sent < 20_000_000


def test_bomb_is_not_unpacked_beyond_the_limit(server: Server) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1024**2)) for _ in range(200)) + packer.flush()
    server.answers["/x"] = give(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        text = refusal(f"{server.url}/x", allow_private=True, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert "larger than" in text


# Time


def _drip(piece: bytes, before: bytes = b"") -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(before)
        for _ in range(200):
            request.wfile.write(piece)
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: time.sleep(3),
        _drip(b"H"),
        _drip(b"X: y\r\n", b"HTTP/1.1 200 OK\r\n"),
        _drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
        _drip(b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        _drip(b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_all_of_it_together_has_its_time(server: Server, answer: Answer) -> None:
    server.answers["/x"] = answer
    begin = time.monotonic()
    text = refusal(f"{server.url}/x", allow_private=True, timeout_seconds=0.5)
    assert time.monotonic() - begin < 2
    assert "too long" in text


def test_slow_redirects_share_one_time(server: Server) -> None:
    for step in range(5):
        go = send_to(f"/{step + 1}")
        server.answers[f"/{step}"] = lambda request, go=go: (time.sleep(0.3), go(request))[1]
    begin = time.monotonic()
    assert "too long" in refusal(f"{server.url}/0", allow_private=True, timeout_seconds=0.7)
    assert time.monotonic() - begin < 2


def test_slow_look_up_and_silent_address_have_their_time() -> None:
    begin = time.monotonic()
    options = {"timeout_seconds": 0.3}
    assert "too long" in refusal(
        "http://a.example/", resolver=lambda *_: time.sleep(3) or [PUBLIC], **options
    )

    def silent(address: str, port: int, timeout_seconds: float) -> socket.socket:
        time.sleep(timeout_seconds)
        raise TimeoutError

    refusal("http://a.example/", resolver=lambda *_: [PUBLIC] * 9, connector=silent, **options)
    assert time.monotonic() - begin < 3


def test_cancel_stops_a_silent_server_at_once(server: Server) -> None:
    cancel = threading.Event()
    server.answers["/x"] = lambda _: time.sleep(3)
    threading.Timer(0.2, cancel.set).start()
    begin = time.monotonic()
    with pytest.raises(Cancelled, match="stopped"):
        fetch(f"{server.url}/x", cancel=cancel)
    assert time.monotonic() - begin < 1.5
    with pytest.raises(Cancelled):
        fetch(f"{server.url}/cat.png", cancel=cancel)


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for good.example, signed by itself, with its key; needs openssl."""
    path = tmp_path / "good.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {path} -out {path}.crt -days 2 "
        "-subj /CN=good.example -addext subjectAltName=DNS:good.example"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    with path.open("a") as file:
        file.write(Path(f"{path}.crt").read_text())
    return path


def test_certificate_is_held_against_the_name_and_not_the_address(
    server: Server, certificate: Path
) -> None:
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment]
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    internet = Internet(server, good_example=PUBLIC, evil_example=PUBLIC)
    trusting = {**internet.options, "ca_file": f"{certificate}.crt"}
    fetched = fetch_picture("https://good.example/cat.png", **trusting)  # type: ignore[arg-type]
    assert (fetched.data, names, internet.connected) == (b"cat", ["good.example"], [PUBLIC])
    assert "Host" in server.requests[0][1] and server.requests[0][1]["Host"] == "good.example"
    served = len(server.requests)
    assert "failed" in refusal("https://evil.example/cat.png", **trusting)
    assert "failed" in refusal("https://good.example/cat.png", **internet.options)
    assert len(server.requests) == served


def test_server_that_never_finishes_its_greeting_has_its_time(server: Server) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    begin = time.monotonic()
    with silent:
        text = refusal(
            "https://a.example/",
            resolver=lambda *_: [PUBLIC],
            connector=lambda _, __, left: socket.create_connection(silent.getsockname(), left),
            timeout_seconds=0.5,
        )
    assert "too long" in text and time.monotonic() - begin < 2


def test_all_refusals_are_of_the_house() -> None:
    with pytest.raises(CactivizError):
        parsed("nonsense")
