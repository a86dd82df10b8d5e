"""Checks web addresses and IP addresses before anything is fetched from them."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urlsplit

from cactiviz.errors import DownloadError

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
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


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
