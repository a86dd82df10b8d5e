"""Immutable value types shared by all packages. Sizes are (height, width) everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

#: Called with the amount done and the total (None where it isn't known).
Progress = Callable[[int, int | None], None]
#: How a picture is resized to a network's input size.
Resize = Literal["crop", "squash", "squash_crop"]
#: Called with the current stage, the amount done, and the total (None where it isn't known).
Report = Callable[[str, int, int | None], None]


class Cancel(Protocol):
    """Cancellation flag, checked between steps of long work, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """True once the work should stop."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright, opaque, 8-bit RGB picture.

    Attributes:
        rgb: uint8 (H, W, 3), read-only.
        name: Display name, such as the file's name; any text, never trusted as markup.
        source: Origin and licence, for credits; may be empty.
        notes: A sentence for each change made when it was opened, such as scaling it down.
    """

    rgb: NDArray[np.uint8]
    name: str = "picture"
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rgb = self.rgb
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
            raise ValueError(f"rgb must be uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
        frozen = np.ascontiguousarray(rgb)
        if frozen is rgb and rgb.flags.writeable:
            frozen = rgb.copy()
        frozen.flags.writeable = False
        object.__setattr__(self, "rgb", frozen)
        object.__setattr__(self, "_sha256", hashlib.sha256(frozen.tobytes()).hexdigest())

    @property
    def sha256(self) -> str:
        """Hex digest over the pixels (row by row, R, G, B), whatever file they came from."""
        digest: str = self.__dict__["_sha256"]
        return digest

    @property
    def key(self) -> str:
        """What tells the picture from any other: its pixels and their layout.

        A digest alone knows no shape.

        >>> blank = Picture(np.zeros((1, 2, 3), np.uint8)), Picture(np.zeros((2, 1, 3), np.uint8))
        >>> blank[0].sha256 == blank[1].sha256, blank[0].key == blank[1].key
        (True, False)
        """
        return f"{self.sha256} {self.size}"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.rgb.shape[0]), int(self.rgb.shape[1])

    def to_json(self) -> dict[str, object]:
        """Its name, origin, digest and size as plain values."""
        return {
            "name": self.name,
            "source": self.source,
            "sha256": self.sha256,
            "size": list(self.size),
        }


