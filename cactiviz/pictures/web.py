"""Fetches a picture from a typed address, never from a private or local network.

An app that fetches any address can be sent to the machines beside it. So each address that a host's
name resolves to is checked, the connection goes to the very address that was checked, and every
redirect begins anew. By hand, since requests would resolve the name once more, perhaps to another
machine. Proxies named in the environment aren't used, for the same reason.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit
from urllib.request import getproxies

from requests.utils import DEFAULT_CA_BUNDLE_PATH, should_bypass_proxies

from cactiviz.errors import Cancelled, DownloadError
from cactiviz.types import Cancel, Progress

_MAX_ADDRESS = 4000  # characters
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# IANA's registries of special-purpose addresses, 2025: whatever isn't an ordinary host of the
# internet. Python's own list differs from version to version, so both are asked.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64"),
        *("100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)

#: From a host's name and a port to the IP addresses, as text, that may be connected to.
Resolver = Callable[[str, int], Sequence[str]]
#: From an IP address, a port and the seconds left to a connected socket.
Connector = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host, in the system's order of preference."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """A connection to an IP address; no name is looked up."""
    return socket.create_connection((address, port), timeout_seconds)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and not to this or a private network.

    >>> is_public("93.184.216.34"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:  # how an IPv6 network reaches IPv4
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        # Tunnels and old forms carry an IPv4 address inside; nobody needs them for a picture.
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip.is_site_local or ip.scope_id:
            return False
    if any(ip.version == network.version and ip in network for network in _SPECIAL):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def parsed(address: str) -> SplitResult:
    """The parts of an address, its host in ASCII.

    Raises:
        DownloadError: It isn't one that a picture may be fetched from.

    >>> parsed("https://Bücher.example/a.jpg").hostname
    'xn--bcher-kva.example'
    """
    try:
        url = urlsplit(address)
        host = (url.hostname or "").encode("idna").decode("ascii").rstrip(".")
        port = "" if url.port is None else f":{url.port}"
        usable = url.scheme in ("http", "https") and host and url.port != 0
    except ValueError:  # brackets, a port or a name that make no sense
        usable = False
    if not usable or len(address) > _MAX_ADDRESS:
        raise DownloadError(
            "That is not the address of a picture; it should begin with http:// or https:// and "
            "be copied whole."
        )
    if url.username is not None or url.password is not None:
        raise DownloadError(
            "An address with a user's name or password in it isn't fetched; please save the "
            "picture and open it as a file."
        )
    return url._replace(netloc=(f"[{host}]" if ":" in host else host) + port)


#: The most bytes that a picture from the web may have, packed or unpacked.
MAX_BYTES = 50 * 1024**2
#: How often an answer may send us elsewhere.
MAX_REDIRECTS = 5
_CHUNK_BYTES = 64 * 1024
_IDENTITY = {"", "identity"}
_PACKED = {"gzip", "x-gzip", "deflate"}


class Fetched(NamedTuple):
    """Content fetched from an address.

    Attributes:
        data: The bytes, unchecked: the server's content type is ignored.
        name: The last part of the address's path, to be shown; never a path to write to.
        source: The address that was typed, without what may be secret in it (after "?" or "#").
    """

    data: bytes
    name: str
    source: str


def fetch_picture(
    address: str,
    *,
    resolver: Resolver = resolve,
    connector: Connector = connect,
    allow_private: bool = False,
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = 10,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    ca_file: str | None = None,
) -> Fetched:
    """Fetch a picture's bytes; ``open_picture`` then finds out whether they are one.

    Args:
        address: The typed address; http or https, without user name and password.
        resolver: Finds a host's IP addresses.
        connector: Connects to one of them.
        allow_private: True allows private networks; never in an app that others can reach.
        max_bytes: The most bytes, counted as they come and, where they come packed, unpacked.
        timeout_seconds: Limit for the whole fetch, including redirects.
        progress: Called with the bytes done and the total (None if unknown).
        cancel: Checked about ten times a second.
        ca_file: Certificates to trust instead of certifi's (or REQUESTS_CA_BUNDLE's).

    Raises:
        DownloadError: The address isn't allowed, can't be reached, or sends too much or nothing.
        Cancelled: ``cancel`` was set.
    """
    visit = _Visit(
        resolver, connector, allow_private, max_bytes, time.monotonic() + timeout_seconds,
        progress, cancel, ca_file,
    )  # fmt: skip
    typed = current = parsed(address.strip())
    for _ in range(MAX_REDIRECTS + 1):
        answer = visit.get(current)
        if isinstance(answer, bytes):
            return Fetched(answer, _name(current), typed._replace(query="", fragment="").geturl())
        current = parsed(answer.target(current))
    raise DownloadError(
        f"{_host(typed)} sends from one address to the next without end; please find the "
        "picture's own address."
    )


class _Redirect(NamedTuple):
    location: str

    def target(self, current: SplitResult) -> str:
        try:
            return urljoin(current.geturl(), self.location)
        except ValueError:  # brackets that make no sense
            return ""


@dataclass(frozen=True)
class _Visit:
    """The limits that all requests for one picture share."""

    resolver: Resolver
    connector: Connector
    allow_private: bool
    max_bytes: int
    deadline: float
    progress: Progress | None
    cancel: Cancel | None
    ca_file: str | None

    def get(self, url: SplitResult) -> bytes | _Redirect:
        host, port = _host(url), url.port or (443 if url.scheme == "https" else 80)
        addresses = self.checked_addresses(host, port)
        try:
            with self.connected(url, addresses, host, port) as connection:
                target = quote(url.path or "/", safe="/%:@!$&'()*+,;=~") + (
                    f"?{quote(url.query, safe='/%:@!$&()*+,;=~?')}" if url.query else ""
                )
                headers = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
                headers |= {"User-Agent": "cactiviz", "Connection": "close"}
                connection.request("GET", target, headers=headers)
                with connection.getresponse() as answer:
                    return self.read(answer, host)
        except (OSError, ValueError, http.client.HTTPException, zlib.error) as error:
            self.heed(host)
            raise DownloadError(
                f"The connection to {host} failed before all of the picture was there; please "
                "check the address and try again."
            ) from error

    def checked_addresses(self, host: str, port: int) -> list[str]:
        """All that the host resolves to, none of them private."""
        answers: queue.Queue[list[str]] = queue.Queue()

        def look_up() -> None:
            addresses: list[str] = []
            with suppress(OSError, ValueError):  # ValueError: no name that can be asked for
                addresses = list(self.resolver(host, port))
            answers.put(addresses)

        # The system's look-up can't be stopped, so it is left behind where it takes too long.
        threading.Thread(target=look_up, daemon=True).start()
        while True:
            self.heed(host)
            with suppress(queue.Empty):
                addresses = answers.get(timeout=0.1)
                break
        if not addresses:
            raise _unreachable(
                host, f"{host} is not known; please check the address for typing errors."
            )
        if not self.allow_private and not all(map(is_public, addresses)):
            raise DownloadError(
                f"{host} belongs to a private or local network, from which nothing is fetched; "
                "please save the picture and open it as a file."
            )
        return addresses

    @contextmanager
    def connected(
        self, url: SplitResult, addresses: Sequence[str], host: str, port: int
    ) -> Iterator[http.client.HTTPConnection]:
        """A connection to the first of these addresses that answers; it's cut off in time."""
        plain = self.first_answering(addresses, host, port)
        finished = threading.Event()
        try:
            if url.scheme == "https":
                file = (
                    self.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
                )
                context = ssl.create_default_context(cafile=file)
                secure = context.wrap_socket(
                    plain, server_hostname=host, do_handshake_on_connect=False
                )
                plain = secure
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    host, port, context=context
                )
            else:
                connection = http.client.HTTPConnection(host, port)
            threading.Thread(target=self.watch, args=(plain, finished), daemon=True).start()
            if isinstance(plain, ssl.SSLSocket):
                plain.do_handshake()
            connection.sock, connection.auto_open = plain, 0  # it looks up no name by itself
            yield connection
        finally:
            finished.set()
            plain.close()

    def first_answering(self, addresses: Sequence[str], host: str, port: int) -> socket.socket:
        for place, address in enumerate(addresses, 1):
            self.heed(host)
            left = max(self.deadline - time.monotonic(), 0.01)
            with suppress(OSError):
                # The last one gets all the time that is left.
                return self.connector(address, port, left if place == len(addresses) else left / 2)
        self.heed(host)
        raise _unreachable(
            host, f"{host} can't be reached; please check the address and try again."
        )

    def watch(self, connection: socket.socket, finished: threading.Event) -> None:
        """Cut off a server that is slow to the end of time, byte by byte."""
        while not finished.wait(0.1):
            if self.late or (self.cancel is not None and self.cancel.is_set()):
                with suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                return

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def heed(self, host: str) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The download of the picture was stopped.")
        if self.late:
            raise _unreachable(host, f"{host} takes too long to answer; please try again later.")

    def read(self, answer: http.client.HTTPResponse, host: str) -> bytes | _Redirect:
        location = answer.getheader("Location")
        if answer.status in (301, 302, 303, 307, 308) and location:
            with suppress(UnicodeError):  # not every server quotes what isn't ASCII
                location = location.encode("latin-1").decode()
            return _Redirect(location)
        if answer.status != 200:
            raise DownloadError(
                f"{host} did not give the picture, it answered with status {answer.status}; "
                "please check the address."
            )
        packing = (answer.getheader("Content-Encoding") or "").strip().lower()
        if packing not in _IDENTITY | _PACKED:
            raise DownloadError(
                f"{host} gives the picture packed in a way that isn't known here; please save it "
                "and open it as a file."
            )
        unpacker = zlib.decompressobj(wbits=47) if packing in _PACKED else None
        total, done, data = answer.length, 0, bytearray()
        while (total or 0) <= self.max_bytes and len(data) <= self.max_bytes:
            chunk = answer.read1(_CHUNK_BYTES)
            self.heed(host)
            if not chunk:
                break
            done += len(chunk)
            data += unpacker.decompress(chunk, self.max_bytes + 1) if unpacker else chunk
            if self.progress is not None:
                self.progress(done, total)
        else:
            limit = f"{self.max_bytes / 1024**2:g} MB"
            raise DownloadError(
                f"What {host} gives is larger than {limit}; please choose a smaller picture."
            )
        if answer.length or (unpacker and not unpacker.eof):
            raise http.client.IncompleteRead(b"")
        return bytes(data)


def _unreachable(host: str, sentence: str) -> DownloadError:
    """The refusal; where a proxy is named that others would reach this host by, it says so."""
    if should_bypass_proxies(f"http://{host}", no_proxy=None) or not getproxies():
        return DownloadError(sentence)
    return DownloadError(
        f"{host} can't be reached: pictures by address aren't fetched through the proxy that is "
        "set on this computer; please save the picture and open it as a file."
    )


def _host(url: SplitResult) -> str:
    return url.hostname or ""


def _name(url: SplitResult) -> str:
    path = unquote(url.path).replace("\\", "/").rstrip("/")
    name = "".join(sign for sign in path.rpartition("/")[2] if sign.isprintable())
    return name.strip()[:100] or _host(url)
