"""Remarks beside a comparison: limits of its methods, notes on its networks and picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cactiviz.explanations.caveats import held_against
from cactiviz.explanations.results import Explanation
from cactiviz.methods import METHODS, method_of
from cactiviz.rendering.figures.sheet import Remark
from cactiviz.types import Picture

#: What the small print below a map means.
NUMBERS = Remark(
    "The small numbers",
    (
        "Every map is made of numbers. Below it stand the lowest (min), the highest (max) and the "
        "one at which the colour is full.",
        "They have no unit, so those of different networks can't be compared. 2.8e−5 is short for "
        "0.000028.",
    ),
)


def limits(
    picture: Picture, views: Iterable[str], explanations: Sequence[Explanation]
) -> tuple[Remark, ...]:
    """Remarks on the picture, then on each method, then on networks that need one.

    Methods or networks with equal remarks share one.

    Args:
        picture: The picture that was explained.
        views: Names of the comparison's views.
        explanations: One per network, in the order of the networks.
    """
    shown = dict.fromkeys(map(method_of, views))
    methods = [METHODS[name] for name in shown if name in METHODS]
    of_methods = [Remark(method.title, (method.limit,)) for method in methods]
    of_networks = [Remark(e.title, _of_network(e, picture.size)) for e in explanations]
    of_picture = Remark("The picture", picture.notes)
    remarks = (of_picture, *_once(of_methods), *_once(of_networks))
    return tuple(remark for remark in remarks if remark.says)


def _once(remarks: Sequence[Remark]) -> Iterator[Remark]:
    for says in dict.fromkeys(remark.says for remark in remarks):
        yield Remark(", ".join(remark.about for remark in remarks if remark.says == says), says)


def _of_network(explanation: Explanation, size: tuple[int, int]) -> tuple[str, ...]:
    attributions = explanation.attributions.values()
    held = {held_against(attribution.contrast) for attribution in attributions}  # by _asked
    notes = [n for attribution in attributions for n in attribution.notes if n not in held]
    seen = explanation.seen  # the whole picture, to within a pixel?
    ends = seen.top + seen.height, seen.left + seen.width
    covers = all(end > side - 0.5 for end, side in zip(ends, size, strict=True))
    unseen = attributions and not (covers and max(seen.top, seen.left) < 0.5)
    hatched = (
        "It saw only a part of the picture; the rest is hatched, or cut off." if unseen else ""
    )
    sentences = (*explanation.remarks, _asked(explanation), *dict.fromkeys(notes), hatched)
    return tuple(filter(None, sentences))


def _asked(explanation: Explanation) -> str:
    """The explained class, where it isn't the top class."""
    attribution = next(iter(explanation.attributions.values()), None)
    if attribution is None:
        return ""
    speaks = f"The maps show what speaks for “{attribution.class_name}”"
    if attribution.contrast:
        return f"{speaks} and not for “{attribution.contrast}”."
    return "" if attribution.class_index == explanation.predictions[0].class_index else f"{speaks}."
