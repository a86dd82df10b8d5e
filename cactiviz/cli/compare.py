"""``compare`` and ``report``: one picture before several networks, as files of many kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, asked, command, number, output
from cactiviz.cli.files import Files
from cactiviz.cli.terminal import MEGABYTES, progress, say, table, unit_of_loading
from cactiviz.errors import OutputError
from cactiviz.files import folder_of_export, whole_file
from cactiviz.recipes.fields import REQUEST, STYLE, of_export
from cactiviz.recipes.recipe import paths_of
from cactiviz.recipes.request import Request, Style

if TYPE_CHECKING:
    import click

    from cactiviz.comparison.comparison import Comparison

_METHODS = ("grad_cam", "saliency", "guided_backprop")
_SCREEN_DPI, _PRINT_DPI, _MOST_DPI = 96, 300, 1200
_REPORTS = (".html", ".png", ".zip", ".json")
_LOADS = ("cactiviz.comparison.exports",)


def _asking(methods: tuple[str, ...]) -> tuple[click.Parameter, ...]:
    """The picture, the networks, and all that the table of fields has for a comparison."""
    usual = f"of {', '.join(shared.USUAL)} those whose weights are here"
    return (
        *shared.PICTURE,
        asked(
            "--models",
            f"names with commas between; default: {usual}. `cactiviz models` lists them all; "
            "weights that aren't here are downloaded",
            shared.MODEL_NAMES,
        ),
        *shared.of_fields(
            of_export((*REQUEST, *STYLE), "comparison"),
            {"methods": methods},
            without=("resize", "untrained"),
        ),
        *shared.LOADING,
    )


def _files(options: Options) -> Files:
    networks = files.of_networks(options, shared.named(options))
    reads = chain(files.of_origin(options.picture, options.data_dir), networks)
    written = [vars(options).get(name) for name in ("out", "json", "npz")]
    return Files(reads, written, replaces=True)


@command(
    "compare",
    *_asking((*_METHODS, "filters")),
    output("--out=SHEET.png", "write the comparison as a picture", PATH),
    output("--json=RESULTS.json", "write the answers and ranges", PATH),
    output("--npz=MAPS.npz", "write the raw maps", PATH),
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=_LOADS,
)
def _compare(options: Options) -> int:
    files.check_results(options.out, json=options.json, npz=options.npz)
    comparison, shown = _asked(options, before=False, dpi=_SCREEN_DPI)
    if options.json:
        text = json.dumps(shown.to_json(), indent=1, ensure_ascii=False)
        with whole_file(options.json) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    if options.npz:
        comparison.save_npz(options.npz)
    _print_answers(comparison)
    return _failed(comparison)


@command(
    "report",
    *_asking(_METHODS),
    output(
        "--out",
        ".html: a report; .png: a sheet; .zip: raw maps, overlays, recipe; .json: the recipe",
        PATH,
        required=True,
    ),
    output("--dpi", "of a PNG; default 300", number(1), default=_PRINT_DPI),
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=_LOADS,
)
def _report(options: Options) -> int:
    check_ending(options.out)
    comparison, _ = _asked(options, before=True, dpi=options.dpi)
    return _failed(comparison)


def _asked(options: Options, *, before: bool, dpi: int) -> tuple[Comparison, Comparison]:
    """The comparison, and as an export tells of it; what ``--out`` names is written."""
    from cactiviz.comparison.compare import compare_as_asked
    from cactiviz.comparison.exports import recipe_of, told
    from cactiviz.explanations.arguments import views

    views(options.methods)  # whose sentence speaks of views, of which filters are one
    request = Request(
        pictures=(options.picture,),
        networks=shared.chosen_networks(options, shared.named(options)),
        device=options.device,
        **shared.chosen_fields(options, REQUEST),
    )
    with progress(unit_of_loading, only=MEGABYTES) as told_of:
        comparison = compare_as_asked(
            request,
            shared.read_picture(options),
            weights_dir=options.weights_dir,
            report=told_of,
            before=before,
        )
    shown = told(comparison, paths_of(request.networks))
    if options.out:
        style = Style(**shared.chosen_fields(options, STYLE))
        recipe = recipe_of(comparison, request, style, folder_of_export(options.out))
        write(options.out, shown, style, recipe, dpi)
    return comparison, shown


def _failed(comparison: Comparison) -> int:
    """Say why networks and methods failed; returns the exit code."""
    failures = [failure["why"] for failure in comparison.to_json()["failures"]]
    say(failures)
    return 1 if failures else 0


def _print_answers(comparison: Comparison) -> None:
    for note in comparison.picture.notes:
        print(note)
    rows, remarks = [], dict[str, list[str]]()
    for found in comparison.explanations.values():
        best = found.predictions[0]
        rows.append((found.title, best.class_name, f"{best.probability:.1%}"))
        remarks[found.title] = [f"{found.title}: {remark}" for remark in found.remarks]

    def lines(title: str, name: str, share: str) -> str:
        return "\n".join((f"{title}: {name} {share}", *remarks[title]))

    if table(("Network", "Answer", "Probability"), rows, lines):
        print("".join(f"{line}\n" for told in remarks.values() for line in told), end="")


def check_ending(path: Path) -> None:
    """Refuse what there is no writer for, before the work.

    Raises:
        OutputError: The ending is unknown, or the place can't be written.
    """
    if path.suffix.lower() not in _REPORTS:
        raise OutputError(f"The report {path.name} must end in {', '.join(_REPORTS)}.")
    files.check_outputs(path)


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
    from cactiviz.comparison.exports import everything_zip, report_html, sheet_file

    ending = path.suffix.lower()
    if ending == ".html":
        return report_html(comparison, style, recipe).encode("utf-8", "replace")
    if ending == ".zip":
        return everything_zip(comparison, style, recipe)
    if ending == ".json":
        return json.dumps(recipe, indent=1, sort_keys=True).encode()
    kind = files.sheet_format(path)
    return sheet_file(comparison, style, recipe, min(dpi, _MOST_DPI), kind)
