"""Allow-list of classes in weights files, each read as an inert stand-in.

Training programs save their options and figures next to the weights: an ``argparse.Namespace``, a
NumPy scalar, a date. Nothing here needs them, so none of these classes is ever called: while a file
is read, each name on the list stands for a class of this module that takes anything and does
nothing. A name that isn't on the list makes torch refuse the file.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any

from torch.serialization import add_safe_globals, clear_safe_globals, get_safe_globals


class Ignored:
    """Stand-in for an object that isn't needed; discards its arguments and state."""

    def __new__(cls, *_: object, **__: object) -> Ignored:
        """Take any arguments."""
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        """Take any state."""

    def __hash__(self) -> int:
        return id(self)


class History(Ignored):
    """Stands for mmengine's record of figures, which names methods of its own in its state."""


class MethodOfHistory(Ignored):
    """Stands for ``getattr``, by which a pickle names a method; here of :class:`History` alone."""

    def __new__(cls, *given: object, **__: object) -> MethodOfHistory:
        """Nothing is looked up.

        Raises:
            UnpicklingError: It is asked of anything else.
        """
        if given[:1] != (History,):
            raise UnpicklingError("GLOBAL getattr was not an allowed global by default.")
        return object.__new__(cls)


class PlainDict:
    """Stands for a dictionary of another class; the weights may be in it, so it is kept."""

    def __new__(cls, *_: object) -> OrderedDict[str, Any]:  # type: ignore[misc]
        """An empty dictionary of the kind that torch's reader fills."""
        return OrderedDict()


_PATHS = ("", "Posix", "Windows", "Pure", "PurePosix", "PureWindows")
_IGNORED = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(f"numpy.{core}.multiarray.scalar" for core in ("core", "_core")),
    *(f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core")),
    *(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core")),
    *("numpy.dtype", "numpy.ndarray", "numpy.bool_", "numpy.bool"),
    *(f"numpy.{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"numpy.float{bits}" for bits in (16, 32, 64)),
    *(f"numpy.dtypes.{kind}{n}DType" for kind in ("Int", "UInt") for n in (8, 16, 32, 64)),
    *(f"numpy.dtypes.Float{bits}DType" for bits in (16, 32, 64)),
    *("numpy.dtypes.BoolDType", "numpy.dtypes.StrDType"),
    *(f"{module}.{kind}Path" for module in ("pathlib", "pathlib._local") for kind in _PATHS),
    *(f"datetime.{kind}" for kind in ("datetime", "date", "time", "timedelta", "timezone")),
    *("decimal.Decimal", "fractions.Fraction", "uuid.UUID", "typing.Any"),
    *(f"builtins.{kind}" for kind in ("int", "float", "bool", "str", "bytes", "list", "dict")),
    *(f"builtins.{kind}" for kind in ("tuple", "frozenset", "range", "slice", "object")),
    "torch.torch_version.TorchVersion",
    *("omegaconf.dictconfig.DictConfig", "omegaconf.listconfig.ListConfig"),
    *("omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata"),
    *(f"omegaconf.nodes.{kind}Node" for kind in ("Any", "Integer", "Float", "String", "Boolean")),
)
_DICTIONARIES = (
    "collections.defaultdict",
    "easydict.EasyDict",
    "yacs.config.CfgNode",
    "addict.addict.Dict",
    "mmengine.config.config.ConfigDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
)

#: Every name that a file may hold besides torch's own list: what it stands for, and the name.
SAFE: tuple[tuple[Callable[..., Any], str], ...] = (
    *((Ignored, name) for name in _IGNORED),
    *((PlainDict, name) for name in _DICTIONARIES),
    (History, "mmengine.logging.history_buffer.HistoryBuffer"),
    (MethodOfHistory, "builtins.getattr"),
)

_reading = threading.Lock()  # torch's list is the process's


@contextmanager
def reading() -> Iterator[None]:
    """While it lasts, torch reads files with :data:`SAFE` on its list; one thread at a time.

    What others put there, torch's own modules among them, is put back after.
    """
    with _reading:
        before = get_safe_globals()
        clear_safe_globals()
        add_safe_globals(list(SAFE))
        try:
            yield
        finally:
            clear_safe_globals()
            add_safe_globals(before)
