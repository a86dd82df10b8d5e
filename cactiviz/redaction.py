"""Removes folders, user names and passwords from paths, addresses and sentences."""

from __future__ import annotations

import getpass
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit, urlunsplit

#: Folders whose folders are people's homes.
_HOMES = {"home", "users", "documents and settings"}
_ADDRESS = re.compile(r"(?i)\bhttps?://[^\s“”\"'<>]+")
_HOME = re.compile(r"(?i)(?:\b[a-z]:)?[\\/](?:home|users)[\\/][^\\/\s“”\"':;,()<>]+")
# Where a path begins that starts at a root, a drive or a server, down to its last folder.
_FOLDERS = re.compile(
    r"(?:(?<=[\s“”\"'(=,;])|^)(?:[A-Za-z]:(?=[\\/])|file:(?=/))?[\\/]+"
    r"(?:[^\s\\/“”\"'<>|:;,()]+[\\/]+)*(?=[^\s\\/])"
)


def is_web(origin: str) -> bool:
    """Whether it is a web address.

    >>> is_web("https://example.org/a.jpg"), is_web("a.jpg")
    (True, False)
    """
    return origin.lower().lstrip().startswith(("http://", "https://"))


def without_secrets(address: str) -> tuple[str, str]:
    """A web address without user name, query and fragment, and words for what was removed.

    >>> without_secrets("https://u:p@example.org:8000/a.jpg;s=2?token=1#x")
    ('https://example.org:8000/a.jpg', 'the user’s name and the query of its address')
    >>> without_secrets("https://example.org/a.jpg")
    ('https://example.org/a.jpg', '')
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:  # brackets that make no sense
        return "https://", "its address"
    user, _, host = parts.netloc.rpartition("@")
    path = re.sub(r";[^/]*", "", parts.path)
    secret = parts.query or parts.fragment or path != parts.path
    what = [w for w, there in (("user’s name", user), ("query", secret)) if there]
    left_out = f"the {' and the '.join(what)} of its address" if what else ""
    return urlunsplit((parts.scheme, host, path, "", "")), left_out


def told_paths(typed: Sequence[str], folder: Path | None = None) -> list[str]:
    r"""Paths as they are written into an export.

    A path that is absolute, on a server, in a home or goes upwards becomes relative to the export's
    folder if it lies in there; else the file's name with as many of its last folders as distinguish
    it from the others, but never a home. Other paths, addresses and samples stay as typed.

    Args:
        typed: Paths as a person typed them.
        folder: Folder of the export, or None.

    >>> told_paths(["/data/x/cats/a.png", "/data/x/dogs/a.png", "~/b.png", "pics/c.png"])
    ['cats/a.png', 'dogs/a.png', 'b.png', 'pics/c.png']
    >>> told_paths(["/exports/pics/a.png", r"C:\Users\ann\a.png"], Path("/exports"))
    ['pics/a.png', 'a.png']
    """
    told = {path: path for path in typed if not _leads_elsewhere(path)}
    ends: dict[str, tuple[str, ...]] = {}  # what may be told of the others, longest
    for path in typed:
        if path in told or path in ends:
            continue
        near, parts = _below(path, folder), _parts(path)
        if near is not None:
            told[path] = near
        else:
            ends[path] = parts[_private(parts) :] or parts[-1:]
    counts = dict.fromkeys(ends, 1)
    grown = bool(ends)
    while grown:
        short = {path: "/".join(parts[-counts[path] :]) for path, parts in ends.items()}
        taken = Counter([*short.values(), *told.values()])
        grown = False
        for path, end in short.items():
            if taken[end] > 1 and counts[path] < len(ends[path]):
                counts[path] += 1
                grown = True
    return [told[path] if path in told else short[path] for path in typed]


def told_text(text: str, paths: Iterable[str | os.PathLike[str]] = ()) -> str:
    """A name or credit without these paths' folders, homes, and secrets of addresses.

    >>> told_text("a.jpg from https://ann:secret@x.org/a.jpg?key=1")
    'a.jpg from https://x.org/a.jpg'
    """
    names: dict[str, str] = {}
    for path in (os.fspath(origin) for origin in paths):
        if _leads_elsewhere(path):
            (name,) = told_paths([path])
            whole = os.path.abspath(os.path.expanduser(path))
            names |= dict.fromkeys((path, whole, os.path.realpath(whole)), name)
    for long in sorted(names, key=len, reverse=True):
        text = text.replace(long, names[long])
    home = os.path.expanduser("~")
    if len(PurePosixPath(home).parts) > 1:
        text = re.sub(rf"{re.escape(home)}(?=[\\/\s.,;:”\"')]|$)", "~", text)
    return _HOME.sub("~", _ADDRESS.sub(lambda match: without_secrets(match[0])[0], text))


def told_sentence(sentence: str, paths: Iterable[str | os.PathLike[str]] = ()) -> str:
    """A sentence without folders and without secrets of addresses.

    Args:
        sentence: A sentence, such as why a network failed.
        paths: Paths that it may name; they are needed where a path holds spaces.

    >>> told_sentence("The file /data/my nets/a.pth isn't here.", ["/data/my nets/a.pth"])
    "The file a.pth isn't here."
    >>> told_sentence("Put it into /srv/cache/checkpoints, or ask https://x.org/a?key=1 for 1/2.")
    'Put it into checkpoints, or ask https://x.org/a for 1/2.'
    """
    return _FOLDERS.sub("", told_text(sentence, paths))


def folder_name(path: Path) -> str:
    """Display name of a folder; "a folder" for a home, which has its owner's name.

    >>> folder_name(Path("/data/pics")), folder_name(Path("/home/ann"))
    ('pics', 'a folder')
    """
    parts = path.absolute().parts
    return "a folder" if _private(parts) == len(parts) else path.absolute().name


def _leads_elsewhere(typed: str) -> bool:
    """Whether a path doesn't simply begin in the working folder."""
    if is_web(typed):
        return False
    windows = PureWindowsPath(typed)
    parts = re.split(r"[\\/]", typed)
    upwards = ".." in parts or parts[0].startswith("~")
    return bool(upwards or windows.drive or windows.root or typed.lower().startswith("file:"))


