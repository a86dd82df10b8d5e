"""The tree of exceptions. Each carries one sentence that a person who doesn't program can act on.

::

    CactivizError
    ├── PictureError        a picture that can't be read, or is too large
    ├── ModelError          a network that is unknown, or can't be loaded or run
    │   ├── WeightsError    its weights are missing, broken or don't fit
    │   └── LayerError      a layer that the network doesn't have, or that has no map
    ├── TargetError         a class that the network doesn't have
    ├── MethodError         a method that is unknown, or doesn't apply
    ├── DownloadError       an address that can't be reached, or a file that isn't what it should be
    ├── RecipeError         a recipe that isn't one, or of which a field isn't what it should be
    ├── DataError           a data set that isn't there, or isn't what it should be
    ├── DeviceError         a device that isn't there, or whose memory is too small
    ├── OutputError         a file that can't be written
    │   └── OutputPlaceError  a place where something else would be lost
    ├── BusyError           more work waits than will be taken on
    └── Cancelled           the work was stopped on request
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

_NEAR = 0.8  # a slip of the pen; below it abacus is near cactus


def near(typed: str, names: Iterable[str], plain: Callable[[str], str] = str.casefold) -> str:
    """The end of a sentence that names what was probably meant; empty if nothing is near.

    Args:
        typed: A name that isn't among ``names``.
        names: The names there are.
        plain: Applied to both sides before they are compared.

    >>> near("virdis", ["inferno", "viridis"]), near("sunset", ["inferno", "viridis"])
    ('; near it is viridis', '')
    """
    import difflib  # for a mistake only

    by_plain = {plain(name): name for name in reversed(list(names))}
    close = difflib.get_close_matches(plain(typed), list(by_plain)[::-1], n=3, cutoff=_NEAR)
    listed = " and ".join(by_plain[name] for name in close)
    return f"; near it {'is' if len(close) == 1 else 'are'} {listed}" if close else ""


class CactivizError(Exception):
    """Root of all exceptions that cactiviz raises on purpose; ``str(error)`` is the sentence."""


class PictureError(CactivizError):
    """A picture can't be read, or is larger than the limits."""


class ModelError(CactivizError):
    """A network is unknown, or can't be loaded or run."""


class WeightsError(ModelError):
    """A network's weights are missing, broken or don't fit it.

    Args:
        sentence: What is wrong.
        fits: Name of an architecture that the file's weights do fit, as ``get_spec`` takes it;
            empty where none is known.
    """

    def __init__(self, sentence: str = "", *, fits: str = "") -> None:
        super().__init__(sentence)
        self.fits = fits


class LayerError(ModelError):
    """A layer isn't in the network, or its output isn't a feature map."""


class TargetError(CactivizError):
    """The class to be explained isn't one that the network knows."""


class MethodError(CactivizError):
    """A method is unknown, or doesn't apply to this network."""


class DownloadError(CactivizError):
    """An address can't be reached, or the file that came isn't the one that was expected."""


class RecipeError(CactivizError):
    """A recipe isn't one, or a field of it isn't what it should be.

    The command ends with the exit code of wrong usage.
    """


class DataError(CactivizError):
    """A data set isn't there, or its files aren't what they should be."""


class DeviceError(CactivizError):
    """A device isn't there, or its memory is too small."""


class OutputError(CactivizError):
    """A file can't be written."""


class OutputPlaceError(OutputError):
    """A file isn't written where it was asked to be, since something else would be lost there.

    It is found before any work; the command ends with the exit code of wrong usage.
    """


class BusyError(CactivizError):
    """More work waits for the device than will be taken on."""


class Cancelled(CactivizError):
    """The work was stopped on request."""
