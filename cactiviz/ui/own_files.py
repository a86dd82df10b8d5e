"""The networks that one session brought along: their files, kept apart and gone with it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from weakref import WeakSet, finalize

import streamlit as st

from cactiviz.errors import OutputError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.models.checkpoint import IMAGENET
from cactiviz.models.file_kind import ENDINGS
from cactiviz.models.text import text_of
from cactiviz.runner import Network
from cactiviz.ui import asking, state, texts

MOST_NETWORKS = 4  #: Of one session.
#: Of one file; AlexNet's has 244 MB, VGG19's 575 MB. Streamlit keeps what is uploaded in the memory
#: as long as the session lasts, so where others are let in, the server's own limit is lower.
MOST_MEGABYTES = 1024
#: Of the files of all sessions together.
MOST_BYTES_OF_ALL = 6 * 2**30
_FREE_BYTES = 2**30  # which a file must leave free on the disk
#: A file of weights is hardly packed. One that unpacks to far more is made to fill the memory.
_MOST_UNPACKED = 1.5
_MOST_CLASSES_BYTES = 2**20
_PIECE_BYTES = 2**20
#: Given to a session that was cut off, beyond the time for which Streamlit keeps it.
_GRACE_SECONDS = 15

_shelves: WeakSet[Shelf] = WeakSet()


class Shelf:
    """A session's own networks. Nothing of another session can be reached through it.

    Args:
        forget: Told each network that won't be asked again.
    """

    def __init__(self, forget: Callable[[Network], None]) -> None:
        self.networks: dict[str, Network] = {}  #: By name, in the order in which they came.
        self.closed = False
        self.number = uuid.uuid4().hex
        self._forget = forget
        # Only its owner may look into it, and it goes at the latest when Python ends.
        self._folder = Path(tempfile.mkdtemp(prefix="cactiviz-own-"))
        self._remove = finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._sizes: dict[Network, int] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
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
        if self.closed or not self._has_room(size):
            raise OutputError(texts.OWN_NO_ROOM)
        try:
            with path.open("xb") as kept:
                shutil.copyfileobj(file, kept, _PIECE_BYTES)
            if list_of_classes is not None:
                list_of_classes.write_text(classes, "utf-8", errors="replace")
        except OSError as error:
            path.unlink(missing_ok=True)
            raise OutputError(texts.OWN_NO_ROOM) from error
        named = list_of_classes or (IMAGENET if classes.strip() == IMAGENET else None)
        checkpoint = Checkpoint(name, architecture, path, named, preprocessing or None)
        # No two uploads have the same number, so no two sessions share a network or its results.
        network = Network(name, revision=number, checkpoint=checkpoint)
        self._sizes[network] = size
        return network

    def add(self, network: Network) -> None:
        """From now on it is one of the session's networks."""
        self.networks[network.name] = network

    def drop(self, network: Network) -> None:
        """Delete its files, and let go of what is in the memory."""
        if self.networks.get(network.name) == network:
            del self.networks[network.name]
        self._sizes.pop(network, None)
        self._forget(network)
        if network.checkpoint is not None:
            for path in (network.checkpoint.file, network.checkpoint.classes):
                if isinstance(path, Path):  # else it is no list, or one that comes along
                    path.unlink(missing_ok=True)

    def stay(self) -> None:
        """The session is here, or has come back."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def leave_in(self, seconds: float) -> None:
        """The session was cut off; close, unless it comes back before."""
        self.stay()
        with self._lock:
            self._timer = threading.Timer(seconds, self.close)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Delete everything."""
        self.closed = True
        for network in list(self._sizes):
            self._forget(network)
        self.networks.clear()
        self._sizes.clear()
        self._remove()

    def _has_room(self, size: int) -> bool:
        held = sum(sum(shelf._sizes.values()) for shelf in list(_shelves))
        free = shutil.disk_usage(self._folder).free
        return held + size <= MOST_BYTES_OF_ALL and free - size >= _FREE_BYTES


def here() -> Shelf | None:
    """This session's shelf, if it has one; it stays while this is asked for."""
    shelf: Shelf | None = st.session_state.get(state.OWN)
    if shelf is None or shelf.closed:
        return None
    return _lease(shelf.number, shelf)


def most_megabytes() -> int:
    """How large a file may be, in MB of 2**20 bytes."""
    return min(MOST_MEGABYTES, int(st.get_option("server.maxUploadSize")))


def begin() -> Shelf:
    """This session's shelf, a new one if need be."""
    shelf = here()
    if shelf is None:
        shelf = st.session_state[state.OWN] = Shelf(asking.runner().forget)
        _lease(shelf.number, shelf)
    return shelf


def _cut_off(shelf: Shelf) -> None:
    shelf.leave_in(int(st.get_option("server.disconnectedSessionTTL")) + _GRACE_SECONDS)


# Streamlit releases it as soon as the connection breaks, but a telephone's breaks often. While
# there is a shelf, a fragment runs now and then (see own_models.py), and a page with such a
# fragment asks for a run when it is connected again; that run makes the lease anew.
@st.cache_resource(scope="session", on_release=_cut_off, show_spinner=False)
def _lease(number: str, _shelf: Shelf) -> Shelf:
    _shelf.stay()
    return _shelf


def class_list(file: bytes) -> str:
    """The text of a file of class names.

    >>> class_list(b"cat")
    'cat'

    Raises:
        WeightsError: It isn't text, or is too long.
    """
    if len(file) > _MOST_CLASSES_BYTES:
        raise WeightsError(texts.OWN_TOO_MANY_NAMES)
    return text_of(file, texts.OWN_LIST)[0]


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