@dataclass(frozen=True)
class Box:
    """A rectangle in the coordinates of a picture, in pixels; edges may fall between pixels."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Preprocessing:
    """Conversion of a picture to a network's input, in training and in explaining.

    Attributes:
        input_size: (height, width) of the network's input in pixels.
        resize: "crop" resizes the shorter side and takes the centre; "squash" takes the whole
            picture and ignores its aspect ratio; "squash_crop" ignores it and takes the centre.
        crop_pct: Share of the resized side that the centre crop keeps (timm's meaning).
        interpolation: "bilinear" or "bicubic", antialiased.
        mean: Mean of each channel of pictures in 0..1, subtracted.
        std: Standard deviation of each channel, divided by after that.
    """

    input_size: tuple[int, int]
    resize: Resize = "crop"
    crop_pct: float = 0.875
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        for name, length in (("input_size", 2), ("mean", 3), ("std", 3)):  # lists are hashable then
            values = tuple(getattr(self, name))
            if len(values) != length or not all(abs(value) < 1e9 for value in values):
                raise ValueError(f"a preprocessing's {name} is {length} numbers, not {values}")
            object.__setattr__(self, name, values)
        if self.resize not in get_args(Resize) or self.interpolation not in ("bilinear", "bicubic"):
            raise ValueError(f"not a usable preprocessing: {self}")
        if min(self.input_size) < 1 or not 0 < self.crop_pct <= 1 or min(self.std) <= 0:
            raise ValueError(f"not a usable preprocessing: {self}")

    def seen(self, height: int, width: int) -> Box:
        """The part of a picture of this size that the network sees.

        >>> Preprocessing((224, 224), crop_pct=0.875).seen(256, 512)
        Box(top=16.0, left=144.0, height=224.0, width=224.0)
        >>> Preprocessing((224, 224), "squash").seen(256, 512)
        Box(top=0, left=0, height=256, width=512)
        """
        if self.resize == "squash":
            return Box(0, 0, height, width)
        if self.resize == "squash_crop":
            left_out = (1 - self.crop_pct) / 2
            kept_height, kept_width = height * self.crop_pct, width * self.crop_pct
            return Box(height * left_out, width * left_out, kept_height, kept_width)
        rows, columns = self.input_size
        scale = min(height / rows, width / columns) * self.crop_pct
        seen_height, seen_width = rows * scale, columns * scale
        return Box((height - seen_height) / 2, (width - seen_width) / 2, seen_height, seen_width)


@dataclass(frozen=True)
class Layer:
    """A layer of a network, from which a feature map is taken.

    Attributes:
        name: Dotted module name, as in ``module.named_modules()``.
        after: "module" for the module's output; "activation" for that of the activation function
            applied next, which need not be a module (DenseNet's last ReLU is a plain call).
    """

    name: str
    after: Literal["module", "activation"] = "module"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"a layer is given by its name, not as {type(self.name).__name__}")
        if self.after not in ("module", "activation"):
            raise ValueError(f"a layer is taken after “module” or “activation”, not “{self.after}”")

    @classmethod
    def parse(cls, text: str) -> Layer:
        """Parse ``NAME`` or ``NAME:activation``, as on the command line.

        >>> Layer.parse("features:activation")
        Layer(name='features', after='activation')
        >>> str(Layer.parse("layer4"))
        'layer4'
        """
        if not isinstance(text, str):
            raise TypeError(f"a layer is written as a text, not as {type(text).__name__}")
        if text.endswith(":activation"):
            return cls(text.removesuffix(":activation"), "activation")
        return cls(text.removesuffix(":module"))

    def __str__(self) -> str:
        return self.name if self.after == "module" else f"{self.name}:activation"


class Neuron(NamedTuple):
    """One value of a layer's feature maps (C, h, w)."""

    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class Target:
    """The class to explain.

    Attributes:
        class_: A class by index or name; None for the network's top class. The score is its logit;
            a one-logit network z has two classes: 0 (explains -z) and 1 (explains +z).
        contrast: Another class whose score is subtracted: "why A and not B"; None for none.
    """

    class_: int | str | None = None
    contrast: int | str | None = None

    def __post_init__(self) -> None:
        for value in (self.class_, self.contrast):
            whole = hasattr(value, "__index__")  # numpy's whole numbers too
            if not (value is None or isinstance(value, str) or whole) or isinstance(value, bool):
                kind = type(value).__name__
                raise TypeError(f"a class is given by its name or its index, not as {kind}")


@dataclass(frozen=True)
class Prediction:
    """A network's prediction for one class.

    Attributes:
        class_index: Counted from 0, as in the network's output.
        class_name: Name of the class, or "class N" where the network has no names.
        logit: The score before softmax or sigmoid; not comparable between networks.
        probability: 0..1, after softmax (sigmoid for one logit).
    """

    class_index: int
    class_name: str
    logit: float
    probability: float


@dataclass(frozen=True, eq=False)
class FilterGrid:
    """Kernels of one convolution and their feature maps; not an attribution of a prediction.

    Attributes:
        layer: The convolution's dotted module name.
        kernels: float32 (K, C, kh, kw), raw weights; C is the number of inputs of each group.
        feature_maps: float32 (K, h, w), the convolution's raw output on one picture, or None.
    """

    layer: str
    kernels: NDArray[np.float32]
    feature_maps: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.kernels.ndim != 4:
            raise ValueError(f"kernels must be (K, C, kh, kw), not {self.kernels.shape}")
        maps = self.feature_maps
        if maps is not None and (maps.ndim != 3 or len(maps) != len(self.kernels)):
            raise ValueError(f"{len(self.kernels)} kernels have no maps {maps.shape}")

    @property
    def by_response(self) -> list[int]:
        """Indices of the kernels by mean magnitude of their feature maps, strongest first.

        Without feature maps, in the network's own order.
        """
        if self.feature_maps is None:
            return list(range(len(self.kernels)))
        strength = np.abs(self.feature_maps).mean(axis=(1, 2))
        return [int(index) for index in np.argsort(-strength, kind="stable")]
