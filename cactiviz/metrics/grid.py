"""Maps of any resolution on the grid of one picture, where metrics read them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz.metrics.agreement import sizes
from cactiviz.rendering.scales import Floats


def on_grid(values: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """A raw map at a picture's size, as it is painted over it.

    Args:
        values: A raw heat map (h, w), with its sign, or a gradient (3, H, W), of which the channel
            maximum of the magnitudes is taken.
        size: (height, width) of the picture that the network was given.

    Returns:
        float32 (height, width), interpolated bilinearly; negative where a heat map is.

    >>> on_grid(np.array([[0.0, 4.0]]), (1, 4)).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    >>> on_grid(np.array([[[1.0]], [[-3.0]], [[2.0]]]), (1, 1)).tolist()
    [[3.0]]
    """
    shown = np.ascontiguousarray(sizes(values), np.float32)
    enlarged = cv2.resize(shown, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32)
