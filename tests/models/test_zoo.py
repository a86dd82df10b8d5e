"""The doors to torchvision and timm: any classifier by name, found, fed, filled and refused."""

from __future__ import annotations

import copy
import fnmatch
import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from captum.attr import LayerGradCam
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_data_config
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from cactiviz.engine.class_pass import run
from cactiviz.engine.trace import trace
from cactiviz.errors import CactivizError, LayerError, ModelError, WeightsError
from cactiviz.methods import METHODS
from cactiviz.methods.maps import signed_grad_cam
from cactiviz.models import MODELS, LoadedModel, ModelSpec, get_spec, load_model, search
from cactiviz.models import registry as table
from cactiviz.models import timm as zoo_rows
from cactiviz.models.preprocess import preprocess
from cactiviz.models.preprocessing import COLOURS
from cactiviz.models.skeleton import build_empty
from cactiviz.pictures.open import samples
from tests.fixtures.sampling import some

ROOT = Path(__file__).resolve().parents[2]
SEED = 20
TOLERANCE = 1e-9  # of the reference's largest value

# Families of convolutional classifiers; only members that are small and quick.
SMALL_FAMILIES = {
    "torchvision": (
        *("mnasnet*", "mobilenet_v3_small", "shufflenet_v2_*", "squeezenet*", "regnet_x_400mf"),
        *("regnet_y_800mf", "googlenet", "resnet18"),
    ),
    "timm": (
        *("convnext_[az]*", "convnextv2_atto", "cs3darknet_*s", "cspnext_tiny", "dla*_c"),
        *("efficientnet_lite0", "ese_vovnet19b_slim*"),
        *("fasternet_t0", "fbnetc_100", "gernet_s", "ghostnet_*", "hardcorenas_[abc]"),
        *("hgnetv2_b0", "lcnet_*", "mixnet_s", "mnasnet_*", "mobilenetv1_*"),
        *("mobilenetv2_0*", "mobilenetv3_small_*", "mobilenetv4_conv_small_*"),
        *("nf_regnet_b0", "regnetx_00[24]*", "regnety_00[24]*", "repghostnet_0*"),
        *("resnet1[04]t", "rexnet_100", "semnasnet_0*", "skresnet18", "starnet_s[015]*"),
        *("tinynet_*", "tf_mixnet_s", "tf_efficientnet_lite0", "edgenext_xx_small"),
    ),
}
SHARES = {"torchvision": 6, "timm": 14}


def zoo_names(zoo: str) -> list[str]:
    if zoo == "timm":
        return list(timm.list_models())
    return list(torchvision.models.list_models(torchvision.models))


@cache
def words_of_the_project() -> frozenset[str]:
    """Every name that the package, its table of networks included, or its manual spells."""
    texts = [*(ROOT / "cactiviz").rglob("*.py"), ROOT / "README.md"]
    return frozenset(re.findall(r"\w+", " ".join(text.read_text("utf-8") for text in texts)))


def strangers() -> list[str]:
    """Twenty networks that the project never heard of, one from each of as many families."""
    chosen = []
    for zoo, count in SHARES.items():
        dice = random.Random(SEED)
        families = list(SMALL_FAMILIES[zoo])
        dice.shuffle(families)
        known = words_of_the_project()
        picks: list[str] = []
        for family in families:
            members = sorted(
                (n for n in fnmatch.filter(zoo_names(zoo), family) if n not in {*known, *picks}),
                key=lambda name: hashlib.sha256(f"{SEED}{name}".encode()).digest(),
            )
            picks += members[:1]
        chosen += [f"{zoo}:{name}" for name in picks[:count]]
    return chosen


STRANGERS = strangers()
#: Of both zoos; ``benchmarks/every_case.py`` runs them all.
FEW = some(STRANGERS, 5, always=STRANGERS[:2])


@cache
def stranger(name: str) -> LoadedModel:
    return load_model(name, untrained=True, dtype=torch.float64, device="cpu")


def one_sentence(error: Exception) -> str:
    text = str(error)
    assert re.fullmatch(r"[^\n]+\.", text) and ". " not in text, f"not one sentence: {text!r}"
    assert not re.search(r"Traceback|Errno|Error\b|line \d", text)
    return text


