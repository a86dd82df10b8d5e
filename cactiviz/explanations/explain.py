"""Explains one network's prediction for one picture, and shows its filters."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from cactiviz.engine import class_pass
from cactiviz.engine.backprop import Need
from cactiviz.engine.neuron_pass import feature_maps
from cactiviz.engine.trace import Trace, trace
from cactiviz.errors import LayerError, TargetError
from cactiviz.explanations import arguments
from cactiviz.explanations.caveats import notes_beside
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.explanations.target import check_contrast, find_target, notes_on_target
from cactiviz.methods import FILTERS, Method, get_method
from cactiviz.models import LoadedModel, ModelSpec
from cactiviz.models.preprocess import inputs_of
from cactiviz.pictures.open import Source, open_picture
from cactiviz.types import Cancel, FilterGrid, Layer, Prediction, Target


def convolutions(model: LoadedModel) -> list[str]:
    """Names of a network's convolutions, in the order in which they run."""
    names = [n for n, m in model.module.named_modules() if isinstance(m, torch.nn.Conv2d)]
    return sorted(names, key=lambda name: name != model.spec.first_conv)


def filters(
    model: LoadedModel,
    picture: Source | None = None,
    *,
    layer: str | None = None,
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> FilterGrid:
    """Raw kernels of a convolution, and its feature maps if a picture is given.

    Args:
        model: A loaded network.
        picture: Picture for the feature maps; None for the kernels alone.
        layer: Dotted name of the convolution; None for the first one.
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Checked before each operation.

    Raises:
        LayerError: There is no convolution of this name.
        ModelError: The network can't process the picture.
    """
    model, resize = arguments.loaded(model), arguments.resizing(resize)
    name = layer or model.spec.first_conv
    convolution = dict(model.module.named_modules()).get(name)
    if not isinstance(convolution, torch.nn.Conv2d):
        raise LayerError(f"{model.title} has no convolution called “{name}”.")
    kernels = convolution.weight.detach().to("cpu", torch.float32, copy=True).numpy()
    if picture is None:
        return FilterGrid(name, kernels)
    inputs, _ = inputs_of(model, open_picture(picture), resize)
    maps = feature_maps(model.module, inputs, Layer(name), cancel)[0]
    return FilterGrid(name, kernels, maps.cpu().to(torch.float32).numpy())


_TOP = 5


def explain(
    model: LoadedModel,
    picture: Source,
    methods: str | Sequence[str],
    *,
    target: Target | int | str | None = None,
    layer: Layer | str | None = None,
    layers: Sequence[Layer | str] | Literal["all-stages"] = (),
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> Explanation:
    """Predict and explain one picture, in one pass for all methods and layers.

    A method that doesn't apply (a layer or a class that the network doesn't have) leaves its
    sentence in ``failures``; the other methods and the predictions are not affected.

    Args:
        model: A loaded network; other threads may use it at the same time.
        picture: As :func:`~cactiviz.pictures.open.open_picture` takes it.
        methods: One or several names of :data:`cactiviz.methods.VIEWS`.
        target: A class by index (an int) or name (a str); None for the network's top class.
        layer: Layer of class activation maps; None for the network's target layer.
        layers: Several layers instead of one: each class activation map is computed at each,
            under the name ``METHOD@LAYER``. "all-stages" takes the last map of each resolution.
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Checked before each operation.

    Raises:
        MethodError: A method or ``resize`` is unknown.
        ModelError: The network isn't loaded, or can't process the picture.
        PictureError: The picture can't be read.
        DeviceError: The memory is too small.
        Cancelled: ``cancel`` was set.
    """
    model, layer = arguments.loaded(model), arguments.place(layer)
    resize, methods = arguments.resizing(resize), arguments.views(methods)
    picture = open_picture(picture)
    chosen = [get_method(name) for name in methods if name != FILTERS]
    spec = model.spec
    inputs, seen = inputs_of(model, picture, resize)
    sequence = trace(model.module, tuple(inputs.shape[1:]))
    failures: dict[str, str] = {}
    class_index, against, refused = None, None, False
    target_notes: tuple[str, ...] = ()
    try:
        class_index, against = find_target(spec, target)
        target_notes = notes_on_target(spec, target)
        if against is not None and class_index is None:
            class_index = int(class_pass.run(model.module, inputs, cancel=cancel).class_index[0])
            check_contrast(spec, class_index, against)
    except TargetError as error:
        refused = True
        failures = dict.fromkeys((method.name for method in chosen), str(error))
    try:
        places = _places(sequence, spec, layer, layers)
    except LayerError as error:
        places = [spec.target_layer]
        late = (m.name for m in chosen if "activations" in m.needs)
        failures = {**dict.fromkeys(late, str(error)), **failures}
    wanted: dict[str, tuple[Method, Layer | None]] = {}  # view -> method, and where maps are taken
    for method in chosen:
        if method.name in failures:
            continue
        if "activations" not in method.needs:
            wanted[method.name] = method, None
            continue
        for place in places if layers else places[:1]:
            key = f"{method.name}@{place}" if layers else method.name
            try:
                sequence.step(place)
                wanted[key] = method, place
            except LayerError as error:
                failures[key] = str(error)
    used = list(dict.fromkeys(place for _, place in wanted.values() if place is not None))

    started = time.perf_counter()
    evidence = class_pass.run(
        model.module,
        inputs,
        [class_index],
        against=[against],
        layers=used,
        needs=frozenset[Need]().union(*(method.needs for method, _ in wanted.values())),
        cancel=cancel,
    )
    answers = _answers(spec, evidence.logits)
    explained = answers[int(evidence.class_index[0])]
    attributions = {}
    for key, (method, at) in wanted.items():
        signed = method.signed if against is not None else None
        here = evidence if at is None else evidence.at(used.index(at))
        values = (signed or method.function)(here)[0].cpu().numpy()
        grid = None if at is None else (here.maps[0][0].shape[-2], here.maps[0][0].shape[-1])
        attributions[key] = Attribution(
            model=model.name,
            method=key,
            class_index=explained.class_index,
            class_name=explained.class_name,
            logit=explained.logit,
            probability=explained.probability,
            values=values,
            kind="signed" if signed else method.kind,
            seconds=0.0,
            layer="" if at is None else str(at),
            contrast="" if against is None else spec.class_name(against),
            notes=(*target_notes, *notes_beside(model, method, values, sequence, against, at)),
            layer_grid=grid,
        )
    seconds = time.perf_counter() - started
    known = model.familiarity
    return Explanation(
        model=model.name,
        title=model.title,
        untrained=model.untrained,
        revision=model.revision,
        seen=seen,
        predictions=tuple(sorted(answers, key=lambda answer: -answer.logit)[:_TOP]),
        attributions={name: replace(e, seconds=seconds) for name, e in attributions.items()},
        failures=failures,
        filters=filters(model) if FILTERS in methods else None,
        explained=None if refused else explained,
        against=None if refused or against is None else answers[against],
        scores=np.array([answer.logit for answer in answers]),
        shares=np.array([answer.probability for answer in answers]),
        remarks=(*model.remarks, *target_notes),
        stranger=known is not None and bool(known.strangers(model.module, inputs)[0]),
        tile_side=None if known is None else known.side,
    )


def _places(
    sequence: Trace,
    spec: ModelSpec,
    layer: Layer | str | None,
    layers: Sequence[Layer | str] | Literal["all-stages"],
) -> list[Layer]:
    if layers == "all-stages":
        return sequence.stages()
    if isinstance(layers, str | Layer):
        layers = [layers]
    several = layers or [layer or spec.target_layer]
    return [Layer.parse(place) if isinstance(place, str) else place for place in several]


def _answers(spec: ModelSpec, logits: torch.Tensor) -> list[Prediction]:
    """Predictions of all classes, in the order of their index."""
    scores = class_pass.class_scores(logits)[0].tolist()
    shares = class_pass.probabilities(logits)[0].tolist()
    return [
        Prediction(index, spec.class_name(index), score, share)
        for index, (score, share) in enumerate(zip(scores, shares, strict=True))
    ]
