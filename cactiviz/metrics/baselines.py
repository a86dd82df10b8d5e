"""Maps that know nothing of a network: what a useful attribution map has to beat.

Each is a pure function of a size or a picture. A network with random weights, the other baseline
of importance, is :func:`cactiviz.models.load_model` with ``untrained=True``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CENTRE_SD = 0.18  # of a side
_NOISE_SD = 0.1  # of the height


def centre(size: tuple[int, int]) -> NDArray[np.float32]:
    """A Gaussian around the middle: the guess of somebody who knows that pictures are centred.

    Args:
        size: (height, width) of the map.

    Returns:
        float32 (height, width), in 0..1; its standard deviation is 0.18 of each side.

    >>> print(centre((3, 3)).round(2))
    [[0.03 0.18 0.03]
     [0.18 1.   0.18]
     [0.03 0.18 0.03]]
    """
    height, width = size
    y, x = np.mgrid[:height, :width]
    distance = ((y - (height - 1) / 2) / height) ** 2 + ((x - (width - 1) / 2) / width) ** 2
    return np.asarray(np.exp(-distance / (2 * _CENTRE_SD**2)), np.float32)


def smooth_noise(size: tuple[int, int], seed: int) -> NDArray[np.float32]:
    """Uniform noise, blurred to spots of a class activation map's size.

    Args:
        size: (height, width) of the map.
        seed: The same seed gives the same map.

    Returns:
        float32 (height, width), at least 0 with minimum 0; the blur's standard deviation is a
        tenth of the height.
    """
    noise = np.random.default_rng(seed).random(size).astype(np.float32)
    spots = np.asarray(cv2.GaussianBlur(noise, (0, 0), size[0] * _NOISE_SD), np.float32)
    return np.asarray(spots - spots.min(), np.float32)


def edges(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Strength of a picture's edges: the magnitude of the Sobel gradient of its brightness.

    Args:
        rgb: uint8 (H, W, 3).

    Returns:
        float32 (H, W), at least 0, in levels of brightness (ITU-R BT.601, 0..255) per pixel times
        8, the sum of the operator's weights. At the border the picture is mirrored.

    >>> step = np.zeros((3, 4, 3), np.uint8)
    >>> step[:, 2:] = 10
    >>> edges(step).tolist()[1]
    [0.0, 40.0, 40.0, 0.0]
    """
    grey = (rgb @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.hypot(across, down), np.float32)