# --- twenty networks that nobody thought of ---------------------------------------------------


def test_there_are_twenty_of_both_zoos_and_the_project_names_none() -> None:
    assert len(set(STRANGERS)) == sum(SHARES.values()) == 20
    for name in STRANGERS:
        zoo, _, model = name.partition(":")
        assert zoo in SHARES and model not in words_of_the_project()


def for_hooks(network: nn.Module) -> nn.Module:
    """A copy in which nothing is done in place."""
    network = copy.deepcopy(network)
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return network


@pytest.mark.parametrize("name", FEW)
def test_grad_cam_on_a_layer_found_by_rule_equals_captum(name: str) -> None:
    """And on an earlier stage: before global pooling a gradient is the same at all positions."""
    model = stranger(name)
    spec = model.spec
    assert spec.parameters < 13e6, "too large for this test"
    small = replace(spec.preprocessing, input_size=(80, 80))
    x = preprocess(samples()["astronaut"], small).to(torch.float64)
    network = for_hooks(model.module)
    with torch.no_grad():
        classes = network(x)[0].argsort(descending=True)[:2].tolist()
    stages = trace(model.module, (3, 80, 80)).stages()
    layers = [spec.target_layer, *[stage for stage in stages[:-1] if stage.after == "module"][-1:]]
    assert len(layers) == 2 and layers[0].after == "module", "captum needs modules"
    ours = run(
        model.module,
        x.expand(2, -1, -1, -1),
        classes,
        layers=layers,
        needs=frozenset({"activations"}),
    )
    for place, layer in enumerate(layers):
        found = ours.at(place)
        maps, signed = METHODS["grad_cam"].function(found), signed_grad_cam(found)
        assert min(maps.shape[1:]) >= 2
        explainer = LayerGradCam(network, network.get_submodule(layer.name))
        references = [
            explainer.attribute(x.clone().requires_grad_(), target=index)[0, 0].detach()
            for index in (classes if place == 0 else classes[:1])
        ]
        assert any(reference.any() for reference in references), "nothing was compared"
        for row, reference in enumerate(references):
            largest = reference.abs().max().item()
            assert (signed[row] - reference).abs().max().item() <= TOLERANCE * largest
            assert (maps[row] - reference.relu()).abs().max().item() <= TOLERANCE * largest


@pytest.mark.parametrize("name", FEW)
def test_the_layer_found_is_the_last_map_before_pooling(name: str) -> None:
    """Nothing but pooling, flattening and layers without rows and columns comes after it."""
    spec = get_spec(name)
    sequence = trace(stranger(name).module, (3, *spec.preprocessing.input_size))
    step = sequence.step(spec.target_layer)
    assert min(sequence.grid(spec.target_layer)) >= 2
    channels = sequence.shapes[step][1]
    for shape in sequence.shapes[step + 1 :]:
        if len(shape) == 4 and min(shape[2:]) >= 2:
            # Still maps: of the classes (SqueezeNet's), or of the same features, dropped out.
            assert shape[1] in (channels, spec.logits)
    assert spec.target_layer in sequence.stages()


@pytest.mark.parametrize("name", FEW)
def test_the_first_convolution_found_sees_the_pictures_three_colours(name: str) -> None:
    spec, module = get_spec(name), stranger(name).module
    convolution = module.get_submodule(spec.first_conv)
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.in_channels == 3
    assert spec.parameters == sum(parameter.numel() for parameter in module.parameters())


# --- preprocessing by the zoo's own metadata --------------------------------------------------


def photographs() -> list[Image.Image]:
    landscape = Image.fromarray(samples()["chelsea"].rgb)
    return [landscape, Image.fromarray(samples()["coffee"].rgb).rotate(90, expand=True)]


def published_transform(name: str) -> Any:
    zoo, _, model = name.partition(":")
    if zoo == "torchvision":
        return next(iter(torchvision.models.get_model_weights(model))).transforms()
    config = timm.get_pretrained_cfg(model)
    assert config is not None
    return create_transform(**resolve_data_config(pretrained_cfg=config.to_dict()))


