"""Collects explanations of many pictures, with one network and one picture in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from cactiviz._version import __version__
from cactiviz.batch.presets import PictureRef
from cactiviz.batch.store import ResultStore, StoredExplanation, ask
from cactiviz.cam_layers import check
from cactiviz.errors import (
    CactivizError,
    Cancelled,
    MethodError,
    ModelError,
    OutputError,
    PictureError,
)
from cactiviz.methods import FILTERS, VIEWS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.recipes.recipe import picture_recipe, told_origins
from cactiviz.recipes.request import Request, name_of
from cactiviz.runtime.runner import size_bytes
from cactiviz.types import Cancel, Picture, Report

_MOST_REASONS = 3


class PictureSequence:
    """Pictures in the order of the frames, with the keys of those opened so far.

    Args:
        pictures: References; each is opened anew when it is needed, so that one is in memory.
    """

    def __init__(self, pictures: Sequence[PictureRef]) -> None:
        self.pictures = tuple(pictures)
        self.skipped: dict[str, str] = {}  #: Key of a picture -> why it is left out.
        self._about: dict[int, tuple[str, str, str]] = {}  # digest, name, credit
        self._keys: dict[int, str] = {}

    def __len__(self) -> int:
        """Number of pictures, including those left out."""
        return len(self.pictures)

    def open(self, index: int) -> Picture | None:
        """Open a picture; None if it can't be opened, which isn't tried again."""
        ref = self.pictures[index]
        if ref.key in self.skipped:
            return None
        try:
            picture = ref.open()
        except CactivizError as error:
            self.skipped[ref.key] = str(error)
            return None
        self._about[index] = picture.sha256, picture.name, picture.source
        self._keys[index] = picture.key
        return picture

    def key(self, index: int) -> str:
        """The picture's key in a result store; empty before it has been opened."""
        return self._keys.get(index, "")

    def check(self) -> None:
        """Fail if no picture can be opened.

        Raises:
            PictureError: No picture can be opened; the sentence says why.
        """
        if any(ref.key not in self.skipped for ref in self.pictures):
            return
        reasons = list(dict.fromkeys(self.skipped.values()))
        more = ["…"] if len(reasons) > _MOST_REASONS else []
        raise PictureError(
            " ".join(["There is no picture to show.", *reasons[:_MOST_REASONS], *more])
        )

    def recipe(self, folder: Path | None = None) -> list[dict[str, Any]]:
        """Recipe entries of the opened pictures, with paths relative to this folder."""
        opened = [(index, ref) for index, ref in enumerate(self.pictures) if index in self._about]
        told = told_origins([ref.origin for _, ref in opened], folder)
        return [
            picture_recipe(ref.title, ref.origin, *self._about[index], origin, ref.left_out)
            for (index, ref), origin in zip(opened, told, strict=True)
        ]


class Asker(Protocol):
    """Puts a request to one network at a time.

    Attributes:
        remarks: Sentences on how the networks' files were read.
    """

    remarks: list[str]

    def key(self, place: int) -> str:
        """Store key of a network, known without loading it."""

    def ask(self, place: int, picture: Picture, cancel: Cancel | None) -> list[StoredExplanation]:
        """Explanations of a picture by a network, by its position in the request.

        Raises:
            CactivizError: The network can't be loaded or run; it isn't asked again.
        """


