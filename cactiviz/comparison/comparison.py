"""The result of a comparison, with its sheets, tables, figures and files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.comparison.caveats import NUMBERS, limits
from cactiviz.errors import MethodError, ModelError
from cactiviz.explanations import target as explained_class
from cactiviz.explanations.caveats import STRANGER
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.files import whole_file
from cactiviz.methods import FILTERS, METHODS, method_of
from cactiviz.methods import describe as describe
from cactiviz.rendering import paint
from cactiviz.rendering.figures import html as page
from cactiviz.rendering.figures.colour_bar import colour_bar
from cactiviz.rendering.figures.plotly import figure
from cactiviz.rendering.figures.sheet import Cell, Column, Remark, Row, draw_sheet
from cactiviz.rendering.scales import percent
from cactiviz.types import FilterGrid, Picture


@dataclass(frozen=True, eq=False)
class Comparison:
    """Explanations of one picture by several networks.

    Attributes:
        picture: The picture.
        models: Names of the networks, in the order requested.
        methods: Names of the views, in the order requested.
        explanations: Network name -> explanation.
        failures: Network name -> the sentence that says why it failed.
        before: Network name -> explanation of the picture without its occlusion, if it has one.
    """

    picture: Picture
    models: tuple[str, ...]
    methods: tuple[str, ...]
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Explanation] = field(default_factory=dict)

    @property
    def readings(self) -> Mapping[str, Explanation]:
        """``explanations``, as they were called before; goes with the next version."""
        warnings.warn("readings is called explanations now.", DeprecationWarning, stacklevel=2)
        return self.explanations

    def __getitem__(self, cell: tuple[str, str]) -> Attribution | FilterGrid:
        """The attribution of a network and a view: ``comparison["alexnet", "grad_cam"]``.

        Raises:
            ModelError: The network failed, or wasn't requested; the sentence says why.
            MethodError: The view failed for it, or wasn't requested.
        """
        model, method = cell
        if model not in self.explanations:
            raise ModelError(self.failures.get(model, f"“{model}” isn't in this comparison."))
        return self.explanations[model][method]

    def attributions(self) -> Iterator[Attribution]:
        """All attributions, network by network."""
        for explanation in self.explanations.values():
            yield from explanation.attributions.values()

    def cell(
        self,
        model: str,
        method: str,
        *,
        scale: paint.Scale = "own",
        palette: str = "inferno",
        strength: float = 0.5,
        width: int = 240,
        contour: float | None = None,
    ) -> Cell:
        """One painted view and its caption; without an image, the caption says why.

        Args:
            model: A network's name.
            method: A view's name.
            scale: "own", each map by itself; "shared", one method over all networks; "rank", the
                order of the values; "evidence", shares of the sum, with one vmax for all
                networks on the same grid.
            palette: A key of :data:`cactiviz.rendering.colormaps.PALETTES`, for heat maps.
            strength: Opacity of a heat map over the picture, 0..1.
            width: Width of the image in pixels.
            contour: Outline the region of a heat map that holds this share of the evidence, 0..1.

        Raises:
            CactivizError: There is no such scale or palette.
            ValueError: ``strength`` or ``contour`` isn't in 0..1.
        """
        try:
            attribution = self[model, method]
        except (ModelError, MethodError) as error:
            return Cell(None, str(error))
        if isinstance(attribution, FilterGrid):
            image = paint.paint_filters(attribution.kernels, width)
            return Cell(image, paint.filters_caption(attribution.kernels))
        display, vmax = _display_of(attribution), self._vmax(attribution, scale)
        image = paint.paint(
            self.picture,
            attribution.values,
            self.explanations[model].seen,
            display=display,
            vmax=vmax,
            size=paint.cell_size(self.picture.size, width),
            scale=scale,
            palette=palette,
            strength=strength,
            contour=contour,
        )
        words = paint.caption(attribution.values, scale, vmax, display, contour)
        return Cell(image, words, attribution.place)

    def sheet(
        self,
        *,
        scale: paint.Scale = "own",
        palette: str = "inferno",
        strength: float = 0.5,
        cell_width: int = 240,
        contour: float | None = None,
        zoom: float = 1.0,
    ) -> Image.Image:
        """The comparison as one picture: networks as columns, methods as rows.

        ``zoom`` makes all of it larger, the cells too, e.g. for print.
        """
        style: dict[str, Any] = {"scale": scale, "palette": palette, "strength": strength}
        style |= {"width": (cell_width := round(zoom * cell_width)), "contour": contour}
        cells = {place: self.cell(*view, **style) for place, view in self._cells()}
        return draw_sheet(
            self.picture,
            self.columns(),
            self._rows(scale, palette),
            cells,
            cell_width=cell_width,
            remarks=(*self.limits(), NUMBERS),
            heading=self.explained(),
            zoom=zoom,
        )

    def html(
        self,
        *,
        scale: paint.Scale = "own",
        palette: str = "inferno",
        strength: float = 0.5,
        contour: float | None = None,
        follows: bool = False,
    ) -> str:
        """The comparison as a table in HTML, with a slider for the strength of the overlays.

        ``follows`` makes it dark where the reader's system is. Needs nothing from outside.
        """
        style: dict[str, Any] = {"scale": scale, "palette": palette, "contour": contour}
        cells = {place: self._layers(*view, **style) for place, view in self._cells()}
        return page.grid(
            self.picture,
            self.columns(),
            self._rows(scale, palette),
            cells,
            strength=strength,
            follows=follows,
            heading=self.explained(),
        )

    _repr_html_ = html

    def _cells(self) -> Iterator[tuple[tuple[int, int], tuple[str, str]]]:
        """(row, column) and (network, view) of each cell."""
        for column, model in enumerate(self.models):
            yield from (((row, column), (model, view)) for row, view in enumerate(self.methods))

    def to_plotly(self) -> Any:
        """A Plotly figure of all maps in the picture's coordinates, linked, values on hover."""
        panes = [
            [attribution.pane(explanation.title, explanation.seen) for attribution in some]
            for explanation in self.explanations.values()
            if (some := explanation.attributions.values())
        ]
        return figure(self.picture, panes, self.explained())

    def explained(self) -> str:
        """The line that names the explained class; empty if it is each network's top class."""
        return explained_class.line(self._answered())

    def _vmax(self, attribution: Attribution, scale: paint.Scale) -> float:
        """The value that a map is painted with in full colour."""
        shown = [e.values for e in self.attributions() if e.method == attribution.method]
        together = paint.on_one_scale(attribution.values, shown, scale)
        return paint.vmax_of(together, _display_of(attribution), scale)

    def _rows(self, scale: paint.Scale, palette: str) -> list[Row]:
        """Each view's heading, with what the colours of its maps mean."""
        rows = []
        for view in self.methods:
            vmaxes: dict[paint.Display, set[float]] = {}
            for attribution in self.attributions():
                if attribution.method == view and (vmax := self._vmax(attribution, scale)) > 0:
                    vmaxes.setdefault(_display_of(attribution), set()).add(vmax)
            bars = (colour_bar(how, scale, palette, vmaxes[how]) for how in vmaxes)
            rows.append(Row(*describe(view), tuple(bars)))
        return rows

    def _answered(self) -> list[Explanation]:
        return [self.explanations[name] for name in self.models if name in self.explanations]

    def _layers(self, model: str, method: str, **style: Any) -> page.Layers:
        below, above = (
            self.cell(model, method, strength=strength, width=320, **style)
            for strength in (0.0, 1.0)
        )
        if below.image is None or above.image is None:
            return page.Layers(None, None, below.caption)
        alt = f"{describe(method)[0]} of {model}: {below.caption}"
        moves = not np.array_equal(below.image, above.image)
        upper = above.image if moves else None
        return page.Layers(below.image, upper, below.caption, alt, below.place)

    def columns(self) -> list[Column]:
        """Each network's heading and predictions, for a sheet or a page."""
        columns = []
        for model in self.models:
            explanation = self.explanations.get(model)
            if explanation is None:
                columns.append(Column(model, (), self.failures[model]))
            else:
                note, uncovered = "random weights" if explanation.untrained else "", ""
                if model in self.before:
                    best = self.before[model].predictions[0]
                    share = percent(best.probability).replace(" ", "\u00a0")
                    uncovered = f"Without the cover: {best.class_name}, {share}"
                answers = explained_class.answers_beside(explanation)
                if explanation.stranger:
                    answers, note = (), " ".join(filter(None, (note, STRANGER)))
                marks = explained_class.marks(explanation)
                columns.append(Column(explanation.title, answers, note, uncovered, marks))
        return columns

    def limits(self) -> tuple[Remark, ...]:
        """Remarks on the methods' limits, the networks and the picture."""
        return limits(self.picture, self.methods, self._answered())

    def to_json(self) -> dict[str, Any]:
        """Predictions and attributions as plain values for JSON, without the maps."""
        before = {
            model: [vars(answer) for answer in explanation.predictions]
            for model, explanation in self.before.items()
        }
        return {
            "picture": self.picture.to_json(),
            "predictions": {
                model: {
                    "untrained": explanation.untrained,
                    "stranger": explanation.stranger,
                    "top": [vars(answer) for answer in explanation.predictions],
                    **({"remarks": list(explanation.remarks)} if explanation.remarks else {}),
                }
                for model, explanation in self.explanations.items()
            },
            **({"before_cover": before} if before else {}),
            "explanations": [attribution.to_json() for attribution in self.attributions()],
            "failures": [
                *({"model": model, "why": why} for model, why in self.failures.items()),
                *(
                    {"model": model, "method": method, "why": why}
                    for model, explanation in self.explanations.items()
                    for method, why in explanation.failures.items()
                ),
            ],
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All raw arrays by ``model/method``; kernels by ``model/filters``.

        A slash in a network's name is a hyphen there: in a file these are names of files.
        """
        maps: dict[str, NDArray[Any]] = {
            f"{_file_part(e.model)}/{e.method}": e.values for e in self.attributions()
        }
        for model, explanation in self.explanations.items():
            if explanation.filters is not None:
                maps[f"{_file_part(model)}/{FILTERS}"] = explanation.filters.kernels
        return maps

    def save_npz(self, path: str | os.PathLike[str]) -> None:
        """Write :meth:`arrays` as one ``.npz``.

        Raises:
            OutputError: The file can't be written; an old one of that name is left as it was.
        """
        with whole_file(path) as file:
            np.savez_compressed(file, **self.arrays())  # type: ignore[arg-type]


def _display_of(attribution: Attribution) -> paint.Display:
    """How a map is painted: in two colours if a contrast class gives it signs."""
    display: paint.Display = METHODS[method_of(attribution.method)].display
    return "diverging" if display == "overlay" and attribution.kind == "signed" else display


def _file_part(name: str) -> str:
    return name.replace("/", "-").replace("\\", "-")
