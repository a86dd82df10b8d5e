"""Do heat maps of trained networks lie on the animal, and on what the answer needs? All methods.

On boxed photographs of kangaroos, squashed to the network's size: the energy of the map for
"wallaby" inside the boxes over their share of the area (1 is what a flat map has), and how often
the map's peak lies in one. On photographs of ImageNet's classes, cropped as the network was
evaluated: how far the probability of its answer falls when the 15 % of the picture where the map
is largest are covered with the picture's median colour. Each map is blurred alike before that,
since speckles all over a picture confuse a network wherever they are.

Each figure stands beside what knows nothing of the network (a blob in the middle, smooth noise,
edges), and beside the network with random weights, by several seeds; with 95 % bootstrap intervals
over the pictures.

With --write the figures, of which the sentences beside maps are made (cactiviz/models/cautions.py),
and docs/maps.md are written anew. About a quarter of an hour on two cores.

    python benchmarks/photo_maps.py [--data DIR] [--most N] [--processes N] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cactiviz.engine import class_pass  # noqa: E402
from cactiviz.methods import METHODS  # noqa: E402
from cactiviz.metrics.baselines import centre, edges, smooth_noise  # noqa: E402
from cactiviz.metrics.bootstrap import interval  # noqa: E402
from cactiviz.metrics.grid import on_grid  # noqa: E402
from cactiviz.metrics.localization import (  # noqa: E402
    covered,
    energy_ratio,
    largest,
    peak_inside,
)
from cactiviz.models import Checkpoint, LoadedModel, load_model  # noqa: E402
from cactiviz.models.cautions import FIGURES, cautions_from  # noqa: E402
from cactiviz.models.preprocess import normalise, resize  # noqa: E402
from cactiviz.pictures.open import open_picture  # noqa: E402
from cactiviz.types import Picture  # noqa: E402

DOCUMENT = ROOT / "docs" / "maps.md"
SQUEEZENET = "torchvision:squeezenet1_0"
NETWORKS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", SQUEEZENET)
WALLABY = 104
SHARE = 0.15
BLUR = 0.04  # of the height: the standard deviation
SEEDS = (0, 1, 2)  # of random weights, and of noise; where a part is covered, the first alone
BATCH = 8
NEEDS = frozenset({"activations", "input_gradients", "guided_gradients"})
BASELINES = {"centre": "a blob in the middle", "noise": "smooth noise", "edges": "edges (Sobel)"}

Pixels = NDArray[np.uint8]  # (H, W, 3)
Map = NDArray[np.float32]  # (H, W)
Found = dict[str, list[float]]  # figure -> a value for each picture


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture, its class or None, and its boxes (left, top, right, bottom) in its pixels."""

    picture: Picture
    label: int | None = None
    boxes: tuple[tuple[int, int, int, int], ...] = ()

    def inside(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The boxes, when the whole picture is squashed to this (height, width)."""
        mask = np.zeros(size, np.bool_)
        down, across = (to / of for to, of in zip(size, self.picture.size, strict=True))
        for left, top, right, bottom in self.boxes:
            rows = slice(round(top * down), round(bottom * down))
            mask[rows, round(left * across) : round(right * across)] = True
        return mask


def boxed(folder: Path) -> Iterator[Photo]:
    """Photographs whose animals have boxes (Pascal VOC)."""
    for file in sorted((folder / "annots").glob("*.xml")):
        root = ElementTree.parse(file).getroot()
        picture = open_picture(folder / "images" / f"{file.stem}.jpg")
        said = tuple(int(root.findtext(f"size/{side}", "0")) for side in ("height", "width"))
        assert said == picture.size, f"{file} speaks of another picture: {said}, {picture.size}"
        boxes = tuple(
            tuple(int(box.findtext(edge, "")) for edge in ("xmin", "ymin", "xmax", "ymax"))
            for box in root.iter("bndbox")
        )
        yield Photo(picture, boxes=boxes)  # type: ignore[arg-type]


def labelled(folder: Path) -> Iterator[Photo]:
    """Photographs whose names begin with the index of their class."""
    for file in sorted(folder.glob("*.jpg")):
        yield Photo(open_picture(file), int(file.name[:3]))


def photos(data: Path, most: int | None) -> tuple[list[Photo], list[Photo]]:
    """Those with boxes, and those with a class."""
    animals, things = boxed(data / "kangaroo-boxes"), labelled(data / "imagenet-photos")
    return list(animals)[:most], list(things)[:most]


@dataclass(frozen=True)
class Network:
    """A trained network, and the same with random weights."""

    title: str
    trained: LoadedModel
    untrained: tuple[LoadedModel, ...]

    @classmethod
    def load(cls, name: str, data: Path) -> Network:
        model: str | Checkpoint = name
        if name == SQUEEZENET:
            file = data / "weights" / "squeezenet1_0_deepcompression.pth"
            model = Checkpoint("SqueezeNet", name, file)
        trained = load_model(model, device="cpu")
        random = [load_model(name, untrained=True, seed=seed, device="cpu") for seed in SEEDS]
        return cls(trained.title, trained, tuple(random))


def fed(model: LoadedModel, photos: Sequence[Photo], how: Any) -> list[Pixels]:
    """The pictures at the network's size."""
    preprocessing = replace(model.spec.preprocessing, resize=how)
    tensors = [resize(photo.picture, preprocessing) for photo in photos]
    return [np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()) for pixels in tensors]


