"""What a command connects to or looks up, written down by an audit hook of Python's own.

The hook is put into a process by its environment (``sitecustomize``), so that what it starts with
the same Python is heard as well. ``strace`` sees below Python: ``benchmarks/connections.py`` uses
it where it is there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path

#: Python's events of a connection, of a message without one, and of a look-up of a name.
HOOK = """
import os, sys
_PLACE = os.environ["HEARD"]
_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
           "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
def _heard(event, arguments):
    if event in _EVENTS:
        about = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") \\
            else arguments[0]
        descriptor = os.open(_PLACE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{event}\\t{about!r}\\n".encode("utf-8", "backslashreplace"))
        os.close(descriptor)
sys.addaudithook(_heard)
"""
_TRACED = re.compile(
    r"(?P<call>connect|sendto|sendmsg|sendmmsg)\(.*?sa_family=AF_(?P<family>INET6?|UNIX|NETLINK)"
    r"(?P<rest>[^}]*)"
)
_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


def environment(folder: Path) -> dict[str, str]:
    """What a process is given to be heard: the file of what was heard is ``folder/heard``."""
    (folder / "sitecustomize.py").write_text(HOOK)
    return {"HEARD": str(folder / "heard"), "PYTHONPATH": str(folder)}


def outside(heard: str) -> list[str]:
    """Lines of what an audit hook heard that lead beyond this computer.

    >>> outside("socket.connect\\t('127.0.0.1', 80)\\nsocket.connect\\t('8.8.8.8', 53, 0)")
    ["socket.connect\\t('8.8.8.8', 53, 0)"]
    >>> outside("socket.getaddrinfo\\t'cactus.example'\\nsocket.connect\\t'/run/x'")
    ["socket.getaddrinfo\\t'cactus.example'"]
    """
    return [line for line in heard.splitlines() if not _is_here(_host(line))]


def outside_traced(lines: Iterable[str]) -> list[str]:
    """Lines of ``strace -f -e trace=network`` that lead beyond this computer.

    >>> local = 'connect(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}'
    >>> outside_traced([local, local.replace("127.0.0.1", "8.8.8.8")])[0][-10:-2]
    '8.8.8.8"'
    """
    found = []
    for line in lines:
        match = _TRACED.search(line)
        if match and match["family"].startswith("INET"):
            address = _ADDRESS.search(line)
            if address and not _is_here(address[1] or address[2]):
                found.append(line.strip()[:300])
    return found


def _host(line: str) -> str:
    about = line.partition("\t")[2]
    if about.startswith("("):
        about = about[1:].split(",")[0]
    if about.startswith(("b'", 'b"')):
        about = about[1:]
    return about.strip("'\"")


def _is_here(host: str) -> bool:
    """Loopback, this computer's file system, or no address at all."""
    if host in ("", "None", "localhost", "0.0.0.0", "::") or host.startswith(("/", "\\x00")):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
