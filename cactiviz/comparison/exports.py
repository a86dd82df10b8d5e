"""Exports of a comparison with its recipe: HTML report, sheet for print, GIF, ZIP."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cactiviz.comparison.caveats import NUMBERS
from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import MethodError, ModelError
from cactiviz.explanations.caveats import STRANGER_BRIEFLY
from cactiviz.explanations.results import Attribution
from cactiviz.explanations.target import EXPLAINED, own_answer
from cactiviz.methods import FILTERS, METHODS, describe
from cactiviz.recipes.recipe import export_recipe, network_recipe, picture_recipe, told_origins
from cactiviz.recipes.request import Request, Style, name_of
from cactiviz.redaction import told_sentence, told_text
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import DARK, LIGHT, Layout, Panel, draw_frame, inside
from cactiviz.rendering.figures.html import Table, page
from cactiviz.rendering.formats import write_gif
from cactiviz.rendering.formats.metadata import signature, xmp
from cactiviz.rendering.scales import number


def recipe_of(
    comparison: Comparison, request: Request, style: Style, folder: Path | None = None
) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by.

    Args:
        comparison: What was answered.
        request: What was asked.
        style: How it is painted.
        folder: The export's, which paths are told from; None where it has none.
    """
    networks = []
    for network in request.networks:
        name = name_of(network)
        explanation = comparison.explanations.get(name)
        why = comparison.failures.get(name, "")
        entry = network_recipe(name, network, request.is_untrained(name), None, why, folder)
        if explanation is not None:
            layers = {method: e.layer for method, e in explanation.attributions.items()}
            entry |= {"untrained": explanation.untrained, "weights": explanation.revision}
            entry |= {"layers": layers, "seen": asdict(explanation.seen)}
        networks.append(entry)
    picture = comparison.picture
    about = picture.sha256, picture.name, picture.source
    (origin,) = told_origins([request.picture], folder)
    shown = picture_recipe(picture.name, request.picture, *about, origin, request.left_out)
    recipe = export_recipe("comparison", [shown], networks, request, style)
    maps = {
        key: [*map(_plain_value, (values.min(), values.max(), np.mean(values, dtype=float)))]
        for key, values in comparison.arrays().items()
    }
    return {**recipe, "maps": maps}


def _plain_value(value: Any) -> float | str:
    """A number, or in a word that it is none, which JSON has no number for."""
    number = float(value)
    if isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


_LARGEST_SIDE = 640
_SHORTEST_SIDE = 240  # of a picture's box: texts need some room
_TEXT_SIZE = 1.5  # it is read in a talk or on a phone
_SECONDS = 1.5


def gif_of(
    comparison: Comparison,
    method: str,
    *,
    scale: paint.Scale = "own",
    palette: str = "inferno",
    strength: float = 0.5,
    contour: float | None = None,
    dark: bool = False,
    seconds: float = _SECONDS,
    recipe: str = "",
) -> bytes:
    """Make a GIF with one frame for the original and one for each network.

    Args:
        comparison: The comparison to show.
        method: One of ``comparison.methods``, e.g. ``"grad_cam"`` or ``"grad_cam@layer2"``.
        scale: As for ``Comparison.cell``.
        palette: As for ``Comparison.cell``.
        strength: As for ``Comparison.cell``.
        contour: As for ``Comparison.cell``.
        dark: Light text on a dark background.
        seconds: Duration of each frame.
        recipe: ASCII text stored as the file's comment.

    Returns:
        Bytes of a GIF that loops for ever; equal arguments give equal bytes.

    Raises:
        CactivizError: There is no such method, scale or palette.
    """
    if method not in comparison.methods:
        raise MethodError(f"There is no view “{method}” in this comparison.")
    picture = comparison.picture
    height, width = inside(picture.size, (_LARGEST_SIDE, _LARGEST_SIDE))
    box = max(height, _SHORTEST_SIDE), max(width, _SHORTEST_SIDE)
    title, asks = describe(method)
    layout = Layout(
        panel=box,
        columns=1,
        panels=1,
        heading=title,
        subheading=True,
        notes=bool(comparison.explained()),
        places=any(e.place for e in comparison.attributions() if e.method == method),
        steps=True,
        text_size=_TEXT_SIZE,
        theme=DARK if dark else LIGHT,
    )
    shown = paint.resized(picture, inside(picture.size, box))
    panels = [Panel("Original", shown, picture.name, None, picture.source)]
    style: dict[str, Any] = {"scale": scale, "palette": palette, "strength": strength}
    style |= {"contour": contour, "width": shown.shape[1]}
    panels += [panel_of(comparison, model, method, **style) for model in comparison.models]
    file = io.BytesIO()
    frames = (
        draw_frame([panel], layout, subheading=asks, step=(index, len(panels)))
        for index, panel in enumerate(panels)
    )
    write_gif(file, frames, seconds=seconds, comment=recipe)
    return file.getvalue()