# The last three squash, take a large crop, and normalise by numbers of their own.
@pytest.mark.parametrize(
    "name", [*FEW, "timm:tf_efficientnetv2_b3", "timm:resnet18", "timm:inception_v3"]
)
def test_the_input_is_what_the_zoos_own_transform_makes(name: str) -> None:
    spec = get_spec(name)
    transform = published_transform(name)
    for photograph in photographs():
        wanted = transform(photograph)[None]
        picture = replace(samples()["chelsea"], rgb=np.asarray(photograph))
        found = preprocess(picture, spec.preprocessing)
        assert found.shape == wanted.shape
        assert found.dtype == wanted.dtype == torch.float32
        assert (found - wanted).abs().max().item() <= 1e-6


def test_class_names_are_imagenets_only_where_there_are_a_thousand_classes() -> None:
    assert get_spec("timm:resnet18").class_name(285) == "Egyptian cat"
    many = get_spec("timm:mobilenetv3_small_050.lamb_in1k")
    assert len(many.class_names) == many.logits == 1000
    wide = get_spec("timm:convnext_tiny.fb_in22k")
    assert (wide.logits, wide.class_names) == (21841, ())
    assert wide.class_name(5) == "class 5"


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    some(
        (
            *("torchvision:vit_b_16", "timm:vit_tiny_patch16_224", "timm:mixer_b16_224"),
            *("timm:swin_tiny_patch4_window7_224", "timm:coatnet_pico_rw_224"),
        ),
        2,
    ),
)
def test_a_transformer_is_refused_with_one_sentence_that_says_so(name: str) -> None:
    with pytest.raises(LayerError) as caught:
        get_spec(name)
    assert "transformer" in one_sentence(caught.value)
    with pytest.raises(LayerError, match="transformer"):
        load_model(name, untrained=True)


@pytest.mark.parametrize(
    "name",
    [
        *("timm:no_such_network", "torchvision:no_such_network", "timm:", "torchvision:", "timm"),
        *("timm:resnet18.no_such_tag", "torchvision:resnet18.a1_in1k", "timm:resnet18.", "other:x"),
        *("torchvision:fasterrcnn_resnet50_fpn", "timm:aimv2_1b_patch14_224", "timm: resnet18"),
    ],
)
def test_what_is_no_classifier_of_either_zoo_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        get_spec(name)
    assert name in one_sentence(caught.value)


