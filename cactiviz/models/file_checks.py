"""What a file of weights is, and what memory it asks for, checked before it is read.

torch's own reader runs no code of a file, but it calls ``bytearray(3_000_000_000)`` where a file of
205 bytes says so, and makes a tensor of a few hundred bytes for each of the twenty that name one.
So the pickle in a file is gone through here without carrying anything out.
"""

from __future__ import annotations

import io
import json
import os
import pickletools
import struct
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

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
    fault = _of_zip(file, name) if start.startswith(b"PK\x03\x04") else _of_start(start, size)
    file.seek(0)
    if fault:
        raise WeightsError(f"The file {name} {fault}.")


def _cut_off(name: str) -> str:
    return f"The file {name} is cut off, so a part of it is missing; copy or download it again."


def _of_start(start: bytes, size: int) -> str:
    if not size:
        return "is empty"
    for first, kind in _KINDS:
        if start.startswith(first):
            return kind
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


#: Tensors in a file; the largest networks have some thousands, and an optimizer three times that.
MOST_TENSORS = 100_000
#: Operations of a pickle. Each may make an object of about a hundred bytes.
MOST_OPERATIONS = 500_000
_MOST_HEADER_BYTES = 20_000_000  # of a .safetensors file; a name takes about a hundred
_SIGNS = {b":": 5 * MOST_TENSORS, b",": 8 * MOST_TENSORS}  # of it; a tensor has four and some six
# Python unpacks others without a bound, and torch not at all.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LEGACY_PICKLES = 5  # magic number, version, system, content, keys; the numbers follow
_SLACK_BYTES = 2**20
_LONGEST_KNOWN = 64  # items of a tuple whose content is kept track of

_REBUILT = (
    *("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter"),
    *("_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor"),
    *("_rebuild_meta_tensor_no_storage", "_rebuild_device_tensor_from_numpy"),
    "_rebuild_device_tensor_from_cpu_tensor",
)
_TENSORS = frozenset(f"torch._utils.{name}" for name in _REBUILT)
_BY_TYPE = "torch._tensor._rebuild_from_type_v2"  # calls what its first argument names
_COPIES = frozenset({"_codecs.encode", "builtins.bytearray", "__builtin__.bytearray"})
_PLAIN = frozenset(
    {
        *("collections.OrderedDict", "collections.Counter", "builtins.set", "__builtin__.set"),
        *("builtins.complex", "__builtin__.complex", "torch.Size", "torch.device"),
        *("torch.nn.parameter.Parameter", "torch.serialization._get_layout"),
    }
)
_ITEM_BYTES = {"Double": 8, "Long": 8, "ComplexFloat": 8, "ComplexDouble": 16, "Float": 4}
_ITEM_BYTES |= {"Int": 4, "QInt32": 4, "Half": 2, "BFloat16": 2, "Short": 2}


