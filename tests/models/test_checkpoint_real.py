"""A network with real weights on real photographs: does what comes out make sense?"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from cactiviz.engine.class_pass import run
from cactiviz.methods import METHODS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import open_picture, samples
from cactiviz.types import Picture, Preprocessing

WALLABY = 104  # ImageNet has no kangaroo


@pytest.fixture(scope="module")
def network(data_dir: Path) -> LoadedModel:
    file = data_dir / "weights" / "squeezenet1_0_deepcompression.pth"
    return load_model(Checkpoint("SqueezeNet", "torchvision:squeezenet1_0", file), device="cpu")


def top_classes(network: LoadedModel, pictures: list[Picture]) -> list[int]:
    inputs = torch.cat([preprocess(p, network.spec.preprocessing) for p in pictures])
    return run(network.module, inputs).class_index.tolist()


def test_chelsea_is_an_egyptian_cat(network: LoadedModel) -> None:
    (top,) = top_classes(network, [samples()["chelsea"]])
    assert network.spec.class_name(top) == "Egyptian cat"
    assert not network.untrained


def test_most_photographs_are_recognised(network: LoadedModel, data_dir: Path) -> None:
    files = sorted((data_dir / "imagenet-photos").glob("*.jpg"))
    assert len(files) == 43
    tops = top_classes(network, [open_picture(file) for file in files])
    right = sum(int(file.name[:3]) == top for file, top in zip(files, tops, strict=True))
    print(f"{right} of {len(files)} right at top-1")
    assert right >= 24


def inside(annotation: Path, size: tuple[int, int], preprocessing: Preprocessing) -> Tensor:
    """Which pixels of the network's input lie in a box: (H, W), 0 or 1."""
    rows, columns = preprocessing.input_size
    seen = preprocessing.seen(*size)
    y = seen.top + (torch.arange(rows) + 0.5) * seen.height / rows
    x = seen.left + (torch.arange(columns) + 0.5) * seen.width / columns
    mask = torch.zeros(rows, columns, dtype=torch.bool)
    for box in ElementTree.parse(annotation).iter("bndbox"):
        edges = {edge.tag: float(edge.text or "nan") for edge in box}
        within_rows = (edges["ymin"] <= y) & (y < edges["ymax"])
        within_columns = (edges["xmin"] <= x) & (x < edges["xmax"])
        mask |= within_rows[:, None] & within_columns
    return mask.float()


def test_grad_cam_lies_on_the_kangaroos(network: LoadedModel, data_dir: Path) -> None:
    """Means over the pictures: share of the map's sum in the boxes, share of the area in them."""
    preprocessing, layer = network.spec.preprocessing, network.spec.target_layer
    energies, areas = [], []
    for file in sorted((data_dir / "kangaroo-boxes" / "images").glob("*.jpg")):
        picture = open_picture(file)
        annotation = data_dir / "kangaroo-boxes" / "annots" / f"{file.stem}.xml"
        mask = inside(annotation, picture.size, preprocessing)
        x = preprocess(picture, preprocessing)
        needs = METHODS["grad_cam"].needs
        evidence = run(network.module, x, [WALLABY], layers=[layer], needs=needs)
        cam = METHODS["grad_cam"].function(evidence)[0]
        if cam.sum() == 0:  # no evidence for a wallaby anywhere
            continue
        cover = F.adaptive_avg_pool2d(mask[None], cam.shape)[0]
        energies.append(((cam * cover).sum() / cam.sum()).item())
        areas.append(mask.mean().item())
    energy, area = sum(energies) / len(energies), sum(areas) / len(areas)
    print(f"{len(energies)} pictures: energy {energy:.3f}, area {area:.3f}: {energy / area:.2f} x")
    assert len(energies) >= 40
    assert energy >= 1.5 * area
