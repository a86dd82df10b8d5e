"""Many pictures before several networks, as the frames of one animation."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz import __version__, render
from cactiviz.errors import CactivizError, Cancelled, ModelError, OutputError
from cactiviz.export import write_animation
from cactiviz.kept import Kept, Question, Said, ask
from cactiviz.look import (
    Look,
    Pixels,
    display_of,
    full_over_all,
    image_size,
    layout_of,
    said_panel,
)
from cactiviz.models import Checkpoint, LoadedModel, get_spec, load_model
from cactiviz.panels import Panel, draw_frame
from cactiviz.recipe import animation_recipe, network_recipe, picture_recipe
from cactiviz.types import Cancel, Picture, Report


@dataclass(frozen=True)
class Shot:
    """A picture that isn't opened before its turn.

    Attributes:
        title: Written above its frame.
        origin: Its file or address, which a recipe names.
        open: Opens it; raises a ``CactivizError``.
    """

    title: str
    origin: str
    open: Callable[[], Picture] = field(compare=False)


class Animation:
    """Frames of pictures: the original, then each network, computed one network after another.

    Args:
        shots: The pictures, in the order of the frames.
        networks: Names, checkpoints, or networks loaded before.
        question: What each network is asked.
        look: How it is painted; may be changed at any time.
        folder: Where answers are kept, for work that was stopped to go on.
        untrained: Random weights for the networks given by name.
        weights_dir: A folder to look for published weights in first.
        device: "auto", "cpu" or "cuda".
        may_download: False to refuse rather than fetch weights.

    Raises:
        ModelError: No network, one twice, an unknown one, or several where layers are asked for.
    """

    def __init__(
        self,
        shots: Sequence[Shot],
        networks: Sequence[str | Checkpoint | LoadedModel],
        question: Question,
        look: Look,
        folder: Path,
        *,
        untrained: bool = False,
        weights_dir: str | os.PathLike[str] | None = None,
        device: str = "auto",
        may_download: bool = True,
    ) -> None:
        self.shots, self.networks = tuple(shots), tuple(networks)
        self.question, self.look = question, look
        self.names = tuple(get_spec(n).name if isinstance(n, str) else n.name for n in networks)
        if not self.names or len(set(self.names)) < len(self.names):
            raise ModelError("An animation needs networks, and each under its own name.")
        if question.layers and len(self.names) > 1:
            raise ModelError("Several layers are shown of one network at a time.")
        #: Network -> why it says nothing; a shot's origin -> why it is left out.
        self.failures: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self._kept = Kept(folder, question)
        self._untrained, self._device = untrained, device
        self._weights_dir, self._may_download = weights_dir, may_download
        self._sha256: dict[int, str] = {}
        self._credits: dict[int, tuple[str, str, str]] = {}
        self._fulls: dict[Any, float] = {}

    def compute(self, *, report: Report | None = None, cancel: Cancel | None = None) -> None:
        """Ask each network about each picture, unless the answer is kept already.

        One network is in memory at a time, and one picture.

        Args:
            report: Told the network and how many answers there are, of how many.
            cancel: Asked between pictures; what is computed stays kept.

        Raises:
            Cancelled: ``cancel`` was set.
            OutputError: The answers can't be kept.
        """
        total = len(self.names) * len(self.shots)
        for place, network in enumerate(self.networks):
            name = self.names[place]
            loaded: LoadedModel | None = None
            for index in range(len(self.shots)):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("Stopped.")
                if report is not None:
                    report(name, place * len(self.shots) + index, total)
                picture = self._open(index)
                if picture is None or name in self.failures:
                    continue
                if self._kept.get(self._key(place), picture.sha256) is not None:
                    continue
                try:
                    loaded = loaded or self._load(network, cancel)
                    answers = ask(loaded, picture, self.question, cancel)
                except (Cancelled, OutputError):
                    raise
                except CactivizError as error:
                    self.failures[name] = str(error)
                    continue
                self._kept.put(self._key(place), picture.sha256, answers)
        if report is not None:
            report("done", total, total)
        self._fulls = {}

    def said(self, index: int, place: int) -> list[Said]:
        """What a network (by its place) said of a picture (by its place), if it is computed."""
        sha256 = self._sha256.get(index)
        return (self._kept.get(self._key(place), sha256) if sha256 else None) or []

    def steps(self) -> list[tuple[int, int]]:
        """The frames: which picture, and which of its layers or classes."""
        found = []
        for index, shot in enumerate(self.shots):
            if shot.origin not in self.skipped:
                several = bool(self.question.layers) or self.question.top > 1
                lengths = [len(self.said(index, p)) for p in range(len(self.names))] * several
                found += [(index, variant) for variant in range(max(lengths, default=1) or 1)]
        return found

    def frame(self, index: int, variant: int = 0) -> Pixels | None:
        """One frame, with what is computed by now; None if the picture can't be opened."""
        picture = self._open(index)
        if picture is None:
            return None
        size = image_size(picture.size, self.look)
        panels: list[Panel] = []
        labels: list[str] = []
        answers = [self.said(index, place) for place in range(len(self.names))]
        for method in self.question.methods:
            shown = render.resized(picture, size)
            if not panels or len(self.names) > 1:
                panels.append(Panel("Original", shown, "", None, picture.source))
            for name, several in zip(self.names, answers, strict=True):
                if variant < len(several):
                    said = several[variant]
                    full = self._full(said, method) if method in said.values else 0.0
                    more = len(self.question.methods) > 1
                    panels.append(said_panel(picture, said, method, self.look, full, size, more))
                    labels.append(said.label)
                else:
                    why = self.failures.get(name, "This has not been computed.")
                    panels.append(Panel(name, None, caption=why, warned=name in self.failures))
        parts = [f"{index + 1} of {len(self.shots)}"] if len(self.shots) > 1 else []
        parts += [self.shots[index].title, *dict.fromkeys(filter(None, labels))]
        if self.question.top > 1:
            parts.append(f"answer {variant + 1} of {self.question.top}")
        layout = layout_of(self.look, len(self.names), len(self.question.methods))
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
            seconds=self.look.seconds,
            loop=self.look.loop,
            recipe=json.dumps(self.recipe(), sort_keys=True),
        )

    def forget(self) -> None:
        """Remove what was kept."""
        shutil.rmtree(self._kept.folder, ignore_errors=True)

    def recipe(self) -> dict[str, Any]:
        """What makes this animation again, as plain values without dates."""
        networks = []
        for place, network in enumerate(self.networks):
            known = (self.said(index, place) for index in range(len(self.shots)))
            said = next((answers[0] for answers in known if answers), None)
            why = self.failures.get(self.names[place], "")
            networks.append(network_recipe(self.names[place], network, self._untrained, said, why))
        pictures = [
            picture_recipe(shot.title, shot.origin, *self._credits[index])
            for index, shot in enumerate(self.shots)
            if index in self._credits
        ]
        return animation_recipe(pictures, networks, self.question, self.look, self._device)

    def _open(self, index: int) -> Picture | None:
        shot = self.shots[index]
        if shot.origin in self.skipped:
            return None
        try:
            picture = shot.open()
        except CactivizError as error:
            self.skipped[shot.origin] = str(error)
            return None
        self._sha256[index] = picture.sha256
        self._credits[index] = picture.sha256, picture.name, picture.source
        return picture

    def _load(self, network: str | Checkpoint | LoadedModel, cancel: Cancel | None) -> LoadedModel:
        if isinstance(network, LoadedModel):
            return network
        return load_model(
            network,
            untrained=self._untrained,
            weights_dir=self._weights_dir,
            device=self._device,
            may_download=self._may_download,
            cancel=cancel,
        )

    def _key(self, place: int) -> str:
        """What tells a network's answers from another's without loading it."""
        network = self.networks[place]
        if isinstance(network, LoadedModel):
            return f"{network.name} {network.revision}"
        if not isinstance(network, Checkpoint):
            return f"{network} {self._untrained} {self._weights_dir} {__version__}"
        try:
            status = network.file.stat()
            return f"{network} {status.st_size} {status.st_mtime_ns} {__version__}"
        except OSError:
            return str(network)

    def _full(self, said: Said, method: str) -> float:
        """The full value: of this map, or of all that the scale takes together, over all frames."""
        values, scale, display = said.values[method], self.look.scale, display_of(method, said)
        if scale not in ("shared", "evidence"):
            return render.full_value([values], display, scale)
        key = (method, display, scale, values.shape if scale == "evidence" else None)
        if key not in self._fulls:
            self._fulls[key] = full_over_all(
                (
                    other.values[method]
                    for index, place in np.ndindex(len(self.shots), len(self.names))
                    for other in self.said(index, place)
                    if method in other.values
                    and (scale != "evidence" or other.values[method].shape == values.shape)
                ),
                display,
                scale,
            )
        return self._fulls[key]
