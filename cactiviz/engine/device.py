"""Picks the device, its precision, and smaller parts where its memory is too small."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from cactiviz.errors import DeviceError, ModelError


def pick_device(name: str = "auto") -> torch.device:
    """The torch device for "auto" (GPU if available, else CPU), "cpu" or "cuda".

    Raises:
        DeviceError: The device isn't available.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise DeviceError(f"There is no device “{name}”; there are auto, cpu and cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("This machine has no GPU that PyTorch can use; choose the CPU.")
    return torch.device(name)


_tf32_lock = threading.Lock()
_tf32_users = 0
_tf32_before: tuple[str, str] = ("", "")


@contextlib.contextmanager
def exact_float32(device: torch.device) -> Iterator[None]:
    """Disable TF32 on CUDA within the block.

    The setting belongs to the process: the first thread to enter saves and changes it, the last
    one to leave restores it.
    """
    global _tf32_users, _tf32_before
    if device.type != "cuda":
        yield
        return
    convolution = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    product = torch.backends.cuda.matmul
    with _tf32_lock:
        if _tf32_users == 0:
            _tf32_before = (convolution.fp32_precision, product.fp32_precision)
            convolution.fp32_precision = product.fp32_precision = "ieee"
        _tf32_users += 1
    try:
        yield
    finally:
        with _tf32_lock:
            _tf32_users -= 1
            if _tf32_users == 0:
                convolution.fp32_precision, product.fp32_precision = _tf32_before


Result = TypeVar("Result")


def in_parts(module: nn.Module, inputs: Tensor, explain: Callable[[slice], Result]) -> Result:
    """Explain a batch; on out-of-memory, explain its halves and concatenate.

    Args:
        module: The network; must be in eval mode.
        inputs: The batch; only its length and device are used.
        explain: Maps a slice of the batch to a dataclass of tensors, one row per picture.

    Raises:
        DeviceError: The memory is too small even for one picture.
        ModelError: The network is in training mode.
    """
    if any(m.training for m in module.modules()):
        raise ModelError("The network is in training mode; call its eval() first.")
    with exact_float32(inputs.device):
        return _part(inputs.device, explain, 0, len(inputs))


def _part(
    device: torch.device, explain: Callable[[slice], Result], start: int, stop: int
) -> Result:
    """At module level: a recursive closure would be a reference cycle that holds tensors."""
    try:
        return explain(slice(start, stop))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if stop - start == 1:
            raise DeviceError(
                f"The memory of {device} is too small for this network; "
                "use the CPU or a smaller network."
            ) from error
    middle = (start + stop) // 2  # out of the handler: its traceback holds the failed tensors
    first = _part(device, explain, start, middle)
    joined: Result = _joined(first, _part(device, explain, middle, stop))
    return joined


def _joined(first: Any, second: Any) -> Any:
    """Two results concatenated along the batch."""
    if first is None:
        return None
    if isinstance(first, Tensor):
        return torch.cat([first, second])
    if isinstance(first, tuple):
        return tuple(_joined(*pair) for pair in zip(first, second, strict=True))
    names = [field.name for field in fields(first)]
    return type(first)(*(_joined(getattr(first, n), getattr(second, n)) for n in names))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or its cause, is a lack of memory on any device."""
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in str(error)
        or (error.__cause__ is not None and is_out_of_memory(error.__cause__))
    )
