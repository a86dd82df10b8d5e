"""Compares several networks on one picture."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from cactiviz import cam_layers
from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import CactivizError, Cancelled, MethodError, ModelError
from cactiviz.explanations import arguments
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.methods import FILTERS, VIEWS
from cactiviz.models import LoadedModel, get_spec, load_model
from cactiviz.pictures.occlusion import cover
from cactiviz.pictures.open import Source, open_picture
from cactiviz.recipes.request import Given, Request, name_of
from cactiviz.types import Cancel, Layer, Picture, Report, Target


def compare(
    picture: Source,
    models: Given | Sequence[Given],
    methods: str | Sequence[str] = ("grad_cam", "saliency", "guided_backprop"),
    *,
    target: Target | int | str | None = None,
    layer: Layer | str | Mapping[str, Layer | str] | None = None,
    layers: Sequence[Layer | str] | Literal["all-stages"] = (),
    resize: Literal["crop", "squash"] | None = None,
    untrained: bool | Collection[str] = False,
    weights_dir: str | os.PathLike[str] | None = None,
    device: str = "auto",
    dtype: torch.dtype = torch.float32,
    may_download: bool = True,
    report: Report | None = None,
    cancel: Cancel | None = None,
) -> Comparison:
    """Explain one picture by several networks, one after another.

    A network that can't be loaded or run leaves its sentence in ``failures``; the others go on.
    Each is released before the next is loaded.

    Args:
        picture: A path, ``sample:NAME``, a file's bytes, a Pillow image, an array or tensor, or
            a picture, as :func:`~cactiviz.pictures.open.open_picture` takes it.
        models: Names, checkpoints, or networks loaded before; a network of your own as
            :func:`~cactiviz.network` gives it.
        methods: One or several names of :data:`cactiviz.methods.VIEWS`.
        target: A class by index (an int) or by name (a str), or a :class:`Target` with a
            contrast; None for each network's own top class.
        layer: Layer of class activation maps: one for all networks, or a mapping from network
            name to layer; None, or a missing name, for the network's target layer.
        layers: Several layers, or "all-stages", to follow a picture through one network; the
            views are then named ``METHOD@LAYER``.
        resize: "crop" or "squash" for all, instead of each network's own preprocessing.
        untrained: True for random weights in all networks given by name, or the names of some.
        weights_dir: A folder to look for published weights in first.
        device: "auto", "cpu" or "cuda".
        dtype: The precision of networks given by name or as checkpoints.
        may_download: False to fail rather than download missing weights.
        report: Called with a stage, the amount done and the total (networks, bytes).
        cancel: Checked before each operation.

    Raises:
        PictureError: The picture can't be read.
        ModelError: A name is unknown, or given twice.
        MethodError: A method is unknown, or a layer is given for a network that isn't compared.
        Cancelled: ``cancel`` was set.
    """
    models, methods = arguments.networks(models), arguments.views(methods)
    resize, layer = arguments.resizing(resize), arguments.places(layer)
    opened = open_picture(picture)
    names = [get_spec(model).name if isinstance(model, str) else model.name for model in models]
    if not names or len(set(names)) < len(names):
        raise ModelError("A comparison needs at least one network, and each under its own name.")
    if not methods:
        raise MethodError(f"There is nothing to compute; there are {', '.join(VIEWS)}.")
    if layers and len(names) > 1:
        raise MethodError("Several layers are shown of one network at a time.")
    if layers and layer:
        raise MethodError(cam_layers.BOTH)
    cam_layers.check(layer, names)
    explanations: dict[str, Explanation] = {}
    failures: dict[str, str] = {}
    for done, (name, model) in enumerate(zip(names, models, strict=True)):
        if report is not None:
            report(name, done, len(names))
        try:
            loaded = model
            if not isinstance(loaded, LoadedModel):
                loaded = load_model(
                    loaded,
                    untrained=untrained if isinstance(untrained, bool) else name in untrained,
                    weights_dir=Path(weights_dir) if weights_dir is not None else None,
                    device=device,
                    dtype=dtype,
                    may_download=may_download,
                    progress=partial(report, f"{name}: downloading") if report else None,
                    cancel=cancel,
                )
            explanations[name] = explain(
                loaded,
                opened,
                methods,
                target=target,
                layer=cam_layers.layer_of(layer, name),
                layers=layers,
                resize=resize,
                cancel=cancel,
            )
        except Cancelled:
            raise
        except CactivizError as error:
            failures[name] = str(error)
    if report is not None:
        report("done", len(names), len(names))
    views = tuple(dict.fromkeys(methods))
    if layers and explanations:
        (explanation,) = explanations.values()
        views = tuple(explanation.views)
    return Comparison(opened, tuple(names), views, explanations, failures)


def compare_as_asked(
    asked: Request,
    picture: Picture,
    *,
    weights_dir: str | os.PathLike[str] | None = None,
    may_download: bool = True,
    report: Report | None = None,
    before: bool = True,
) -> Comparison:
    """Compare as a request says; if a part is covered, ask each network also without it.

    Args:
        asked: The request; its origin isn't read.
        picture: What the networks see.
        weights_dir: A folder with files of weights; None for the usual places.
        may_download: Whether weights that aren't here may be fetched.
        report: Told how far it is.
        before: Whether each network is also asked without the cover.

    Raises:
        CactivizError: As for ``compare`` and ``cover``.
    """
    alike: dict[str, Any] = {
        "resize": asked.resize,
        "untrained": asked.untrained,
        "weights_dir": weights_dir,
        "device": asked.device,
        "may_download": may_download,
        "report": report,
    }
    covered = compare(
        cover(picture, *asked.cover) if asked.cover else picture,
        asked.networks,
        asked.methods,
        target=asked.target,
        layer=dict(asked.layer) if isinstance(asked.layer, tuple) else asked.layer,
        layers="all-stages" if asked.layers == ("all-stages",) else asked.layers,
        **alike,
    )
    answered = [network for network in asked.networks if name_of(network) in covered.explanations]
    if not (before and asked.cover and answered):
        return covered
    # Of the picture without the cover only the answers are asked, the view that needs no more.
    uncovered = compare(picture, answered, (FILTERS,), **alike)
    return replace(covered, before=uncovered.explanations)
