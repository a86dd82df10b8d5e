"""What one browser brought along, networks and pictures: kept apart, and for a while only.

A browser is known by a random word that it keeps itself and tells this server
(``address/own.py``). What it brought outlives a reload of its page, and goes when the browser
wasn't seen for half an hour. One that keeps nothing is known for as long as its session lasts.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
import time
import uuid
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from weakref import WeakSet, proxy

import streamlit as st

from cactiviz.errors import OutputError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.models.checkpoint import IMAGENET
from cactiviz.models.file_checks import ENDINGS
from cactiviz.runtime.runner import Network
from cactiviz.ui import server, texts
from cactiviz.ui.brought.pictures import Album
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.private_folders import SessionFolder, leased

MOST_NETWORKS = 4  #: Of one browser.
#: So long something is kept after its browser was seen last.
KEPT_SECONDS = 30 * 60
#: Of one file; AlexNet's has 244 MB, VGG19's 575 MB. Streamlit keeps what is uploaded in the memory
#: as long as the session lasts, so where others are let in, the server's own limit is lower.
MOST_MEGABYTES = 1024
#: Of the files of all browsers together. Where there is no room left, those go first that belong to
#: the browser not seen for the longest time; what is in use never does.
MOST_BYTES_OF_ALL = 6 * 2**30
_FREE_BYTES = 2**30  # which a file must leave free on the disk
#: A file of weights is hardly packed. One that unpacks to far more is made to fill the memory.
_MOST_UNPACKED = 1.5
_PIECE_BYTES = 2**20
_MOST_CHOICES = 1000  # of one browser; each is an entry of its history
_MARK_BYTES = 4

T = TypeVar("T")
_WORD = re.compile(r"[0-9a-f]{32}")  # 128 bits; as browser_word.js makes it
_folders: WeakSet[BrowserFolder] = WeakSet()
_room = threading.Lock()  # so that no two files are promised the same room


class BrowserFolder(SessionFolder):
    """What one browser brought. Nothing of another browser can be reached through it.

    Args:
        forget: Told each network that won't be asked again.
        clock: Seconds that only grow.
    """

    def __init__(
        self, forget: Callable[[Network], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__("own", clock)
        #: By name, in the order in which they came. Never changed but replaced: another tab of the
        #: same browser may be looking through it.
        self.networks: dict[str, Network] = {}
        self.choices = Remembered[Any]()  #: What was chosen of all this.
        self.sightings: tuple[object, ...] = ()  #: What the last search of iNaturalist found.
        self._forget = forget
        me = proxy(self)  # in a circle, it would stay until the collector came
        self.pictures = Album(self.path, lambda size: me._reserve(size))
        self._sizes: dict[Network, int] = {}
        self._reserved = 0
        _folders.add(self)

    def put(
        self,
        file: BinaryIO,
        file_name: str,
        name: str,
        architecture: str,
        classes: str,
        preprocessing: str = "",
    ) -> Network:
        """Copy a file into the private folder; the network isn't among :attr:`networks` yet.

        Args:
            file: At its beginning.
            file_name: As it was uploaded; only its ending counts.
            name: What to call the network.
            architecture: As :class:`~cactiviz.models.Checkpoint` takes it.
            classes: The text of a list of class names; "imagenet" for ImageNet's, empty for none.
            preprocessing: As :class:`~cactiviz.models.Checkpoint` takes it; empty for what is
                usual for the architecture.

        Raises:
            WeightsError: It has another ending, is too large, or unpacks to far more.
            OutputError: There is no room for it.
        """
        suffix = Path(file_name).suffix.lower()
        if suffix not in ENDINGS:
            raise WeightsError(f"A file of weights ends in {', '.join(ENDINGS)}.")
        size = file.seek(0, 2)
        _check_size(file, size)
        file.seek(0)
        number = uuid.uuid4().hex
        path = self.path / f"{number}{suffix}"
        listed = classes.strip() not in ("", IMAGENET)
        list_of_classes = path.with_name(f"{number}.txt") if listed else None
        if len(self.networks) >= MOST_NETWORKS:  # another tab added one meanwhile
            raise OutputError(texts.OWN_FULL.format(most=MOST_NETWORKS))
        if not self._reserve(size):
            raise OutputError(texts.OWN_NO_ROOM)
        try:
            with path.open("xb") as copy:
                shutil.copyfileobj(file, copy, _PIECE_BYTES)
            if list_of_classes is not None:
                list_of_classes.write_text(classes, "utf-8", errors="replace")
        except OSError as error:
            path.unlink(missing_ok=True)
            self._reserve(-size)
            raise OutputError(texts.OWN_NO_ROOM) from error
        named = list_of_classes or (IMAGENET if classes.strip() == IMAGENET else None)
        checkpoint = Checkpoint(name, architecture, path, named, preprocessing or None)
        # No two uploads have the same number, so no two browsers share a network or its results.
        network = Network(name, revision=number, checkpoint=checkpoint)
        self._sizes[network] = size
        return network

    def add(self, network: Network) -> None:
        """From now on it is one of the browser's networks."""
        with self._lock:
            self.networks = {**self.networks, network.name: network}

    def drop(self, network: Network) -> None:
        """Delete its files, and let go of what is in the memory."""
        with self._lock:
            if self.networks.get(network.name) == network:
                networks = self.networks.items()
                self.networks = {name: other for name, other in networks if other != network}
        self._reserve(-self._sizes.pop(network, 0))
        self._forget(network)
        if network.checkpoint is not None:
            for path in (network.checkpoint.file, network.checkpoint.classes):
                if isinstance(path, Path):  # else it is no list, or one that comes along
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete everything."""
        with self._lock:
            self.closed = True  # first of all, so that nothing more is put there
            for network in list(self._sizes):
                self._forget(network)
            self.networks = {}
            self._sizes.clear()
            self.pictures.clear()
            super().close()

    def kept_seconds(self) -> float:
        """Half an hour where its browser is known by a word, and finds it again."""
        return KEPT_SECONDS if self in _known else 0.0

    def _reserve(self, size: int) -> bool:
        """Promise it so many bytes of the disk, or give some back; False where there is no room."""
        with _room:
            if size > 0 and (self.closed or not _make_room(size, self.path)):
                return False
            self._reserved += size
            return True


class Remembered(Generic[T]):
    """The choices of one browser, by the marks that its addresses name them by.

    A mark is drawn by chance, and means nothing to anybody else's browser.

    >>> remembered = Remembered[str]()
    >>> remembered.find(remembered.mark("a choice"))
    'a choice'
    """

    def __init__(self) -> None:
        self._by_mark: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def mark(self, choice: T) -> str:
        """The choice's mark; equal choices have the same."""
        with self._lock:
            marks = (mark for mark, other in self._by_mark.items() if other == choice)
            mark = next(marks, "") or secrets.token_hex(_MARK_BYTES)
            self._by_mark[mark] = choice
            self._by_mark.move_to_end(mark)
            if len(self._by_mark) > _MOST_CHOICES:
                self._by_mark.popitem(last=False)
            return mark

    def find(self, mark: str) -> T | None:
        """The choice of a mark, or None where this browser knows none."""
        with self._lock:
            return self._by_mark.get(mark)


