"""Paints collected explanations as the frames of one animation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cactiviz.batch.collect import Collected
from cactiviz.batch.panels import Pixels, SharedScale, image_size, layout_of, network_panel
from cactiviz.batch.store import StoredExplanation
from cactiviz.errors import Cancelled
from cactiviz.files import folder_of_export
from cactiviz.methods import METHODS
from cactiviz.recipes.recipe import animation_recipe, network_recipe, paths_of
from cactiviz.recipes.request import Style
from cactiviz.redaction import told_sentence
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import Panel, draw_frame
from cactiviz.rendering.formats import write_animation
from cactiviz.types import Cancel, Report


class Animation:
    """Frames of pictures: the original, then one panel per network.

    Args:
        answers: The explanations to paint; more may arrive while frames are painted.
        style: Layout, scale and colours; may be changed at any time.
        shared_scale: Colour scale of the same answers, to reuse what it has counted.
    """

    def __init__(
        self, answers: Collected, style: Style, shared_scale: SharedScale | None = None
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
        size = image_size(picture.size, self.style)
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
        return animation_recipe(answers.sequence.recipe(folder), networks, request, self.style)

    def _explanations(self, index: int) -> list[list[StoredExplanation]]:
        return [
            self.answers.explanations_of(index, place) for place in range(len(self.answers.names))
        ]
