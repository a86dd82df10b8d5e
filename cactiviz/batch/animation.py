"""Paints collected explanations as the frames of one animation, all on one scale of colours."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.batch.collect import Collector
from cactiviz.batch.store import StoredExplanation
from cactiviz.errors import Cancelled
from cactiviz.explanations.target import EXPLAINED, own_answer
from cactiviz.files import folder_of_export
from cactiviz.methods import METHODS
from cactiviz.recipes.recipe import export_recipe, network_recipe, paths_of
from cactiviz.recipes.request import Request, Style
from cactiviz.redaction import told_sentence
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import DARK, LIGHT, Layout, Panel, draw_frame, inside
from cactiviz.rendering.formats import write_animation
from cactiviz.rendering.scales import Display, RunningScale
from cactiviz.types import Cancel, Picture, Report, Target

Pixels = NDArray[np.uint8]
#: How the maps of an animation are scaled, in words.
SCALES: dict[paint.Scale, str] = {
    "own": "each map on its own scale",
    "shared": "all maps on one scale",
    "rank": "order of the values only",
    "evidence": "shares of the evidence",
}


def layout_of(style: Style, networks: int, question: Request) -> Layout:
    """The layout of all frames, unless columns are asked for.

    One row per method with the original first, or one row of all methods for a single network,
    unless ``style.columns`` is set. Every frame names the methods and the scale.
    """
    methods = [METHODS[method] for method in question.methods]
    across = 1 + (len(methods) if networks == 1 else networks)
    return Layout(
        panel=style.panel,
        columns=style.columns or across,
        panels=across if networks == 1 else across * len(methods),
        heading=style.heading,
        method=f"{', '.join(method.title for method in methods)} · {SCALES[style.scale]}",
        subheading=True,
        caption_lines=2 if style.captions else 0,
        subtitles=len(methods) > 1,
        notes=question.top > 1 or question.target != Target(),  # not only a network's own answer
        places=any("activations" in method.needs for method in methods),
        theme=DARK if style.dark else LIGHT,
    )


def network_panel(
    picture: Picture,
    explanation: StoredExplanation,
    method: str,
    style: Style,
    vmax: float,
    size: tuple[int, int],
) -> Panel:
    """One network's panel: map over the picture, class, layer, scale and range.

    Args:
        picture: The picture that was explained.
        explanation: The network's stored explanation of the picture.
        method: Name of the method whose map is painted.
        style: Scale, palette and strength.
        vmax: The value painted in full colour, from :class:`SharedScale`.
        size: (height, width) of the image.
    """
    panel = Panel(
        *(explanation.title, None, explanation.answer, explanation.probability),
        explanation.failures.get(method) or "There is none.",
        explanation.untrained,
        subtitle=METHODS[method].title,
        lead="" if explanation.is_own else EXPLAINED,
        note=own_answer(explanation.own, explanation.own_probability, explanation.is_own),
    )
    if method not in explanation.values:
        return panel
    values, display = explanation.values[method], display_of(method, explanation)
    image = paint.paint(
        picture,
        values,
        explanation.seen,
        display=display,
        vmax=vmax,
        size=size,
        scale=style.scale,
        palette=style.palette,
        strength=style.strength,
    )
    return replace(
        panel,
        image=image,
        caption=paint.caption(values, style.scale, vmax, display),
        place=explanation.places.get(method, ""),
    )


def display_of(method: str, explanation: StoredExplanation) -> Display:
    """The display mode of a method's map: diverging if it is signed by a contrast class."""
    display: Display = METHODS[method].display
    is_signed = display == "overlay" and explanation.kinds[method] == "signed"
    return "diverging" if is_signed else display


_Key = tuple[str, str, paint.Scale, tuple[int, ...]]


class SharedScale:
    """Computes ``vmax`` for maps that share a scale over all frames and networks.

    Each map is counted once, also while results still arrive. Thread-safe.

    Args:
        answers: The explanations whose maps are painted.
    """

    def __init__(self, answers: Collector) -> None:
        self._answers = answers
        self._counted: dict[_Key, _Counted] = {}
        self._lock = threading.Lock()

    def of(self, explanation: StoredExplanation, method: str, scale: paint.Scale) -> float:
        """The value painted in full colour for one method's map.

        Raises:
            CactivizError: There is no such scale, or a map holds values that aren't finite.
        """
        values, display = explanation.values[method], display_of(method, explanation)
        if scale not in ("shared", "evidence"):
            return paint.vmax_of([values], display, scale)
        key = (method, display, scale, values.shape if scale == "evidence" else ())
        with self._lock:
            counted = self._counted.get(key)
            if counted is None:
                counted = self._counted[key] = _Counted(RunningScale(display, scale))
            self._count(counted, key)
            return counted.vmax

    def _count(self, counted: _Counted, key: _Key) -> None:
        answers, (method, _, _, shape) = self._answers, key
        if counted.done == answers.done:
            return
        counted.done = answers.done  # before the answers, of which more may come meanwhile
        for place in product(range(len(answers.sequence)), range(len(answers.names))):
            if place in counted.places:
                continue
            for explanation in answers.explanations_of(*place):
                counted.places.add(place)
                values = explanation.values.get(method)
                if values is not None and (not shape or values.shape == shape):
                    counted.running.add(values)
        counted.vmax = counted.running.vmax


