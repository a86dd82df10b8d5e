"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from cactiviz.cover import HOWS, How
from cactiviz.datasets import is_address, open_item
from cactiviz.errors import OutputError, OutputPlaceError, WeightsError
from cactiviz.images import SAMPLES, open_picture
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.output import is_stream
from cactiviz.types import Box, Picture
from cactiviz.web import fetch_picture

_LONGEST_NAME = 240  # bytes; a temporary name needs some of the usual 255
SHEET_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP"}


def add_picture(parser: argparse.ArgumentParser) -> None:
    """The picture, and how it is given to networks."""
    samples = ", ".join(SAMPLES)
    parser.add_argument(
        "picture",
        metavar="PICTURE",
        help=f"a file, an address (http, https), sample: with {samples}, or a data set's picture "
        "as NAME:CLASS/ITEM; `cactiviz data list` names the sets",
    )
    parser.add_argument(
        "--data-dir", type=path, help="where the data set is; default: CACTIVIZ_DATA's folder"
    )
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also fetch from this computer and private networks",
    )
    parser.add_argument(
        "--resize", choices=("crop", "squash"), help="default: as each network was evaluated"
    )


def read_picture(options: argparse.Namespace) -> Picture:
    """The picture that was named: a file, a sample, an item of a data set, or an address.

    A file of that very name goes before an item of a data set.

    Raises:
        PictureError: It can't be read.
        DataError: The data set, or the picture in it, isn't there.
        DownloadError: The address can't be reached.
    """
    if options.picture.lower().startswith(("http://", "https://")):
        found = fetch_picture(options.picture, allow_private=options.allow_private)
        return open_picture(found.data, name=found.name, credit=found.source)
    if is_address(options.picture) and not os.path.exists(options.picture):
        return open_item(options.picture, options.data_dir)
    return open_picture(options.picture)


def add_cover(parser: argparse.ArgumentParser) -> None:
    """A part of the picture that is covered."""
    parser.add_argument(
        "--cover",
        type=covering,
        metavar="TOP,LEFT,HEIGHT,WIDTH[:HOW]",
        help=f"what if this part, in pixels, were covered; HOW is {', '.join(HOWS)}",
    )


def add_loading(parser: argparse.ArgumentParser) -> None:
    """Where networks come from and where they run."""
    option = parser.add_argument
    option(
        "--checkpoint",
        type=checkpoint,
        action="append",
        default=[],
        metavar="NAME=ARCHITECTURE:FILE[:CLASSES.txt]",
        help="a network of your own; may be repeated",
    )
    option("--untrained", action="store_true", help="random weights instead of published ones")
    option("--weights-dir", type=path, help="a folder to look for weights in first")
    option("--device", choices=("auto", "cpu", "cuda"), default="auto")


def add_network(parser: argparse.ArgumentParser) -> None:
    """One network."""
    parser.add_argument("--model", help="a name; `cactiviz models` lists them")
    add_loading(parser)


def load_network(options: argparse.Namespace) -> LoadedModel:
    """The network that ``--model`` or ``--checkpoint`` names.

    Raises:
        WeightsError: Neither was given, or both don't fit together.
        CactivizError: As for ``load_model``.
    """
    own: list[Checkpoint] = options.checkpoint
    named = {checkpoint.name: checkpoint for checkpoint in own}
    if len(named) < len(own) or (own and options.model not in (None, *named)):
        raise WeightsError("Name either --model or a --checkpoint, each checkpoint once.")
    if options.model is None and len(own) != 1:
        raise WeightsError("Say which network: --model NAME, or one --checkpoint.")
    return load_model(
        named.get(options.model, options.model) if options.model else own[0],
        untrained=options.untrained,
        weights_dir=options.weights_dir,
        device=options.device,
    )


def path(text: str) -> Path:
    """A path of which a leading ``~`` or ``~USER`` is written out, where there is such a home.

    >>> path("results/a.png").as_posix(), path("~no such user/a.png").as_posix()
    ('results/a.png', '~no such user/a.png')
    """
    return Path(os.path.expanduser(text))


def names(text: str) -> list[str]:
    """Names with commas between; at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError("give at least one name")
    return found


def whole_numbers(count: int) -> Callable[[str], tuple[int, ...]]:
    """A reader of so many whole numbers with commas between."""

    def read(text: str) -> tuple[int, ...]:
        parts = text.split(",")
        if len(parts) != count or not all(part.strip().isdecimal() for part in parts):
            raise argparse.ArgumentTypeError(f"give {count} whole numbers with commas between")
        return tuple(map(int, parts))

    return read


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(text)


def checkpoint(text: str) -> Checkpoint:
    """A checkpoint as it is written on a command line."""
    try:
        return Checkpoint.parse(text)
    except WeightsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def covering(text: str) -> tuple[Box, How]:
    """A box in pixels, and with what it is covered: ``TOP,LEFT,HEIGHT,WIDTH[:HOW]``.

    >>> covering("10,20,30,40:blur")
    (Box(top=10.0, left=20.0, height=30.0, width=40.0), 'blur')
    """
    numbers, _, how = text.partition(":")
    try:
        edges = [float(part) for part in numbers.split(",")]
    except ValueError:
        edges = []
    known = next((one for one in HOWS if one == (how or HOWS[0])), None)
    if len(edges) != 4 or known is None:
        ways = ", ".join(HOWS)
        raise argparse.ArgumentTypeError(
            f"give TOP,LEFT,HEIGHT,WIDTH in pixels, and after a colon {ways}"
        )
    return Box(*edges), known


def share(text: str) -> float:
    """A part of the whole, more than 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError("give a number above 0 and up to 1, such as 0.5")
    return value


def check_outputs(*paths: Path | None) -> None:
    """Refuse before the work what can't be written after it.

    Raises:
        OutputError: A folder isn't there or is read-only, or a name is too long.
    """
    for path in paths:
        if path is None or is_stream(path):
            continue
        folder = Path(os.path.realpath(path)).parent  # of what a link leads to
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder; name a file in it.")
        if not os.path.isdir(folder):
            raise OutputError(f"The file {path} can't be written: there is no such folder.")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"The file {path} can't be written: its folder is read-only.")
        if len(os.fsencode(path.name)) > _LONGEST_NAME:
            raise OutputError(f"The name {path.name[:20]}… is too long for a file.")


def check_results(path: Path | None, ending: str) -> None:
    """Refuse a file of results under the name of another kind of file, of a picture say.

    A device or a pipe may have any name.

    Raises:
        OutputPlaceError: The name ends otherwise.
    """
    if path is None or path.suffix.lower() == ending or is_stream(path):
        return
    raise OutputPlaceError(f"The file {path.name} must end in {ending}, as what is written there.")


def report(what: str, done: int, total: int | None) -> None:
    """One line on the terminal, written over and over."""
    if total is not None and total > 10_000:
        amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
    else:
        amount = f"{done} of {total}" if total is not None else f"{done / 1e6:.1f} MB"
    print(f"\r\x1b[K{what} ({amount})", end="" if what != "done" else "\n", file=sys.stderr)


def sheet_format(path: Path) -> str:
    """Pillow's name of the format that a sheet's ending asks for.

    Raises:
        OutputError: It is none of those there are.
    """
    if path.suffix.lower() not in SHEET_FORMATS:
        raise OutputError(f"The sheet {path.name} must end in {', '.join(SHEET_FORMATS)}.")
    return SHEET_FORMATS[path.suffix.lower()]
