"""Colormaps: tables from a share of vmax to red, green, blue."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
#: Lookup tables by name: uint8 (256, 3), red, green, blue; read-only.
PALETTES: dict[str, NDArray[np.uint8]] = {
    name: np.asarray(cv2.applyColorMap(_RAMP, getattr(cv2, f"COLORMAP_{name.upper()}"))[:, 0, ::-1])
    for name in ("inferno", "viridis", "magma", "cividis", "turbo")
}
PALETTES["gray"] = _RAMP[:, 0]

# CIE lightness, chroma and hue (degrees). Both sides have one lightness, so that neither looks
# stronger; the hues differ in what every kind of colour vision tells apart, blue from yellow.
_MIDDLE = (97.0, 0.0, 0.0)
_AGAINST = ((73.0, 38.0, 262.0), (48.0, 58.0, 280.0))  # at half of the full value, and at all of it
_FOR = ((73.0, 62.0, 70.0), (48.0, 73.0, 55.0))
_STEPS = 128  # on either side of the middle


def _lab(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    lightness, chroma, hue = colour
    return lightness, chroma * np.cos(np.deg2rad(hue)), chroma * np.sin(np.deg2rad(hue))


def _diverging() -> NDArray[np.uint8]:
    half, full = _AGAINST
    anchors = np.array([_lab(colour) for colour in (full, half, _MIDDLE, *_FOR)])
    at, wanted = np.linspace(-1, 1, len(anchors)), np.linspace(-1, 1, 2 * _STEPS + 1)
    lab = np.stack([np.interp(wanted, at, channel) for channel in anchors.T], axis=-1)
    rgb = cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_Lab2RGB)[0]
    return np.asarray(np.rint(255 * rgb), np.uint8)


#: Blue (against), white (0, at index 128), orange (for): uint8 (257, 3); read-only.
DIVERGING = _diverging()

for _table in (*PALETTES.values(), DIVERGING):
    _table.flags.writeable = False
