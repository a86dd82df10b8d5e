"""Receptive fields against brute force: which pixels of the input change the neuron."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cactiviz.engine.class_pass import run
from cactiviz.engine.neuron_pass import layer_size
from cactiviz.engine.receptive_field import bounding_box, layer_with_parts, receptive_fields
from cactiviz.errors import LayerError
from cactiviz.models import get_spec, load_model
from cactiviz.models.skeleton import build_empty
from cactiviz.types import Box, Layer, Neuron, Preprocessing
from tests.fixtures.sampling import long
from tests.methods.test_references import frozen_copy

Mask = NDArray[np.bool_]


def receptive_field(
    network: nn.Module, shape: tuple[int, int, int], layer: Layer, neuron: Neuron
) -> Mask:
    return receptive_fields(network, shape, layer, [neuron])[0]


def empty(name: str) -> nn.Module:
    """A network of the table that has no numbers: a field needs none."""
    spec = get_spec(name)
    return build_empty(spec.build, spec.logits).eval()


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """In eval mode and float64, with weights by seed that keep the activations' size."""
    generator = torch.Generator().manual_seed(seed)
    network = network.double().eval()
    for parameter in network.parameters():
        size = parameter[0].numel() ** 0.5 if parameter.ndim > 1 else 10
        values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data.copy_(values / size)
    return network


# -- brute force ----------------------------------------------------------------------------------


class Probe:
    """Finds whether a neuron changes when some of the pixels do.

    Each question is asked of several pictures of noise, with much larger noise at the pixels: where
    a ReLU or a maximum hides a change, the next picture shows it.
    """

    def __init__(
        self,
        part: nn.Module,
        shape: tuple[int, int],
        neuron: Neuron,
        tries: int = 3,
        batch: int = 32,
    ) -> None:
        self.part, self.shape, self.neuron = part, shape, neuron
        self.tries, self.batch = tries, batch

    def changes(self, regions: list[Mask]) -> list[bool]:
        found = [False] * len(regions)
        generator = torch.Generator().manual_seed(17)
        for _ in range(self.tries):
            picture = torch.randn(3, *self.shape, generator=generator, dtype=torch.float64)
            noise = 30 * torch.randn(3, *self.shape, generator=generator, dtype=torch.float64)
            left = [index for index, known in enumerate(found) if not known]
            before = self._value(picture[None])[0]
            for start in range(0, len(left), self.batch):
                some = left[start : start + self.batch]
                masks = torch.from_numpy(np.stack([regions[index] for index in some]))
                values = self._value(torch.where(masks[:, None], noise, picture))
                for index, value in zip(some, values, strict=True):
                    found[index] |= value != before
        return found

    def _value(self, x: Tensor) -> list[float]:
        with torch.no_grad():
            return self.part(x)[(slice(None), *self.neuron)].tolist()

    def rows(self, rows: Iterable[int]) -> list[bool]:
        return self.changes([self._region(row, slice(None)) for row in rows])

    def columns(self, columns: Iterable[int]) -> list[bool]:
        return self.changes([self._region(slice(None), column) for column in columns])

    def pixels(self, pixels: Iterable[tuple[int, int]]) -> list[bool]:
        return self.changes([self._region(*pixel) for pixel in pixels])

    def field(self) -> Mask:
        """Every pixel asked by itself."""
        every = list(np.ndindex(*self.shape))
        return np.array(self.pixels(every)).reshape(self.shape)

    def _region(self, row: int | slice, column: int | slice) -> Mask:
        mask = np.zeros(self.shape, bool)
        mask[row, column] = True
        return mask


def at_the_edges(inside: NDArray[np.bool_], around: int, every: int) -> list[int]:
    """Where a field begins and ends, a few lines on both sides, and lines all over."""
    (where,) = np.nonzero(inside)
    near = [edge + step for edge in (where[0], where[-1]) for step in range(-around, around + 1)]
    return sorted({i for i in [*near, *range(0, len(inside), every)] if 0 <= i < len(inside)})


