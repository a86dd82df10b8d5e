"""Under which names the app may be asked for, and from which pages."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

#: Names that others may use for this computer, with commas between; ``cactiviz app`` sets it.
ALLOWED_NAMES = "CACTIVIZ_ALLOWED_NAMES"


@dataclass(frozen=True)
class Names:
    """The names that a request's Host may have.

    A page elsewhere can let its own name lead to this computer (DNS rebinding) and would pass for
    the app; it can't make a browser say that it was opened under an address or a name of this
    computer's.

    Attributes:
        names: In small letters.
        others: Whether other computers may ask, at any address of this one.
    """

    names: frozenset[str] = frozenset()
    others: bool = False

    @classmethod
    def of(cls, address: str, more: Iterable[str] = ()) -> Names:
        """Those of a server that listens at an address.

        Args:
            address: Where it listens; empty for everywhere.
            more: Names that are allowed besides.

        >>> Names.of("127.0.0.1").allow("localhost:8501"), Names.of("127.0.0.1").allow("10.0.0.2")
        (True, False)
        >>> Names.of("0.0.0.0").allow("10.0.0.2:8501"), Names.of("0.0.0.0").allow("evil.example")
        (True, False)
        """
        others = not is_loopback(address)
        own = _own_names() if others else set()
        return cls(frozenset({"localhost", *own, *map(_plain, more)}) - {""}, others)

    def allow(self, host: str) -> bool:
        """Whether this is a name of the app's.

        Args:
            host: A request's Host: a name or an address, and a port or none.
        """
        parts = _parts(host)
        name = _plain(parts.hostname or "") if parts else ""
        if not name:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self.names
        return self.others or address.is_loopback


def from_environment() -> list[str]:
    """The names in :data:`ALLOWED_NAMES`."""
    return [name for name in os.environ.get(ALLOWED_NAMES, "").split(",") if name.strip()]


def is_same(origin: str, host: str) -> bool:
    """Whether a page of this origin is one that was opened at this host.

    Another port is another origin: whatever serves it isn't the app.

    >>> is_same("http://localhost:8501", "localhost:8501")
    True
    >>> is_same("http://localhost:9000", "localhost:8501"), is_same("null", "localhost:8501")
    (False, False)
    """
    scheme, separator, place = origin.lower().partition("://")
    return bool(separator) and scheme in ("http", "https") and place == host.lower()


def _parts(host: str) -> SplitResult | None:
    """The parts of a Host; None where it holds more than a name and a port."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises where it isn't a port
    except ValueError:
        return None
    only = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return parts if only and "@" not in host else None


def _plain(name: str) -> str:
    return name.strip().lower().rstrip(".")


def is_loopback(address: str) -> bool:
    """Whether only this computer reaches what listens there."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _own_names() -> set[str]:
    """What this computer is called, here and in its own network; nobody is asked for it."""
    short = _plain(socket.gethostname())
    return {short, short.partition(".")[0], f"{short.partition('.')[0]}.local"}
