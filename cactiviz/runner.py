"""Where the app's work runs: one queue for the device, networks and results kept by their size."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import torch
from cachetools import LRUCache, TTLCache

from cactiviz.backprop import Need
from cactiviz.device import pick_device
from cactiviz.errors import CactivizError, Cancelled
from cactiviz.explain import FILTERS, Reading, explain
from cactiviz.jobs import Jobs, Ticket
from cactiviz.methods import METHODS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.types import Cancel, FilterGrid, Layer, Picture, Target

T = TypeVar("T")
_log = logging.getLogger(__name__)

_MODELS_SHARE = 0.25  # of the memory
_RESULTS_BYTES = 512 * 2**20
_FAILURES_SECONDS = 60  # after which the same question is tried again
_MOST_FAILURES = 256


@dataclass(frozen=True)
class Network:
    """Which network, as exactly as a key must say it.

    Attributes:
        name: In the table of networks, or a checkpoint's own.
        untrained: With random weights.
        revision: What tells its weights from others under the same name.
        checkpoint: A network of the user's own, or None.
    """

    name: str
    untrained: bool = False
    revision: str = ""
    checkpoint: Checkpoint | None = None


class Runner:
    """One device, its queue, the networks in its memory and what they said.

    All methods may be called from any thread. Results are kept by the content that they depend
    on, so that an equal question is answered at once, whoever asks it.

    Args:
        device: "auto", "cpu" or "cuda".
        models_bytes: How much memory networks may take; the one least recently used goes first.
        results_bytes: How much results may take.

    Raises:
        DeviceError: There is no such device.
    """

    def __init__(
        self,
        device: str = "auto",
        models_bytes: int | None = None,
        results_bytes: int = _RESULTS_BYTES,
    ) -> None:
        self.device = pick_device(device)
        self.jobs = Jobs(name=f"cactiviz on {self.device}")
        room = models_bytes or _room_for_models(self.device)
        self._models: LRUCache[Network, LoadedModel] = LRUCache(room, getsizeof=size_bytes)
        self._results: LRUCache[Hashable, Any] = LRUCache(results_bytes, getsizeof=size_bytes)
        self._failures: TTLCache[Hashable, CactivizError] = TTLCache(
            _MOST_FAILURES, _FAILURES_SECONDS
        )
        self._lock = threading.Lock()

    def ask(
        self, network: Network, question: Hashable, work: Callable[[LoadedModel, Cancel], T]
    ) -> T | Ticket[T]:
        """What a network says, if it is known; else a place in the queue.

        Args:
            network: Loaded when it is its turn, unless it is in memory still.
            question: All that the result depends on besides the network.
            work: Called in the worker's thread.

        Raises:
            BusyError: Too much waits already.
            CactivizError: Why it has no answer; for a minute, then it is tried again.
        """
        key = (network, question)
        with self._lock:
            if key in self._results:
                known: T = self._results[key]
                return known
            if key in self._failures:
                raise self._failures[key]
        return self.jobs.submit(key, lambda cancel: self._answer(network, key, work, cancel))

    def read(
        self,
        network: Network,
        picture: Picture,
        views: Iterable[str],
        *,
        target: Target | None = None,
        layer: Layer | str | None = None,
        resize: Literal["crop", "squash"] | None = None,
    ) -> Reading | Ticket[Reading]:
        """What a network says of a picture, in all views that one pass yields; at least these.

        Raises:
            BusyError: Too much waits already.
        """
        needs = frozenset[Need]().union(*(METHODS[v].needs for v in views if v in METHODS))
        every = [name for name, method in METHODS.items() if method.needs <= needs]

        def work(model: LoadedModel, cancel: Cancel) -> Reading:
            return explain(
                model,
                picture,
                [*every, FILTERS],
                target=target,
                layer=layer,
                resize=resize,
                cancel=cancel,
            )

        where = str(layer) if layer else ""
        question = ("read", picture.sha256, needs, target, where, resize)
        return self.ask(network, question, work)

    def in_memory(self) -> list[str]:
        """The names of the networks that are loaded, the least recently used first."""
        return [network.name for network in self._models]

    def _answer(
        self,
        network: Network,
        key: Hashable,
        work: Callable[[LoadedModel, Cancel], T],
        cancel: Cancel,
    ) -> T:
        try:
            found = work(self._loaded(network, cancel), cancel)
        except Cancelled:
            raise
        except CactivizError as error:
            self._keep_failure(key, error)
            raise
        except Exception:
            _log.exception("A computation failed")
            sentence = f"Something went wrong inside {network.name}; the terminal says what."
            self._keep_failure(key, CactivizError(sentence))
            raise
        with self._lock:
            if size_bytes(found) <= self._results.maxsize:
                self._results[key] = found
        return found

    def _keep_failure(self, key: Hashable, error: CactivizError) -> None:
        with self._lock:
            self._failures[key] = error.with_traceback(None)  # which would hold tensors

    def _loaded(self, network: Network, cancel: Cancel) -> LoadedModel:
        """Only the worker's thread comes here."""
        if network in self._models:
            return self._models[network]
        model = load_model(
            network.checkpoint or network.name,
            untrained=network.untrained,
            device=self.device,
            may_download=False,
            cancel=cancel,
        )
        before = len(self._models)
        if size_bytes(model) <= self._models.maxsize:
            self._models[network] = model
        if len(self._models) <= before:  # others went, and whatever of them is in a circle
            gc.unfreeze()
        spare_the_collector()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return model


def spare_the_collector() -> None:
    """Take all that is there now out of the garbage collector's sight.

    Streamlit collects after every run of a page; over all of torch's objects that takes a third
    of a second and holds up every session.
    """
    gc.collect()
    gc.freeze()


def pieces(reading: Reading, views: Iterable[str]) -> Reading:
    """The reading with these views alone."""
    wanted = list(views)
    return replace(
        reading,
        explanations={v: reading.explanations[v] for v in wanted if v in reading.explanations},
        failures={v: reading.failures[v] for v in wanted if v in reading.failures},
        filters=reading.filters if FILTERS in wanted else None,
    )


def size_bytes(kept: object) -> int:
    """About how much memory a network or a result takes.

    >>> size_bytes([b"abc", (1, 2)])
    1024
    """
    if isinstance(kept, LoadedModel):
        tensors = [*kept.module.parameters(), *kept.module.buffers()]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if isinstance(kept, Reading):
        kernels = 0 if kept.filters is None else kept.filters.kernels.nbytes
        return _LEAST_BYTES + kernels + sum(e.values.nbytes for e in kept.explanations.values())
    if isinstance(kept, FilterGrid):
        maps = 0 if kept.feature_maps is None else kept.feature_maps.nbytes
        return _LEAST_BYTES + kept.kernels.nbytes + maps
    if isinstance(kept, list | tuple):
        return max(
            _LEAST_BYTES, sum(getattr(getattr(o, "values", None), "nbytes", 0) for o in kept)
        )
    return _LEAST_BYTES


_LEAST_BYTES = 1024


def _room_for_models(device: torch.device) -> int:
    if device.type == "cuda":
        return int(_MODELS_SHARE * torch.cuda.get_device_properties(device).total_memory)
    pages = (
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    )
    return int(_MODELS_SHARE * pages) or 2 * 2**30
