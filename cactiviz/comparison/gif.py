"""A comparison as a GIF: the original, then one method's map for each network."""

from __future__ import annotations

import io

from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import MethodError, ModelError
from cactiviz.explanations.explained_class import EXPLAINED, own_answer
from cactiviz.explanations.results import Attribution
from cactiviz.methods import FILTERS, describe
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import DARK, LIGHT, Layout, Panel, draw_frame
from cactiviz.rendering.formats import write_gif

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
    height, width = _box(comparison.picture.size)
    title, asks = describe(method)
    layout = Layout(
        panel=(height, width),
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
    picture = comparison.picture
    shown = paint.resized(picture, _inside(picture.size, (height, width)))
    panels = [Panel("Original", shown, picture.name, None, picture.source)]
    panels += [
        panel_of(comparison, model, method, scale, palette, strength, shown.shape[1])
        for model in comparison.models
    ]
    file = io.BytesIO()
    frames = (
        draw_frame([panel], layout, subheading=asks, step=(index, len(panels)))
        for index, panel in enumerate(panels)
    )
    write_gif(file, frames, seconds=seconds, comment=recipe)
    return file.getvalue()


def panel_of(
    comparison: Comparison,
    model: str,
    method: str,
    scale: paint.Scale,
    palette: str,
    strength: float,
    width: int,
) -> Panel:
    """One network's map by one method as a panel, with the explained class."""
    cell = comparison.cell(
        model, method, scale=scale, palette=palette, strength=strength, width=width
    )
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
    return Panel(
        explanation.title,
        cell.image,
        answer,
        probability,
        cell.caption,
        warned=explanation.untrained,
        lead=EXPLAINED if other else "",
        note=note,
        place=place,
    )


def _box(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the box for a picture of this size."""
    height, width = _inside(size, (_LARGEST_SIDE, _LARGEST_SIDE))
    return max(height, _SHORTEST_SIDE), max(width, _SHORTEST_SIDE)


def _inside(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest (height, width) of a picture of this size that fits into the room.

    >>> _inside((300, 451), (640, 640))
    (426, 640)
    """
    share = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
