"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from cactiviz import cam_layers
from cactiviz.cli.command import PATH, WEIGHTS_DIR, Options, Value, asked, networks, painted
from cactiviz.cli.terminal import progress, say, unit_of_loading
from cactiviz.datasets import is_address, open_item
from cactiviz.errors import MethodError, ModelError, WeightsError
from cactiviz.methods import VIEWS
from cactiviz.models import MODELS, Checkpoint, LoadedModel, find_weights
from cactiviz.models.preprocessing import parts_of
from cactiviz.pictures.open import SAMPLES, open_picture
from cactiviz.pictures.web import fetch_picture
from cactiviz.recipes.fields import REQUEST, Field, chosen, default_of
from cactiviz.recipes.kinds import LayerOf
from cactiviz.types import Picture


def names(text: str) -> list[str]:
    """Names with commas between; at least one."""
    listed = [name.strip() for name in text.split(",") if name.strip()]
    if not listed:
        raise ValueError("give at least one name")
    return listed


def whole_numbers(count: int) -> Callable[[str], tuple[int, ...]]:
    """A reader of so many whole numbers with commas between."""

    def read(text: str) -> tuple[int, ...]:
        parts = text.split(",")
        if len(parts) != count or not all(part.strip().isdecimal() for part in parts):
            raise ValueError(f"give {count} whole numbers with commas between")
        return tuple(map(int, parts))

    return read


def preprocessing(text: str) -> tuple[str, str]:
    """The checkpoint's name, empty where only one can be meant, and its preprocessing.

    Raises:
        ModelError: It is no preprocessing.

    >>> preprocessing("mine=size=96,mean=0.5"), preprocessing("size=96")
    (('mine', 'size=96,mean=0.5'), ('', 'size=96'))
    """
    name, sign, way = text.partition("=")
    try:
        parts_of(text)
    except ModelError:
        parts_of(way if sign else text)
        return name, way
    return "", text


