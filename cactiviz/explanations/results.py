"""Predictions and attributions of one network for one picture."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cactiviz import cam_layers
from cactiviz.errors import MethodError
from cactiviz.methods import FILTERS, describe
from cactiviz.rendering.figures import html
from cactiviz.rendering.figures.plotly import Pane, figure
from cactiviz.rendering.scales import percent
from cactiviz.types import Box, FilterGrid, Prediction


@dataclass(frozen=True, eq=False)
class Attribution:
    """One method's raw map for one network and one picture.

    Attributes:
        model: The network's name.
        method: The method's name.
        class_index: The class explained.
        class_name: Name of that class.
        logit: Score of that class, before softmax or sigmoid.
        probability: Probability of that class, 0..1.
        values: Raw, in the network's precision (float32 unless it was loaded in float64), at
            their own resolution: (h, w) for a map on the target layer's grid, (3, H, W) for a
            gradient on the network's input. Nothing is scaled.
        kind: "positive" if no value is below 0, else "signed".
        seconds: Wall time of the pass, which all methods of one network share.
        layer: Layer of a class activation map, else empty.
        contrast: Name of the contrast class, or empty.
        notes: Sentences to show beside the map.
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
        """Layer and grid in words, as shown beside the map; empty for gradients."""
        return cam_layers.in_words(self.layer, self.layer_grid)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the values."""
        return int(self.values.shape[-2]), int(self.values.shape[-1])

    @property
    def _answer(self) -> str:
        against = f", not {self.contrast}" if self.contrast else ""
        return f"{self.class_name} ({percent(self.probability)}){against}"

    def _repr_html_(self) -> str:
        title = f"{self.model}: {self._answer}, by {describe(self.method)[0]}"
        return html.map_html(title, self.values, self.kind == "signed", self.place)

    def to_plotly(self) -> Any:
        """A Plotly figure of the map alone, values on hover."""
        return figure(None, [[self.pane(self.model)]])

    def pane(self, title: str, seen: Box | None = None) -> Pane:
        """The map as a pane of a Plotly figure, with class, layer and grid below its title."""
        subtitle = " · ".join(filter(None, [self._answer, self.place]))
        return Pane(f"{title} · {describe(self.method)[0]}", self.values, self.kind, seen, subtitle)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON, without the map."""
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
    """Predictions and attributions of one network for one picture.

    Attributes:
        model: The network's name.
        title: Display name; includes "untrained" where it is.
        untrained: True if its weights are random.
        revision: Identifies the weights, such as their sha256.
        seen: The part of the picture that the network saw.
        predictions: The top five classes (or all, if fewer), the likeliest first.
        attributions: View name -> attribution.
        failures: View name -> the sentence that says why there is none.
        filters: The first convolution's kernels, if requested.
        explained: The explained class; None if the target was refused.
        against: The contrast class, or None.
        scores: (K,), the logit of every class, as in :class:`~cactiviz.types.Prediction`.
        shares: (K,), the probability of every class.
        remarks: Sentences on how the network's file was read, to show beside its predictions.
        stranger: True if the picture is unlike all that the network learnt from, so that its
            answer means nothing and :data:`cactiviz.explanations.caveats.STRANGER` stands in its
            place; False also where the network's file doesn't say what it learnt from.
        tile_side: Side in pixels of the pictures that the network learnt from, where its file says
            so: :func:`~cactiviz.explanations.tile.tile` answers larger pictures tile by tile.
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
    stranger: bool = False
    tile_side: int | None = None

    @property
    def answers(self) -> tuple[Prediction, ...]:
        """``predictions``, as they were called before; goes with the next version."""
        warnings.warn("answers is called predictions now.", DeprecationWarning, stacklevel=2)
        return self.predictions

    def same_class(self, answer: Prediction) -> Prediction:
        """This explanation's prediction for the class of a prediction made elsewhere."""
        index = answer.class_index
        return replace(answer, logit=self.scores.item(index), probability=self.shares.item(index))

    @property
    def views(self) -> list[str]:
        """Names of all requested views, including failed ones."""
        filters = [FILTERS] if self.filters is not None else []
        return [*self.attributions, *self.failures, *filters]

    def __getitem__(self, method: str) -> Attribution | FilterGrid:
        """The attribution of this view, or the filters.

        Raises:
            MethodError: It failed (the sentence says why), or wasn't requested.
        """
        if method == FILTERS and self.filters is not None:
            return self.filters
        if method in self.attributions:
            return self.attributions[method]
        raise MethodError(self.failures.get(method, f"“{method}” wasn't computed."))
