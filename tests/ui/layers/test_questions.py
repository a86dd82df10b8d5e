"""What Filters and Neurons keep their results by: two pictures never share one."""

from __future__ import annotations

import numpy as np
import pytest

from cactiviz.types import Picture
from cactiviz.ui.address.layers import NeuronsLink
from cactiviz.ui.layers import columns, filters, neurons
from cactiviz.ui.sidebar.choice import Choice


@pytest.fixture
def blanks() -> tuple[Choice, Choice]:
    """Two pictures of the same bytes."""
    shapes = ((100, 200, 3), (200, 100, 3))
    wide, tall = (Picture(np.full(shape, 255, np.uint8)) for shape in shapes)
    assert wide.sha256 == tall.sha256
    return Choice(wide, ("cactinet",), ()), Choice(tall, ("cactinet",), ())


def test_blank_pictures_of_two_shapes_are_two_questions(blanks: tuple[Choice, Choice]) -> None:
    wide, tall = blanks
    assert filters._job(wide, "cactinet")[0] != filters._job(tall, "cactinet")[0]
    wanted = NeuronsLink("guided_backprop", seed=1)
    first, second = (neurons._job(choice, wanted, "cactinet")[0] for choice in blanks)
    assert first != second


def test_blank_pictures_of_two_shapes_are_two_images(blanks: tuple[Choice, Choice]) -> None:
    first, second = (columns.images(choice, {}) for choice in blanks)
    assert first[columns.PICTURE] != second[columns.PICTURE]
