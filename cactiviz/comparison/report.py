"""Exports of a comparison with its recipe: HTML report, sheet for print, ZIP."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cactiviz.comparison.caveats import NUMBERS
from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Attribution
from cactiviz.methods import METHODS, describe
from cactiviz.recipes.request import Style
from cactiviz.redaction import told_sentence, told_text
from cactiviz.rendering.figures.html import Table, page
from cactiviz.rendering.formats.metadata import signature, xmp
from cactiviz.rendering.scales import number

_SCREEN_DPI = 96
_JPEG_ROOM = 64_000  # bytes of one segment
_CELL_WIDTH = 320  # of overlays in a ZIP
_CAUTION = (
    "A cover is itself something to react to: before you trust a change, cover another place, or "
    "cover it in another way."
)
_SIGNS = (
    "Min and max are the lowest and the highest of the raw values, with their signs. The picture "
    "of {} shows only how large each value is, so the small numbers below it have no signs."
)
_DATE = (1980, 1, 1, 0, 0, 0)  # of all files in a ZIP: the same choices make the same bytes


def told(comparison: Comparison, paths: Iterable[Path] = ()) -> Comparison:
    """A copy of a comparison without folders or secrets in its names and sentences.

    Args:
        comparison: The comparison to export.
        paths: Paths of its checkpoints.
    """
    known = tuple(paths)
    picture = comparison.picture
    explanations = {
        name: replace(
            explanation,
            failures={
                view: told_sentence(why, known) for view, why in explanation.failures.items()
            },
            remarks=tuple(told_sentence(remark, known) for remark in explanation.remarks),
        )
        for name, explanation in comparison.explanations.items()
    }
    return replace(
        comparison,
        picture=replace(picture, name=told_text(picture.name), source=told_text(picture.source)),
        explanations=explanations,
        failures={name: told_sentence(why, known) for name, why in comparison.failures.items()},
    )


def report_html(comparison: Comparison, style: Style, recipe: Mapping[str, Any]) -> str:
    """An HTML report in one file that works offline and prints well."""
    size = " × ".join(str(side) for side in reversed(comparison.picture.size))
    methods = len(comparison.methods)
    counted = [(len(comparison.models), "network"), (methods, "view")]
    said = " · ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counted)
    return page(
        "What did each network look at?",
        comparison.html(**style.of_maps, follows=True),
        subtitle=f"{comparison.picture.name} · {size} pixels · {said}",
        tables=[*_covered(comparison), _numbers(comparison)],
        remarks=(*comparison.limits(), NUMBERS),
        recipe=recipe,
    )


def sheet_file(
    comparison: Comparison, style: Style, recipe: Mapping[str, Any], dpi: int, kind: str = "PNG"
) -> bytes:
    """The sheet at ``dpi`` dots per inch, printed as large as on a screen, with its recipe.

    Args:
        comparison: What is drawn.
        style: How its maps are painted.
        recipe: What makes it again; a JPEG has no room for one of more than 64,000 bytes.
        dpi: Dots per inch; 96 for a screen.
        kind: "PNG", "JPEG" or "WebP".
    """
    zoom = dpi / _SCREEN_DPI
    sheet = comparison.sheet(**style.of_maps, contour=style.contour, zoom=zoom)
    text = json.dumps(recipe, sort_keys=True)
    said: dict[str, Any] = {"exif": signature()}
    if kind == "PNG":
        said["pnginfo"] = PngInfo()
        said["pnginfo"].add_text("recipe", text)
    elif kind == "WebP" or len(xmp(text)) < _JPEG_ROOM:
        said["xmp"] = xmp(text)
    file = io.BytesIO()
    sheet.save(file, format=kind, dpi=(dpi, dpi), **said)
    return file.getvalue()


def everything_zip(comparison: Comparison, style: Style, recipe: Mapping[str, Any]) -> bytes:
    """A ZIP of raw maps, overlays, predictions, the sheet and the recipe."""
    maps = io.BytesIO()
    np.savez_compressed(maps, **comparison.arrays())  # type: ignore[arg-type]
    original = io.BytesIO()
    Image.fromarray(comparison.picture.rgb).save(original, "PNG")
    files = {
        "recipe.json": json.dumps(recipe, indent=1, sort_keys=True).encode(),
        "answers.json": json.dumps(_without_times(comparison.to_json()), indent=1).encode(),
        "maps.npz": _undated(maps.getvalue()),
        "picture.png": original.getvalue(),
        "sheet.png": sheet_file(comparison, style, recipe, _SCREEN_DPI),
    }
    for place, model in enumerate(comparison.models, 1):
        for method in comparison.methods:
            cell = comparison.cell(
                model, method, width=_CELL_WIDTH, contour=style.contour, **style.of_maps
            )
            if cell.image is not None:
                name = f"overlays/{place:02d}-{_plain(model)}-{_plain(method)}.png"
                files[name] = _png(Image.fromarray(cell.image))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _covered(comparison: Comparison) -> list[Table]:
    """The table of each network's top class with and without the occlusion, if there is one."""
    lines = []
    for name in comparison.models:
        if name in comparison.before and name in comparison.explanations:
            now = comparison.explanations[name]
            first = comparison.before[name].predictions[0]
            shares = [first.probability, now.same_class(first).probability]
            top = now.predictions[0].class_name
            shown = [f"{share:.4f}" for share in shares]
            lines.append([now.title, first.class_name, *shown, top])
    heads = ["Network", "First answer", "Without the cover", "With the cover", "Top answer now"]
    return [Table("What the cover changed", heads, lines, _CAUTION)] if lines else []


def _numbers(comparison: Comparison) -> Table:
    heads = ["Network", "View", "Class explained", "Probability", "Logit", "Map", "Min", "Max"]
    lines = []
    for model in comparison.models:
        explanation = comparison.explanations.get(model)
        for method in comparison.methods:
            attribution = explanation.attributions.get(method) if explanation else None
            if explanation and isinstance(attribution, Attribution):
                lines.append(
                    [
                        explanation.title,
                        describe(method)[0],
                        attribution.class_name,
                        f"{attribution.probability:.4f}",
                        number(attribution.logit),
                        " × ".join(map(str, attribution.values.shape)),
                        number(float(attribution.values.min())),
                        number(float(attribution.values.max())),
                    ]
                )
    return Table("Numbers", heads, lines, _signs(comparison))


def _signs(comparison: Comparison) -> str:
    """A note on why the table's minimum differs from the caption of a magnitude map."""
    shown = [METHODS[view] for view in comparison.methods if view in METHODS]
    sizes = [method.title for method in shown if method.display == "magnitude"]
    return _SIGNS.format(" and ".join(sizes)) if sizes else ""


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(_SCREEN_DPI, _SCREEN_DPI))
    return file.getvalue()


def _undated(npz: bytes) -> bytes:
    """The same arrays in a ZIP without timestamps."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(npz)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _DATE), old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _without_times(found: dict[str, Any]) -> dict[str, Any]:
    for attribution in found["explanations"]:
        del attribution["seconds"]
    return found


def _plain(name: str) -> str:
    """A name that is safe as a file's anywhere.

    >>> _plain("../<b>@x")
    'b-x'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:60] or "network"
