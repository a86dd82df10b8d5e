"""What networks say of the pictures of an animation, one network after another, kept on disk."""

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
    """Pictures, and what networks have said of them by now: all that an animation shows.

    Attributes:
        reel: The pictures.
        request: What is asked of each, of which networks.
        names: The networks' names.
        failures: A network's name -> why it says nothing.
        done: How many answers are there, or are known not to come.
    """

    reel: PictureSequence
    request: Request
    names: tuple[str, ...]
    failures: dict[str, str]
    done: int

    def said(self, index: int, place: int) -> list[StoredExplanation]:
        """What a network (by its place) said of a picture (by its place), if it is known."""


class Collector:
    """Collects explanations while holding one network and one picture in memory.

    Args:
        shots: The pictures, in the order of the frames; the request's own aren't read.
        request: The networks, and what each is asked.
        folder: Where answers are kept, for work that was stopped to go on.
        weights_dir: A folder to look for published weights in first.
        may_download: False to refuse rather than fetch weights.

    Raises:
        ModelError: No network, one twice, an unknown one, or several where layers are asked for.
        MethodError: A layer is chosen for a network that isn't asked, or filters, which depend on
            no picture, are asked for.
    """

    def __init__(
        self,
        shots: Sequence[PictureRef],
        request: Request,
        folder: Path,
        *,
        weights_dir: str | os.PathLike[str] | None = None,
        may_download: bool = True,
    ) -> None:
        self.reel, self.request = PictureSequence(shots), request
        self.names = tuple(name_of(network) for network in request.networks)
        if not self.names or len(set(self.names)) < len(self.names):
            raise ModelError("An animation needs networks, and each under its own name.")
        if request.layers and len(self.names) > 1:
            raise ModelError("Several layers are shown of one network at a time.")
        if FILTERS in request.methods:
            known = ", ".join(view for view in VIEWS if view != FILTERS)
            raise MethodError(f"There is no method “{FILTERS}”; there are {known}.")
        check(request.layer, self.names)
        self.failures: dict[str, str] = {}  #: A network's name -> why it says nothing.
        self.remarks: list[str] = []  #: What should be known of the networks that were loaded.
        self.done = 0  #: Answers that are there, or are known not to come.
        self._kept = ResultStore(folder, request)
        self._weights_dir, self._may_download = weights_dir, may_download

    def compute(self, *, report: Report | None = None, cancel: Cancel | None = None) -> None:
        """Ask each network about each picture, unless the answer is kept already.

        Args:
            report: Told the network and how many answers there are, of how many.
            cancel: Asked between pictures; what is computed stays kept.

        Raises:
            Cancelled: ``cancel`` was set.
            OutputError: The answers can't be kept.
            PictureError: Not one picture can be opened; the sentence says why.
        """
        total, self.done = len(self.names) * len(self.reel), 0
        for place, name in enumerate(self.names):
            loaded: LoadedModel | None = None
            for index in range(len(self.reel)):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("Stopped.")
                if report is not None:
                    report(name, self.done, total)
                loaded = self._answer(index, place, loaded, cancel)
                self.done += 1
            self.reel.check()
        if report is not None:
            report("done", total, total)

    def said(self, index: int, place: int) -> list[StoredExplanation]:
        """What a network (by its place) said of a picture (by its place), if it is computed."""
        key = self.reel.key(index)
        return (self._kept.get(self._network(place), key) if key else None) or []

    def forget(self) -> None:
        """Remove what was kept."""
        self._kept.forget()

    def _answer(
        self, index: int, place: int, loaded: LoadedModel | None, cancel: Cancel | None
    ) -> LoadedModel | None:
        """Keep one answer; returns the network, once it had to be loaded."""
        name, network = self.names[place], self._network(place)
        picture = self.reel.open(index)
        if picture is None or name in self.failures:
            return loaded
        if self._kept.get(network, picture.key) is not None:
            return loaded
        try:
            loaded = loaded or self._load(self.request.networks[place], cancel)
            answers = ask(loaded, picture, self.request, cancel)
        except (Cancelled, OutputError):
            raise
        except CactivizError as error:
            self.failures[name] = str(error)
            return loaded
        self._kept.put(network, picture.key, answers)
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
        """What tells a network's answers from another's without loading it."""
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
