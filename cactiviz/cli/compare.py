"""``compare`` and ``report``: one picture before several networks, as files of many kinds."""

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
from cactiviz.comparison.exports import everything_zip, recipe_of, report_html, sheet_file, told
from cactiviz.errors import OutputError
from cactiviz.explanations.arguments import views
from cactiviz.files import folder_of_export, whole_file
from cactiviz.recipes.fields import REQUEST, STYLE, of_export
from cactiviz.recipes.recipe import paths_of
from cactiviz.recipes.request import Request, Style

_MODELS = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
_METHODS = ("grad_cam", "saliency", "guided_backprop")
_SCREEN_DPI, _PRINT_DPI, _MOST_DPI = 96, 300, 1200
_REPORTS = (".html", ".png", ".zip", ".json")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the command line."""
    parser = commands.add_parser("compare", help="put one picture before several networks")
    _add_asking(parser, (*_METHODS, "filters"))
    option = parser.add_argument
    option("--out", type=shared.path, metavar="SHEET.png", help="write the comparison as a picture")
    option("--json", type=shared.path, metavar="RESULTS.json", help="write the answers and ranges")
    option("--npz", type=shared.path, metavar="MAPS.npz", help="write the raw maps")
    parser.set_defaults(run=_compare, files=_files, dpi=_SCREEN_DPI)

    parser = commands.add_parser(
        "report", help="a comparison as an HTML report, a sheet for print, or a ZIP"
    )
    _add_asking(parser, _METHODS)
    option = parser.add_argument
    option("--dpi", type=shared.positive, default=_PRINT_DPI, help="of a PNG; default 300")
    option(
        "--out",
        type=shared.path,
        required=True,
        help=".html: a report; .png: a sheet; .zip: raw maps, overlays, recipe; .json: the recipe",
    )
    parser.set_defaults(run=_report, files=_files, json=None, npz=None)


def _add_asking(parser: argparse.ArgumentParser, methods: tuple[str, ...]) -> None:
    """The picture, the networks, and all that the table of fields has for a comparison."""
    shared.add_picture(parser)
    parser.add_argument(
        "--models",
        type=shared.names,
        help=f"names with commas between, default {','.join(_MODELS)}; "
        "`cactiviz models` lists them; weights that aren't here are downloaded",
    )
    shared.add_loading(parser)
    rows = of_export((*REQUEST, *STYLE), "comparison")
    shared.add_fields(parser, rows, {"methods": methods})


def _files(options: argparse.Namespace) -> Files:
    networks = files.of_networks(options, _named(options))
    reads = chain(files.of_picture(options), networks)
    return Files(reads, (options.out, options.json, options.npz), replaces=True)


def _named(options: argparse.Namespace) -> list[str]:
    """The networks by name; the usual ones where nothing is asked for."""
    return options.models or ([] if options.checkpoint else list(_MODELS))


def _request(options: argparse.Namespace) -> Request:
    views(options.methods)  # whose sentence speaks of views, of which filters are one
    return Request(
        pictures=(options.picture,),
        networks=shared.networks(options, _named(options)),
        device=options.device,
        **shared.chosen_fields(options, REQUEST),
    )


def _compare(options: argparse.Namespace) -> int:
    outputs.check_outputs(options.out, options.json, options.npz)
    outputs.check_results(options.json, ".json")
    outputs.check_results(options.npz, ".npz")
    if options.out:
        outputs.sheet_format(options.out)
    comparison, shown = _asked(options, before=False)
    if options.json:
        text = json.dumps(shown.to_json(), indent=1, ensure_ascii=False)
        with whole_file(options.json) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    if options.npz:
        comparison.save_npz(options.npz)
    _print_answers(comparison)
    return _failed(comparison)


def _report(options: argparse.Namespace) -> int:
    check_ending(options.out)
    comparison, _ = _asked(options, before=True)
    return _failed(comparison)


def _asked(options: argparse.Namespace, *, before: bool) -> tuple[Comparison, Comparison]:
    """The comparison, and as an export tells of it; what ``--out`` names is written."""
    request = _request(options)
    comparison = compare_as_asked(
        request,
        shared.read_picture(options),
        weights_dir=options.weights_dir,
        report=shared.report if sys.stderr.isatty() else None,
        before=before,
    )
    shown = told(comparison, paths_of(request.networks))
    if options.out:
        style = Style(**shared.chosen_fields(options, STYLE))
        recipe = recipe_of(comparison, request, style, folder_of_export(options.out))
        write(options.out, shown, style, recipe, options.dpi)
    return comparison, shown


def _failed(comparison: Comparison) -> int:
    """Say why networks and methods failed; returns the exit code."""
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


def check_ending(path: Path) -> None:
    """Refuse what there is no writer for, before the work.

    Raises:
        OutputError: The ending is unknown, or the place can't be written.
    """
    if path.suffix.lower() not in _REPORTS:
        raise OutputError(f"The report {path.name} must end in {', '.join(_REPORTS)}.")
    outputs.check_outputs(path)


def write(
    path: Path,
    comparison: Comparison,
    style: Style,
    recipe: Mapping[str, Any],
    dpi: int = _PRINT_DPI,
) -> None:
    """Write what the ending asks for, with the recipe in it.

    Args:
        path: A sheet, an HTML report, a ZIP, or the recipe alone as JSON.
        comparison: What is written.
        style: How it is painted.
        recipe: What makes it again.
        dpi: Of a sheet; a picture is so much larger than on a screen.

    Raises:
        OutputError: It can't be written.
    """
    with whole_file(path) as file:
        file.write(_written(path, comparison, style, recipe, dpi))


def _written(
    path: Path, comparison: Comparison, style: Style, recipe: Mapping[str, Any], dpi: int
) -> bytes:
    ending = path.suffix.lower()
    if ending == ".html":
        return report_html(comparison, style, recipe).encode("utf-8", "replace")
    if ending == ".zip":
        return everything_zip(comparison, style, recipe)
    if ending == ".json":
        return json.dumps(recipe, indent=1, sort_keys=True).encode()
    kind = outputs.sheet_format(path)
    return sheet_file(comparison, style, recipe, min(dpi, _MOST_DPI), kind)
