"""Memory sizes of networks and results, and garbage collection."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch

from cactiviz.models import LoadedModel

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
