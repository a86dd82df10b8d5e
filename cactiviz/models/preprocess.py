"""Converts pictures to network inputs, as the published weights were evaluated."""

from __future__ import annotations

import math

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as transform

from cactiviz.types import Picture, Preprocessing


def preprocess(picture: Picture, preprocessing: Preprocessing) -> Tensor:
    """Resize, crop and normalise: float32 (1, 3, H, W) on the CPU, H and W of the input size.

    The centre crop equals torchvision's published transform for square inputs, bit for bit.
    """
    return normalise(resize(picture, preprocessing)[None], preprocessing)


def resize(picture: Picture, preprocessing: Preprocessing) -> Tensor:
    """Resize and crop: uint8 (3, H, W) on the CPU, H and W of the input size."""
    size = list(preprocessing.input_size)
    mode = InterpolationMode(preprocessing.interpolation)
    image = Image.fromarray(picture.rgb)
    shorter_side = min(picture.size)
    if max(picture.size) > 16 * shorter_side and preprocessing.resize == "crop":
        # resized whole, a strip would fill the memory
        image = transform.center_crop(image, [min(n, 8 * shorter_side) for n in picture.size])
    if preprocessing.resize == "squash":
        image = transform.resize(image, size, interpolation=mode)
    elif preprocessing.resize == "squash_crop":
        larger = [math.floor(side / preprocessing.crop_pct + 1e-6) for side in size]
        image = transform.center_crop(transform.resize(image, larger, interpolation=mode), size)
    else:
        shorter = math.floor(min(size) / preprocessing.crop_pct + 1e-6)
        image = transform.resize(image, [shorter], interpolation=mode)
        image = transform.center_crop(image, size)
    pixels: Tensor = transform.pil_to_tensor(image)
    return pixels


def normalise(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """From uint8 (B, 3, H, W) to float32 of the same shape and on the same device."""
    x = pixels.to(torch.float32).div_(255)
    normal: Tensor = transform.normalize(x, list(preprocessing.mean), list(preprocessing.std))
    return normal
