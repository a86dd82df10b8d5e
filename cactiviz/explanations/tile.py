"""Answers tile by tile over a large picture, which is never shrunk to a network's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from cactiviz.engine import class_pass
from cactiviz.engine.device import exact_float32
from cactiviz.errors import Cancelled, ModelError, PictureError, TargetError
from cactiviz.explanations import arguments
from cactiviz.explanations.caveats import UNTRAINED
from cactiviz.explanations.target import find_class
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import normalise, resize
from cactiviz.pictures.open import MAX_MEGAPIXELS, Source, open_picture
from cactiviz.rendering.figures.tiles import TileFigure, draw_tiles, paint_tiles
from cactiviz.types import Box, Cancel, Picture, Progress

_BATCH = 128
_MOST = 250_000  # tiles
#: A tile shows the class from this probability on.
LINE = 0.5


@dataclass(frozen=True, eq=False)
class TileAnswers:
    """A network's answers to all tiles of a picture.

    Attributes:
        picture: The picture.
        model: The network's name.
        title: Display name of the network; includes "untrained" where it is.
        class_index: The class that was looked for.
        class_name: Name of that class.
        side: Side of a tile in pixels of the picture.
        stride: Pixels from one tile to the next; the last ones end at the picture's edges.
        tops: Top edge of each row of tiles in pixels.
        lefts: Left edge of each column of tiles in pixels.
        probabilities: float64 (rows, columns), of the class, 0..1; strangers have one too, which
            means nothing.
        strangers: bool (rows, columns), tiles unlike all that the network learnt from.
        notes: Sentences to show beside the map.
    """

    picture: Picture
    model: str
    title: str
    class_index: int
    class_name: str
    side: int
    stride: int
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    probabilities: NDArray[np.float64]
    strangers: NDArray[np.bool_]
    notes: tuple[str, ...] = ()

    @property
    def shows(self) -> NDArray[np.bool_]:
        """The tiles that show the class, bool (rows, columns); strangers never do."""
        return np.asarray((self.probabilities >= LINE) & ~self.strangers)

    @property
    def count(self) -> int:
        """Number of tiles that show the class."""
        return int(self.shows.sum())

    @property
    def groups(self) -> tuple[Box, ...]:
        """The regions of :meth:`map` from 0.5 on, in reading order, each as the box around it.

        What touches, also at a corner, is one group: a plant on the edge of two tiles is one, and
        plants that stand close are one too.
        """
        rows, columns, share = self._cells()
        likely = (share >= LINE).astype(np.uint8)  # of nan: False
        count, places = cv2.connectedComponents(likely, connectivity=8)
        boxes = []
        for group in range(1, count):
            down, right = np.nonzero(places == group)
            top, left = rows[down.min()], columns[right.min()]
            bottom, end = rows[down.max() + 1], columns[right.max() + 1]
            boxes.append(Box(int(top), int(left), int(bottom - top), int(end - left)))
        return tuple(boxes)

    @property
    def summary(self) -> str:
        """What was found, as a sentence."""
        where = "nowhere"
        if self.count:
            number = len(self.groups)
            where = f"in {self.count}, which make {number} group{'s' * (number != 1)}"
        odd = int(self.strangers.sum())
        strange = f" {odd} aren't desert, and don't count." if odd else ""
        return f"{self.strangers.size} tiles: {self.class_name} {where}.{strange}"

    def map(self) -> NDArray[np.float32]:
        """The mean probability of the tiles over each pixel, float32 (H, W); nan for strangers."""
        rows, columns, share = self._cells()
        down = np.repeat(share, np.diff(rows), axis=0)
        return np.repeat(down, np.diff(columns), axis=1)

    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Edges of rows and of columns in pixels, and the map between them, one value a cell."""
        tops, lefts = np.array(self.tops), np.array(self.lefts)
        rows = np.unique([*tops, *(tops + self.side)])
        columns = np.unique([*lefts, *(lefts + self.side)])
        # (cells, tiles): whether a tile covers a cell, along either axis
        down = ((rows[:-1, None] >= tops) & (rows[:-1, None] < tops + self.side)).astype(float)
        right = (columns[:-1, None] >= lefts) & (columns[:-1, None] < lefts + self.side)
        covers = down @ (~self.strangers).astype(float) @ right.T.astype(float)
        total = down @ np.where(self.strangers, 0, self.probabilities) @ right.T.astype(float)
        with np.errstate(invalid="ignore"):
            share = np.where(covers > 0, total / covers, np.nan)
        return rows, columns, share.astype(np.float32)

    def image(self, width: int = 1200, strength: float = 0.55) -> NDArray[np.uint8]:
        """The map over the picture, groups outlined: uint8 (h, w, 3).

        Args:
            width: Its width in pixels, at most.
            strength: Opacity of the colours, 0..1.
        """
        return paint_tiles(self.picture, self.map(), LINE, width=width, strength=strength)

    def figure(self, width: int = 1200, strength: float = 0.55) -> Image.Image:
        """The map over the picture, groups outlined, with a legend: an RGB image.

        Args:
            width: Width of the picture in it, in pixels, at most.
            strength: Opacity of the colours, 0..1.
        """
        shown = TileFigure(
            title=f"{self.title}: {self.class_name}?",
            summary=self.summary,
            notes=self.notes,
            class_name=self.class_name,
            share=self.map(),
            line=LINE,
        )
        return draw_tiles(self.picture, shown, width=width, strength=strength)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "picture": self.picture.to_json(),
            "model": self.model,
            "class_index": self.class_index,
            "class_name": self.class_name,
            "side": self.side,
            "stride": self.stride,
            "tiles": int(self.strangers.size),
            "count": self.count,
            "groups": [vars(box) for box in self.groups],
            "strangers": int(self.strangers.sum()),
            "tops": list(self.tops),
            "lefts": list(self.lefts),
            "probabilities": [[round(float(p), 6) for p in row] for row in self.probabilities],
            "is_stranger": self.strangers.tolist(),
            "notes": list(self.notes),
        }


