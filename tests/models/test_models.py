"""Every claim of the table of networks, held against the networks themselves."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from efficientnet_pytorch import EfficientNet
from efficientnet_pytorch.utils import MemoryEfficientSwish, url_map
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms

from cactiviz.engine.trace import ACTIVATIONS, Trace, trace
from cactiviz.errors import ModelError
from cactiviz.models import (
    MODELS,
    LoadedModel,
    efficientnet,
    find_weights,
    get_spec,
    load_model,
    register,
)
from cactiviz.models import torchvision as torchvision_table
from cactiviz.models.cactinet import CactiNet, MBConv
from cactiviz.models.preprocess import preprocess
from cactiviz.models.weights import trained_size
from cactiviz.pictures.open import sample, samples
from cactiviz.types import Layer, Picture, Preprocessing
from tests.fixtures.sampling import some

TORCHVISION = tuple(row.name for row in torchvision_table.rows())
EFFICIENTNETS = tuple(row.name for row in efficientnet.rows())
IMAGENET = (*TORCHVISION, *EFFICIENTNETS)
LITES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")

# Parameters, title, target layer's grid.
CLAIMS = {
    "efficientnet_lite0": (4_652_008, "Lite0", (7, 7)),
    "efficientnet_lite1": (5_416_680, "Lite1", (8, 8)),
    "efficientnet_lite2": (6_092_072, "Lite2", (9, 9)),
    "alexnet": (61_100_840, "AlexNet", (13, 13)),
    "densenet121": (7_978_856, "DenseNet121", (7, 7)),
    "resnet152": (60_192_808, "ResNet152", (7, 7)),
    "efficientnet_b0": (5_288_548, "EB0", (7, 7)),
    "efficientnet_b3": (12_233_232, "EB3", (10, 10)),
    "efficientnet_b1": (7_794_184, "EB1", (8, 8)),
    "efficientnet_b2": (9_109_994, "EB2", (9, 9)),
    "resnet50": (25_557_032, "ResNet50", (7, 7)),
    "inception_v3": (27_161_264, "InceptionV3", (8, 8)),
    "inception_resnet_v2": (55_843_464, "InceptionResNetV2", (8, 8)),
    "xception": (22_855_952, "Xception", (10, 10)),
    "cactinet": (4_145_101, "CactiNet", (8, 8)),
}


@cache
def skeleton(name: str) -> nn.Module:
    """A row's network without numbers: its structure is all that most claims are about."""
    spec = MODELS[name]
    with torch.device("meta"):
        return spec.build(spec.logits).eval()


@cache
def traced(name: str) -> Trace:
    return trace(skeleton(name), (3, *MODELS[name].preprocessing.input_size))


@cache
def untrained(name: str) -> LoadedModel:
    return load_model(name, untrained=True, device="cpu")


