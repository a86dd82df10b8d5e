"""What one network says of one picture: its answers, and what each method says of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cactiviz import cam_layers
from cactiviz.errors import MethodError
from cactiviz.methods.views import FILTERS, describe
from cactiviz.rendering.figures import html
from cactiviz.rendering.figures.plotly import Pane, figure
from cactiviz.rendering.scales import percent
from cactiviz.types import Box, FilterGrid, Prediction


@dataclass(frozen=True, eq=False)
class Attribution:
    """What one method says of one network's answer to one picture.

    Attributes:
        model: The network's name.
        method: The method's name.
        class_index: The class explained.
        class_name: Its name.
        logit: Its score before softmax or sigmoid.
        probability: Its probability, 0..1.
        values: Raw, in the network's precision (float32 unless it was loaded in float64), at
            their own resolution: (h, w) for a map on the target layer's grid, (3, H, W) for a
            gradient on the network's input. Nothing is scaled.
        kind: "positive" if no value is below 0, else "signed".
        seconds: Wall time of the pass that it came from; the methods of one network share it.
        layer: Where a class activation map was taken, else empty.
        contrast: The name of the class that it was explained against, or empty.
        notes: Sentences that belong beside the picture.
        layer_grid: (rows, columns) of that layer's map; None where there is none.
    """

    model: str
    method: str
    class_index: int
    class_name: str
    logit: float
    probability: float
    values: NDArray[Any]
    kind: Literal["positive", "signed"]
    seconds: float
    layer: str = ""
    contrast: str = ""
    notes: tuple[str, ...] = ()
    layer_grid: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """Its layer and that layer's grid, as they stand beside the map; empty if it has none."""
        return cam_layers.in_words(self.layer, self.layer_grid)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the values."""
        return int(self.values.shape[-2]), int(self.values.shape[-1])

    def _repr_html_(self) -> str:
        against = f", not {self.contrast}" if self.contrast else ""
        class_ = f"{self.class_name} ({percent(self.probability)}){against}"
        title = f"{self.model}: {class_}, by {describe(self.method)[0]}"
        return html.map_html(title, self.values, self.kind == "signed", self.place)

    def to_plotly(self) -> Any:
        """A Plotly figure of the map alone, values on hover."""
        return figure(None, [[self.pane(self.model)]])

    def pane(self, title: str, seen: Box | None = None) -> Pane:
        """The map in a Plotly figure: its title, and below it class, layer and grid."""
        against = f", not {self.contrast}" if self.contrast else ""
        about = [f"{self.class_name} ({percent(self.probability)}){against}", self.place]
        said = " · ".join(filter(None, about))
        return Pane(f"{title} · {describe(self.method)[0]}", self.values, self.kind, seen, said)

    def to_json(self) -> dict[str, Any]:
        """As plain values, without the map."""
        return {
            "model": self.model,
            "method": self.method,
            "class_index": self.class_index,
            "class_name": self.class_name,
            "logit": self.logit,
            "probability": self.probability,
            "against": self.contrast,
            "layer": self.layer,
            "layer_grid": list(self.layer_grid or ()),
            "grid": list(self.grid),
            "min": float(self.values.min()),
            "max": float(self.values.max()),
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one network says of one picture.

    Attributes:
        model: The network's name.
        title: Its heading; says "untrained" where it is.
        untrained: True if its weights are random.
        revision: What its weights are.
        seen: The part of the picture that the network saw.
        predictions: Its top classes, the likeliest first; five, or as many as it has.
        attributions: Method name -> explanation.
        failures: Method name -> the sentence that says why there is none.
        filters: The first layer's kernels, if they were asked for.
        explained: The class that the explanations are of; None where it was refused.
        against: The class that it is held against, if any.
        scores: (K,), the logit of every class, as in :class:`~cactiviz.types.Prediction`.
        shares: (K,), the probability of every class.
        remarks: Sentences on how the network's file was read; they belong beside its answers.
    """

    model: str
    title: str
    untrained: bool
    revision: str
    seen: Box
    predictions: tuple[Prediction, ...]
    attributions: Mapping[str, Attribution] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    filters: FilterGrid | None = None
    explained: Prediction | None = None
    against: Prediction | None = None
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    remarks: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[Prediction, ...]:
        """``predictions``, as they were called before; goes with the next version."""
        warnings.warn("answers is called predictions now.", DeprecationWarning, stacklevel=2)
        return self.predictions

    def same_class(self, answer: Prediction) -> Prediction:
        """What this network says here of the class that it gave elsewhere as an answer."""
        index = answer.class_index
        return replace(answer, logit=self.scores.item(index), probability=self.shares.item(index))

    @property
    def views(self) -> list[str]:
        """The names of all that was asked for, also of what failed."""
        filters = [FILTERS] if self.filters is not None else []
        return [*self.attributions, *self.failures, *filters]

    def __getitem__(self, method: str) -> Attribution | FilterGrid:
        """The explanation by this method, or the filters.

        Raises:
            MethodError: It failed (the sentence says why), or wasn't asked for.
        """
        if method == FILTERS and self.filters is not None:
            return self.filters
        if method in self.attributions:
            return self.attributions[method]
        raise MethodError(self.failures.get(method, f"“{method}” wasn't computed."))