def panel_of(comparison: Comparison, model: str, method: str, **style: Any) -> Panel:
    """One network's map by one method as a panel, with the explained class.

    Args:
        comparison: Of several networks.
        model: A network's name.
        method: A view's name.
        style: As for ``Comparison.cell``.
    """
    cell = comparison.cell(model, method, **style)
    explanation = comparison.explanations.get(model)
    if explanation is None:
        return Panel(model, None, caption=cell.caption, warned=True)
    best = explanation.predictions[0]
    answer, probability = best.class_name, best.probability
    note, place, other = "", "", False
    try:
        attribution = comparison[model, method]
    except (ModelError, MethodError):
        attribution = None
    if isinstance(attribution, Attribution):
        answer, probability = attribution.class_name, attribution.probability
        if attribution.contrast:
            answer = f"{answer}, not {attribution.contrast}"
        other = attribution.class_index != best.class_index
        note, place = own_answer(best.class_name, best.probability, not other), attribution.place
    elif method == FILTERS:
        answer = f"answer: {answer}"
    if explanation.stranger:
        answer, note, other = STRANGER_BRIEFLY, "", False
    return Panel(
        *(explanation.title, cell.image, answer),
        probability=None if explanation.stranger else probability,
        caption=cell.caption,
        warned=explanation.untrained,
        lead=EXPLAINED if other else "",
        note=note,
        place=place,
    )


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
    picture, folders = comparison.picture, tuple(paths)

    def told_failures(failures: Mapping[str, str]) -> dict[str, str]:
        return {name: told_sentence(why, folders) for name, why in failures.items()}

    explanations = {
        name: replace(
            explanation,
            failures=told_failures(explanation.failures),
            remarks=tuple(told_sentence(remark, folders) for remark in explanation.remarks),
        )
        for name, explanation in comparison.explanations.items()
    }
    return replace(
        comparison,
        picture=replace(picture, name=told_text(picture.name), source=told_text(picture.source)),
        explanations=explanations,
        failures=told_failures(comparison.failures),
    )


def report_html(comparison: Comparison, style: Style, recipe: Mapping[str, Any]) -> str:
    """An HTML report in one file that works offline and prints well."""
    size = " × ".join(str(side) for side in reversed(comparison.picture.size))
    methods = len(comparison.methods)
    counted = [(len(comparison.models), "network"), (methods, "view")]
    counts = " · ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counted)
    return page(
        "What did each network look at?",
        comparison.html(**style.of_maps, follows=True),
        subtitle=f"{comparison.picture.name} · {size} pixels · {counts}",
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
    sheet = comparison.sheet(**style.of_maps, zoom=zoom)
    text = json.dumps(recipe, sort_keys=True)
    metadata: dict[str, Any] = {"exif": signature()}
    if kind == "PNG":
        metadata["pnginfo"] = PngInfo()
        metadata["pnginfo"].add_text("recipe", text)
    elif kind == "WebP" or len(xmp(text)) < _JPEG_ROOM:
        metadata["xmp"] = xmp(text)
    file = io.BytesIO()
    sheet.save(file, format=kind, dpi=(dpi, dpi), **metadata)
    return file.getvalue()


def everything_zip(comparison: Comparison, style: Style, recipe: Mapping[str, Any]) -> bytes:
    """A ZIP of raw maps, overlays, predictions, the sheet and the recipe."""
    answers = comparison.to_json()
    for attribution in answers["explanations"]:
        del attribution["seconds"]
    files = {
        "recipe.json": json.dumps(recipe, indent=1, sort_keys=True).encode(),
        "answers.json": json.dumps(answers, indent=1).encode(),
        "maps.npz": _zipped({f"{k}.npy": _npy(v) for k, v in comparison.arrays().items()}),
        "picture.png": _png(comparison.picture.rgb),
        "sheet.png": sheet_file(comparison, style, recipe, _SCREEN_DPI),
    }
    for place, model in enumerate(comparison.models, 1):
        for method in comparison.methods:
            cell = comparison.cell(model, method, width=_CELL_WIDTH, **style.of_maps)
            if cell.image is not None:
                name = f"overlays/{place:02d}-{_plain(model)}-{_plain(method)}.png"
                files[name] = _png(cell.image, dpi=(_SCREEN_DPI, _SCREEN_DPI))
    return _zipped(files)


def _covered(comparison: Comparison) -> list[Table]:
    """The table of each network's top class with and without the occlusion, if there is one."""
    lines = []
    for name in comparison.models:
        now = comparison.explanations.get(name)
        if name in comparison.before and now is not None and now.stranger:
            lines.append([now.title, STRANGER_BRIEFLY, "", "", ""])
        elif name in comparison.before and now is not None:
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
                values, probability = attribution.values, f"{attribution.probability:.4f}"
                line = [explanation.title, describe(method)[0], attribution.class_name, probability]
                line += [number(attribution.logit), " × ".join(map(str, values.shape))]
                lines.append([*line, number(float(values.min())), number(float(values.max()))])
    shown = [METHODS[view] for view in comparison.methods if view in METHODS]
    sizes = [method.title for method in shown if method.display == "magnitude"]
    note = _SIGNS.format(" and ".join(sizes)) if sizes else ""
    return Table("Numbers", heads, lines, note)


def _png(rgb: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", **options)
    return file.getvalue()


def _npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Files in a ZIP without timestamps."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _plain(name: str) -> str:
    """A name that is safe as a file's anywhere.

    >>> _plain("../<b>@x")
    'b-x'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:60] or "network"
