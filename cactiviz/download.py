"""Downloads files: with progress, resume, a hash check, and atomic completion.

By hand on top of requests, since torch.hub and pooch neither resume nor can be cancelled.
"""

from __future__ import annotations

import errno
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout

from cactiviz.errors import Cancelled, DownloadError, OutputError
from cactiviz.types import Cancel, Progress

_CHUNK_BYTES = 64 * 1024
_PAUSE_SECONDS = 0.5
_LENGTH = "[0-9]{1,18}"  # Python takes no number of thousands of digits


def download(
    url: str,
    path: Path,
    *,
    sha256_prefix: str | None = None,
    md5: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    timeout_seconds: float = 30,
    attempts: int = 3,
) -> Path:
    """Fetch a file once, and give back its path; a file that is already there is not fetched again.

    What arrives goes to ``NAME.part`` beside the file, which takes its name only when it is whole,
    so there is never half a file under ``path``. A ``.part`` left by an earlier call is gone on
    with. Whoever asks for the same file at the same time, in this process or another, waits and
    gets the same file; the empty ``.NAME.lock`` between them stays, as removing it isn't safe.

    Without a hash only the length is checked: a file that changed on the server between two calls
    would be put together from both.

    Args:
        url: Where the file is; http or https.
        path: Where it is to be; folders are made.
        sha256_prefix: First hex digits of its sha256; a file on disk with another hash is replaced.
        md5: Its md5, where that is what is published; it finds damage, not malice.
        progress: Called with the bytes done and the total (None if unknown); never shrinks.
        cancel: Checked between chunks; the ``.part`` is kept.
        timeout_seconds: How long the server may be silent.
        attempts: How often to try where the connection fails, going on where it broke off.

    Raises:
        DownloadError: The address can't be reached, or the file isn't the expected one.
        OutputError: The file can't be written.
        Cancelled: ``cancel`` was set.
    """
    host = _host(url, path)
    transfer = _Transfer(url, host, path, progress, cancel, timeout_seconds)
    with _writing(path):
        expected = _Hashes(sha256_prefix, md5)
        finished = path.is_file() and expected.fit(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    if not finished:
        with _alone(path, cancel):
            # Another may have brought it meanwhile.
            if not (path.is_file() and expected.fit(path)):
                transfer.try_often(attempts)
                transfer.finish(expected)
    size = path.stat().st_size
    transfer.report(size, size)
    return path


def hash_prefix(file_name: str) -> str | None:
    """The sha256's first digits where a file's name carries them, as torch's published files do.

    >>> hash_prefix("densenet121-a639ec97.pth")
    'a639ec97'
    >>> hash_prefix("resnet.pth") is None
    True
    """
    match = re.search(r"-([0-9a-f]{8,64})(?:\.\w+)+$", file_name)
    return match[1] if match else None


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _host(url: str, path: Path) -> str:
    with suppress(ValueError):  # brackets or a port that make no sense
        address = urlsplit(url)
        if address.scheme in ("http", "https") and address.hostname:
            return address.hostname
    raise DownloadError(f"{path.name} needs an address that begins with http:// or https://.")


class _Hashes(NamedTuple):
    """What is known of a file's content; None for nothing."""

    sha256_prefix: str | None
    md5: str | None

    def fit(self, path: Path) -> bool:
        if self.sha256_prefix and not sha256_of(path).startswith(self.sha256_prefix.lower()):
            return False
        if not self.md5:
            return True
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False))
        return digest.hexdigest() == self.md5.lower()


