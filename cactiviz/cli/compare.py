"""``compare``: one picture before several networks, as a sheet, as figures and as raw maps."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import chain
from typing import Any

from PIL.PngImagePlugin import PngInfo

from cactiviz.cli import files, outputs
from cactiviz.cli import options as shared
from cactiviz.cli.files import Files
from cactiviz.comparison.compare import compare
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.recipe import recipe_of
from cactiviz.comparison.report import told
from cactiviz.errors import WeightsError
from cactiviz.files import folder_of_export, whole_file
from cactiviz.models import Checkpoint
from cactiviz.pictures.occlusion import cover
from cactiviz.recipes.recipe import paths_of
from cactiviz.recipes.request import Request
from cactiviz.recipes.style import Style
from cactiviz.rendering import paint
from cactiviz.rendering.formats.metadata import signature, xmp
from cactiviz.types import Target

_DEFAULT_MODELS = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
_DEFAULT_METHODS = ("grad_cam", "saliency", "guided_backprop", "filters")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("compare", help="put one picture before several networks")
    option = parser.add_argument
    shared.add_picture(parser)
    option(
        "--models",
        type=shared.names,
        help=f"names with commas between, default {','.join(_DEFAULT_MODELS)}; "
        "`cactiviz models` lists them; weights that aren't here are downloaded",
    )
    option(
        "--methods",
        type=shared.names,
        default=list(_DEFAULT_METHODS),
        help=f"names with commas between; default {','.join(_DEFAULT_METHODS)}",
    )
    option("--class", dest="target", metavar="NAME_OR_INDEX", help="default: each one's top class")
    option("--against", metavar="NAME_OR_INDEX", help="why the class, and not this one")
    shared.add_cover(parser)
    places = parser.add_mutually_exclusive_group()
    shared.add_layer(places)
    places.add_argument(
        "--layers",
        type=shared.names,
        default=[],
        help="several layers of one network with commas between, or all-stages",
    )
    shared.add_loading(parser)
    option("--scale", choices=paint.SCALES, default="own")
    option("--palette", choices=tuple(paint.PALETTES), default="inferno")
    option("--contour", type=shared.share, metavar="SHARE", help="outline so much of the evidence")
    option("--out", type=shared.path, metavar="SHEET.png", help="write the comparison as a picture")
    option("--json", type=shared.path, metavar="RESULTS.json", help="write the answers and ranges")
    option("--npz", type=shared.path, metavar="MAPS.npz", help="write the raw maps")
    parser.set_defaults(run=_compare, files=_files)


def _files(options: argparse.Namespace) -> Files:
    networks = files.of_networks(options, _named(options))
    reads = chain(files.of_picture(options), networks)
    return Files(reads, (options.out, options.json, options.npz), replaces=True)


def _named(options: argparse.Namespace) -> list[str]:
    """The networks by name; the usual ones where nothing is asked for."""
    return options.models or ([] if options.checkpoint else list(_DEFAULT_MODELS))


def _compare(options: argparse.Namespace) -> int:
    outputs.check_outputs(options.out, options.json, options.npz)
    outputs.check_results(options.json, ".json")
    outputs.check_results(options.npz, ".npz")
    image_format = outputs.sheet_format(options.out) if options.out else ""
    own: list[Checkpoint] = options.checkpoint
    if len({checkpoint.name for checkpoint in own}) < len(own):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    by_name: dict[str, Checkpoint] = {checkpoint.name: checkpoint for checkpoint in own}
    models = [by_name.pop(name, name) for name in _named(options)] + list(by_name.values())
    picture = shared.read_picture(options)
    if options.cover:
        picture = cover(picture, *options.cover)
    comparison = compare(
        picture,
        models,
        options.methods,
        target=Target(options.target, options.against),
        layer=dict(options.layer) if isinstance(options.layer, tuple) else options.layer,
        layers="all-stages" if options.layers == ["all-stages"] else options.layers,
        resize=options.resize,
        untrained=options.untrained,
        weights_dir=options.weights_dir,
        device=options.device,
        report=shared.report if sys.stderr.isatty() else None,
    )
    shown = told(comparison, paths_of(models))
    if options.json:
        text = json.dumps(shown.to_json(), indent=1, ensure_ascii=False)
        with whole_file(options.json) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    if options.npz:
        comparison.save_npz(options.npz)
    if options.out:
        sheet = shown.sheet(scale=options.scale, palette=options.palette, contour=options.contour)
        request = Request(
            (options.picture,),
            tuple(models),
            tuple(options.methods),
            target=Target(options.target, options.against),
            layer=options.layer,
            layers=tuple(options.layers),
            resize=options.resize,
            untrained=options.untrained,
            device=options.device,
            cover=options.cover,
        )
        style = Style(options.scale, options.palette)
        recipe = recipe_of(comparison, request, style, folder_of_export(options.out))
        text = json.dumps(recipe, sort_keys=True)
        more: dict[str, Any] = {"exif": signature()}
        if image_format == "PNG":
            more["pnginfo"] = PngInfo()
            more["pnginfo"].add_text("recipe", text)
        elif image_format == "WebP":
            more["xmp"] = xmp(text)
        with whole_file(options.out) as file:
            sheet.save(file, format=image_format, **more)
    _print_answers(comparison)
    failures = [failure["why"] for failure in comparison.to_json()["failures"]]
    for sentence in dict.fromkeys(failures):
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _print_answers(comparison: Comparison) -> None:
    for note in comparison.picture.notes:
        print(note)
    for explanation in comparison.explanations.values():
        best = explanation.predictions[0]
        print(f"{explanation.title}: {best.class_name} {best.probability:.1%}")
        for remark in explanation.remarks:
            print(f"{explanation.title}: {remark}")