def _parts(typed: str) -> tuple[str, ...]:
    """Folders and name of a path, without its root and what goes upwards."""
    if typed.lower().startswith("file:"):
        typed = unquote(re.sub(r"(?i)^file:", "", typed).partition("?")[0].partition("#")[0])
    is_windows = bool(PureWindowsPath(typed).drive) or "\\" in typed[:2]
    path = PureWindowsPath(typed) if is_windows else PurePosixPath(typed)
    parts = list(path.parts[1 if path.anchor else 0 :])
    if parts and parts[0].startswith("~"):
        del parts[0]
    while ".." in parts:
        del parts[: parts.index("..") + 1]
    return tuple(parts) or ("file",)


def _below(typed: str, folder: Path | None) -> str | None:
    """The path from the export's folder; None if it doesn't lie in there."""
    is_foreign = os.name != "nt" and bool(PureWindowsPath(typed).drive)
    if folder is None or is_foreign or typed.lower().startswith("file:"):
        return None
    with suppress(OSError, ValueError):
        whole = os.path.abspath(os.path.expanduser(typed))
        for path in (whole, os.path.realpath(whole)):
            for above in (os.path.abspath(folder), os.path.realpath(folder)):
                if PurePosixPath(Path(path).as_posix()).is_relative_to(Path(above).as_posix()):
                    parts = Path(path).relative_to(above).parts
                    # A folder of homes as the export's own: the names of their owners stay out.
                    safe = parts[max(0, _private(Path(path).parts) - len(Path(above).parts)) :]
                    return "/".join(safe) or None
    return None


def _private(parts: Sequence[str]) -> int:
    """How many of a path's first parts lead to somebody's home, or name its user."""
    bare = tuple(parts[1:]) if parts and re.fullmatch(r"[\\/]+|[A-Za-z]:\\?", parts[0]) else parts
    skipped = len(parts) - len(bare)
    home = Path(os.path.expanduser("~")).parts[1:]
    end = len(home) if home and tuple(bare[: len(home)]) == home else 0
    names = {os.path.basename(os.path.expanduser("~"))}
    with suppress(Exception):  # there need be no such entry
        names.add(getpass.getuser())
    names = {name.casefold() for name in names if name not in ("", "~")}
    for index, part in enumerate(bare):
        if index and bare[index - 1].casefold() in _HOMES:
            end = max(end, index + 1)
        if part.casefold() in names and index < len(bare) - 1:
            end = max(end, index + 1)
    if bare[:1] == ("root",):
        end = max(end, 1)
    return end + skipped if end else 0
