"""Collects explanations while holding one model and one picture in memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cactiviz._version import __version__
from cactiviz.batch.sequence import PictureRef, PictureSequence
from cactiviz.batch.store import ResultStore, StoredExplanation, ask
from cactiviz.cam_layers import check
from cactiviz.errors import CactivizError, Cancelled, MethodError, ModelError, OutputError
from cactiviz.methods.views import FILTERS, VIEWS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.recipes.network import name_of
from cactiviz.recipes.request import Request
from cactiviz.types import Cancel, Report


class Collected(Protocol):
    """Pictures and the explanations computed so far: all that an animation shows.

    Attributes:
        sequence: The pictures in the order of the frames.
        request: The networks, and what each is asked of each picture.
        names: The networks' names, in the same order.
        failures: Network name -> the sentence that says why it failed.
        done: Number of (network, picture) pairs that are computed or have failed.
    """

    sequence: PictureSequence
    request: Request
    names: tuple[str, ...]
    failures: dict[str, str]
    done: int

    def explanations_of(self, index: int, place: int) -> list[StoredExplanation]:
        """Explanations of a picture by a network, both by position; empty if not computed."""


class Collector:
    """Collects explanations while holding one network and one picture in memory.

    Work that was stopped goes on from the results in its folder.

    Args:
        pictures: References to the pictures, in the order of the frames.
        request: The networks, and what each is asked; its own pictures aren't read.
        folder: Folder of the result store.
        weights_dir: A folder to look for published weights in first.
        may_download: False to fail rather than download missing weights.

    Raises:
        ModelError: No network, one twice, an unknown one, or several where layers are asked for.
        MethodError: A layer is chosen for a network that isn't asked, or filters, which depend on
            no picture, are asked for.
    """

    def __init__(
        self,
        pictures: Sequence[PictureRef],
        request: Request,
        folder: Path,
        *,
        weights_dir: str | os.PathLike[str] | None = None,
        may_download: bool = True,
    ) -> None:
        self.sequence, self.request = PictureSequence(pictures), request
        self.names = tuple(name_of(network) for network in request.networks)
        if not self.names or len(set(self.names)) < len(self.names):
            raise ModelError("An animation needs networks, and each under its own name.")
        if request.layers and len(self.names) > 1:
            raise ModelError("Several layers are shown of one network at a time.")
        if FILTERS in request.methods:
            known = ", ".join(view for view in VIEWS if view != FILTERS)
            raise MethodError(f"There is no method “{FILTERS}”; there are {known}.")
        check(request.layer, self.names)
        self.failures: dict[str, str] = {}  #: Network name -> why it failed.
        self.remarks: list[str] = []  #: Sentences on how the networks' files were read.
        self.done = 0  #: (network, picture) pairs computed or failed.
        self._store = ResultStore(folder, request)
        self._weights_dir, self._may_download = weights_dir, may_download

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
        total, self.done = len(self.names) * len(self.sequence), 0
        for place, name in enumerate(self.names):
            loaded: LoadedModel | None = None
            for index in range(len(self.sequence)):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("Stopped.")
                if report is not None:
                    report(name, self.done, total)
                loaded = self._answer(index, place, loaded, cancel)
                self.done += 1
            self.sequence.check()
        if report is not None:
            report("done", total, total)

    def explanations_of(self, index: int, place: int) -> list[StoredExplanation]:
        """Explanations of a picture by a network, both by position; empty if not computed."""
        key = self.sequence.key(index)
        return (self._store.get(self._network(place), key) if key else None) or []

    def forget(self) -> None:
        """Delete the stored results."""
        self._store.forget()

    def _answer(
        self, index: int, place: int, loaded: LoadedModel | None, cancel: Cancel | None
    ) -> LoadedModel | None:
        """Compute and store one result; return the network if it has been loaded."""
        name, network = self.names[place], self._network(place)
        picture = self.sequence.open(index)
        if picture is None or name in self.failures:
            return loaded
        if self._store.get(network, picture.key) is not None:
            return loaded
        try:
            loaded = loaded or self._load(self.request.networks[place], cancel)
            answers = ask(loaded, picture, self.request, cancel)
        except (Cancelled, OutputError):
            raise
        except CactivizError as error:
            self.failures[name] = str(error)
            return loaded
        self._store.put(network, picture.key, answers)
        return loaded

    def _load(self, network: str | Checkpoint | LoadedModel, cancel: Cancel | None) -> LoadedModel:
        if isinstance(network, LoadedModel):
            return network
        loaded = load_model(
            network,
            untrained=self.request.is_untrained(name_of(network)),
            weights_dir=self._weights_dir,
            device=self.request.device,
            may_download=self._may_download,
            cancel=cancel,
        )
        self.remarks += [f"{loaded.title}: {remark}" for remark in loaded.remarks]
        return loaded

    def _network(self, place: int) -> str:
        """Store key of a network, known without loading it."""
        network = self.request.networks[place]
        if isinstance(network, LoadedModel):
            return f"{network.name} {network.revision}"
        if not isinstance(network, Checkpoint):
            untrained = self.request.is_untrained(name_of(network))
            return f"{network} {untrained} {self._weights_dir} {__version__}"
        try:
            status = os.stat(os.path.expanduser(network.file))
            return f"{network} {status.st_size} {status.st_mtime_ns} {__version__}"
        except OSError:
            return str(network)