def answer(model: LoadedModel, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model.module(inputs)
    return logits


# --- the rows ---------------------------------------------------------------------------------


def test_the_table_has_these_rows_and_no_others() -> None:
    assert list(MODELS) == list(CLAIMS)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_rows_count_of_parameters_is_the_networks(name: str) -> None:
    counted = sum(parameter.numel() for parameter in skeleton(name).parameters())
    assert MODELS[name].parameters == counted == CLAIMS[name][0]


@pytest.mark.parametrize("name", CLAIMS)
def test_a_rows_logits_and_input_size_are_the_networks(name: str) -> None:
    spec = MODELS[name]
    sequence = traced(name)
    assert sequence.shapes[-1] == (1, spec.logits)
    assert spec.logits == (1 if name == "cactinet" else 1000)


@pytest.mark.parametrize("name", CLAIMS)
def test_first_conv_is_the_convolution_that_runs_first_and_sees_colours(name: str) -> None:
    spec = MODELS[name]
    sequence = traced(name)
    assert sequence.convolutions[0] == spec.first_conv
    convolution = skeleton(name).get_submodule(spec.first_conv)
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.in_channels == 3


@pytest.mark.parametrize("name", CLAIMS)
def test_the_target_layer_is_an_activations_map_of_the_grid_claimed(name: str) -> None:
    spec = MODELS[name]
    sequence = traced(name)
    assert sequence.grid(spec.target_layer) == CLAIMS[name][2]
    made_by = sequence.functions[sequence.step(spec.target_layer)]
    # CactiNet's blocks end without an activation, and its maps after one are too small;
    # Inception's last map joins several that come each from an activation.
    assert (made_by in ACTIVATIONS) == (name not in ("cactinet", "inception_v3"))
    if name != "cactinet":
        assert min(sequence.grid(spec.target_layer)) >= 7
        # The rule's own is the same map; EfficientNet's has a second name, its shared swish's.
        assert sequence.step(spec.target_layer) == sequence.step(sequence.target_layer())


def test_alexnets_target_layer_is_the_last_map_before_the_pooling() -> None:
    sequence = trace(skeleton("alexnet"), (3, 224, 224))
    step = sequence.step(MODELS["alexnet"].target_layer)
    assert sequence.shapes[step] == (1, 256, 13, 13)
    assert sequence.shapes[step + 1] == (1, 256, 6, 6)


@pytest.mark.parametrize("name", CLAIMS)
def test_there_is_a_name_for_each_class(name: str) -> None:
    spec = MODELS[name]
    assert len(spec.class_names) == max(spec.logits, 2)
    assert all(class_name.strip() == class_name != "" for class_name in spec.class_names)


@pytest.mark.parametrize("name", (*IMAGENET, *LITES))
def test_imagenets_classes_stand_in_their_published_order(name: str) -> None:
    names = MODELS[name].class_names
    assert (names[0], names[281], names[285], names[999]) == (
        "tench",
        "tabby",
        "Egyptian cat",
        "toilet tissue",
    )


def test_cactinets_class_1_is_the_cactus() -> None:
    assert MODELS["cactinet"].class_names == ("no cactus", "cactus")


@pytest.mark.parametrize("name", CLAIMS)
def test_a_row_says_title_paper_and_licence(name: str) -> None:
    spec = MODELS[name]
    assert spec.name == name
    assert spec.title == CLAIMS[name][1]
    assert re.search(r"\d{4}, arXiv:\d{4}\.\d{4,5}$", spec.paper)
    assert re.match(r"BSD-3-Clause; |Apache-2\.0; |MIT; ", spec.license, re.IGNORECASE)
    assert ("ImageNet" in spec.license) == (spec.logits == 1000)


@pytest.mark.parametrize("name", IMAGENET)
def test_the_weights_address_is_the_publishers_with_a_hash_in_the_file_name(name: str) -> None:
    weights = MODELS[name].weights
    assert weights is not None
    if name in TORCHVISION:  # the first set of weights, which the default isn't for ResNet152
        published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].url
    else:
        published = url_map[name.replace("_", "-")]
    assert weights.url == published
    assert re.fullmatch(r"[\w-]+-[0-9a-f]{8}\.pth", weights.file_name)
    assert weights.url.endswith(f"/{weights.file_name}")


def test_cactinets_weights_come_along_and_are_under_ten_megabytes() -> None:
    weights = MODELS["cactinet"].weights
    assert weights is not None and weights.packaged is not None and weights.url == ""
    assert find_weights(MODELS["cactinet"]) == weights.packaged
    assert 8e6 < weights.packaged.stat().st_size < 1e7
    loaded = load_model("cactinet", device="cpu")
    assert not loaded.untrained and "untrained" not in loaded.title
    assert loaded.dtype == torch.float32
    assert sum(p.numel() for p in loaded.module.parameters()) == 4_145_101
    assert trained_size(weights.packaged) == loaded.spec.preprocessing.input_size == (64, 64)


def test_a_name_that_is_taken_is_refused_and_the_row_stays() -> None:
    row = MODELS["alexnet"]
    with pytest.raises(ValueError, match="alexnet"):
        register(replace(row, title="an impostor"))
    assert MODELS["alexnet"] is row
    assert len(MODELS) == len(CLAIMS)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(ModelError) as refusal:
        get_spec("alexnett")
    assert "alexnett" in str(refusal.value)
    assert all(name in str(refusal.value) for name in CLAIMS)