class KnownBrowsers(Generic[T]):
    """What each browser has here; any thread may ask.

    Whoever has a browser's word has what that browser brought, so the word itself is kept nowhere:
    only a digest of it, which is of no use to anybody who could read it.

    Args:
        is_over: Whether something is gone, and is to be forgotten.

    >>> known = KnownBrowsers(lambda what: False)
    >>> known.add("0" * 32, "a picture"), known.find("0" * 32), known.find("1" * 32)
    (True, 'a picture', None)
    """

    def __init__(self, is_over: Callable[[T], bool]) -> None:
        self._is_over = is_over
        self._kept: dict[str, T] = {}
        self._lock = threading.Lock()

    def add(self, word: str, what: T) -> bool:
        """Remember what belongs to a browser, unless the word is none or has something already."""
        if not is_word(word):
            return False
        with self._lock:
            self._forget_what_is_over()
            return self._kept.setdefault(_digest(word), what) is what

    def find(self, word: str) -> T | None:
        """What belongs to the browser of this word, or None."""
        if not is_word(word):
            return None
        digest = _digest(word)
        with self._lock:
            self._forget_what_is_over()
            its = [w for other, w in self._kept.items() if secrets.compare_digest(other, digest)]
        return its[0] if its else None

    def __contains__(self, what: object) -> bool:
        """Whether a browser can come back to it."""
        with self._lock:
            return any(kept is what for kept in self._kept.values())

    def _forget_what_is_over(self) -> None:
        for digest in [digest for digest, what in self._kept.items() if self._is_over(what)]:
            del self._kept[digest]


