"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cactiviz import cam_layers
from cactiviz.cli.outputs import path as path
from cactiviz.datasets import is_address, open_item
from cactiviz.errors import (
    MethodError,
    ModelError,
    WeightsError,
)
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocessing import parts_of
from cactiviz.pictures.open import SAMPLES, open_picture
from cactiviz.pictures.web import fetch_picture
from cactiviz.recipes.fields import Field, chosen, default_of
from cactiviz.recipes.kinds import Kind, LayerOf
from cactiviz.types import Picture


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


def add_fields(
    parser: argparse.ArgumentParser, rows: Iterable[Field], usual: Mapping[str, Any]
) -> None:
    """An option for each row of the table of fields that the parser hasn't got yet.

    What isn't typed is None, but for what is usual here.

    Args:
        parser: Of the command.
        rows: Of the table.
        usual: A row's name -> its value where nothing is typed.
    """
    places = parser.add_mutually_exclusive_group()
    for row in rows:
        if not row.option or row.option in parser._option_string_actions:
            continue
        about: dict[str, Any] = {"dest": row.name, "default": usual.get(row.name), "help": row.help}
        if row.name in usual and row.name == "methods":
            about["help"] += f"; default {row.kind.text(usual[row.name])}"
        if isinstance(row.kind, LayerOf):
            about["action"] = _ChooseLayer
        elif isinstance(default_of(row), bool):
            parser.add_argument(row.option, action="store_const", const=not row.off, **about)
            continue
        elif row.kind.choices:
            about["choices"] = row.kind.choices
        else:
            about["type"] = _reader(row.kind)
        if row.metavar:
            about["metavar"] = row.metavar
        alone = places if row.name in ("layer", "layers") else parser
        alone.add_argument(row.option, **about)


def chosen_fields(options: argparse.Namespace, rows: Iterable[Field]) -> dict[str, Any]:
    """What was typed of some rows, as keyword arguments of ``Request`` or ``Style``."""
    typed = {row.name: vars(options).get(row.name) for row in rows}
    return chosen(
        {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in typed.items()
            if value is not None
        }
    )


def _reader(kind: Kind) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def networks(options: argparse.Namespace, named: Sequence[str]) -> tuple[str | Checkpoint, ...]:
    """The networks of ``--models`` and ``--checkpoint``; a checkpoint goes before a usual name.

    Raises:
        WeightsError: Two checkpoints have one name.
    """
    own = {checkpoint.name: checkpoint for checkpoint in options.checkpoint}
    if len(own) < len(options.checkpoint):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    return (*(own.pop(name, name) for name in named), *own.values())


class _ChooseLayer(argparse.Action):
    """Each use adds to those before; what doesn't go together is wrong usage."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        typed = [*getattr(namespace, "_layers_typed", ()), str(values)]
        namespace._layers_typed = typed
        try:
            setattr(namespace, self.dest, cam_layers.of_texts(typed))
        except MethodError as error:
            parser.error(str(error))


def add_loading(parser: argparse.ArgumentParser) -> None:
    """Where networks come from and where they run."""
    option = parser.add_argument
    option(
        "--checkpoint",
        type=checkpoint,
        action="append",
        default=[],
        metavar="NAME=ARCHITECTURE:FILE[:CLASSES.txt]",
        help="a network of your own; may be repeated. CLASSES is a list of its classes' names "
        "(text, CSV, JSON, YAML), or imagenet",
    )
    option(
        "--preprocessing",
        type=preprocessing,
        action="append",
        default=[],
        metavar="NAME=WAY",
        help="how a checkpoint is given pictures: imagenet, inception, unit, bytes or clip, and "
        "with commas between size=224, mean=0.5/0.5/0.5, std=0.5/0.5/0.5, "
        "resize=crop|squash|squash_crop, crop=0.875, interpolation=bilinear|bicubic; may be "
        "repeated",
    )
    option("--untrained", action="store_true", help="random weights instead of published ones")
    option("--weights-dir", type=path, help="a folder to look for weights in first")
    option("--device", choices=("auto", "cpu", "cuda"), default="auto")


def give_preprocessing(options: argparse.Namespace) -> None:
    """Hand each checkpoint the preprocessing that was said of it.

    Raises:
        WeightsError: It was said of no checkpoint, or of one twice.
    """
    own: list[Checkpoint] = getattr(options, "checkpoint", [])
    said: list[tuple[str, str]] = getattr(options, "preprocessing", [])
    ways: dict[str, str] = {}
    for name, way in said:
        of = name or (own[0].name if len(own) == 1 else "")
        if of not in (checkpoint.name for checkpoint in own):
            raise WeightsError(
                "--preprocessing begins with the name of a --checkpoint: NAME=size=224, say."
            )
        if of in ways:
            raise WeightsError(f"The preprocessing of “{of}” is said twice.")
        ways[of] = way
    if ways:
        options.checkpoint = [replace(c, preprocessing=ways.get(c.name)) for c in own]


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
    return load(options, named.get(options.model, options.model) if options.model else own[0])


def load(options: argparse.Namespace, network: str | Checkpoint) -> LoadedModel:
    """A network as the options ask for it; what a person should know of its file is said.

    Raises:
        CactivizError: As for ``load_model``.
    """
    model = load_model(
        network,
        untrained=options.untrained,
        weights_dir=options.weights_dir,
        device=options.device,
    )
    for remark in model.remarks:
        print(f"{model.title}: {remark}", file=sys.stderr)
    return model


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


def preprocessing(text: str) -> tuple[str, str]:
    """Whose preprocessing it is, or nothing where only one can be meant, and what is said.

    >>> preprocessing("mine=size=96,mean=0.5"), preprocessing("size=96")
    (('mine', 'size=96,mean=0.5'), ('', 'size=96'))
    """
    name, sign, way = text.partition("=")
    try:
        parts_of(text)
    except ModelError as error:
        try:
            parts_of(way)
        except ModelError as inner:
            raise argparse.ArgumentTypeError(str(inner if sign else error)) from inner
        return name, way
    return "", text


def report(what: str, done: int, total: int | None) -> None:
    """One line on the terminal, written over and over."""
    if total is not None and done > total:
        total = None  # it was none
    if total is not None and total > 10_000:
        amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
    else:
        amount = f"{done} of {total}" if total is not None else f"{done / 1e6:.1f} MB"
    print(f"\r\x1b[K{what} ({amount})", end="" if what != "done" else "\n", file=sys.stderr)
