"""CactiNet: an EfficientNet-like network for aerial tiles, with one logit for "cactus"."""

from __future__ import annotations

from itertools import pairwise

import torch
from efficientnet_pytorch.utils import Conv2dDynamicSamePadding
from torch import Tensor, nn

_STEM = 32
_HEAD = 1280
#: (output channels, repeats, expansion, kernel, stride) of each stage. The channels are the
#: notebook's 18, 28, 46, 80, 122, 192, 320 rounded to multiples of 8.
_STAGES = (
    (24, 1, 1, 3, 1),
    (32, 2, 6, 3, 2),
    (48, 2, 6, 5, 2),
    (80, 3, 6, 3, 2),
    (120, 3, 6, 5, 1),
    (192, 4, 6, 5, 2),
    (320, 1, 6, 3, 1),
)


def _convolve(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> tuple[nn.Module, nn.Module]:
    """A convolution with "same" padding by input size, and its batch norm."""
    convolution = Conv2dDynamicSamePadding(
        inputs, outputs, kernel, stride=stride, groups=groups, bias=False
    )
    return convolution, nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)


class SqueezeExcite(nn.Module):
    """Weighs channels by what the whole map holds: (B, C, h, w) -> the same."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.swish = nn.SiLU()
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel by a weight in 0..1."""
        pooled = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.expand(self.swish(self.reduce(pooled))))


class MBConv(nn.Module):
    """Inverted bottleneck: expand, depthwise, squeeze-and-excite, project; skip where it fits.

    The expansion is there even at factor 1, and drop-connect is an identity, as in the notebook.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = nn.Sequential(*_convolve(inputs, wide), nn.SiLU())
        self.depthwise = nn.Sequential(*_convolve(wide, wide, kernel, stride, wide), nn.SiLU())
        self.excite = SqueezeExcite(wide, inputs // 4)
        self.project = nn.Sequential(*_convolve(wide, outputs))
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, ceil(h / stride), ceil(w / stride))."""
        y: Tensor = self.project(self.excite(self.depthwise(self.expand(x))))
        return x + y if self.skips else y


class CactiNet(nn.Module):
    """EfficientNet-B0's plan with wider stages; 4,145,101 parameters with one logit.

    Its total stride is 32: ``stages.2`` has an eighth of the input's size, ``head`` a 32nd.
    """

    def __init__(self, logits: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_convolve(3, _STEM, 3, 2), nn.SiLU())
        channels = (_STEM, *(stage[0] for stage in _STAGES))
        stages = []
        for (inputs, outputs), (_, repeats, expansion, kernel, stride) in zip(
            pairwise(channels), _STAGES, strict=True
        ):
            blocks = [MBConv(inputs, outputs, expansion, kernel, stride)]
            blocks += [MBConv(outputs, outputs, expansion, kernel, 1) for _ in range(repeats - 1)]
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(*_convolve(channels[-1], _HEAD), nn.SiLU())
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(_HEAD, logits)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, 1); above 0 means "cactus"."""
        features = self.head(self.stages(self.stem(x)))
        logits: Tensor = self.classifier(self.dropout(features.mean(dim=(2, 3))))
        return logits
