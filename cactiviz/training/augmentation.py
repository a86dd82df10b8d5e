"""Changes of training tiles that leave their label: shifts, light, blur, grain, JPEG.

The tiles of a data set share one camera, one light and one compression, and show their object in
the middle. Without these changes a network learns that, and takes the grain of another camera for
its object.
"""

from __future__ import annotations

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

#: Share of a tile's side by which it is shifted at most, along each axis.
SHIFT = 0.375
#: Standard deviation of the grain at most, in levels of 255.
GRAIN = 12.0
#: Standard deviation of the blur at most, as a share of a tile's side.
BLUR = 0.02
#: Brightness and contrast change by this factor, up or down, at most; a channel by a third of it.
LIGHT = 0.3
#: The lowest JPEG quality; the highest is 95.
QUALITY = 30
#: Share of the tiles that each change is made to.
CHANCES = {"shift": 0.7, "light": 0.5, "blur": 0.3, "grain": 0.5, "jpeg": 0.3}


def augmented(pixels: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Each tile with changes of its own, chosen by chance.

    In the order in which they come about: what stands in view, its light, the lens, the sensor,
    the file.

    Args:
        pixels: uint8 (B, 3, S, S).
        strength: Scales the range of every change; 0 changes nothing.
        generator: All chance comes from it, whatever the tiles hold.

    Returns:
        uint8, of the same shape; ``pixels`` is left alone.
    """
    count = len(pixels)
    changed = {
        name: torch.rand(count, generator=generator) < chance for name, chance in CHANCES.items()
    }
    offsets = torch.rand(count, 2, generator=generator) * 2 - 1
    tones = torch.rand(count, 5, generator=generator) * 2 - 1
    softness = torch.rand(count, generator=generator)
    levels = torch.rand(count, generator=generator) * (GRAIN * strength)
    coarse = torch.rand(count, generator=generator) < 0.5
    qualities = torch.rand(count, generator=generator)
    noise = torch.randn(pixels.shape, generator=generator)
    if strength == 0:
        return pixels.clone()

    side = pixels.shape[-1]
    steps = (offsets * (SHIFT * strength * side)).round().long().clamp(1 - side, side - 1)
    steps[~changed["shift"]] = 0
    x = shifted(pixels, steps).float()
    rows = changed["light"]
    x[rows] = lit(x[rows], tones[rows] * (LIGHT * strength))
    rows = changed["blur"]
    x[rows] = blurred(x[rows], softness[rows] * (BLUR * strength * side))
    # A tile is often enlarged to the network's input: its own pixels' grain is coarser then.
    rows = changed["grain"] & coarse
    noise[rows] = F.interpolate(noise[rows][:, :, ::2, ::2], size=(side, side), mode="bilinear")
    rows = changed["grain"]
    x[rows] += noise[rows] * levels[rows, None, None, None]
    grained = x.round().clamp(0, 255).to(torch.uint8)
    lowest = 95 - min(1.0, strength) * (95 - QUALITY)
    for row in changed["jpeg"].nonzero()[:, 0].tolist():
        quality = round(lowest + float(qualities[row]) * (95 - lowest))
        grained[row] = compressed(grained[row], quality)
    return grained


def shifted(pixels: Tensor, steps: Tensor) -> Tensor:
    """Each tile moved by its own whole number of pixels, what comes into view mirrored.

    Args:
        pixels: (B, C, H, W).
        steps: Whole numbers (B, 2), down and to the right; less than a side.

    >>> shifted(torch.tensor([[[[1, 2, 3, 4]]]]), torch.tensor([[0, 1]])).tolist()
    [[[[2, 1, 2, 3]]]]
    """
    count, channels, height, width = pixels.shape
    rows = _mirrored(torch.arange(height)[None] - steps[:, :1], height)
    columns = _mirrored(torch.arange(width)[None] - steps[:, 1:], width)
    each = torch.arange(count)[:, None, None, None]
    channel = torch.arange(channels)[None, :, None, None]
    return pixels[each, channel, rows[:, None, :, None], columns[:, None, None, :]]


def _mirrored(places: Tensor, length: int) -> Tensor:
    """Indices beyond the edges reflected, without doubling the edge itself."""
    places = places.abs()
    return torch.where(places >= length, 2 * (length - 1) - places, places)


def lit(pixels: Tensor, tones: Tensor) -> Tensor:
    """Each tile under another light, with another contrast and another white.

    Args:
        pixels: float (B, 3, H, W), 0..255.
        tones: (B, 5): change of brightness, of contrast, and of the three channels; 0 leaves a tile
            as it is, and a value v makes a factor of exp(v), for the channels of exp(v / 3).
    """
    factors = tones.exp()[:, :, None, None]
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    contrasted = (pixels - mean) * factors[:, 1:2] + mean
    return contrasted * factors[:, :1] * factors[:, 2:] ** (1 / 3)


def blurred(pixels: Tensor, sigmas: Tensor) -> Tensor:
    """Each tile under a Gaussian blur of its own, edges mirrored.

    Args:
        pixels: float (B, C, H, W).
        sigmas: (B,), standard deviations in pixels; 0 leaves a tile as it is.
    """
    if not len(pixels):
        return pixels
    reach = min(pixels.shape[-1] - 1, max(1, round(3 * float(sigmas.max()))))
    places = torch.arange(-reach, reach + 1, dtype=pixels.dtype)
    kernels = torch.exp(-0.5 * (places / sigmas.clamp(min=1e-3)[:, None]) ** 2)
    kernels = kernels / kernels.sum(dim=1, keepdim=True)
    count, channels, height, width = pixels.shape
    x = pixels.reshape(1, count * channels, height, width)
    weights = kernels.repeat_interleave(channels, dim=0)[:, None]
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), "reflect"), weights[:, :, None], groups=len(x[0]))
    x = F.conv2d(F.pad(x, (0, 0, reach, reach), "reflect"), weights[..., None], groups=len(x[0]))
    return x.reshape(pixels.shape)


def compressed(pixels: Tensor, quality: int) -> Tensor:
    """A tile, uint8 (3, H, W), as a JPEG file of this quality keeps it."""
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    opened = np.array(Image.open(file))
    return torch.from_numpy(opened).permute(2, 0, 1)