@pytest.mark.parametrize("name", ["torchvision:", "torchvision:fasterrcnn_resnet50_fpn", "timm:x"])
def test_what_torchvision_has_no_classifier_for_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=re.escape(name)):
        get_spec(name)


# --- torchvision's others, by rule ------------------------------------------------------------


def test_squeezenets_target_layer_is_its_features_not_its_classifiers_maps() -> None:
    spec = get_spec("torchvision:squeezenet1_0")
    assert spec.target_layer == Layer("features")
    assert spec.first_conv == "features.0"
    assert spec.parameters == sum(p.numel() for p in spec.build(1000).parameters())


def test_resnet18s_rule_finds_what_the_row_of_its_sister_says() -> None:
    spec = get_spec("torchvision:resnet18")
    assert spec.target_layer == MODELS["resnet152"].target_layer
    assert spec.first_conv == MODELS["resnet152"].first_conv


def test_inception_turns_its_input_as_its_published_weights_need_it() -> None:
    # torchvision does so whenever it loads them; without, the answers are wrong in silence.
    with torch.device("meta"):
        network = get_spec("torchvision:inception_v3").build(1000)
    assert network.transform_input is True


def test_looking_up_a_torchvision_network_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    get_spec("torchvision:squeezenet1_0")
    assert torch.equal(torch.get_rng_state(), before)


# --- preprocessing ----------------------------------------------------------------------------


def portrait() -> Picture:
    return Picture(np.rot90(sample("coffee").rgb))


@pytest.mark.parametrize("name", TORCHVISION)
@pytest.mark.parametrize("upright", [False, True], ids=["landscape", "portrait"])
def test_preprocessing_is_torchvisions_published_one_bit_for_bit(name: str, upright: bool) -> None:
    picture = portrait() if upright else sample("chelsea")
    published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    expected = published(Image.fromarray(picture.rgb))
    assert torch.equal(preprocess(picture, MODELS[name].preprocessing)[0], expected)