@dataclass
class _Transfer:
    """One file on its way into its ``.part``."""

    url: str
    host: str
    path: Path
    progress: Progress | None
    cancel: Cancel | None
    timeout_seconds: float
    reported: int = 0

    @property
    def part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    def report(self, done: int, total: int | None) -> None:
        self.reported = max(self.reported, done)  # starting over doesn't take the bar back
        if total is not None and total < self.reported:
            total = None  # the server said something else than it does
        if self.progress is not None:
            self.progress(self.reported, total)

    def try_often(self, attempts: int) -> None:
        for attempt in range(1, attempts + 1):
            try:
                return self.receive()
            except (requests.RequestException, _BrokenOff) as error:
                if attempt < attempts:
                    time.sleep(_PAUSE_SECONDS)
                    continue
                if isinstance(error, _BrokenOff) or self.part.exists():
                    raise DownloadError(
                        f"The connection to {self.host} broke off before all of {self.path.name} "
                        "was there; the next try goes on from where it stopped."
                    ) from error
                raise DownloadError(
                    f"{self.host} can't be reached for {self.path.name}; please check the "
                    "connection to the internet and try again."
                ) from error

    def receive(self) -> None:
        """Bring the ``.part`` to its full length with one answer."""
        _heed(self.cancel, self.path)
        have = self.part.stat().st_size if self.part.exists() else 0
        # Packed on the way, a file would have neither its published length nor its hash.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        answer = requests.get(self.url, headers=headers, stream=True, timeout=self.timeout_seconds)
        with answer:
            start, total = _extent(answer)
            if start in (0, have):
                return self.write(answer, start, total)
            if have and answer.status_code == 416 and total == have:  # only its name was missing
                return self.report(have, total)
            if not have or answer.status_code not in (206, 416):
                raise DownloadError(
                    f"{self.host} did not give {self.path.name}, it answered with status "
                    f"{answer.status_code}; please try again later."
                )
        with _writing(self.path):
            self.part.unlink()  # it is no beginning of the file that is there now
        self.receive()

    def write(self, answer: requests.Response, start: int, total: int | None) -> None:
        done = start
        with _writing(self.path), self.part.open("ab" if start else "wb") as file:
            self.report(done, total)
            while chunk := _next_bytes(answer):
                done += file.write(chunk)
                self.report(done, total)
                _heed(self.cancel, self.path)
        if total not in (None, done):
            raise _BrokenOff

    def finish(self, expected: _Hashes) -> None:
        """Give the whole file its name, or throw it away."""
        with _writing(self.path):
            if expected.fit(self.part):
                self.part.replace(self.path)
                return
            self.part.unlink()
        raise DownloadError(
            f"What {self.host} gave for {self.path.name} is not the expected file (its hash "
            "differs) and was thrown away; please try again later."
        )


class _BrokenOff(Exception):
    """An answer ended before the file did."""


def _next_bytes(answer: requests.Response) -> bytes:
    # Not iter_content: it unpacks, and holds back what came before a break.
    try:
        return bytes(answer.raw.read1(_CHUNK_BYTES, decode_content=False))
    except Exception as error:  # those of the layer below requests, which may change
        raise _BrokenOff from error


def _extent(answer: requests.Response) -> tuple[int, int | None]:
    """The first byte of the file in this answer (-1 for none of it), and the file's length."""
    if answer.status_code == 200:
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if re.fullmatch(_LENGTH, length) else None
    match = re.match(
        rf"bytes (?:({_LENGTH})-\d+|\*)/({_LENGTH})?(?!\d)", answer.headers.get("Content-Range", "")
    )
    if match is None or answer.status_code not in (206, 416):
        return -1, None
    start = int(match[1]) if match[1] and answer.status_code == 206 else -1
    return start, int(match[2]) if match[2] else None


def _heed(cancel: Cancel | None, path: Path) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"The download of {path.name} was stopped; what has arrived is kept.")


@contextmanager
def _alone(path: Path, cancel: Cancel | None) -> Iterator[None]:
    """Wait until nobody else, in any process, is fetching this file."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    while not lock.is_locked:
        _heed(cancel, path)
        with _writing(path), suppress(Timeout):
            lock.acquire(timeout=0.2)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the file system says into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sentence = f"The disk has no room left for {path.name}; please make some and try again."
        else:
            sentence = (
                f"{path.name} can't be written in {path.parent}; please choose another folder."
            )
        raise OutputError(sentence) from error