#: Those whose weights pip brings.
_BROUGHT = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
#: Where no network is named, those of these are asked whose weights are on this machine.
USUAL = (*_BROUGHT, "alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
MODEL_NAMES = Value(names, lambda: MODELS)
METHOD_NAMES = Value(names, lambda: VIEWS)
DEVICE = networks(
    "--device", "where networks run; default auto", ("auto", "cpu", "cuda"), default="auto"
)
#: The picture, and how it is given to networks.
PICTURE = (
    asked(
        "picture",
        f"a file, an address (http, https), sample: with {', '.join(SAMPLES)}, or a data set's "
        "picture as NAME:CLASS/ITEM; `cactiviz data list` names the sets",
        Value(str, lambda: map("sample:{}".format, SAMPLES), is_path=True),
    ),
    asked("--data-dir", "where the data set is; default: CACTIVIZ_DATA's folder", PATH),
    asked("--allow-private", "also fetch from this computer and private networks", bool),
    asked("--resize", "default: as each network was evaluated", ("crop", "squash")),
)
#: Where networks come from and where they run.
LOADING = (
    networks(
        "--checkpoint=NAME=ARCHITECTURE:FILE[:CLASSES.txt]",
        "a network of your own; may be repeated. CLASSES is a list of its classes' names "
        "(text, CSV, JSON, YAML), or imagenet",
        Checkpoint.parse,
        multiple=True,
    ),
    networks(
        "--preprocessing=NAME=WAY",
        "how a checkpoint is given pictures: imagenet, inception, unit, bytes or clip, and "
        "with commas between size=224, mean=0.5/0.5/0.5, std=0.5/0.5/0.5, "
        "resize=crop|squash|squash_crop, crop=0.875, interpolation=bilinear|bicubic; may be "
        "repeated",
        preprocessing,
        multiple=True,
    ),
    networks("--untrained", "random weights instead of published ones", bool),
    WEIGHTS_DIR,
    DEVICE,
)
#: One network.
NETWORK = (
    networks("--model", "a name; `cactiviz models` lists them", Value(str, lambda: MODELS)),
    *LOADING,
)


def read_picture(options: Options) -> Picture:
    """The picture that was named: a file, a sample, an item of a data set, or an address.

    A file of that very name goes before an item of a data set.

    Raises:
        PictureError: It can't be read.
        DataError: The data set, or the picture in it, isn't there.
        DownloadError: The address can't be reached.
    """
    if options.picture.lower().startswith(("http://", "https://")):
        fetched = fetch_picture(options.picture, allow_private=options.allow_private)
        return open_picture(fetched.data, name=fetched.name, credit=fetched.source)
    if is_address(options.picture) and not os.path.exists(options.picture):
        return open_item(options.picture, options.data_dir)
    return open_picture(options.picture)


def of_fields(
    rows: Iterable[Field], usual: Mapping[str, Any] | None = None, without: Sequence[str] = ()
) -> tuple[click.Parameter, ...]:
    """An option for each row of the table of fields; what isn't typed is None.

    Args:
        rows: Of the table.
        usual: A row's name -> its value where nothing is typed.
        without: Names of rows that the command has an option of its own for.
    """
    rows = [row for row in rows if row.option and row.name not in without]
    return tuple(_of_field(row, (usual or {}).get(row.name)) for row in rows)


def _of_field(row: Field, usual: Any) -> click.Parameter:
    help_text = row.help if usual is None else f"{row.help}; default {row.kind.text(usual)}"
    more: dict[str, Any] = {"name": row.name, "default": usual}
    kind: Any = Value(row.kind.parse, lambda: {"methods": VIEWS}.get(row.name, ()))
    if isinstance(row.kind, LayerOf):
        kind, more = str, {**more, "multiple": True, "callback": _layer}
    elif isinstance(default_of(row), bool):
        kind, more = bool, {**more, "flag_value": not row.off}
    elif row.name == "layers":
        more["callback"] = _alone
    add = asked if row in REQUEST else painted
    return add(f"{row.option}={row.metavar}", help_text, row.kind.choices or kind, **more)


def _layer(ctx: click.Context, param: click.Parameter, typed: tuple[str, ...]) -> Any:
    """The layers of all ``--layer``; what doesn't go together is wrong usage."""
    try:
        return _alone(ctx, param, cam_layers.of_texts(typed))
    except MethodError as error:
        raise click.UsageError(str(error), ctx) from error


def _alone(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
    if value and (ctx.params.get("layer") or ctx.params.get("layers")):
        raise click.UsageError("--layer and --layers don't go together.", ctx)
    return value


def chosen_fields(options: Options, rows: Iterable[Field]) -> dict[str, Any]:
    """What was typed of some rows, as keyword arguments of ``Request`` or ``Style``."""
    typed = {row.name: vars(options).get(row.name) for row in rows}
    return chosen(
        {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in typed.items()
            if value is not None
        }
    )


def named(options: Options) -> list[str]:
    """The networks by name; the usual ones where nothing is asked for."""
    if options.models or options.checkpoint:
        return options.models or []
    here = [name for name in USUAL if find_weights(MODELS[name], options.weights_dir)]
    return here or list(_BROUGHT)  # whose sentence on what is missing names the package


def chosen_networks(options: Options, named: Sequence[str]) -> tuple[str | Checkpoint, ...]:
    """The networks of ``--models`` and ``--checkpoint``; a checkpoint goes before a usual name.

    Raises:
        WeightsError: Two checkpoints have one name.
    """
    own = {checkpoint.name: checkpoint for checkpoint in options.checkpoint}
    if len(own) < len(options.checkpoint):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    return (*(own.pop(name, name) for name in named), *own.values())


def give_preprocessing(options: Options) -> None:
    """Hand each checkpoint the preprocessing that was said of it.

    Raises:
        WeightsError: It was said of no checkpoint, or of one twice.
    """
    own: Sequence[Checkpoint] = options.checkpoint
    ways: dict[str, str] = {}
    for name, way in options.preprocessing:
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


def load_network(options: Options) -> LoadedModel:
    """The network that ``--model`` or ``--checkpoint`` names.

    Raises:
        WeightsError: Neither was given, or both don't fit together.
        CactivizError: As for ``load_model``.
    """
    own: Sequence[Checkpoint] = options.checkpoint
    named = {checkpoint.name: checkpoint for checkpoint in own}
    if len(named) < len(own) or (own and options.model not in (None, *named)):
        raise WeightsError("Name either --model or a --checkpoint, each checkpoint once.")
    if options.model is None and len(own) != 1:
        raise WeightsError("Say which network: --model NAME, or one --checkpoint.")
    return load(options, named.get(options.model, options.model) if options.model else own[0])


def load(options: Options, network: str | Checkpoint) -> LoadedModel:
    """A network as the options ask for it; what a person should know of its file is said.

    Raises:
        CactivizError: As for ``load_model``.
    """
    from cactiviz.models import load_model

    name = network if isinstance(network, str) else network.name
    with progress(unit_of_loading) as report:
        model = load_model(
            network,
            untrained=options.untrained,
            weights_dir=options.weights_dir,
            device=options.device,
            progress=lambda done, total: report(f"{name}: downloading", done, total),
        )
    say(f"{model.title}: {remark}" for remark in model.remarks)
    return model
