from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.rendering.colormaps import DIVERGING

# Machado, Oliveira, Fernandes 2009, at full severity, for linear red, green, blue.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(rgb: NDArray[np.uint8], eye: str = "normal") -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of what such an eye sees of sRGB colours."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ EYES[eye].T, 0, 1) @ XYZ.T / XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def distance(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(one - two, axis=-1))


def test_the_measure_itself() -> None:
    white, red, green = (np.array(c, np.uint8) for c in ([255] * 3, [255, 0, 0], [0, 128, 0]))
    assert lab(white) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(red) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    # What the check below is there to refuse.
    near = distance(
        lab(np.array([200, 60, 30], np.uint8), "deuteranopia"),
        lab(np.array([110, 110, 30], np.uint8), "deuteranopia"),
    )
    assert near < 20
    assert distance(lab(red), lab(green)) > 100


def test_the_table() -> None:
    assert DIVERGING.shape == (257, 3)
    assert DIVERGING.dtype == np.uint8
    assert not DIVERGING.flags.writeable
    assert len(set(DIVERGING[128].tolist())) == 1 and DIVERGING[128, 0] > 240  # white
    assert DIVERGING[0, 2] > 200 > 20 > DIVERGING[0, 0]  # blue
    assert DIVERGING[256, 0] > 180 > 20 > DIVERGING[256, 2]  # orange


def test_both_sides_have_one_lightness_that_falls_away_from_the_middle() -> None:
    lightness = lab(DIVERGING)[:, 0]
    assert np.abs(lightness - lightness[::-1]).max() < 1
    # Rounding to 8 bits may hide one step, not four.
    assert (lightness[128:-4] > lightness[132:]).all()
    assert (lightness[4:129] > lightness[:125]).all()


@pytest.mark.parametrize("eye", EYES)
def test_the_sides_stay_apart_for_every_eye(eye: str) -> None:
    seen = lab(DIVERGING, eye)
    apart = distance(seen, seen[::-1])
    assert apart[0] > 60  # the ends
    assert (apart[:65] > 45).all()  # from half of the full value on
    assert (apart[:113] > 8).all()  # from an eighth on; 2.3 is just noticeable
    middle = distance(seen, seen[128])
    assert min(middle[0], middle[-1]) > 50


@pytest.mark.parametrize("eye", EYES)
def test_equal_steps_of_the_value_look_alike(eye: str) -> None:
    steps = distance(lab(DIVERGING, eye)[:-8:8], lab(DIVERGING, eye)[8::8])
    assert steps.min() > 1.5 and steps.max() / steps.min() < 6