def check_bounds(path: Path, inert: Collection[str] = ()) -> None:
    """Refuse a file whose content would allocate far more memory than its size.

    A file that is damaged passes: finding that is its reader's business, which gets no further
    than what was gone through here.

    Args:
        path: A ``.safetensors``, or what ``torch.save`` has written, today or before version 1.6.
        inert: Names that the reader replaces by objects without memory.

    Raises:
        WeightsError: It holds too much, or in a way that can't be counted.
        OSError: It can't be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        if start[:4] == b"PK\x03\x04":
            _check_archive(file, size, path.name, inert)
        elif start[:1] == b"\x80":
            for _ in range(_LEGACY_PICKLES):
                if not _Rehearsal(size, path.name, inert).run(file):
                    break
        elif len(start) == 8:
            _check_header(file, size, path.name)


def _check_header(file: IO[bytes], size: int, name: str) -> None:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > size - 8:
        return  # it is no such file, or was cut off
    if length > _MOST_HEADER_BYTES:
        raise _too_much(name)
    text = file.read(length)
    if any(text.count(sign) > most for sign, most in _SIGNS.items()):
        raise _too_much(name)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(header, dict) and len(header) > MOST_TENSORS:
        raise _too_much(name)


def _check_archive(file: IO[bytes], size: int, name: str, inert: Collection[str]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > size + _SLACK_BYTES:
                raise _too_much(name)
            if len(entries) > MOST_TENSORS + 10:
                raise _too_much(name)
            if entries and min(entry.header_offset for entry in entries) != 0:
                raise _odd(name)  # another reader may find other parts in it
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                raise _odd(name)
            for entry in entries:
                if entry.filename.endswith(".pkl") and entry.compress_type in _BOUNDED:
                    with archive.open(entry) as packed:
                        content = packed.read(entry.file_size)  # it may bring more than it says
                    _Rehearsal(size, name, inert).run(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        return


class _Name(str):
    """A global name in the pickle."""


_THING = object()  # whatever was made; only what it is made of matters


class _Rehearsal:
    """Interprets a pickle's operations without executing them, and counts their memory.

    Args:
        size: Of the file in bytes.
        name: To call it in a sentence.
        inert: As for :func:`check_bounds`.
    """

    def __init__(self, size: int, name: str, inert: Collection[str]) -> None:
        self._size, self._name, self._inert = size, name, inert
        self._stack: list[Any] = []
        self._marks: list[int] = []  # where in the stack lists of arguments begin
        self._memo: dict[int, Any] = {}
        self._storages: dict[Any, int] = {}
        self._tensors = self._copied = self._stored = 0

    def run(self, file: IO[bytes]) -> bool:
        """Go through one pickle; returns whether it came to its end.

        Raises:
            WeightsError: It asks for too much.
        """
        try:
            for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
                if count > MOST_OPERATIONS:
                    raise _too_much(self._name)
                if operation.name == "STOP":
                    return True
                self._carry_out(operation.name, argument)
        except (ValueError, IndexError, KeyError, UnicodeDecodeError):
            return False  # torch comes no further than this either
        return False

    def _carry_out(self, name: str, argument: Any) -> None:  # noqa: C901 - a case an operation
        stack = self._stack
        if name in ("PROTO", "FRAME"):
            return
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"):
            stack.append(_THING)
        elif name == "MARK":
            self._marks.append(len(stack))
        elif name == "GLOBAL":
            stack.append(_Name(argument.replace(" ", ".", 1)))
        elif name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            stack.append(_Name(f"{module}.{attribute}"))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            items = stack[-count:]
            del stack[-count:]
            stack.append(self._tuple(items))
        elif name in ("TUPLE", "LIST", "DICT", "FROZENSET"):
            items = self._to_mark()
            stack.append(self._tuple(items) if name == "TUPLE" else _THING)
        elif name in ("APPENDS", "ADDITEMS"):
            self._to_mark()
        elif name == "SETITEMS":
            self._check_keys(self._to_mark()[::2])
        elif name == "APPEND":
            stack.pop()
        elif name == "SETITEM":
            _, key = stack.pop(), stack.pop()
            self._check_keys([key])
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, called = stack.pop(), stack.pop()
            self._call(called, arguments)
            stack.append(_THING)
        elif name == "BUILD":
            stack.pop()
        elif name == "BINPERSID":
            self._storage(stack.pop())
            stack.append(_THING)
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        else:
            raise ValueError(name)  # which torch's reader doesn't know

    def _to_mark(self) -> list[Any]:
        at = self._marks.pop()
        items = self._stack[at:]
        del self._stack[at:]
        return items

    def _tuple(self, items: Sequence[Any]) -> Any:
        """Flat ones only: one that holds itself many times over would take for ever to look at."""
        inside = (part for item in items if isinstance(item, tuple) for part in item)
        nested = any(isinstance(part, tuple) and part for part in inside)
        return _THING if nested or len(items) > _LONGEST_KNOWN else tuple(items)

    def _check_keys(self, keys: Sequence[Any]) -> None:
        # The hash of a tuple of tuples of tuples goes through all of them.
        if not all(key is None or isinstance(key, str | bytes | int | float) for key in keys):
            raise _odd(self._name)

    def _call(self, called: Any, arguments: Any) -> None:
        if not isinstance(called, _Name) or called in self._inert or called in _PLAIN:
            return  # torch refuses to call what isn't a name that it knows
        if called == _BY_TYPE:
            if not (isinstance(arguments, tuple) and arguments and arguments[0] in _TENSORS):
                raise _odd(self._name)
            self._tensors += 1
        elif called in _TENSORS:
            self._tensors += 1
        elif called in _COPIES and isinstance(arguments, tuple):
            if not all(isinstance(argument, str | bytes) for argument in arguments):
                raise _too_much(self._name)  # a number asks for so many bytes
            self._copied += sum(map(len, arguments))
        elif called.startswith("torch.") and called.endswith(("Tensor", "Storage")):
            raise _too_much(self._name)  # a class that makes as many numbers as it is asked for
        if self._tensors > MOST_TENSORS or self._copied > self._size + _SLACK_BYTES:
            raise _too_much(self._name)

    def _storage(self, about: Any) -> None:
        if (
            not isinstance(about, tuple)
            or len(about) < 5
            or about[0] not in ("storage", b"storage")
        ):
            raise ValueError(about)
        kind, key, _, count = about[1:5]
        if not isinstance(kind, _Name) or not isinstance(count, int):
            raise ValueError(about)
        each = _ITEM_BYTES.get(kind.rpartition(".")[2].removesuffix("Storage"), 1)
        more = abs(count) * each - self._storages.get(key, 0)
        if more > 0:
            self._storages[key] = self._storages.get(key, 0) + more
            self._stored += more
        if self._stored > self._size + _SLACK_BYTES:
            raise _too_much(self._name)


_VALUES = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINSTRING", "BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINUNICODE8", "BINBYTES8", "LONG4"),
    }
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


def _too_much(name: str) -> WeightsError:
    return WeightsError(
        f"The file {name} asks for far more memory than weights of its size need, so it isn't "
        "opened; save the network's state_dict() again."
    )


def _odd(name: str) -> WeightsError:
    return WeightsError(
        f"The file {name} is put together in a way that no training program writes, so it isn't "
        "opened; save the network's state_dict() again."
    )
