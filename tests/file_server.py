"""A web server on this machine that serves one file, and whose faults can be switched on."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(body: bytes) -> Iterator[Server]:
    """A server that runs while the block does."""
    with Server(body) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Server(ThreadingHTTPServer):
    """Serves one body under every path; the attributes say what goes wrong."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        # For the next answers: how many bytes each sends before it breaks.
        self.cuts: list[int] = []
        self.always_cut: int | None = None
        self.ranges_work = True
        self.says_length = True
        self.chunked = False
        self.lies_about_range = False
        self.claims = 0  # a length of the whole that isn't true
        self.longest_range = len(body)
        self.status = 200
        self.gate: threading.Event | None = None  # holds each answer back at half of the first body
        self.half = len(body) // 2
        self.seen: list[str | None] = []  # the Range header of each request
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/weights.pth"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        asked = self.headers["Range"]
        server.seen.append(asked)
        self.close_connection = True
        if server.status != 200:
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start, total = 0, len(server.body)
        if asked and server.ranges_work:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            said = start + 7 if server.lies_about_range else start
            end = min(total, start + server.longest_range)
            all_of_it = server.claims or total
            self.send_header("Content-Range", f"bytes {said}-{end - 1}/{all_of_it}")
        else:
            self.send_response(200)
            end = total
        body = server.body[start:end]
        if server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else server.always_cut
        whole = cut is None or cut >= len(body)
        if not whole:
            body = body[:cut]
        for at in range(0, len(body), 16384):
            if server.gate is not None and at >= server.half:
                server.gate.wait(10)
            piece = body[at : at + 16384]
            try:
                if server.chunked:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                else:
                    self.wfile.write(piece)
            except OSError:  # the client went away
                return
            server.sent += len(piece)
        if server.chunked and whole:
            self.wfile.write(b"0\r\n\r\n")
