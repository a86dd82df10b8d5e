"""What one browser brought along, networks and pictures: kept apart, and for a while only.

A browser is known by a random word that it keeps itself and tells this server
(``browser_word.py``). What it brought outlives a reload of its page, and goes when the browser
wasn't seen for half an hour. One that keeps nothing is known for as long as its session lasts.
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from weakref import WeakSet, finalize, proxy

import streamlit as st

from cactiviz.errors import OutputError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.models.checkpoint import IMAGENET
from cactiviz.models.file_checks import ENDINGS
from cactiviz.runtime.runner import Network
from cactiviz.ui import server, texts
from cactiviz.ui.brought.known_browsers import KnownBrowsers
from cactiviz.ui.brought.own_choice import Remembered
from cactiviz.ui.brought.pictures import Album
from cactiviz.ui.brought.presence import Shared
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.private_folders import PrivateFolder

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
#: Given to a session that was cut off, beyond the time for which Streamlit keeps it.
_GRACE_SECONDS = 15

_shelves: WeakSet[Shelf] = WeakSet()
_room = threading.Lock()  # so that no two files are promised the same room


class Shelf(Shared):
    """What one browser brought. Nothing of another browser can be reached through it.

    Args:
        forget: Told each network that won't be asked again.
        clock: Seconds that only grow.
    """

    def __init__(
        self, forget: Callable[[Network], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(clock)
        #: By name, in the order in which they came. Never changed but replaced: another tab of the
        #: same browser may be looking through it.
        self.networks: dict[str, Network] = {}
        self.choices = Remembered()  #: What was chosen of all this.
        self.sightings: tuple[object, ...] = ()  #: What the last search of iNaturalist found.
        self.closed = False
        self.number = uuid.uuid4().hex
        self._forget = forget
        private = PrivateFolder("own")
        self._folder = private.path
        self._remove = finalize(self, private.remove)  # at the latest when Python ends
        me = proxy(self)  # in a circle, it would stay until the collector came
        self.pictures = Album(self._folder, lambda size: me._reserve(size))
        self._sizes: dict[Network, int] = {}
        self._reserved = 0
        _shelves.add(self)

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
        path = self._folder / f"{number}{suffix}"
        listed = classes.strip() not in ("", IMAGENET)
        list_of_classes = path.with_name(f"{number}.txt") if listed else None
        if len(self.networks) >= MOST_NETWORKS:  # another tab added one meanwhile
            raise OutputError(texts.own_full(MOST_NETWORKS))
        if not self._reserve(size):
            raise OutputError(texts.OWN_NO_ROOM)
        try:
            with path.open("xb") as kept:
                shutil.copyfileobj(file, kept, _PIECE_BYTES)
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
                kept = self.networks.items()
                self.networks = {name: one for name, one in kept if one != network}
        self._reserve(-self._sizes.pop(network, 0))
        self._forget(network)
        if network.checkpoint is not None:
            for path in (network.checkpoint.file, network.checkpoint.classes):
                if isinstance(path, Path):  # else it is no list, or one that comes along
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete everything."""
        with self._lock:
            self.closed = True
            for network in list(self._sizes):
                self._forget(network)
            self.networks = {}
            self._sizes.clear()
            self.pictures.clear()
            self._remove()

    def _reserve(self, size: int) -> bool:
        """Promise so many bytes of the disk to this shelf, or give some back; False for no room."""
        with _room:
            if size > 0 and (self.closed or not _make_room(size, self._folder)):
                return False
            self._reserved += size
            return True


def _make_room(size: int, folder: Path) -> bool:
    """Let go of what nobody has used for the longest time, as far as that helps."""
    every = [shelf for shelf in list(_shelves) if not shelf.closed]
    left = _left(every)
    held, freed = sum(shelf._reserved for shelf in every), 0
    free = shutil.disk_usage(folder).free

    def fits(freed: int) -> bool:
        return held - freed + size <= MOST_BYTES_OF_ALL and free + freed - size >= _FREE_BYTES

    if not fits(sum(shelf._reserved for shelf in left)):
        return False
    for shelf in left:
        if fits(freed):
            break
        more = shelf._reserved
        freed += more if shelf.close_if_left() else 0
    return fits(freed)


def _limit_number(most: int) -> None:
    """Let go of what nobody has used for the longest time, so that there is one less than most."""
    every = [shelf for shelf in list(_shelves) if not shelf.closed]
    for shelf in _left(every)[: max(0, len(every) - most + 1)]:
        shelf.close_if_left()


def _left(shelves: list[Shelf]) -> list[Shelf]:
    """Those that no session uses, the longest unused first."""
    left = [shelf for shelf in shelves if shelf.left_at is not None]
    return sorted(left, key=lambda shelf: shelf.left_at or 0.0)


def most_megabytes() -> int:
    """How large a file may be, in MB of 2**20 bytes."""
    return min(MOST_MEGABYTES, int(st.get_option("server.maxUploadSize")))


def here() -> Shelf | None:
    """The shelf of this session's browser, if it has one; it stays while this is asked for."""
    get = st.session_state.get
    shelf: Shelf | None = get(state.OWN)
    if shelf is None or shelf.closed:
        shelf = _known.find(get(state.WORD) or "")
        if shelf is None or shelf.close_if_left(KEPT_SECONDS):  # its timer may be late
            return None
        st.session_state[state.OWN] = shelf
    return _leased(shelf)


def begin() -> Shelf:
    """The shelf of this session's browser, a new one if need be."""
    shelf = here()
    if shelf is None:
        _limit_number(server.sessions().most)
        shelf = st.session_state[state.OWN] = Shelf(polling.runner().forget)
        _known.add(st.session_state.get(state.WORD) or "", shelf)
    return _leased(shelf)


def told(word: str) -> None:
    """The browser of this session has told by which word it is known.

    What a session brought before it knew is from now on its browser's, too; but if the browser
    has something already, it stays the session's own.
    """
    st.session_state[state.WORD] = word
    shelf: Shelf | None = st.session_state.get(state.OWN)
    if shelf is not None and not shelf.closed and _known.find(word) is None:
        _known.add(word, shelf)


_known: KnownBrowsers[Shelf] = KnownBrowsers(lambda shelf: shelf.closed)


@dataclass(frozen=True)
class _Lease:
    """That a session uses a shelf."""

    session: str
    shelf: Shelf


def _leased(shelf: Shelf) -> Shelf:
    session = str(st.session_state.setdefault(state.OWN_LEASE, uuid.uuid4().hex))
    return _lease(shelf.number, session, shelf).shelf


def _cut_off(lease: _Lease) -> None:
    away = int(st.get_option("server.disconnectedSessionTTL")) + _GRACE_SECONDS
    lease.shelf.leave(lease.session, max(away, KEPT_SECONDS) if lease.shelf in _known else away)


# Streamlit releases it as soon as the connection breaks, but a telephone's breaks often. While
# there is a shelf, a fragment runs now and then (see browser_word.py), and a page with such a
# fragment asks for a run when it is connected again; that run makes the lease anew.
@st.cache_resource(scope="session", on_release=_cut_off, show_spinner=False)
def _lease(number: str, session: str, _shelf: Shelf) -> _Lease:
    _shelf.stay(session)
    return _Lease(session, _shelf)


def _check_size(file: BinaryIO, size: int) -> None:
    if size > MOST_MEGABYTES * 2**20:
        raise WeightsError(texts.own_too_large(size, MOST_MEGABYTES))
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise WeightsError(texts.OWN_DAMAGED) from error
    if unpacked > _MOST_UNPACKED * size + _PIECE_BYTES:
        raise WeightsError(texts.OWN_PACKED)