def is_word(text: object) -> bool:
    """Whether it could be a browser's word.

    >>> is_word("0123456789abcdef" * 2), is_word("0123456789ABCDEF" * 2), is_word(None)
    (True, False, False)
    """
    return isinstance(text, str) and _WORD.fullmatch(text) is not None


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _make_room(size: int, place: Path) -> bool:
    """Delete what nobody has used for the longest time, as far as that helps."""
    every = [folder for folder in list(_folders) if not folder.closed]
    left = _left(every)
    held, freed = sum(folder._reserved for folder in every), 0
    free = shutil.disk_usage(place).free

    def fits(freed: int) -> bool:
        return held - freed + size <= MOST_BYTES_OF_ALL and free + freed - size >= _FREE_BYTES

    if not fits(sum(folder._reserved for folder in left)):
        return False
    for folder in left:
        if fits(freed):
            break
        more = folder._reserved
        freed += more if folder.close_if_left() else 0
    return fits(freed)


def _limit_number(most: int) -> None:
    """Let go of what nobody has used for the longest time, so that there is one less than most."""
    every = [folder for folder in list(_folders) if not folder.closed]
    for folder in _left(every)[: max(0, len(every) - most + 1)]:
        folder.close_if_left()


def _left(folders: list[BrowserFolder]) -> list[BrowserFolder]:
    """Those that no session uses, the longest unused first."""
    left = [folder for folder in folders if folder.left_at is not None]
    return sorted(left, key=lambda folder: folder.left_at or 0.0)


def most_megabytes() -> int:
    """How large a file may be, in MB of 2**20 bytes."""
    return min(MOST_MEGABYTES, int(st.get_option("server.maxUploadSize")))


def here() -> BrowserFolder | None:
    """The folder of this session's browser, if it has one; it stays while this is asked for."""
    get = st.session_state.get
    folder: BrowserFolder | None = get(state.OWN)
    if folder is None or folder.closed:
        folder = _known.find(get(state.WORD) or "")
        if folder is None or folder.close_if_left(KEPT_SECONDS):  # its timer may be late
            return None
        st.session_state[state.OWN] = folder
    return leased(folder)


def begin() -> BrowserFolder:
    """The folder of this session's browser, a new one if need be."""
    folder = here()
    if folder is None:
        _limit_number(server.sessions().most)
        folder = st.session_state[state.OWN] = BrowserFolder(polling.runner().forget)
        _known.add(st.session_state.get(state.WORD) or "", folder)
    return leased(folder)


def recognise(word: str) -> None:
    """The browser of this session has told by which word it is known.

    What a session brought before it knew is from now on its browser's, too; but if the browser
    has something already, it stays the session's own.
    """
    st.session_state[state.WORD] = word
    folder: BrowserFolder | None = st.session_state.get(state.OWN)
    if folder is not None and not folder.closed and _known.find(word) is None:
        _known.add(word, folder)


_known: KnownBrowsers[BrowserFolder] = KnownBrowsers(lambda folder: folder.closed)


def _check_size(file: BinaryIO, size: int) -> None:
    if size > MOST_MEGABYTES * 2**20:
        megabytes = size / 2**20
        raise WeightsError(texts.OWN_TOO_LARGE.format(megabytes=megabytes, most=MOST_MEGABYTES))
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise WeightsError(texts.OWN_DAMAGED) from error
    if unpacked > _MOST_UNPACKED * size + _PIECE_BYTES:
        raise WeightsError(texts.OWN_PACKED)
