"""Which device computes, and how exactly."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import torch

from cactiviz.errors import DeviceError


def pick_device(name: str = "auto") -> torch.device:
    """Take the GPU where there is one, else the CPU ("auto"), or insist ("cpu", "cuda").

    Raises:
        DeviceError: There is no such device here.
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
    """Keep CUDA from rounding float32 to TF32 within; the setting is the process's, so count users.

    The first thread in saves and changes it, the last one out restores it.
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
