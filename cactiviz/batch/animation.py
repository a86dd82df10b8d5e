"""Many pictures before several networks, as the frames of one animation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cactiviz.batch.collect import Collected
from cactiviz.batch.panels import Pixels, image_size, layout_of, said_panel
from cactiviz.batch.shared_scale import SharedScale
from cactiviz.batch.store import StoredExplanation
from cactiviz.errors import Cancelled
from cactiviz.files import folder_of_export
from cactiviz.methods import METHODS
from cactiviz.recipes.recipe import animation_recipe, network_recipe, paths_of
from cactiviz.recipes.style import Style
from cactiviz.redaction import told_sentence
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import Panel, draw_frame
from cactiviz.rendering.formats import write_animation
from cactiviz.types import Cancel, Report


class Animation:
    """Frames of pictures: the original, then each network.

    Args:
        answers: What is shown; more may come while frames are painted.
        style: How it is painted; may be changed at any time.
        full_values: Those of the answers, where they are known from other looks at them.
    """

    def __init__(
        self, answers: Collected, style: Style, full_values: SharedScale | None = None
    ) -> None:
        self.answers, self.style = answers, style
        self._full_values = full_values or SharedScale(answers)

    def size(self) -> tuple[int, int]:
        """(height, width) of every frame, in pixels."""
        return layout_of(self.style, len(self.answers.names), self.answers.request).size

    def steps(self) -> list[tuple[int, int]]:
        """The frames: which picture, and which of its layers or classes."""
        reel, question = self.answers.reel, self.answers.request
        several = bool(question.layers) or question.top > 1
        found = []
        for index, shot in enumerate(reel.shots):
            if shot.key not in reel.skipped:
                lengths = [len(answers) for answers in self._said(index)] if several else []
                found += [(index, variant) for variant in range(max(lengths, default=1) or 1)]
        return found

    def frame(self, index: int, variant: int = 0) -> Pixels | None:
        """One frame, with what is computed by now; None if the picture can't be opened."""
        reel, names = self.answers.reel, self.answers.names
        question, failures = self.answers.request, self.answers.failures
        picture = reel.open(index)
        if picture is None:
            return None
        size = image_size(picture.size, self.style)
        panels: list[Panel] = []
        labels: list[str] = []
        answers = self._said(index)
        for method in question.methods:
            if not panels or len(names) > 1:
                shown = paint.resized(picture, size)
                panels.append(Panel("Original", shown, "", None, picture.source))
            for name, several in zip(names, answers, strict=True):
                if variant < len(several):
                    said = several[variant]
                    full = 0.0
                    if method in said.values:
                        full = self._full_values.of(said, method, self.style.scale)
                    panels.append(said_panel(picture, said, method, self.style, full, size))
                    labels.append(said.label)
                else:
                    why = failures.get(name, "This has not been computed.")
                    why = told_sentence(why, paths_of(question.networks))
                    title = METHODS[method].title
                    warned = name in failures
                    panels.append(Panel(name, None, caption=why, warned=warned, subtitle=title))
        # What differs between frames of one picture comes first: a narrow frame cuts off the end.
        parts = [f"{variant + 1}. answer of {question.top}"] if question.top > 1 else []
        parts += [f"layer {label}" for label in dict.fromkeys(filter(None, labels))]
        parts += [f"{index + 1} of {len(reel)}"] if len(reel) > 1 else []
        parts.append(reel.shots[index].title)
        layout = layout_of(self.style, len(names), question)
        return draw_frame(panels, layout, subheading=" · ".join(parts))

    def frames(
        self, *, report: Report | None = None, cancel: Cancel | None = None
    ) -> Iterator[Pixels]:
        """All frames, one by one.

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
        """Write what is computed, with its recipe inside; returns the number of frames.

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
        """What makes this animation again, as plain values without dates.

        Args:
            folder: The export's, which paths are told from; None where it has none.
        """
        answers, request, networks = self.answers, self.answers.request, []
        for place, (name, network) in enumerate(zip(answers.names, request.networks, strict=True)):
            known = (answers.said(index, place) for index in range(len(answers.reel)))
            said = next((several[0] for several in known if several), None)
            why = answers.failures.get(name, "")
            untrained = request.is_untrained(name)
            networks.append(network_recipe(name, network, untrained, said, why, folder))
        return animation_recipe(answers.reel.recipe(folder), networks, request, self.style)

    def _said(self, index: int) -> list[list[StoredExplanation]]:
        """What each network said of a picture."""
        return [self.answers.said(index, place) for place in range(len(self.answers.names))]
