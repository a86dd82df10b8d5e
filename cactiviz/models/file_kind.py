"""Detects a weights file's format by its content."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import BinaryIO

from cactiviz.errors import WeightsError

#: How files of weights are usually called; what counts is their content.
ENDINGS = (
    *(".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar", ".pkl"),
    *(".th", ".pyth", ".model", ".weights", ".chkpt", ".checkpoint"),
)

SAVE = "save the network's state_dict() with torch.save() instead"
_FIRST_BYTES = 512
_SHORTEST_HEADER, _LONGEST_HEADER = 2, 100_000_000  # of a safetensors file, in bytes

# First bytes -> what such a file is, and what to do.
_KINDS = (
    (b"version https://git-lfs", "only points to a file kept by Git LFS; run `git lfs pull`"),
    (b"\x89HDF\r\n\x1a\n", f"is a network of Keras or another HDF5 file; {SAVE}"),
    (b"GGUF", "is a language model, not a network for pictures"),
    *((start, "is packed; unpack it first") for start in (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")),
    *((start, "is packed; unpack it first") for start in (b"7z\xbc\xaf", b"Rar!", b"(\xb5/\xfd")),
    *((start, "is a picture") for start in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")),
    (b"%PDF", "is a PDF"),
    (b"\x93NUMPY", f"is a single array of NumPy's; {SAVE}"),
)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        WeightsError: There is none, it is a folder, or it can't be read.
    """
    try:
        return path.open("rb")
    except IsADirectoryError as error:
        raise WeightsError(f"{path} is a folder, not a file of weights.") from error
    except PermissionError as error:
        raise WeightsError(f"The file {path} can't be read: permission is missing.") from error
    except (OSError, ValueError) as error:  # too long a name, or one with a zero byte
        raise WeightsError(f"There is no file {path}.") from error


def is_safetensors(file: BinaryIO) -> bool:
    """Whether a file is in the safetensors format; its position is reset.

    >>> import io
    >>> is_safetensors(io.BytesIO(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + b"{}"))
    True
    """
    start = file.read(9)
    file.seek(0)
    length = int.from_bytes(start[:8], "little")
    return start[8:] == b"{" and _SHORTEST_HEADER <= length <= _LONGEST_HEADER


def check_kind(file: BinaryIO, name: str) -> None:
    """Refuse files known to be of another format than torch's or safetensors.

    Args:
        file: An open file at position 0, which is restored.
        name: Its name in a sentence.

    Raises:
        WeightsError: It is; the sentence says what it is and what to do.
    """
    start = file.read(_FIRST_BYTES)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if is_safetensors(file):
        if int.from_bytes(start[:8], "little") + 8 > size:
            raise WeightsError(_cut_off(name))
        return
    said = _of_zip(file, name) if start.startswith(b"PK\x03\x04") else _of_start(start, size)
    file.seek(0)
    if said:
        raise WeightsError(f"The file {name} {said}.")


def _cut_off(name: str) -> str:
    return f"The file {name} is cut off, so a part of it is missing; copy or download it again."


def _of_start(start: bytes, size: int) -> str:
    if not size:
        return "is empty"
    for first, said in _KINDS:
        if start.startswith(first):
            return said
    if start[257:262] == b"ustar":
        if start.startswith((b"sys_info", b"pickle", b"tensors", b"storages")):
            return f"is of a format that torch gave up in 2017; {SAVE}"
        return "is packed; unpack it first"
    if start[4:8] == b"TFL3":
        return f"is a network of TensorFlow Lite; {SAVE}"
    if start[:1] == b"\x08" and any(maker in start for maker in (b"pytorch", b"onnx", b"ONNX")):
        return f"is a network in the format ONNX; {SAVE}"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "is a web page; perhaps its address leads to a page about the file, not to the file"
    if start.isascii() and not any(byte < 32 and byte not in b"\t\n\r\f" for byte in start):
        return "is a text, not a file of weights"
    return ""


def _of_zip(file: BinaryIO, name: str) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise WeightsError(_cut_off(name)) from error
    inside = {part.rpartition("/")[2] for part in parts}
    if "constants.pkl" in inside or any("/code/" in part for part in parts):
        return f"is a program of TorchScript, and programs aren't run here; {SAVE}"
    if "data.pkl" in inside:
        return ""
    if {"config.json", "model.weights.h5"} <= inside:
        return f"is a network of Keras; {SAVE}"
    if any(part.endswith(".npy") for part in inside):
        return f"is a file of NumPy's arrays; {SAVE}"
    if any(part.startswith("serialized_exported_program") for part in inside):
        return f"is a program of torch.export, and programs aren't run here; {SAVE}"
    if any(part.lower().endswith(ENDINGS) for part in inside):
        return "is a ZIP with a file of weights in it; unpack it first"
    return "is a ZIP of other files, not a file of weights"
