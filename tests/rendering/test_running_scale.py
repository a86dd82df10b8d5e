"""What is painted in full colour over many maps: all of them count, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.batch.animation import SharedScale
from cactiviz.batch.collect import PictureSequence
from cactiviz.batch.presets import PictureRef
from cactiviz.batch.store import StoredExplanation
from cactiviz.models import Checkpoint, LoadedModel
from cactiviz.recipes.request import Request
from cactiviz.rendering.scales import Display, RunningScale, Scale, vmax_of
from cactiviz.types import Box, Picture

Floats = NDArray[np.float32]


def gradients(count: int, size: int = 24) -> list[Floats]:
    """Each larger than the one before, so that none of them may be left out."""
    random = np.random.default_rng(3)
    return [
        (1.05**step * 1e-5 * random.laplace(size=(3, size, size))).astype(np.float32)
        for step in range(count)
    ]


def tallied(maps: Sequence[Floats], display: Display, scale: Scale) -> float:
    tally = RunningScale(display, scale)
    for map_ in maps:
        tally.add(map_)
    return tally.vmax


@pytest.mark.parametrize("display", ["magnitude", "signed"])
@pytest.mark.parametrize("scale", ["own", "shared", "evidence"])
@pytest.mark.parametrize("count", [1, 7, 90])
def test_a_tally_of_gradients_is_that_of_all_at_once(
    display: Display, scale: Scale, count: int
) -> None:
    maps = gradients(count)
    found, expected = tallied(maps, display, scale), vmax_of(maps, display, scale)
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("display", ["overlay", "diverging"])
@pytest.mark.parametrize("scale", ["shared", "evidence", "rank"])
def test_a_tally_of_heat_maps_is_exact(display: Display, scale: Scale) -> None:
    maps = [map_[0] for map_ in gradients(9)]
    assert tallied(maps, display, scale) == vmax_of(maps, display, scale)


def test_where_little_differs_from_zero_the_largest_counts() -> None:
    map_ = np.zeros((50, 50), np.float32)
    assert tallied([map_], "magnitude", "shared") == 0 == tallied([], "signed", "shared")
    map_[3, 4] = 0.3
    assert tallied([map_] * 3, "magnitude", "shared") == pytest.approx(0.3)


class Told:
    """Answers that come as they are put here; it counts how often each is asked for."""

    networks: tuple[str | Checkpoint | LoadedModel, ...] = ("one", "two")
    names: tuple[str, ...] = ("one", "two")
    untrained, device = False, "cpu"

    def __init__(self, pictures: int) -> None:
        ref = PictureRef("", "", lambda: Picture(np.zeros((9, 9, 3), np.uint8)))
        self.sequence, self.question, self.done = (
            PictureSequence([ref] * pictures),
            Request(methods=("saliency",)),
            0,
        )
        self.failures: dict[str, str] = {}
        self.maps: dict[tuple[int, int], Floats] = {}
        self.asked: Counter[tuple[int, int]] = Counter()

    def put(self, index: int, place: int, map_: Floats) -> None:
        self.maps[index, place] = map_
        self.done += 1

    def explanations_of(self, index: int, place: int) -> list[StoredExplanation]:
        map_ = self.maps.get((index, place))
        if map_ is None:
            return []
        self.asked[index, place] += 1
        values, kinds = {"saliency": map_}, {"saliency": "signed"}
        return [
            StoredExplanation("", False, "", Box(0, 0, 9, 9), "", 0.5, values=values, kinds=kinds)
        ]


def test_a_shared_scale_of_gradients_takes_all_frames_and_each_once() -> None:
    maps, answers = gradients(160), Told(80)
    for number, map_ in enumerate(maps):
        answers.put(number // 2, number % 2, map_)
    values = SharedScale(answers)
    said = answers.explanations_of(0, 0)[0]
    answers.asked.clear()
    expected = vmax_of(maps, "magnitude", "shared")
    assert expected > 5 * vmax_of(maps[:64], "magnitude", "shared")
    for _ in range(3):
        assert values.of(said, "saliency", "shared") == pytest.approx(expected, rel=1e-3)
    assert set(answers.asked.values()) == {1}
    own = vmax_of([said.values["saliency"]], "magnitude", "own")
    assert values.of(said, "saliency", "own") == own


def test_answers_that_come_later_count_from_then_on() -> None:
    maps, answers = gradients(4), Told(2)
    values = SharedScale(answers)
    for number, map_ in enumerate(maps):
        answers.put(number // 2, number % 2, map_)
        said = answers.explanations_of(0, 0)[0]
        expected = vmax_of(maps[: number + 1], "magnitude", "shared")
        assert values.of(said, "saliency", "shared") == pytest.approx(expected, rel=1e-3)


def test_shares_of_the_evidence_are_held_together_only_on_one_grid() -> None:
    small, large, answers = gradients(1, 12)[0], gradients(1, 24)[0], Told(1)
    answers.put(0, 0, small)
    answers.put(0, 1, large)
    values = SharedScale(answers)
    for place, map_ in enumerate((small, large)):
        expected = vmax_of([map_], "magnitude", "evidence")
        said = answers.explanations_of(0, place)[0]
        assert values.of(said, "saliency", "evidence") == pytest.approx(expected, rel=1e-3)
