"""Makes ``cactiviz/models/tensor_index.npz``: which network has tensors of which shapes.

Builds each classifier of torchvision and timm, and the networks of other packages in the table,
without numbers (about ten minutes), and
keeps of its tensors what :mod:`cactiviz.models.tensor_index` describes. Run it after a change of
the zoos' versions: ``python scripts/make_tensor_index.py``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import numpy as np
import timm
import torchvision
from torch import nn

from cactiviz.models import MODELS, efficientnet
from cactiviz.models.skeleton import build_empty
from cactiviz.models.tensor_index import INDEX, Fingerprint, fingerprint
from cactiviz.models.timm import names as timm_names
from cactiviz.models.torchvision import names as torchvision_names

#: So many classes have a width that no other layer has: what is as wide is the head.
CLASSES = 7919

Shapes = dict[str, tuple[int, ...]]


def builders() -> Iterator[tuple[str, Callable[[int], nn.Module]]]:
    """The name of each classifier, and how it is built for a number of classes."""
    for model in torchvision_names():
        options = {"init_weights": False} if model in ("googlenet", "inception_v3") else {}
        yield (
            f"torchvision:{model}",
            lambda n, m=model, o=options: torchvision.models.get_model(
                m, weights=None, num_classes=n, **o
            ),
        )
    for model in timm_names():
        config = timm.get_pretrained_cfg(model)
        if config is not None and config.num_classes and config.input_size[0] == 3:
            yield f"timm:{model}", lambda n, m=model: timm.create_model(m, num_classes=n)
    for spec in (*efficientnet.rows(), MODELS["cactinet"]):
        yield spec.name, spec.build


def shapes_of(build: Callable[[int], nn.Module]) -> tuple[Shapes, list[str]]:
    """A network's tensors, and the names of those that are its head."""
    module = build_empty(build, CLASSES)
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    return shapes, [name for name, shape in shapes.items() if shape[:1] == (CLASSES,)]


def main() -> None:
    """Build all, and write the index."""
    kept: dict[str, Fingerprint] = {}
    heads: dict[tuple[str, ...], None] = {}
    for name, build in builders():
        try:
            shapes, head = shapes_of(build)
        except Exception as error:  # a network that can't be built has no tensors to find
            print(f"{name} is left out: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        if not head:
            print(f"{name} is left out: it has no head", file=sys.stderr)
            continue
        kept[name] = fingerprint(shapes, head)
        heads[tuple(head)] = None
        if len(kept) % 100 == 0:
            print(f"{len(kept)} networks", flush=True)
    versions = {"timm": timm.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    np.savez_compressed(
        INDEX,
        names=np.array(json.dumps(list(kept))),
        heads=np.array(json.dumps(list(heads))),
        versions=np.array(json.dumps(versions)),
        whole=np.array([one.whole for one in kept.values()], np.uint64),
        shapes=np.array([one.shapes for one in kept.values()], np.uint64),
        sample=np.array([one.sample for one in kept.values()], np.uint32),
        count=np.array([one.count for one in kept.values()], np.uint16),
    )
    print(f"{len(kept)} networks, {len(heads)} heads, {INDEX.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