def assert_as_brute_force_finds(probe: Probe, field: Mask, around: int, every: int) -> None:
    """Rows and columns at the field's edges and all over, and single pixels at its corners."""
    assert field.shape == probe.shape and field.dtype == np.bool_
    for axis, ask in ((1, probe.rows), (0, probe.columns)):
        inside = field.any(axis=axis)
        lines = at_the_edges(inside, around, every)
        assert ask(lines) == [bool(inside[line]) for line in lines], lines
    rows, columns = (np.flatnonzero(field.any(axis=axis)) for axis in (1, 0))
    middle = (int(rows[len(rows) // 2]), int(columns[len(columns) // 2]))
    outside = [
        (int(rows[0]) - 1, middle[1]),
        (int(rows[-1]) + 1, middle[1]),
        (middle[0], int(columns[0]) - 1),
        (middle[0], int(columns[-1]) + 1),
        (0, 0),
        (field.shape[0] - 1, field.shape[1] - 1),
    ]
    pixels = [middle, *(p for p in outside if p[0] < field.shape[0] and p[1] < field.shape[1])]
    pixels = [p for p in pixels if min(p) >= 0]
    assert probe.pixels(pixels) == [bool(field[pixel]) for pixel in pixels], pixels


# -- AlexNet --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alexnet() -> nn.Module:
    return load_model("alexnet", untrained=True, dtype=torch.float64, device="cpu").module


@pytest.mark.parametrize(
    ("layer", "neuron", "around", "every"),
    [
        pytest.param(0, Neuron(5, 27, 20), 2, 32, marks=long),
        pytest.param(0, Neuron(63, 0, 54), 2, 32, marks=long),
        pytest.param(3, Neuron(9, 13, 8), 1, 64, marks=long),
        (3, Neuron(100, 26, 0), 1, 64),
        (10, Neuron(200, 0, 12), 1, 120),  # at a border
    ],
)
def test_alexnets_fields_are_what_brute_force_finds(
    alexnet: nn.Module, layer: int, neuron: Neuron, around: int, every: int
) -> None:
    field = receptive_field(alexnet, (3, 224, 224), Layer(f"features.{layer}"), neuron)
    part = frozen_copy(alexnet).features[: layer + 1]
    probe = Probe(part, (224, 224), neuron, tries=2, batch=8)
    assert_as_brute_force_finds(probe, field, around, every)


@pytest.mark.parametrize(
    ("name", "layer", "neuron", "size"),
    [
        ("alexnet", "features.0", Neuron(0, 20, 30), 11),
        ("alexnet", "features.1", Neuron(0, 20, 30), 11),
        ("alexnet", "features.3", Neuron(0, 13, 13), 51),
        ("alexnet", "features.6", Neuron(0, 6, 6), 99),
        ("alexnet", "features.8", Neuron(0, 6, 6), 131),
        ("alexnet", "features.10", Neuron(0, 6, 6), 163),
        ("resnet50", "conv1", Neuron(0, 50, 50), 7),
        pytest.param("resnet50", "maxpool", Neuron(0, 28, 28), 11, marks=long),
        pytest.param("resnet50", "layer1", Neuron(0, 28, 28), 35, marks=long),
        ("resnet50", "layer2", Neuron(0, 14, 14), 91),
    ],
)
def test_fields_have_the_sizes_that_are_known(
    name: str, layer: str, neuron: Neuron, size: int
) -> None:
    """11, 51, 99, 131, 163: each kernel adds its size less one times the stride so far."""
    field = receptive_field(empty(name), (3, 224, 224), Layer(layer), neuron)
    rows, columns = field.any(axis=1), field.any(axis=0)
    assert (int(rows.sum()), int(columns.sum())) == (size, size)
    assert int(field.sum()) == size * size, "a full square"


def test_where_alexnets_first_fields_lie() -> None:
    """Stride 4, padding 2: row i sees 4 i - 2 up to 4 i + 8, as far as there is a picture."""
    network = empty("alexnet")
    for row, column in ((0, 0), (1, 54), (30, 7)):
        field = receptive_field(network, (3, 224, 224), Layer("features.0"), Neuron(3, row, column))
        expected = np.zeros((224, 224), bool)
        expected[max(0, 4 * row - 2) : 4 * row + 9, max(0, 4 * column - 2) : 4 * column + 9] = True
        assert (field == expected).all()


# -- CactiNet -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cactinet() -> nn.Module:
    return load_model("cactinet", untrained=True, dtype=torch.float64, device="cpu").module


class UpTo(nn.Module):
    """CactiNet up to one of its first layers."""

    def __init__(self, network: nn.Module, layer: str) -> None:
        super().__init__()
        block = network.stages[0][0]
        parts = {
            "stem": [network.stem],
            "stages.0.0.depthwise": [network.stem, block.expand, block.depthwise],
            "stages.0": [network.stem, network.stages[0]],
            "stages.1": [network.stem, network.stages[:2]],
        }
        self.steps = nn.Sequential(*parts[layer])

    def forward(self, x: Tensor) -> Tensor:
        return self.steps(x)


@pytest.mark.parametrize("layer", ["stem", "stages.0.0.depthwise"])
@pytest.mark.parametrize("neuron", [Neuron(4, 15, 9), Neuron(31, 0, 31), Neuron(0, 31, 0)])
def test_cactinets_first_fields_are_what_brute_force_finds(
    cactinet: nn.Module, layer: str, neuron: Neuron
) -> None:
    """Its "same" padding is asymmetric: at stride 2 nothing above and left, one below and right."""
    field = receptive_field(cactinet, (3, 64, 64), Layer(layer), neuron)
    probe = Probe(UpTo(cactinet, layer), (64, 64), neuron)
    assert_as_brute_force_finds(probe, field, around=4, every=4)
    rows, columns = (np.flatnonzero(field.any(axis=axis)) for axis in (1, 0))
    window = [
        (int(row), int(column))
        for row in range(max(0, rows[0] - 1), min(64, rows[-1] + 2))
        for column in range(max(0, columns[0] - 1), min(64, columns[-1] + 2))
    ]
    assert probe.pixels(window) == [bool(field[pixel]) for pixel in window]


@pytest.mark.parametrize("layer", ["stages.0", "stages.1"])
def test_behind_squeeze_and_excitation_a_neuron_sees_the_whole_picture(
    cactinet: nn.Module, layer: str
) -> None:
    neuron = Neuron(3, 2, 13)
    field = receptive_field(cactinet, (3, 64, 64), Layer(layer), neuron)
    assert field.all()
    probe = Probe(UpTo(cactinet, layer), (64, 64), neuron)
    assert all(probe.pixels([(0, 0), (63, 0), (0, 63), (63, 63), (31, 40)]))
    assert all(probe.rows([0, 21, 42, 63])) and all(probe.columns([0, 21, 42, 63]))


# -- small networks, pixel by pixel ---------------------------------------------------------------


class Small(nn.Module):
    """Dilation, strides, padding on one side, a pooling that rounds up, a skip, two branches."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=(2, 1), bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.skipped = nn.Conv2d(6, 6, 3, padding=1)
        self.narrow = nn.Conv2d(6, 4, 1)
        self.dilated = nn.Conv2d(6, 4, (1, 3), dilation=2, padding=(0, 2), groups=2)
        self.joined = nn.ReLU()
        self.last = nn.Conv2d(8, 5, 2)
        self.classifier = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))

    def features(self, x: Tensor, until: str = "last") -> Tensor:
        x = F.relu(self.norm(self.first(F.pad(x, (2, 0, 0, 1)))))
        if until == "first":
            return x
        x = self.pool(x)
        if until == "pool":
            return x
        x = torch.relu_(x + self.skipped(x))
        x = self.joined(torch.cat([self.narrow(x), self.dilated(x)], dim=1))
        return x if until == "joined" else self.last(x)


class Until(nn.Module):
    def __init__(self, network: Small, until: str) -> None:
        super().__init__()
        self.network, self.until = network, until

    def forward(self, x: Tensor) -> Tensor:
        return self.network.features(x, self.until)


SIZE = (16, 13)


@pytest.mark.parametrize(
    ("layer", "until", "neurons"),
    [
        ("norm:activation", "first", [(0, 0, 0), (5, 7, 12), (3, 3, 6)]),
        ("pool", "pool", [(1, 0, 0), (2, 3, 5), (4, 2, 1), (0, 3, 0)]),
        ("joined", "joined", [(0, 1, 3), (7, 1, 3), (4, 3, 5), (3, 0, 0)]),
        ("last", "last", [(0, 0, 0), (4, 2, 4), (2, 1, 2)]),
    ],
)
def test_a_networks_fields_are_what_brute_force_finds_pixel_by_pixel(
    layer: str, until: str, neurons: list[tuple[int, int, int]]
) -> None:
    network = randomised(Small(), seed=0)
    for neuron in neurons:
        found = receptive_field(network, (3, *SIZE), Layer.parse(layer), Neuron(*neuron))
        # Several weights too: one set may have a channel that is never active.
        expected = np.zeros(SIZE, bool)
        for seed in range(5):
            part = Until(randomised(Small(), seed), until)
            expected |= Probe(part, SIZE, Neuron(*neuron), tries=12, batch=256).field()
        assert expected.any()
        np.testing.assert_array_equal(found, expected, err_msg=f"{layer}, {neuron}")


def test_the_branches_of_a_concatenation_have_fields_of_their_own() -> None:
    network = randomised(Small(), seed=0)
    narrow, wide = (
        receptive_field(network, (3, *SIZE), Layer("joined"), Neuron(channel, 1, 3))
        for channel in (0, 7)
    )
    assert not (narrow & ~wide).any()
    assert wide.any(axis=0).sum() > narrow.any(axis=0).sum()


class Attention(nn.Module):
    """Weighs places by the largest value of each channel's map, as CBAM does."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.amax(dim=(2, 3), keepdim=True).sigmoid()


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(input=F.relu(input=x), kernel_size=2, padding=1)


class Clamp(nn.Module):
    """ReLU, written in another way."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=0)


class Clip(nn.Module):
    """The same, by clamp's other name."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.clip(x, 0, None)


class LastChannels(nn.Module):
    """A norm over channels, which stand last on the way, as in ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


STEPS = {
    "max pooling": lambda: nn.MaxPool2d(3, stride=2, padding=1),
    "max pooling of rectangles": lambda: nn.MaxPool2d((2, 3), stride=(1, 2), padding=(0, 1)),
    "max pooling without a stride": lambda: nn.MaxPool2d(2),
    "max pooling that rounds up": lambda: nn.MaxPool2d(2, ceil_mode=True, padding=1),
    "max pooling by a function": Functional,
    "dilated max pooling": lambda: nn.MaxPool2d(2, stride=1, dilation=3),
    "dilated max pooling that rounds up": lambda: nn.MaxPool2d(
        3, stride=2, padding=1, dilation=2, ceil_mode=True
    ),
    "adaptive max pooling": lambda: nn.AdaptiveMaxPool2d((4, 3)),
    "a ReLU written as a clamp": Clamp,
    "a ReLU written as a clip": Clip,
    "adaptive mean pooling": lambda: nn.AdaptiveAvgPool2d((4, 3)),
    "mean pooling": lambda: nn.AvgPool2d(3, stride=2),
    "attention by maxima": Attention,
    "a norm over channels": LastChannels,
    "a norm over places": lambda: nn.GroupNorm(2, 4),
    "hard swish": nn.Hardswish,
    "hard sigmoid": nn.Hardsigmoid,
    "PReLU": nn.PReLU,
    "bilinear resizing": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "transposed convolution": lambda: nn.ConvTranspose2d(4, 4, 3, stride=2),
    "reflected borders": lambda: nn.ReflectionPad2d(2),
    "depth to space": lambda: nn.PixelShuffle(2),
}


class With(nn.Module):
    """One step between two convolutions."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.before, self.step = nn.Conv2d(3, 4, 2), STEPS[name]()
        self.after = nn.Conv2d(1 if name == "depth to space" else 4, 3, 2)
        self.classifier = nn.Linear(3, 2)

    def features(self, x: Tensor) -> Tensor:
        return self.after(self.step(self.before(x)))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


class Features(nn.Module):
    def __init__(self, network: With) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.features(x)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("last", [False, True])
def test_no_kind_of_step_hides_a_pixel_or_adds_one(name: str, last: bool) -> None:
    size, neuron = (11, 10), Neuron(1, 1, 1)
    parts = [Features(randomised(With(name), seed)) for seed in range(2)]
    if last:  # where sizes are rounded up, and the padding's far side is
        with torch.no_grad():
            _, _, rows, columns = parts[0](torch.zeros(1, 3, *size, dtype=torch.float64)).shape
        neuron = Neuron(1, rows - 1, columns - 1)
    found = receptive_field(With(name).eval(), (3, *size), Layer("after"), neuron)
    expected = np.zeros(size, bool)
    for part in parts:
        expected |= Probe(part, size, neuron, tries=8, batch=256).field()
    np.testing.assert_array_equal(found, expected)


# -- where to begin -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cactinet", "stem"),
        ("alexnet", "features.11"),  # its target layer, which sees a part
        pytest.param("torchvision:resnet18", "layer2", marks=long),
        pytest.param("torchvision:mobilenet_v2", "features.6", marks=long),
        ("efficientnet_b0", "_blocks.0._depthwise_conv"),  # before the first excitation
    ],
)
def test_neurons_begin_at_a_layer_that_sees_a_part(name: str, expected: str) -> None:
    spec, network = get_spec(name), empty(name)
    shape = (3, *spec.preprocessing.input_size)
    layer = layer_with_parts(network, shape, spec.target_layer)
    assert str(layer) == expected
    for place, most in ((layer, 0.55), (spec.target_layer, 1.0)):
        channels, rows, columns = layer_size(network, shape, place)
        middle = Neuron(channels // 2, rows // 2, columns // 2)
        share = receptive_field(network, shape, place, middle).mean()
        assert share <= most and (place == layer or share == 1)


def test_where_every_layer_sees_the_whole_picture_the_target_layer_stays() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 63, padding=31), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    # Its map has as many channels as there are classes, so that there are no stages either.
    assert layer_with_parts(network.eval(), (3, 16, 16), Layer("1")) == Layer("1")
    network.append(nn.Linear(4, 3))
    assert layer_with_parts(network.eval(), (3, 16, 16), Layer("1")) == Layer("1")


# -- whatever the weights are ---------------------------------------------------------------------


def test_a_field_does_not_depend_on_the_weights() -> None:
    expected = receptive_field(randomised(Small(), 0), (3, *SIZE), Layer("last"), Neuron(1, 1, 2))
    dead = randomised(Small(), 1)
    dead.norm.bias.data.fill_(-1e6)  # no ReLU lets anything through
    zero = randomised(Small(), 2)
    for parameter in zero.parameters():
        parameter.data.zero_()
    damaged = randomised(Small(), 3)
    damaged.first.weight.data.fill_(torch.nan)
    networks = [dead, zero, damaged, Small().eval(), Small().half().eval(), Small().to("meta")]
    for network in networks:
        network.eval()
        found = receptive_field(network, (3, *SIZE), Layer("last"), Neuron(1, 1, 2))
        np.testing.assert_array_equal(found, expected)


def test_neighbours_fields_are_shifted_by_the_stride() -> None:
    network = empty("alexnet")
    one, other = (
        receptive_field(network, (3, 224, 224), Layer("features.3"), Neuron(0, row, column))
        for row, column in ((12, 10), (13, 12))
    )
    np.testing.assert_array_equal(np.roll(one, (8, 16), axis=(0, 1)), other)


def test_a_field_knows_rows_from_columns() -> None:
    network = empty("alexnet")
    found = receptive_field(network, (3, 224, 160), Layer("features.0"), Neuron(0, 40, 3))
    assert found.shape == (224, 160)
    assert np.flatnonzero(found.any(axis=1)).tolist() == list(range(158, 169))
    assert np.flatnonzero(found.any(axis=0)).tolist() == list(range(10, 21))


# -- the network ----------------------------------------------------------------------------------


def state(network: nn.Module) -> dict[str, object]:
    tensors = [*network.named_parameters(), *network.named_buffers()]
    found: dict[str, object] = {
        name: (t.data_ptr(), t._version, t.dtype, t.grad, t.requires_grad, t.tolist())
        for name, t in tensors
    }
    for name, module in network.named_modules():
        found[f"module {name}"] = (module.training, sorted(vars(module)))
    return found


def test_the_network_is_left_as_it_was() -> None:
    network = randomised(Small(), 0).float()
    before = state(network)
    receptive_field(network, (3, *SIZE), Layer("last"), Neuron(0, 0, 0))
    with pytest.raises(LayerError):
        receptive_field(network, (3, *SIZE), Layer("nowhere"), Neuron(0, 0, 0))
    assert state(network) == before
    with torch.inference_mode():
        found = receptive_field(network, (3, *SIZE), Layer("last"), Neuron(0, 0, 0))
    assert found.any()


def test_fields_and_passes_of_other_threads_do_not_disturb_each_other() -> None:
    network = randomised(Small(), 0)
    x = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    needs = frozenset({"guided_gradients"})
    expected = run(network, x, [1], needs=needs).guided_gradients
    neurons = [Neuron(channel, 1, channel) for channel in range(4)]
    fields = [receptive_field(network, (3, *SIZE), Layer("last"), neuron) for neuron in neurons]
    wrong: list[str] = []

    def find(neuron: Neuron, field: Mask) -> None:
        for _ in range(5):
            again = receptive_field(network, (3, *SIZE), Layer("last"), neuron)
            if not (again == field).all():
                wrong.append(f"the field of {neuron}")

    def explain() -> None:
        for _ in range(10):
            if not torch.equal(run(network, x, [1], needs=needs).guided_gradients, expected):
                wrong.append("a pass")

    threads = [
        threading.Thread(target=find, args=pair) for pair in zip(neurons, fields, strict=True)
    ]
    threads += [threading.Thread(target=explain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_unknown_layer_or_one_without_a_map_is_refused() -> None:
    for layer in ("nowhere", "classifier", "classifier:activation"):
        with pytest.raises(LayerError):
            receptive_field(Small().eval(), (3, *SIZE), Layer.parse(layer), Neuron(0, 0, 0))


@pytest.mark.parametrize("neuron", [Neuron(5, 0, 0), Neuron(0, 99, 0), Neuron(0, 0, 99)])
def test_a_neuron_that_is_not_there_is_an_index_error(neuron: Neuron) -> None:
    with pytest.raises(IndexError):
        receptive_field(Small().eval(), (3, *SIZE), Layer("last"), neuron)


# -- on the picture -------------------------------------------------------------------------------


def box_of(top: int, left: int, height: int, width: int, size: tuple[int, int]) -> Mask:
    field = np.zeros(size, bool)
    field[top : top + height, left : left + width] = True
    return field


CROP = Preprocessing((100, 100), "crop", crop_pct=0.5)


def test_a_crops_field_is_moved_to_where_the_crop_lies() -> None:
    """Of 400 x 800 the middle 200 x 200 is seen, which begins at (100, 300): 2 to a pixel."""
    found = bounding_box(box_of(10, 20, 30, 5, (100, 100)), CROP.seen(400, 800))
    assert found == Box(top=120, left=340, height=60, width=10)


def test_a_squashed_pictures_field_is_stretched() -> None:
    seen = replace(CROP, resize="squash").seen(400, 800)
    found = bounding_box(box_of(10, 20, 30, 5, (100, 100)), seen)
    assert found == Box(top=40, left=160, height=120, width=40)


def test_a_field_of_everything_is_the_part_that_was_seen() -> None:
    for resize in ("crop", "squash"):
        seen = replace(CROP, resize=resize).seen(333, 517)
        found = bounding_box(np.ones((100, 100), bool), seen)
        assert found.top == pytest.approx(seen.top) and found.left == pytest.approx(seen.left)
        assert found.height == pytest.approx(seen.height)
        assert found.width == pytest.approx(seen.width)


def test_a_box_reaches_around_all_of_a_field_with_holes() -> None:
    field = np.zeros((10, 20), bool)
    field[[2, 7], [15, 3]] = True
    assert bounding_box(field, Box(5, 7, 10, 40)) == Box(top=7, left=13, height=6, width=26)
