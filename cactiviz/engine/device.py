"""Selects the device, and keeps float32 exact on CUDA."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import torch

from cactiviz.errors import DeviceError


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