def inputs_of(model: LoadedModel, pixels: Iterable[Pixels]) -> torch.Tensor:
    batch = torch.from_numpy(np.stack(list(pixels))).permute(0, 3, 1, 2)
    return normalise(batch, model.spec.preprocessing)


def probabilities(model: LoadedModel, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
    """(B, K)."""
    with torch.no_grad():
        found = [
            class_pass.probabilities(model.module(inputs_of(model, pixels[at : at + BATCH])))
            for at in range(0, len(pixels), BATCH)
        ]
    return np.asarray(torch.cat(found).numpy())


def maps_of(
    model: LoadedModel, pixels: Sequence[Pixels], classes: Sequence[int]
) -> dict[str, list[Map]]:
    """Method -> the raw map of each picture at the picture's size; signed where a CAM is."""
    found: dict[str, list[Map]] = {name: [] for name in METHODS}
    for at in range(0, len(pixels), BATCH):
        some = pixels[at : at + BATCH]
        evidence = class_pass.run(
            model.module,
            inputs_of(model, some),
            list(classes[at : at + BATCH]),
            layers=[model.spec.target_layer],
            needs=NEEDS,
        )
        for name, method in METHODS.items():
            for values in method.function(evidence).numpy():
                found[name].append(on_grid(values, some[0].shape[:2]))
    return found


def guesses(pixels: Sequence[Pixels]) -> dict[str, list[list[Map]]]:
    """Baseline -> its maps of each picture: several where chance is in it."""
    size = pixels[0].shape[:2]
    return {
        "centre": [[centre(size)]] * len(pixels),
        "noise": [[smooth_noise(size, 9 * at + s) for s in SEEDS] for at in range(len(pixels))],
        "edges": [[edges(picture)] for picture in pixels],
    }


def mean(values: Iterable[float]) -> float:
    """Of those that are numbers; nan where none is."""
    known = [value for value in values if value == value]
    return float(np.mean(known)) if known else float("nan")


def on_boxes(maps: Sequence[Sequence[Map]], inside: Sequence[NDArray[np.bool_]]) -> Found:
    """Energy and peaks of each picture; of several maps their mean."""
    found: Found = {"energy": [], "peak": []}
    for several, mask in zip(maps, inside, strict=True):
        amounts = [np.maximum(one, 0) for one in several]
        found["energy"].append(mean(energy_ratio(one, mask) for one in amounts))
        # A map with nothing in it points nowhere.
        found["peak"].append(mean(bool(one.any()) and peak_inside(one, mask) for one in amounts))
    return found


def blurred(values: Map) -> Map:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), BLUR * len(values)), np.float32)


def when_covered(
    model: LoadedModel,
    pixels: Sequence[Pixels],
    maps: Sequence[Map],
    classes: Sequence[int],
    before: NDArray[np.float32],
) -> Found:
    """How far the probability of each picture's class falls."""
    without = [
        covered(picture, largest(blurred(one), SHARE, seed))
        for seed, (picture, one) in enumerate(zip(pixels, maps, strict=True))
    ]
    rows = range(len(pixels)), classes
    return {"drop": (before[rows] - probabilities(model, without)[rows]).tolist()}


def summed(found: Found) -> dict[str, list[float]]:
    """Each figure's mean and interval."""
    return {name: [round(end, 4) for end in interval(values)] for name, values in found.items()}


def measure(name: str, data: Path, most: int | None) -> dict[str, Any]:
    """All figures of one network."""
    torch.set_num_threads(1)
    network = Network.load(name, data)
    model = network.trained
    animals, things = photos(data, most)
    squashed, cropped = fed(model, animals, "squash"), fed(model, things, "crop")
    inside = [photo.inside(squashed[0].shape[:2]) for photo in animals]
    before = probabilities(model, cropped)
    answers = before.argmax(axis=1).tolist()
    wallabies = [WALLABY] * len(animals)

    def figures(on_animals: Sequence[Sequence[Map]], on_things: Sequence[Map]) -> Any:
        drop = when_covered(model, cropped, on_things, answers, before)
        return summed({**on_boxes(on_animals, inside), **drop})

    guessed = guesses(squashed), guesses(cropped)
    trained = maps_of(model, squashed, wallabies), maps_of(model, cropped, answers)
    untrained = [maps_of(other, squashed, wallabies) for other in network.untrained]
    first = maps_of(network.untrained[0], cropped, answers)

    return {
        "title": network.title,
        "weights": model.revision,
        "layer": str(model.spec.target_layer),
        "input_size": list(model.spec.preprocessing.input_size),
        "right": sum(a == photo.label for a, photo in zip(answers, things, strict=True)),
        "baselines": {
            name: figures(guessed[0][name], [several[0] for several in guessed[1][name]])
            for name in BASELINES
        },
        "maps": {
            name: {
                "title": method.title,
                "trained": figures([[one] for one in trained[0][name]], trained[1][name]),
                "untrained": figures(
                    list(zip(*(seed[name] for seed in untrained), strict=True)), first[name]
                ),
            }
            for name, method in METHODS.items()
        },
    }