@pytest.mark.parametrize(
    ("name", "shorter", "side"), [("efficientnet_b0", 256, 224), ("efficientnet_b3", 332, 300)]
)
def test_efficientnets_are_fed_a_bicubic_crop_of_their_native_size(
    name: str, shorter: int, side: int
) -> None:
    published = transforms.Compose(
        [
            transforms.Resize(shorter, interpolation=Image.Resampling.BICUBIC),
            transforms.CenterCrop(side),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    picture = sample("coffee")
    expected = published(Image.fromarray(picture.rgb))
    assert torch.equal(preprocess(picture, MODELS[name].preprocessing)[0], expected)


def test_cactinet_is_fed_the_whole_picture_squashed_and_normalised_by_its_own_numbers() -> None:
    picture = sample("chelsea")
    squashed = Image.fromarray(picture.rgb).resize((64, 64), Image.Resampling.BILINEAR)
    share = np.asarray(squashed, np.float64).transpose(2, 0, 1) / 255
    mean, std = np.array([0.50, 0.45, 0.47]), np.array([0.15, 0.14, 0.15])
    expected = (share - mean[:, None, None]) / std[:, None, None]
    got = preprocess(picture, MODELS["cactinet"].preprocessing)[0].numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_squash_uses_the_picture_up_to_its_edges() -> None:
    preprocessing = replace(MODELS["alexnet"].preprocessing, resize="squash")
    rgb = np.zeros((300, 700, 3), np.uint8)
    rgb[:, :20], rgb[:, -20:] = (255, 0, 0), (0, 0, 255)
    x = restored(preprocess(Picture(rgb), preprocessing), preprocessing)
    assert x.shape == (224, 224, 3)
    assert np.array_equal(x[:, 0], np.broadcast_to([255, 0, 0], (224, 3)))
    assert np.array_equal(x[:, -1], np.broadcast_to([0, 0, 255], (224, 3)))
    assert preprocessing.seen(300, 700).height == 300
    assert preprocessing.seen(300, 700).width == 700


def restored(x: Tensor, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) that a network's input was made of."""
    mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
    pixels = (x[0].permute(1, 2, 0) * std + mean) * 255
    return pixels.round().clamp(0, 255).to(torch.uint8).numpy()


RED = (255, 0, 0)


def framed(size: tuple[int, int], edges: tuple[float, float, float, float]) -> Picture:
    """A black picture, red outside of (top, left, bottom, right)."""
    rgb = np.empty((*size, 3), np.uint8)
    rgb[:] = RED
    top, left, bottom, right = edges
    rgb[math.floor(top) : math.ceil(bottom), math.floor(left) : math.ceil(right)] = 0
    return Picture(rgb)


@pytest.mark.parametrize("size", [(256, 400), (400, 256), (256, 256), (257, 256)])
def test_seen_is_to_the_pixel_what_a_crop_without_resizing_holds(size: tuple[int, int]) -> None:
    preprocessing = MODELS["alexnet"].preprocessing  # a shorter side of 256 isn't resized
    box = preprocessing.seen(*size)
    edges = (box.top, box.left, box.top + box.height, box.left + box.width)
    outside = preprocess(framed(size, edges), preprocessing)
    assert not restored(outside, preprocessing).any(), "what lies outside of the box is seen"
    for side in range(4):  # one pixel more, and the frame must show on that side
        inner = list(edges)
        inner[side] += 1.5 if side < 2 else -1.5
        shown = restored(preprocess(framed(size, tuple(inner)), preprocessing), preprocessing)
        borders = (shown[0], shown[:, 0], shown[-1], shown[:, -1])
        assert (borders[side] == RED).all(), f"the box is too large on side {side}"


@pytest.mark.parametrize("name", ["alexnet", "efficientnet_b3"])
@pytest.mark.parametrize("size", [(480, 911), (911, 480), (613, 200), (150, 333)])
def test_seen_agrees_with_a_crop_of_a_resized_picture(name: str, size: tuple[int, int]) -> None:
    # Half a pixel of the network's input for rounding, and what the interpolation reaches.
    preprocessing = MODELS[name].preprocessing
    box = preprocessing.seen(*size)
    scale = box.height / preprocessing.input_size[0]
    reach = 2 if preprocessing.interpolation == "bicubic" else 1
    margin = 1 + scale * 0.5 + max(scale, 1) * reach
    edges = (box.top, box.left, box.top + box.height, box.left + box.width)
    wider = [edge + (-margin if side < 2 else margin) for side, edge in enumerate(edges)]
    wider = [max(edge, 0) for edge in wider]
    shown = restored(preprocess(framed(size, tuple(wider)), preprocessing), preprocessing)
    assert not shown.any(), "what lies outside of the box is seen"
    narrower = [edge + (margin if side < 2 else -margin) for side, edge in enumerate(edges)]
    shown = restored(preprocess(framed(size, tuple(narrower)), preprocessing), preprocessing)
    for border in (shown[0], shown[-1], shown[:, 0], shown[:, -1]):
        assert (border[:, 0] > 127).all(), "the box is larger than what is seen"


def test_a_strip_of_a_picture_is_not_blown_up_before_it_is_cropped() -> None:
    # 2 pixels wide, resized to 256: all 128 times as long, though 224 of it are looked at.
    largest = 0
    resize = Image.Image.resize

    def spy(image: Image.Image, size: tuple[int, int], *args: object, **more: object) -> object:
        nonlocal largest
        largest = max(largest, size[0] * size[1])
        return resize(image, size, *args, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image.Image, "resize", spy)
        strip = Picture(np.full((1000, 2, 3), 128, np.uint8))
        x = preprocess(strip, MODELS["alexnet"].preprocessing)
    assert np.array_equal(np.unique(restored(x, MODELS["alexnet"].preprocessing)), [128])
    assert largest < 10_000_000


# --- CactiNet ---------------------------------------------------------------------------------

# Of the notebook: output channels, repeats, expansion, kernel, stride.
PLAN = (
    (24, 1, 1, 3, 1),
    (32, 2, 6, 3, 2),
    (48, 2, 6, 5, 2),
    (80, 3, 6, 3, 2),
    (120, 3, 6, 5, 1),
    (192, 4, 6, 5, 2),
    (320, 1, 6, 3, 1),
)


def cactinet_blocks() -> list[tuple[MBConv, int, int, int, int, int]]:
    """Each block with what the plan says: input, output, expansion, kernel, stride."""
    network = skeleton("cactinet")
    assert isinstance(network, CactiNet)
    blocks = [block for stage in network.stages for block in stage]  # type: ignore[union-attr]
    planned, inputs = [], 32
    for outputs, repeats, expansion, kernel, stride in PLAN:
        for repeat in range(repeats):
            planned.append((inputs, outputs, expansion, kernel, stride if repeat == 0 else 1))
            inputs = outputs
    return [(block, *plan) for block, plan in zip(blocks, planned, strict=True)]


def test_cactinet_has_exactly_the_notebooks_number_of_parameters() -> None:
    assert sum(p.numel() for p in CactiNet().parameters()) == 4_145_101


def test_cactinets_widths_are_the_notebooks_rounded_to_multiples_of_8() -> None:
    rounded = []
    for width in (18, 28, 46, 80, 122, 192, 320):
        nearest = (width + 4) // 8 * 8
        rounded.append(nearest + 8 if nearest < 0.9 * width else nearest)  # 18 would lose too much
    assert rounded == [stage[0] for stage in PLAN]


def test_each_cactinet_block_is_as_planned() -> None:
    for block, inputs, outputs, expansion, kernel, stride in cactinet_blocks():
        expand, depthwise, project = block.expand[0], block.depthwise[0], block.project[0]
        wide = inputs * expansion
        assert (expand.in_channels, expand.out_channels) == (inputs, wide)
        assert expand.kernel_size == (1, 1)
        assert (depthwise.in_channels, depthwise.groups) == (wide, wide)
        assert (depthwise.kernel_size[0], depthwise.stride[0]) == (kernel, stride)
        assert (project.in_channels, project.out_channels) == (wide, outputs)
        assert block.skips == (stride == 1 and inputs == outputs)
        assert all(layer.bias is None for layer in (expand, depthwise, project))
        # after the projection there is a batch norm and no activation
        assert [type(module) for module in block.project][1:] == [nn.BatchNorm2d]


def test_cactinets_very_first_block_has_an_expansion_convolution() -> None:
    first = cactinet_blocks()[0][0]
    assert first.expand[0].weight.shape == (32, 32, 1, 1)


def test_squeeze_widths_are_a_quarter_of_the_blocks_input_and_have_biases() -> None:
    widths = []
    for block, inputs, _, expansion, _, _ in cactinet_blocks():
        excite = block.excite
        assert excite.reduce.weight.shape == (inputs // 4, inputs * expansion, 1, 1)
        assert excite.expand.weight.shape == (inputs * expansion, inputs // 4, 1, 1)
        assert excite.reduce.bias is not None and excite.expand.bias is not None
        widths.append(inputs // 4)
    assert widths == [8, 6, 8, 8, 12, 12, 20, 20, 20, 30, 30, 30, 48, 48, 48, 48]


def test_every_batch_norm_of_cactinet_has_the_notebooks_eps_and_momentum() -> None:
    norms = [m for m in skeleton("cactinet").modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 3 * 16 + 2
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


def test_cactinet_knows_no_activation_but_swish() -> None:
    sequence = trace(skeleton("cactinet"), (3, 64, 64))
    used = [function for function in sequence.functions if function in ACTIVATIONS]
    assert {function.__name__ for function in used} == {"silu"}
    assert len(used) == 3 * 16 + 2


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        (64, [32, 32, 16, 8, 4, 4, 2, 2]),
        (96, [48, 48, 24, 12, 6, 6, 3, 3]),
        (61, [31, 31, 16, 8, 4, 4, 2, 2]),
        (32, [16, 16, 8, 4, 2, 2, 1, 1]),
    ],
)
def test_cactinets_maps_halve_and_round_up(side: int, sides: list[int]) -> None:
    sequence = trace(skeleton("cactinet"), (3, side, side))
    found = [sequence.grid(Layer(f"stages.{stage}")) for stage in range(7)]
    assert [sequence.grid(Layer("stem")), *found] == [(s, s) for s in sides]
    assert sequence.grid(Layer("head")) == (sides[-1], sides[-1])


def test_an_odd_and_oblong_input_is_padded_as_tensorflow_pads() -> None:
    network = skeleton("cactinet")
    x = torch.empty(1, 3, 61, 90, device="meta")
    for module, expected in ((network.stem, (31, 45)), (network.stages, (2, 3))):
        x = module(x)  # type: ignore[operator]
        assert tuple(x.shape[2:]) == expected


def test_cactinet_drops_nothing_when_it_answers() -> None:
    torch.manual_seed(0)
    network = CactiNet().eval()
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        features = network.head(network.stages(network.stem(x))).mean(dim=(2, 3))
        expected = F.linear(features, network.classifier.weight, network.classifier.bias)
        assert torch.equal(network(x), network(x))
        torch.testing.assert_close(network(x), expected)
    assert network.dropout.p == 0.2


def mbconv_by_hand(w: dict[str, Tensor], x: Tensor, kernel: int, stride: int) -> Tensor:
    """One block from its weights, with nothing of its own code."""

    def normalise(y: Tensor, name: str) -> Tensor:
        mean, var = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        gamma, beta = w[f"{name}.weight"], w[f"{name}.bias"]
        wide = (slice(None), None, None)
        return (y - mean[wide]) / torch.sqrt(var[wide] + 1e-3) * gamma[wide] + beta[wide]

    def swish(y: Tensor) -> Tensor:
        return y / (1 + torch.exp(-y))

    y = torch.einsum("oi,bihw->bohw", w["expand.0.weight"][:, :, 0, 0], x)
    y = swish(normalise(y, "expand.1"))
    padding = []
    for size in (x.shape[3], x.shape[2]):  # F.pad begins with the last dimension
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        padding += [total // 2, total - total // 2]
    y = F.conv2d(F.pad(y, padding), w["depthwise.0.weight"], stride=stride, groups=y.shape[1])
    y = swish(normalise(y, "depthwise.1"))
    squeezed = y.sum(dim=(2, 3)) / (y.shape[2] * y.shape[3])
    squeezed = squeezed @ w["excite.reduce.weight"][:, :, 0, 0].T + w["excite.reduce.bias"]
    gate = swish(squeezed) @ w["excite.expand.weight"][:, :, 0, 0].T + w["excite.expand.bias"]
    y = y / (1 + torch.exp(-gate))[:, :, None, None]
    y = torch.einsum("oi,bihw->bohw", w["project.0.weight"][:, :, 0, 0], y)
    return normalise(y, "project.1")


@pytest.mark.parametrize(
    ("inputs", "outputs", "expansion", "kernel", "stride", "skips"),
    [
        (32, 24, 1, 3, 1, False),
        (24, 32, 6, 3, 2, False),
        (48, 48, 6, 5, 1, True),
        (8, 8, 6, 5, 2, False),
    ],
)
def test_a_blocks_arithmetic_is_what_its_weights_say(
    inputs: int, outputs: int, expansion: int, kernel: int, stride: int, skips: bool
) -> None:
    torch.manual_seed(1)
    block = MBConv(inputs, outputs, expansion, kernel, stride).eval().double()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 1e-3, 2)
    for size in ((12, 9), (7, 14)):
        x = torch.randn(2, inputs, *size, dtype=torch.float64)
        expected = mbconv_by_hand(block.state_dict(), x, kernel, stride)
        assert expected.shape == (2, outputs, *(math.ceil(side / stride) for side in size))
        with torch.no_grad():
            got = block(x)
        torch.testing.assert_close(got, expected + x if skips else expected, rtol=1e-11, atol=1e-11)


# --- EfficientNet -----------------------------------------------------------------------------


def static_efficientnet(name: str, size: int) -> EfficientNet:
    """The package's own network, with padding frozen for one size, and the row's weights."""
    network = EfficientNet.from_name(name.replace("_", "-"), image_size=size).eval()
    network.load_state_dict(untrained(name).module.state_dict())
    return network


@pytest.mark.parametrize(("name", "size"), some(list(product(EFFICIENTNETS, (224, 300))), 3))
def test_efficientnet_pads_by_the_size_that_comes(name: str, size: int) -> None:
    preprocessing = replace(MODELS[name].preprocessing, input_size=(size, size))
    inputs = preprocess(sample("chelsea"), preprocessing)
    got = answer(untrained(name), inputs)
    with torch.no_grad():
        expected = static_efficientnet(name, size)(inputs)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4 * float(expected.std()))


def test_the_padding_check_notices_a_network_frozen_for_another_size() -> None:
    name = "efficientnet_b0"
    inputs = preprocess(sample("chelsea"), MODELS[name].preprocessing)
    with torch.no_grad():
        frozen = static_efficientnet(name, 300)(inputs)
    got = answer(untrained(name), inputs)
    assert float((got - frozen).norm() / got.norm()) > 0.05


@pytest.mark.parametrize("name", ["efficientnet_b0", "efficientnet_b3"])
def test_efficientnets_activations_are_in_sight(name: str) -> None:
    assert not [m for m in skeleton(name).modules() if isinstance(m, MemoryEfficientSwish)]
    sequence = traced(name)
    blocks = {"efficientnet_b0": 16, "efficientnet_b3": 26}[name]
    without_expansion = {"efficientnet_b0": 1, "efficientnet_b3": 2}[name]
    activations = [function for function in sequence.functions if function in ACTIVATIONS]
    assert len(activations) == 3 * blocks - without_expansion + 2  # and those of stem and head


# --- untrained --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first = untrained("cactinet").module.state_dict()
    torch.manual_seed(999)  # must not matter
    again = load_model("cactinet", untrained=True, device="cpu").module.state_dict()
    other = load_model("cactinet", untrained=True, device="cpu", seed=1).module.state_dict()
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    drawn = [key for key, value in first.items() if value.ndim == 4]
    assert len(drawn) == 3 * 16 + 2 + 2 * 16
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


def test_what_is_random_says_its_seed_and_that_it_is_untrained() -> None:
    model = untrained("cactinet")
    assert model.untrained
    assert (model.title, model.revision) == ("CactiNet (untrained)", "untrained, seed 0")
    assert load_model("cactinet", untrained=True, seed=3).revision == "untrained, seed 3"


def test_seeding_a_network_leaves_the_programs_own_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model("cactinet", untrained=True, seed=2, device="cpu")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ["alexnet", "densenet121", "efficientnet_b0"])
def test_untrained_logits_are_of_moderate_size(name: str) -> None:
    model = untrained(name)
    logits = answer(model, preprocess(sample("chelsea"), model.spec.preprocessing))
    assert 1e-3 < float(logits.std()) < 1e2


@pytest.mark.parametrize("name", ["densenet121", "efficientnet_b0", "cactinet"])
def test_calibration_leaves_every_mode_and_momentum_as_it_was_built(name: str) -> None:
    module = untrained(name).module
    assert not [key for key, child in module.named_modules() if child.training]
    momenta = {
        key: child.momentum
        for key, child in skeleton(name).named_modules()
        if isinstance(child, nn.BatchNorm2d)
    }
    found = {key: module.get_submodule(key).momentum for key in momenta}
    assert found == momenta
    built_with = 0.1 if name == "densenet121" else 0.01
    assert list(momenta.values()) == pytest.approx([built_with] * len(momenta))


def test_the_statistics_are_those_of_the_samples() -> None:
    model = untrained("densenet121")
    pictures = torch.cat([preprocess(p, model.spec.preprocessing) for p in samples().values()])
    with torch.no_grad():
        maps = model.module.features.conv0(pictures)  # type: ignore[union-attr]
    norm = model.module.features.norm0  # type: ignore[union-attr]
    torch.testing.assert_close(norm.running_mean, maps.mean(dim=(0, 2, 3)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.running_var, maps.var(dim=(0, 2, 3)), rtol=1e-3, atol=1e-5)


def test_a_network_can_be_had_in_double_precision() -> None:
    model = load_model("cactinet", untrained=True, dtype=torch.float64, device="cpu")
    inputs = preprocess(sample("chelsea"), model.spec.preprocessing)
    exact = answer(model, inputs.double())
    assert model.dtype == exact.dtype == torch.float64
    torch.testing.assert_close(
        answer(untrained("cactinet"), inputs).double(), exact, rtol=1e-4, atol=1e-5
    )
