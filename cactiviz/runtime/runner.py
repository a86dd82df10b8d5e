"""Runs the app's work on one device and caches networks and results by size."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import combinations
from typing import Any, Literal, TypeVar, get_args

import numpy as np
import torch
from cachetools import LRUCache, TTLCache

from cactiviz.engine.backprop import Need
from cactiviz.engine.device import pick_device
from cactiviz.errors import CactivizError, Cancelled
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import FILTERS, METHODS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.runtime.queue import Jobs, Ticket
from cactiviz.types import Cancel, Layer, Picture, Target

_MODELS_SHARE = 0.25  # of the memory
_LEAST_BYTES = 1024


def spare_the_collector() -> None:
    """Exclude all present objects from garbage collection, after collecting once.

    Streamlit collects after every run of a page; over all of torch's objects that takes a third
    of a second and holds up every session. Sessions that are here now are among it: what is left of
    them would stay for ever, so the collector looks at all of it once more each time.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def size_bytes(kept: object) -> int:
    """Approximate bytes of a network's tensors, or of a result's arrays.

    >>> size_bytes([np.zeros((500, 4)), {"a": np.zeros(3)}, "text"])
    16024
    >>> size_bytes("text")
    1024
    """
    if isinstance(kept, LoadedModel):
        tensors = [*kept.module.parameters(), *kept.module.buffers()]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if isinstance(kept, bytes):
        return max(_LEAST_BYTES, len(kept))
    return max(_LEAST_BYTES, sum(array.nbytes for array in arrays(kept)))


def arrays(kept: object) -> Iterator[np.ndarray[Any, Any]]:
    """All arrays in a result, nested in tuples, mappings and dataclasses."""
    if isinstance(kept, np.ndarray):
        yield kept
    elif isinstance(kept, Mapping):
        for value in kept.values():
            yield from arrays(value)
    elif isinstance(kept, list | tuple):
        for value in kept:
            yield from arrays(value)
    elif is_dataclass(kept) and not isinstance(kept, type):
        for field in fields(kept):
            yield from arrays(getattr(kept, field.name))


def room_for_models(device: torch.device) -> int:
    """Bytes of a device's memory that its networks may take."""
    if device.type == "cuda":
        return int(_MODELS_SHARE * torch.cuda.get_device_properties(device).total_memory)
    pages = (
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    )
    return int(_MODELS_SHARE * pages) or 2 * 2**30


T = TypeVar("T")
_log = logging.getLogger(__name__)

_RESULTS_BYTES = 192 * 2**20  # about a hundred readings
_FAILURES_SECONDS = 60  # after which the same question is tried again
_MOST_FAILURES = 256


@dataclass(frozen=True)
class Network:
    """Cache key of a network.

    Attributes:
        name: Name in the table of networks, or of the checkpoint.
        untrained: True for random weights.
        revision: Tells apart weights under the same name.
        checkpoint: The user's checkpoint, or None.
    """

    name: str
    untrained: bool = False
    revision: str = ""
    checkpoint: Checkpoint | None = None


