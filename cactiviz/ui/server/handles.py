"""How many handles (open files and connections) this process may have, and has.

Where none is left, a server answers with errors or not at all; so the last ones are kept for
those that are here already.
"""

from __future__ import annotations

import errno
import importlib
import os
from contextlib import suppress
from typing import Any

#: Free ones, below which nobody more is let in.
RESERVE = 32
_LISTS = ("/proc/self/fd", "/dev/fd")  # of Linux, of macOS


def raise_limit() -> None:
    """Ask the system for all the handles that it gives this process."""
    resource = _resource()
    if resource is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def limit() -> int | None:
    """How many there may be; None where that isn't counted."""
    resource = _resource()
    if resource is None:
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else int(soft)


def in_use() -> int | None:
    """How many there are; None where the system has no list of them."""
    for place in _LISTS:
        try:
            return len(os.listdir(place)) - 1  # the list itself was one
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                return limit()
    return None


def nearly_all_in_use() -> bool:
    """Whether fewer than :data:`RESERVE` are left."""
    most, now = limit(), in_use()
    return most is not None and now is not None and most - now < RESERVE


def _resource() -> Any:
    """The system's module of limits, or None."""
    try:
        return importlib.import_module("resource")
    except ImportError:  # Windows counts no handles
        return None