class Collector:
    """Collects explanations while holding one network and one picture in memory.

    Work that was stopped goes on from the results in its folder.

    Args:
        pictures: References to the pictures, in the order of the frames.
        request: The networks, and what each is asked; its own pictures aren't read.
        folder: Folder of the result store.
        asker: Puts the request to a network; None to load networks here (:class:`Direct`).
        weights_dir: A folder to look for published weights in first.
        may_download: False to fail rather than download missing weights.
        cached_bytes: Bytes of results that are kept in memory beside the store.
        check_room: Called with the bytes of a result before it is stored; may raise.

    Attributes:
        sequence: The pictures in the order of the frames.
        names: The networks' names, in the order of the request.
        failures: Network name -> the sentence that says why it failed.
        done: Number of (network, picture) pairs that are computed or have failed.
        remarks: Sentences on how the networks' files were read.

    Raises:
        ModelError: No network, one twice, an unknown one, or several where layers are asked for.
        MethodError: A layer of a network that isn't asked, or filters, which depend on no picture.
    """

    def __init__(
        self,
        pictures: Sequence[PictureRef],
        request: Request,
        folder: Path,
        asker: Asker | None = None,
        *,
        weights_dir: str | os.PathLike[str] | None = None,
        may_download: bool = True,
        cached_bytes: int = 0,
        check_room: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.sequence, self.request = PictureSequence(pictures), request
        self.names = tuple(name_of(network) for network in request.networks)
        self.failures: dict[str, str] = {}
        self.done = 0
        self._asker = asker or Direct(request, weights_dir, may_download)
        self.remarks = self._asker.remarks
        self._store, self._check_room = ResultStore(folder, request), check_room
        self._cached: dict[tuple[int, int], list[StoredExplanation]] = {}
        self._free_bytes, self._lock = cached_bytes, threading.Lock()

    def compute(self, *, report: Report | None = None, cancel: Cancel | None = None) -> None:
        """Explain each picture by each network, except for results already in the store.

        Args:
            report: Called with the network's name, the pairs done and the total.
            cancel: Checked between pictures; results computed so far stay stored.

        Raises:
            Cancelled: ``cancel`` was set.
            OutputError: The store can't be written.
            PictureError: Not one picture can be opened; the sentence says why.
        """
        pictures = range(len(self.sequence))
        total = len(self.names) * len(pictures)
        order = [(index, place) for place in range(len(self.names)) for index in pictures]
        for index, place in self.collect(order, cancel):
            if index == 0 and place > 0:
                self.sequence.check()
            if report is not None:
                report(self.names[place], self.done, total)
        self.sequence.check()
        if report is not None:
            report("done", total, total)

    def collect(
        self, order: Iterable[tuple[int, int]], cancel: Cancel | None
    ) -> Iterator[tuple[int, int]]:
        """Compute (picture, network) pairs one by one; yields each before it is computed.

        Raises:
            Cancelled: ``cancel`` was set.
            OutputError: The store can't be written.
        """
        self.done = 0
        for index, place in order:
            if cancel is not None and cancel.is_set():
                raise Cancelled("Stopped.")
            yield index, place
            picture = self.sequence.open(index)
            if picture is not None and self.names[place] not in self.failures:
                self._answer(index, place, picture, cancel)
            self.done += 1

    def explanations_of(self, index: int, place: int) -> list[StoredExplanation]:
        """Explanations of a picture by a network, both by position; empty if not computed."""
        with self._lock:
            if (index, place) in self._cached:
                return self._cached[index, place]
        key = self.sequence.key(index)
        stored = self._store.get(self._asker.key(place), key) if key else None
        if stored:
            self._remember(index, place, stored)
        return stored or []

    def forget(self) -> None:
        """Delete the stored results."""
        self._store.forget()

    def _answer(self, index: int, place: int, picture: Picture, cancel: Cancel | None) -> None:
        if self.explanations_of(index, place):
            return
        try:
            explanations = self._asker.ask(place, picture, cancel)
        except (Cancelled, OutputError):
            raise
        except CactivizError as error:
            self.failures[self.names[place]] = str(error)
            return
        self._check_room(size_bytes(explanations))
        self._store.put(self._asker.key(place), picture.key, explanations)
        self._remember(index, place, explanations)

    def _remember(self, index: int, place: int, explanations: list[StoredExplanation]) -> None:
        with self._lock:
            size = size_bytes(explanations)
            if size <= self._free_bytes:
                self._cached[index, place] = explanations
                self._free_bytes -= size


class Direct:
    """Asks networks in this thread; the one asked last stays in memory.

    Args:
        request: The networks, and what each is asked.
        weights_dir: A folder to look for published weights in first.
        may_download: False to fail rather than download missing weights.

    Raises:
        ModelError: As for :class:`Collector`.
        MethodError: As for :class:`Collector`.
    """

    def __init__(
        self,
        request: Request,
        weights_dir: str | os.PathLike[str] | None = None,
        may_download: bool = True,
    ) -> None:
        names = [name_of(network) for network in request.networks]
        if not names or len(set(names)) < len(names):
            raise ModelError("An animation needs networks, and each under its own name.")
        if request.layers and len(names) > 1:
            raise ModelError("Several layers are shown of one network at a time.")
        if FILTERS in request.methods:
            views = ", ".join(view for view in VIEWS if view != FILTERS)
            raise MethodError(f"There is no method “{FILTERS}”; there are {views}.")
        check(request.layer, names)
        self.remarks: list[str] = []
        self._request, self._weights_dir = request, weights_dir
        self._may_download = may_download
        self._loaded: tuple[int, LoadedModel] | None = None

    def key(self, place: int) -> str:
        """Store key of a network, known without loading it."""
        network = self._request.networks[place]
        if isinstance(network, LoadedModel):
            return f"{network.name} {network.revision}"
        if not isinstance(network, Checkpoint):
            untrained = self._request.is_untrained(name_of(network))
            return f"{network} {untrained} {self._weights_dir} {__version__}"
        try:
            status = os.stat(os.path.expanduser(network.file))
            return f"{network} {status.st_size} {status.st_mtime_ns} {__version__}"
        except OSError:
            return str(network)

    def ask(self, place: int, picture: Picture, cancel: Cancel | None) -> list[StoredExplanation]:
        """Load the network unless it is loaded, and ask it.

        Raises:
            CactivizError: As for ``load_model`` and ``explain``.
        """
        if self._loaded is None or self._loaded[0] != place:
            self._loaded = None  # before the next is loaded
            self._loaded = place, self._load(place, cancel)
        return ask(self._loaded[1], picture, self._request, cancel)

    def _load(self, place: int, cancel: Cancel | None) -> LoadedModel:
        network = self._request.networks[place]
        if isinstance(network, LoadedModel):
            return network
        loaded = load_model(
            network,
            untrained=self._request.is_untrained(name_of(network)),
            weights_dir=self._weights_dir,
            device=self._request.device,
            may_download=self._may_download,
            cancel=cancel,
        )
        self.remarks += [f"{loaded.title}: {remark}" for remark in loaded.remarks]
        return loaded