class Runner:
    """One device with its queue and its caches of networks and results.

    Thread-safe. Results are cached by all that they depend on and shared by all sessions.

    Args:
        device: "auto", "cpu" or "cuda".
        models_bytes: Size of the network cache; the least recently used goes first.
        results_bytes: Size of the result cache.
        clock: Monotonic clock in seconds.

    Raises:
        DeviceError: There is no such device.
    """

    def __init__(
        self,
        device: str = "auto",
        models_bytes: int | None = None,
        results_bytes: int = _RESULTS_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = pick_device(device)
        self.jobs = Jobs(name=f"cactiviz on {self.device}", clock=clock)
        room = models_bytes or room_for_models(self.device)
        self._models: LRUCache[Network, LoadedModel] = LRUCache(room, getsizeof=size_bytes)
        self._results: LRUCache[Hashable, Any] = LRUCache(results_bytes, getsizeof=size_bytes)
        self._failures: TTLCache[Hashable, CactivizError] = TTLCache(
            _MOST_FAILURES, _FAILURES_SECONDS, timer=clock
        )
        self._lock = threading.Lock()

    def ask(
        self,
        network: Network,
        question: Hashable,
        work: Callable[[LoadedModel, Cancel], T],
        *,
        better: Iterable[Hashable] = (),
    ) -> T | Ticket[T]:
        """A cached result, or a ticket for its computation.

        Results are shared: their arrays are read-only.

        Args:
            network: The network, loaded when the job runs unless it is cached.
            question: Cache key: all that the result depends on besides the network.
            work: Computes the result; called in the worker thread.
            better: Keys of other results that do as well, if cached or queued.

        Raises:
            BusyError: Too many jobs wait.
            CactivizError: A failure of the last minute, which is cached too.
        """
        key, *others = ((network, request) for request in (question, *better))
        if cached := self._known(key, others):
            result: T = cached[0]
            return result
        return self.jobs.submit(
            key, lambda cancel: self._answer(network, key, work, cancel), others
        )

    def read(
        self,
        network: Network,
        picture: Picture,
        views: Iterable[str],
        *,
        target: Target | None = None,
        layer: Layer | str | None = None,
        resize: Literal["crop", "squash"] | None = None,
    ) -> Explanation | Ticket[Explanation]:
        """Explain a picture in these views and all others that the same pass yields.

        Raises:
            BusyError: Too many jobs wait.
        """
        needs = frozenset[Need]().union(*(METHODS[v].needs for v in views if v in METHODS))
        every = [name for name, method in METHODS.items() if method.needs <= needs]

        def work(model: LoadedModel, cancel: Cancel) -> Explanation:
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
        # The digest is of the pixels in a row: how many rows they make belongs to it.
        rest: list[Need] = [need for need in get_args(Need) if need not in needs]
        question, *better = (  # better are the supersets of what is needed
            ("read", picture.key, needs.union(more), target, where, resize)
            for count in range(len(rest) + 1)
            for more in combinations(rest, count)
        )
        return self.ask(network, question, work, better=better)

    def in_memory(self) -> list[str]:
        """Names of the cached networks."""
        with self._lock:
            return [network.name for network in self._models]

    def forget(self, network: Network) -> None:
        """Remove a network and its results from the caches."""
        with self._lock:
            self._models.pop(network, None)
            kept: tuple[MutableMapping[Any, Any], ...] = (self._results, self._failures)
            for store in kept:
                for key in [key for key in store if key[0] == network]:
                    store.pop(key, None)

    def _known(self, key: Hashable, others: Iterable[Hashable] = ()) -> tuple[Any] | None:
        """A cached result in a tuple, or None; raises a cached failure."""
        with self._lock:
            for cached_key in (key, *others):
                if cached_key in self._results:
                    return (self._results[cached_key],)
            failure = self._failures.get(key)
        if failure is not None:
            raise _afresh(failure)  # one that is kept must not gather the tracebacks of many
        return None

    def _answer(
        self,
        network: Network,
        key: Hashable,
        work: Callable[[LoadedModel, Cancel], T],
        cancel: Cancel,
    ) -> T:
        result: T
        if cached := self._known(key):  # its like may have ended just after it was asked for
            result = cached[0]
            return result
        try:
            result = work(self._loaded(network, cancel), cancel)
        except CactivizError as error:
            failure = _afresh(error)  # the causes of the other one hold tensors
        except Exception:
            _log.exception("A computation failed")
            sentence = f"Something went wrong inside {network.name}; the terminal says what."
            failure = CactivizError(sentence)
        else:
            size = size_bytes(result)
            if size <= self._results.maxsize:
                for array in arrays(result):
                    array.flags.writeable = False
                with self._lock:
                    self._results[key] = result
                return result
            failure = CactivizError(f"The answer of {network.name} is too large to be kept.")
        if not isinstance(failure, Cancelled):
            with self._lock:
                self._failures[key] = failure
        raise _afresh(failure)

    def _loaded(self, network: Network, cancel: Cancel) -> LoadedModel:
        """The loaded network; only called in the worker thread."""
        with self._lock:
            if network in self._models:
                return self._models[network]
        model = load_model(
            network.checkpoint or network.name,
            untrained=network.untrained,
            device=self.device,
            may_download=False,
            cancel=cancel,
        )
        if size_bytes(model) > self._models.maxsize:
            return model  # the collector has to see it, since it goes after this
        with self._lock:
            before = len(self._models)
            self._models[network] = model
            grown = len(self._models) > before
        if not grown:  # others went, and whatever of them is in a circle
            gc.unfreeze()
        spare_the_collector()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return model


def pieces(explanation: Explanation, views: Iterable[str]) -> Explanation:
    """The explanation reduced to these views."""
    wanted = list(views)
    return replace(
        explanation,
        attributions={
            v: explanation.attributions[v] for v in wanted if v in explanation.attributions
        },
        failures={v: explanation.failures[v] for v in wanted if v in explanation.failures},
        filters=explanation.filters if FILTERS in wanted else None,
    )


def _afresh(error: CactivizError) -> CactivizError:
    """A copy of an error without traceback and causes."""
    fresh = type(error)(str(error))
    vars(fresh).update(vars(error))
    return fresh