def tile(
    picture: Source,
    model: LoadedModel,
    *,
    side: int | None = None,
    stride: int | None = None,
    target: int | str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> TileAnswers:
    """Ask a network for each tile of a picture, at the size that it learnt from.

    Args:
        picture: As :func:`~cactiviz.pictures.open.open_picture` takes it; made smaller only if it
            has more pixels than can be opened.
        model: A loaded network; other threads may use it at the same time.
        side: Side of a tile in pixels of the picture; None for that of the training pictures.
        stride: Pixels from one tile to the next; None for ``side``, so that tiles don't overlap.
        target: A class by index or name; None for the second of two classes, such as "cactus".
        progress: Called with the tiles done and the total.
        cancel: Checked between batches.

    Raises:
        PictureError: The picture can't be read, or is smaller than a tile, or has too many.
        ModelError: The network isn't loaded, or ``side`` or ``stride`` can't be.
        TargetError: There is no such class, or no class is named for a network of more than two.
        Cancelled: ``cancel`` was set.
    """
    model = arguments.loaded(model)
    spec, known = model.spec, model.familiarity
    index = find_class(spec, target)
    if index is None and spec.logits > 2:
        raise TargetError(f"Say which class to look for: {spec.title} has {spec.logits}.")
    index = 1 if index is None else index
    if not isinstance(picture, Picture):
        picture = open_picture(picture, keep_megapixels=MAX_MEGAPIXELS)
    side = side or (known.side if known is not None else min(spec.preprocessing.input_size))
    stride = stride or side
    if side < 1 or not 1 <= stride <= side:
        raise ModelError(f"Tiles are 1 pixel wide or more, and 1 to {side} pixels apart.")
    height, width = picture.size
    if min(height, width) < side:
        raise PictureError(f"The picture is smaller than one tile of {side} x {side} pixels.")
    tops, lefts = _starts(height, side, stride), _starts(width, side, stride)
    places = [(top, left) for top in tops for left in lefts]
    if len(places) > _MOST:
        raise PictureError(
            f"The picture has {len(places):,} tiles, more than {_MOST:,}; choose a longer stride."
        )
    shares: list[NDArray[np.float64]] = []
    odd: list[NDArray[np.bool_]] = []
    for start in range(0, len(places), _BATCH):
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped before all tiles were asked for.")
        some = places[start : start + _BATCH]
        inputs = _inputs(model, picture, some, side)
        with torch.no_grad(), exact_float32(model.device):
            logits = model.module(inputs)
            strange = known.strangers(model.module, inputs) if known is not None else None
        shares.append(class_pass.probabilities(logits.double())[:, index].cpu().numpy())
        odd.append(np.zeros(len(some), np.bool_) if strange is None else strange)
        if progress is not None:
            progress(start + len(some), len(places))
    grid = (len(tops), len(lefts))
    return TileAnswers(
        picture=picture,
        model=model.name,
        title=model.title,
        class_index=index,
        class_name=spec.class_name(index),
        side=side,
        stride=stride,
        tops=tops,
        lefts=lefts,
        probabilities=np.concatenate(shares).reshape(grid),
        strangers=np.concatenate(odd).reshape(grid),
        notes=(*picture.notes, *((UNTRAINED,) if model.untrained else ()), *model.remarks),
    )


def _inputs(
    model: LoadedModel, picture: Picture, places: Sequence[tuple[int, int]], side: int
) -> torch.Tensor:
    """Tiles as the network takes them: (B, 3, H, W), on its device and in its dtype."""
    preprocessing = model.spec.preprocessing
    tiles = [
        resize(Picture(picture.rgb[top : top + side, left : left + side]), preprocessing)
        for top, left in places
    ]
    x = normalise(torch.stack(tiles), preprocessing)
    return x.to(device=model.device, dtype=model.dtype)


def _starts(length: int, side: int, stride: int) -> tuple[int, ...]:
    """Where tiles begin along an axis, so that they cover all of it.

    >>> _starts(64, 32, 32), _starts(70, 32, 16)
    ((0, 32), (0, 16, 32, 38))
    """
    starts = list(range(0, length - side + 1, stride))
    return tuple(starts if starts[-1] == length - side else [*starts, length - side])
