"""Prediction + Grad-CAM + saliency + guided backprop, one picture, six networks, batch 1.

cactiviz, captum and pytorch-grad-cam take turns in one process on the same built networks; the
table gives medians in milliseconds, and how many times as long the peers took.

    python benchmarks/panel.py [--rounds 7] [--device auto] [--models a,b]
"""

from __future__ import annotations

import argparse
import copy
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from captum.attr import GuidedBackprop, LayerGradCam, Saliency
from pytorch_grad_cam import GradCAM, GuidedBackpropReLUModel
from torch import Tensor, nn

from cactiviz.engine import class_pass
from cactiviz.engine.device import pick_device
from cactiviz.methods import METHODS
from cactiviz.models import LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import sample

# The nearest module to each target layer: the peers can't name an activation that is no module.
PEER_LAYERS = {
    "alexnet": "features.11",
    "densenet121": "features",
    "resnet152": "layer4",
    "efficientnet_b0": "_bn1",
    "efficientnet_b3": "_bn1",
    "cactinet": "stages.2",
}


def cactiviz(model: LoadedModel, x: Tensor) -> None:
    methods = [METHODS[name] for name in ("grad_cam", "saliency", "guided_backprop")]
    evidence = class_pass.run(
        model.module,
        x,
        layers=[model.spec.target_layer],
        needs=frozenset().union(*(method.needs for method in methods)),
    )
    for method in methods:
        method.function(evidence).cpu()


def captum(model: LoadedModel, x: Tensor) -> None:
    module, layer = model.module, model.module.get_submodule(PEER_LAYERS[model.spec.name])
    with torch.no_grad():
        top = int(module(x).argmax()) if model.spec.logits > 1 else None
    LayerGradCam(module, layer).attribute(x, top, relu_attributions=True).cpu()
    Saliency(module).attribute(x.detach().clone().requires_grad_(), top, abs=False).cpu()
    GuidedBackprop(module).attribute(x.detach().clone().requires_grad_(), top).cpu()


def pytorch_grad_cam(model: LoadedModel, x: Tensor) -> None:
    module, layer = model.module, model.module.get_submodule(PEER_LAYERS[model.spec.name])
    with torch.no_grad():
        top = int(module(x).argmax())
    with GradCAM(module, [layer]) as cam:
        cam(x.clone(), targets=None)
    given = (
        x.detach().clone().requires_grad_()
    )  # the package has no saliency: plain autograd, as users do
    module(given)[0, top].backward()
    assert given.grad is not None
    given.grad.cpu()
    GuidedBackpropReLUModel(module, x.device)(x, top)


PEERS: dict[str, Callable[[LoadedModel, Tensor], None]] = {
    "cactiviz": cactiviz,
    "captum": captum,
    "pytorch-grad-cam": pytorch_grad_cam,
}


def without_inplace(module: nn.Module) -> nn.Module:
    """Captum's hooks can't bear ReLUs that write in place; the same network for all."""
    module = copy.deepcopy(module)
    for submodule in module.modules():
        if hasattr(submodule, "inplace"):
            submodule.inplace = False
    return module


def seconds(work: Callable[[], None], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--models", default=",".join(PEER_LAYERS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    device = pick_device(options.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else platform.processor()
    print(f"torch {torch.__version__}, {device} {name}, {torch.get_num_threads()} threads")
    print(f"{'network':16} " + " ".join(f"{peer:>17}" for peer in PEERS) + "   milliseconds")
    totals = dict.fromkeys(PEERS, 0.0)
    for model_name in options.models.split(","):
        loaded = load_model(model_name, untrained=True, device=device)
        network = without_inplace(loaded.module)
        # pytorch-grad-cam leaves a network behind in which all ReLUs are one module: a copy for it
        networks = {peer: replace(loaded, module=network) for peer in PEERS}
        networks["pytorch-grad-cam"] = replace(loaded, module=copy.deepcopy(network))
        x = preprocess(sample("chelsea"), loaded.spec.preprocessing).to(device)
        taken: dict[str, list[float]] = {peer: [] for peer in PEERS}
        for turn in range(options.rounds + 2):
            for peer, work in PEERS.items():
                took = seconds(partial(work, networks[peer], x), device)
                if turn >= 2:  # the first two rounds warm up
                    taken[peer].append(took)
        medians = {peer: statistics.median(times) for peer, times in taken.items()}
        for peer, median in medians.items():
            totals[peer] += median
        print(f"{model_name:16} " + " ".join(f"{medians[p] * 1e3:17.1f}" for p in PEERS))
    print(f"{'all':16} " + " ".join(f"{totals[p] * 1e3:17.1f}" for p in PEERS))
    ratios = (f"{totals[p] / totals['cactiviz']:16.2f}x" for p in PEERS)
    print(f"{'as long as ours':16} " + " ".join(ratios))


if __name__ == "__main__":
    main()