@pytest.mark.parametrize("name", ["timm:volo_d4_448", "timm:resnet50_clip_gap"])
def test_a_network_of_unusual_metadata_is_refused_and_not_stumbled_over(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        get_spec(name)
    one_sentence(caught.value)


# --- no time for numbers that will be overwritten ---------------------------------------------


class Initialising(TorchDispatchMode):
    """Counts the numbers that are drawn or filled in on anything but the "meta" device."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        output = func(*args, **(kwargs or {}))
        drawn = torch.Tag.nondeterministic_seeded in func.tags
        filled = func.overloadpacket in (torch.ops.aten.fill_, torch.ops.aten.zero_)
        if (drawn or filled) and isinstance(output, Tensor) and output.device.type != "meta":
            self.numbers += output.numel()
        return output


def states() -> tuple[bytes, object, object]:
    """Of every generator of random numbers that building a network could draw from."""
    torchs = torch.random.get_rng_state().numpy().tobytes()
    return torchs, random.getstate(), str(np.random.get_state())


@contextmanager
def nothing_is_drawn(allowed: int = 0) -> Iterator[None]:
    before = states()
    with Initialising() as initialising:
        yield
    assert states() == before, "random numbers were drawn"
    assert initialising.numbers <= allowed, "numbers were made to be thrown away"


def test_the_counter_of_initialised_numbers_counts() -> None:
    with Initialising() as initialising:
        nn.Linear(10, 10)
    assert initialising.numbers == 110
    with Initialising() as initialising, torch.device("meta"):
        nn.Linear(10, 10)
    assert initialising.numbers == 0


@pytest.mark.parametrize(
    "name",
    [
        *("timm:mobilenetv3_small_050", "timm:regnetx_002", "timm:convnext_atto"),
        *("torchvision:mnasnet0_5", "torchvision:googlenet", "torchvision:regnet_y_400mf"),
    ],
)
def test_looking_a_network_up_draws_no_random_numbers_and_initialises_nothing(name: str) -> None:
    table._from_zoo.cache_clear()
    with nothing_is_drawn(allowed=100_000):  # batch norms' ones and zeros weigh nothing
        spec = get_spec(name)
        module = build_empty(spec.build, 10)
    assert sum(parameter.numel() for parameter in module.parameters()) > 100_000


def published_state(name: str) -> dict[str, Tensor]:
    """A state dict of the zoo's own making, as its file holds it: all keys, seeded numbers."""
    if name == "inception_v3":
        with torch.device("meta"):
            network: nn.Module = torchvision.models.inception_v3(
                weights=None, init_weights=False, transform_input=True
            )
    else:
        with torch.device("meta"):
            network = timm.create_model({"xception": "legacy_xception"}.get(name, name))
    generator = torch.Generator().manual_seed(len(name))
    state: dict[str, Tensor] = {}
    for key, value in network.state_dict().items():
        if not value.is_floating_point():
            state[key] = torch.full((), 7, dtype=value.dtype)
        elif value.ndim == 1:
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
        else:
            deviation = (2 / max(value[0].numel(), 1)) ** 0.5
            state[key] = deviation * torch.randn(value.shape, generator=generator)
    return state


FILES = {  # network -> as the project knows it, the file's name
    "mobilenetv3_small_050": (
        "timm:mobilenetv3_small_050",
        "mobilenetv3_small_050.lamb_in1k.safetensors",
    ),
    "xception": ("xception", "xception-43020ad28.pth"),
    "inception_v3": ("inception_v3", "inception_v3_google-0cc3c7bd.pth"),
}


@pytest.fixture
def weights_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for large files, which are not kept; no other weights are on this machine."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    folder = tmp_path / "weights"
    folder.mkdir()
    yield folder
    for file in folder.iterdir():
        file.unlink()


def publish(network: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Tensor]:
    """Write a network's file; where its name carries a hash, the row is told the file's own."""
    name, file_name = FILES[network]
    weights = get_spec(name).weights
    assert weights is not None
    assert weights.file_name == file_name, "the zoo's own file wouldn't be found"
    state = published_state(network)
    if file_name.endswith(".safetensors"):
        save_file(state, folder / file_name)
        return state
    torch.save(state, folder / "any.pth")
    digest = hashlib.sha256((folder / "any.pth").read_bytes()).hexdigest()
    kept = re.sub(r"-[0-9a-f]+\.pth$", f"-{digest[:8]}.pth", file_name)
    (folder / "any.pth").rename(folder / kept)
    told = replace(weights, url=f"https://zoo.example/{kept}", kept_as="")
    monkeypatch.setitem(MODELS, name, replace(MODELS[name], weights=told))
    return state


@pytest.mark.parametrize("network", some(tuple(FILES), 1))
def test_a_published_file_is_all_that_a_network_is_made_of(
    network: str, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = publish(network, weights_dir, monkeypatch)
    name = FILES[network][0]
    get_spec(name)
    with nothing_is_drawn():
        model = load_model(name, weights_dir=weights_dir, may_download=False, device="cpu")
    assert not model.untrained and not model.module.training
    loaded = model.module.state_dict()
    assert set(loaded) == set(state)
    assert any(key.startswith("AuxLogits.") for key in loaded) == (network == "inception_v3")
    for key, value in state.items():
        assert torch.equal(loaded[key], value), key
    everything = [*model.module.named_parameters(), *model.module.named_buffers()]
    assert not [key for key, value in everything if value.is_meta]
    assert len(model.revision) == 64
    with torch.no_grad():
        logits = model.module(torch.zeros(1, 3, 96, 96))
    assert logits.shape == (1, 1000) and logits.isfinite().all()


def test_another_files_hash_under_a_published_name_is_told(weights_dir: Path) -> None:
    file = weights_dir / FILES["xception"][1]
    torch.save({"fc.weight": torch.zeros(1)}, file)
    with pytest.raises(WeightsError, match="damaged") as caught:
        load_model("xception", weights_dir=weights_dir, may_download=False)
    assert str(file) in str(caught.value)


def test_without_its_file_the_sentence_names_the_name_under_which_it_is_kept(
    weights_dir: Path,
) -> None:
    with pytest.raises(WeightsError) as caught:
        load_model("timm:mobilenetv3_small_050", weights_dir=weights_dir, may_download=False)
    text = one_sentence(caught.value)
    assert FILES["mobilenetv3_small_050"][1] in text and str(weights_dir) in text


def test_a_network_without_published_weights_says_so(weights_dir: Path) -> None:
    with pytest.raises(WeightsError, match="untrained"):
        load_model("timm:ghostnet_050", weights_dir=weights_dir, may_download=False)


def test_loading_untrained_leaves_the_programs_random_numbers_alone() -> None:
    before = states()
    load_model("timm:test_resnet", untrained=True, device="cpu")
    assert states() == before


# --- search -----------------------------------------------------------------------------------


def test_a_part_of_a_name_finds_it_in_both_zoos() -> None:
    found = search("resnet")
    assert {"torchvision:resnet18", "torchvision:wide_resnet50_2", "timm:resnet18"} <= set(found)
    wanted = [f"{zoo}:{name}" for zoo in SHARES for name in zoo_names(zoo) if "resnet" in name]
    assert sorted(found) == sorted(wanted)
    assert len(set(found)) == len(found)


def test_a_pattern_is_held_against_the_whole_name() -> None:
    found = search("convnext*")
    assert {"torchvision:convnext_tiny", "timm:convnext_atto"} <= set(found)
    assert all(name.partition(":")[2].startswith("convnext") for name in found)
    assert (
        search("convnext")
        != search("convnext_tin?")
        == [
            "torchvision:convnext_tiny",
            "timm:convnext_tiny",
        ]
    )


def test_what_is_not_there_is_not_found() -> None:
    assert search("nothing-like-this") == []
    assert search("fasterrcnn") == [], "no classifier"


@pytest.mark.parametrize("pattern", ["RESNET18", "ResNet18", "resnet18"])
def test_search_knows_no_upper_case(pattern: str) -> None:
    assert search(pattern) == search("resnet18") != []


def test_what_search_finds_can_be_looked_up() -> None:
    for name in search("mobilenetv4_conv_small*"):
        try:
            assert get_spec(name).name == name
        except CactivizError as error:
            one_sentence(error)


#: Those with timm's own weights; Google's of the Lites are held to theirs in ``test_lite``.
TIMMS = [row for row in zoo_rows.rows() if row.weights and not row.weights.distribution]


@pytest.mark.parametrize("spec", TIMMS, ids=lambda spec: spec.name)
def test_a_row_of_timm_says_what_timm_says(spec: ModelSpec) -> None:
    name = {"xception": "legacy_xception"}.get(spec.name, spec.name)
    config = timm.get_pretrained_cfg(name)
    published = resolve_data_config({}, pretrained_cfg=config.to_dict())
    ours = spec.preprocessing
    assert ours.input_size == published["input_size"][1:]
    assert ours.crop_pct == published["crop_pct"]
    assert ours.interpolation == published["interpolation"]
    assert (ours.mean, ours.std) == (published["mean"], published["std"])
    assert ours.resize == "crop" and published["crop_mode"] == "center"
    assert spec.logits == config.num_classes and config.license in spec.license
    weights = spec.weights
    assert weights is not None
    assert (config.url or f"https://huggingface.co/{config.hf_hub_id}/") in weights.url


def test_usual_ways_of_scaling_colours_are_timms() -> None:
    constants = timm.data.constants
    assert COLOURS["imagenet"] == (
        constants.IMAGENET_DEFAULT_MEAN,
        constants.IMAGENET_DEFAULT_STD,
    )
    assert COLOURS["inception"] == (
        constants.IMAGENET_INCEPTION_MEAN,
        constants.IMAGENET_INCEPTION_STD,
    )
    assert COLOURS["clip"] == (constants.OPENAI_CLIP_MEAN, constants.OPENAI_CLIP_STD)