# --- the document -----------------------------------------------------------------------------

_HEAD = """# What was measured of heat maps on photographs

This page is written by `benchmarks/photo_maps.py`; the sentences beside the maps in the app are
made of the same figures.

**On the animal.** {boxed} photographs of kangaroos, whose boxes are known, were squashed to each
network's size, and each map was asked for "wallaby", the nearest class of ImageNet's.
*Energy*: the map's share inside the boxes over their share of the area; a flat map has 1.
*Peak*: how often the map's largest value lies in a box.

**When covered.** {labelled} photographs of ImageNet's classes were cropped as the network was
evaluated, and each map was asked for the network's answer. *Drop*: how far the answer's
probability falls when the {share:.0%} of the picture where the map is largest are covered with the
picture's median colour. Every map is blurred alike before that (standard deviation
{blur:.0%} of the height): speckles all over a picture confuse a network wherever they are.

In brackets: 95 % bootstrap intervals over the pictures (10,000 draws). *Random weights* are the
same network before it learnt anything: {seeds} seeds, their mean for each picture (for the drop,
which is the trained network's, one seed), batch norms set by the sample photographs. Class
activation maps are taken at the network's usual layer and enlarged as they are painted; of a map
with a sign the positive part counts, of a gradient the largest of its three colours. Smooth noise
is drawn as often.

What it can't say: it is one kind of animal and a few photographs, most of them with the animal
near the middle; boxes hold background too; a covered picture is one that no network has learnt
from; and baselines are as smooth as they are, not as smooth as each map.
"""


def _text(figure: Sequence[float]) -> str:
    value, low, high = figure
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def document(figures: dict[str, Any]) -> str:
    """docs/maps.md, of the figures."""
    pictures, parts = figures["pictures"], [""]
    for key, network in figures["networks"].items():
        parts.append(f"\n## {network['title']}\n")
        height, width = network["input_size"]
        parts.append(
            f"{height} x {width} pixels, maps at `{network['layer']}`; "
            f"{network['right']} of the {pictures['labelled']} photographs are answered right.\n"
        )
        parts.append(
            "| map | energy | with random weights | peak | with random weights | drop "
            "| with random weights |\n|---|---|---|---|---|---|---|"
        )
        for name, title in BASELINES.items():
            energy, peak, drop = (
                _text(network["baselines"][name][figure]) for figure in ("energy", "peak", "drop")
            )
            parts.append(f"| *{title}* | {energy} | | {peak} | | {drop} | |")
        for row in network["maps"].values():
            cells = (
                _text(row[weights][figure])
                for figure in ("energy", "peak", "drop")
                for weights in ("trained", "untrained")
            )
            parts.append(f"| {row['title']} | {' | '.join(cells)} |")
        if not key.startswith("torchvision:"):
            parts.append("\nThe app says:\n")
            parts.extend(f"- {said}" for said in cautions_from(network).values())
    head = _HEAD.format(**pictures, share=SHARE, blur=BLUR, seeds=len(SEEDS))
    return head + "\n".join(parts) + "\n"


def compact(figures: dict[str, Any]) -> str:
    """JSON with each interval on one line."""
    text = json.dumps(figures, indent=1)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("CACTIVIZ_TEST_DATA"))
    parser.add_argument("--most", type=int, help="pictures of each kind")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="the package's figures and the table")
    options = parser.parse_args()
    if options.data is None or not (options.data / "kangaroo-boxes").is_dir():
        print("Nothing was measured: name the folder of the test data by --data.")
        return
    animals, things = photos(options.data, options.most)
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        measured = pool.map(partial(measure, data=options.data, most=options.most), NETWORKS)
        figures: dict[str, Any] = {
            "pictures": {"boxed": len(animals), "labelled": len(things)},
            "networks": dict(zip(NETWORKS, measured, strict=True)),
        }
    if options.write:
        FIGURES.write_text(compact(figures), "utf-8")
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(document(figures), "utf-8")
    print(document(figures))


if __name__ == "__main__":
    main()
