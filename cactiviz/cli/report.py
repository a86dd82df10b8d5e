"""``report``: a comparison as one HTML file, a sheet for print, or a ZIP of all that it holds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from cactiviz.cli import files, outputs
from cactiviz.cli import options as shared
from cactiviz.cli.files import Files
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.recipe import recipe_of
from cactiviz.comparison.report import everything_zip, report_html, sheet_png, told
from cactiviz.errors import OutputError, WeightsError
from cactiviz.files import folder_of_export, whole_file
from cactiviz.models import Checkpoint
from cactiviz.recipes.recipe import paths_of
from cactiviz.recipes.request import Request
from cactiviz.recipes.style import Style
from cactiviz.rendering import paint
from cactiviz.types import Target

_ENDINGS = (".html", ".png", ".zip", ".json")
_DEFAULT_MODELS = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
_DEFAULT_METHODS = ("grad_cam", "saliency", "guided_backprop")
_PRINT_DPI = 300


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "report", help="a comparison as an HTML report, a sheet for print, or a ZIP"
    )
    option = parser.add_argument
    shared.add_picture(parser)
    option("--models", type=shared.names, help="names with commas between")
    option("--methods", type=shared.names, default=list(_DEFAULT_METHODS))
    option("--class", dest="target", metavar="NAME_OR_INDEX", help="default: each one's top class")
    option("--against", metavar="NAME_OR_INDEX", help="why the class, and not this one")
    shared.add_cover(parser)
    places = parser.add_mutually_exclusive_group()
    shared.add_layer(places)
    places.add_argument(
        "--layers", type=shared.names, default=[], help="of one network, or all-stages"
    )
    shared.add_loading(parser)
    option("--scale", choices=paint.SCALES, default="own")
    option("--palette", choices=tuple(paint.PALETTES), default="inferno")
    option("--strength", type=shared.share, default=0.5, help="of heat maps, default 0.5")
    option("--dpi", type=shared.positive, default=_PRINT_DPI, help="of a PNG; default 300")
    option(
        "--out",
        type=shared.path,
        required=True,
        help=".html: a report; .png: a sheet; .zip: raw maps, overlays, recipe; .json: the recipe",
    )
    parser.set_defaults(run=_report, files=_files)


def _files(options: argparse.Namespace) -> Files:
    networks = files.of_networks(options, _named(options))
    reads = chain(files.of_picture(options), networks)
    return Files(reads, (options.out,), replaces=True)


def _named(options: argparse.Namespace) -> list[str]:
    """The networks by name; the usual ones where nothing is asked for."""
    return options.models or ([] if options.checkpoint else list(_DEFAULT_MODELS))


def check_ending(path: Path) -> None:
    """Refuse what there is no writer for, before the work.

    Raises:
        OutputError: The ending is unknown, or the place can't be written.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise OutputError(f"The report {path.name} must end in {', '.join(_ENDINGS)}.")
    outputs.check_outputs(path)


def write(
    path: Path,
    comparison: Comparison,
    style: Style,
    recipe: Mapping[str, Any],
    dpi: int = _PRINT_DPI,
) -> None:
    """Write what the ending asks for.

    Raises:
        OutputError: It can't be written.
    """
    ending = path.suffix.lower()
    if ending == ".html":
        data = report_html(comparison, style, recipe).encode("utf-8", "replace")
    elif ending == ".png":
        data = sheet_png(comparison, style, recipe, min(dpi, 1200))
    elif ending == ".zip":
        data = everything_zip(comparison, style, recipe)
    else:
        data = json.dumps(recipe, indent=1, sort_keys=True).encode()
    with whole_file(path) as file:
        file.write(data)


def _report(options: argparse.Namespace) -> int:
    check_ending(options.out)
    own: list[Checkpoint] = options.checkpoint
    if len({checkpoint.name for checkpoint in own}) < len(own):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    by_name = {checkpoint.name: checkpoint for checkpoint in own}
    networks = [by_name.pop(name, name) for name in _named(options)] + list(by_name.values())
    asked = Request(
        (options.picture,),
        tuple(networks),
        tuple(options.methods),
        target=Target(options.target, options.against),
        layer=options.layer,
        layers=tuple(options.layers),
        resize=options.resize,
        untrained=options.untrained,
        device=options.device,
        cover=options.cover,
    )
    style = Style(options.scale, options.palette, options.strength)
    comparison = compare_as_asked(
        asked,
        shared.read_picture(options),
        weights_dir=options.weights_dir,
        report=shared.report if sys.stderr.isatty() else None,
    )
    recipe = recipe_of(comparison, asked, style, folder_of_export(options.out))
    write(options.out, told(comparison, paths_of(networks)), style, recipe, options.dpi)
    for sentence in dict.fromkeys(comparison.failures.values()):
        print(sentence, file=sys.stderr)
    return 1 if comparison.failures else 0