class _Counted:
    """A running scale and which (picture, network) pairs it includes."""

    def __init__(self, running: RunningScale) -> None:
        self.running, self.vmax = running, 0.0
        self.places: set[tuple[int, int]] = set()
        self.done = -1


class Animation:
    """Frames of pictures: the original, then one panel per network.

    Args:
        answers: The explanations to paint; more may arrive while frames are painted.
        style: Layout, scale and colours; may be changed at any time.
        shared_scale: Colour scale of the same answers, to reuse what it has counted.
    """

    def __init__(
        self, answers: Collector, style: Style, shared_scale: SharedScale | None = None
    ) -> None:
        self.answers, self.style = answers, style
        self._shared_scale = shared_scale or SharedScale(answers)

    def size(self) -> tuple[int, int]:
        """(height, width) of every frame, in pixels."""
        return layout_of(self.style, len(self.answers.names), self.answers.request).size

    def steps(self) -> list[tuple[int, int]]:
        """The frames as (picture index, variant): a variant is one of its layers or classes."""
        sequence, question = self.answers.sequence, self.answers.request
        several = bool(question.layers) or question.top > 1
        steps = []
        for index, ref in enumerate(sequence.pictures):
            if ref.key not in sequence.skipped:
                lengths = (
                    [len(variants) for variants in self._explanations(index)] if several else []
                )
                steps += [(index, variant) for variant in range(max(lengths, default=1) or 1)]
        return steps

    def frame(self, index: int, variant: int = 0) -> Pixels | None:
        """Paint one frame from the results so far; None if the picture can't be opened."""
        sequence, names = self.answers.sequence, self.answers.names
        question, failures = self.answers.request, self.answers.failures
        picture = sequence.open(index)
        if picture is None:
            return None
        room = self.style.panel
        size = room if self.style.squash else inside(picture.size, room)
        panels: list[Panel] = []
        labels: list[str] = []
        explanations = self._explanations(index)
        for method in question.methods:
            if not panels or len(names) > 1:
                shown = paint.resized(picture, size)
                panels.append(Panel("Original", shown, "", None, picture.source))
            for name, variants in zip(names, explanations, strict=True):
                if variant < len(variants):
                    explanation = variants[variant]
                    vmax = 0.0
                    if method in explanation.values:
                        vmax = self._shared_scale.of(explanation, method, self.style.scale)
                    panels.append(
                        network_panel(picture, explanation, method, self.style, vmax, size)
                    )
                    labels.append(explanation.label)
                else:
                    why = failures.get(name, "This has not been computed.")
                    why = told_sentence(why, paths_of(question.networks))
                    title = METHODS[method].title
                    warned = name in failures
                    if warned and method != question.methods[0]:
                        why = ""  # is said once in a frame
                    panels.append(Panel(name, None, caption=why, warned=warned, subtitle=title))
        # What differs between frames of one picture comes first: a narrow frame cuts off the end.
        parts = [f"{variant + 1}. answer of {question.top}"] if question.top > 1 else []
        parts += [f"layer {label}" for label in dict.fromkeys(filter(None, labels))]
        parts += [f"{index + 1} of {len(sequence)}"] if len(sequence) > 1 else []
        parts.append(sequence.pictures[index].title)
        layout = layout_of(self.style, len(names), question)
        return draw_frame(panels, layout, subheading=" · ".join(parts))

    def frames(
        self, *, report: Report | None = None, cancel: Cancel | None = None
    ) -> Iterator[Pixels]:
        """Yield all frames in order.

        Raises:
            Cancelled: ``cancel`` was set.
        """
        steps = self.steps()
        for done, (index, variant) in enumerate(steps):
            if cancel is not None and cancel.is_set():
                raise Cancelled("Stopped.")
            if report is not None:
                report("writing", done, len(steps))
            frame = self.frame(index, variant)
            if frame is not None:
                yield frame
        if report is not None:
            report("done", len(steps), len(steps))

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        report: Report | None = None,
        cancel: Cancel | None = None,
    ) -> int:
        """Write the frames with the recipe embedded; return the number of frames.

        Raises:
            OutputError: It can't be written.
            Cancelled: ``cancel`` was set.
        """
        return write_animation(
            path,
            self.frames(report=report, cancel=cancel),
            seconds=self.style.seconds,
            loop=self.style.loop,
            recipe=json.dumps(self.recipe(folder_of_export(path)), sort_keys=True),
        )

    def recipe(self, folder: Path | None = None) -> dict[str, Any]:
        """The recipe of this animation, as plain JSON values without dates.

        Args:
            folder: Folder of the export, which paths are relative to; None for none.
        """
        answers, request, networks = self.answers, self.answers.request, []
        for place, (name, network) in enumerate(zip(answers.names, request.networks, strict=True)):
            stored = (answers.explanations_of(i, place) for i in range(len(answers.sequence)))
            first = next((variants[0] for variants in stored if variants), None)
            why = answers.failures.get(name, "")
            untrained = request.is_untrained(name)
            networks.append(network_recipe(name, network, untrained, first, why, folder))
        pictures = answers.sequence.recipe(folder)
        return export_recipe("animation", pictures, networks, request, self.style)

    def _explanations(self, index: int) -> list[list[StoredExplanation]]:
        return [
            self.answers.explanations_of(index, place) for place in range(len(self.answers.names))
        ]
