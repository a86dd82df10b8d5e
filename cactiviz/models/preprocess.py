"""Converts pictures to network inputs, as the published weights were evaluated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cactiviz.models.spec import LoadedModel
from cactiviz.types import Box, Picture, Preprocessing


def preprocess(picture: Picture, preprocessing: Preprocessing) -> Tensor:
    """Resize, crop and normalise: float32 (1, 3, H, W) on the CPU, H and W of the input size.

    The centre crop equals torchvision's published transform for square inputs, bit for bit; it is
    done here since importing torchvision takes seconds.
    """
    return normalise(resize(picture, preprocessing)[None], preprocessing)


def inputs_of(
    model: LoadedModel, picture: Picture, resizing: Literal["crop", "squash"] | None = None
) -> tuple[Tensor, Box]:
    """A network's input (1, 3, H, W) on its device, and the part of the picture that it shows.

    Args:
        model: A loaded network.
        picture: The picture.
        resizing: "crop" or "squash" instead of the network's own preprocessing.
    """
    own = model.spec.preprocessing
    preprocessing = replace(own, resize=resizing) if resizing else own
    inputs = preprocess(picture, preprocessing).to(device=model.device, dtype=model.dtype)
    return inputs, preprocessing.seen(*picture.size)


def resize(picture: Picture, preprocessing: Preprocessing) -> Tensor:
    """Resize and crop: uint8 (3, H, W) on the CPU, H and W of the input size."""
    size = preprocessing.input_size
    bicubic = preprocessing.interpolation == "bicubic"
    mode = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
    image = Image.fromarray(picture.rgb)
    shorter_side = min(picture.size)
    if max(picture.size) > 16 * shorter_side and preprocessing.resize == "crop":
        # resized whole, a strip would fill the memory
        height, width = (min(side, 8 * shorter_side) for side in picture.size)
        image = _center_crop(image, height, width)
    if preprocessing.resize == "squash":
        height, width = size
    elif preprocessing.resize == "squash_crop":
        height, width = (math.floor(side / preprocessing.crop_pct + 1e-6) for side in size)
    else:
        shorter = math.floor(min(size) / preprocessing.crop_pct + 1e-6)
        longer = int(shorter * max(image.size) / min(image.size))
        height, width = (longer, shorter) if image.height > image.width else (shorter, longer)
    if image.size != (width, height):
        image = image.resize((width, height), mode)
    image = _center_crop(image, *size)
    return torch.from_numpy(np.array(image).transpose(2, 0, 1).copy())


def _center_crop(image: Image.Image, height: int, width: int) -> Image.Image:
    """The middle of a picture; where it is smaller there is black around it."""
    left, top = (
        round((whole - part) / 2) if whole >= part else -((part - whole) // 2)
        for whole, part in zip(image.size, (width, height), strict=True)
    )
    return image.crop((left, top, left + width, top + height))


def normalise(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """From uint8 (B, 3, H, W) to float32 of the same shape and on the same device."""
    x = pixels.to(torch.float32).div_(255)
    mean = torch.tensor(preprocessing.mean, device=x.device)[:, None, None]
    std = torch.tensor(preprocessing.std, device=x.device)[:, None, None]
    return x.sub_(mean).div_(std)
