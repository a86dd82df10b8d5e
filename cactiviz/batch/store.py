"""On-disk result store; interrupted batches resume."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz import cam_layers as places
from cactiviz.errors import OutputError
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.files import whole_file
from cactiviz.methods import method_of
from cactiviz.models import LoadedModel
from cactiviz.recipes.fields import REQUEST, of_export, to_json
from cactiviz.recipes.request import Request
from cactiviz.types import Box, Cancel, Picture, Target

_META = "meta.json"
_FORM = "2"  # version of the files' content; other versions aren't found
_OWN = re.compile(r"[0-9a-f]{40}\.npz|\.[0-9a-f]{40}\.npz\.\w+")  # the second while it is written


@dataclass(frozen=True, eq=False)
class StoredExplanation:
    """One network's explanation of one picture, for one class or at one layer.

    Attributes:
        title: Heading of the network.
        untrained: True if its weights are random.
        revision: Identifies its weights.
        seen: The part of the picture that the network saw, in pixels.
        answer: Name of the class explained.
        probability: Probability of that class, 0..1.
        label: Layer, where several are asked for; else empty.
        values: Method -> raw map, as :attr:`Attribution.values`.
        kinds: Method -> "positive" or "signed".
        layers: Method -> its layer, or empty.
        failures: Method -> why there is no map.
        preprocessing: The network's preprocessing, as plain values.
        places: Method -> its layer and grid in words, or empty.
        own: Name of the network's top class, whatever is explained.
        own_probability: Probability of that class, 0..1.
        is_own: True if the class explained is the top class.
    """

    title: str
    untrained: bool
    revision: str
    seen: Box
    answer: str
    probability: float
    label: str = ""
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    own: str = ""
    own_probability: float = 0.0
    is_own: bool = True


def ask(
    model: LoadedModel, picture: Picture, question: Request, cancel: Cancel | None = None
) -> list[StoredExplanation]:
    """Explain a picture, once for each layer or class that the question asks for.

    Raises:
        CactivizError: As for ``explain``.
    """

    def explanation_of(target: Target) -> Explanation:
        layers = question.layers
        return explain(
            model,
            picture,
            question.methods,
            target=target,
            layer=places.layer_of(question.layer, model.name),
            layers="all-stages" if layers == ("all-stages",) else layers,
            resize=question.resize,
            cancel=cancel,
        )

    first = explanation_of(question.target)
    if question.layers:
        labels = [view.partition("@")[2] for view in first.attributions]
        chosen = [place for place in dict.fromkeys(labels) if place] or [""]
        return [_stored(model, first, question, label) for label in chosen]
    others = [explanation_of(Target(a.class_index)) for a in first.predictions[1 : question.top]]
    return [_stored(model, explanation, question) for explanation in (first, *others)]


def _stored(
    model: LoadedModel, explanation: Explanation, question: Request, label: str = ""
) -> StoredExplanation:
    attributions: dict[str, Attribution] = {}
    for view, attribution in explanation.attributions.items():
        if "@" not in view or view.endswith(f"@{label}"):
            attributions[method_of(view)] = attribution
    failures = {method_of(view): why for view, why in explanation.failures.items()}
    best = explanation.predictions[0]
    explained = explanation.explained or best
    answer = explained.class_name
    if explanation.against is not None:
        answer = f"{answer}, not {explanation.against.class_name}"
    return StoredExplanation(
        title=explanation.title,
        untrained=explanation.untrained,
        revision=explanation.revision,
        seen=explanation.seen,
        answer=answer,
        probability=explained.probability,
        label=label,
        values={method: e.values for method, e in attributions.items()},
        kinds={method: e.kind for method, e in attributions.items()},
        layers={method: e.layer for method, e in attributions.items()},
        failures={m: failures.get(m, "") for m in question.methods if m not in attributions},
        preprocessing=asdict(model.spec.preprocessing),
        places={method: e.place for method, e in attributions.items()},
        own=best.class_name,
        own_probability=best.probability,
        is_own=explained.class_index == best.class_index,
    )


class ResultStore:
    """A folder of stored explanations, one file per network and picture.

    Args:
        folder: Created when the first result is stored.
        question: Part of each file's key, so that another question finds no file.
    """

    def __init__(self, folder: Path, question: Request) -> None:
        self.folder = folder
        self._question = json.dumps(
            to_json(question, of_export(REQUEST, "animation")), sort_keys=True
        )

    def get(self, network: str, picture: str) -> list[StoredExplanation] | None:
        """Stored explanations, or None; a file that can't be read counts as none."""
        file = self._file(network, picture)
        if not file.is_file():
            return None
        try:
            return _unpacked(file.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None

    def put(self, network: str, picture: str, answers: Sequence[StoredExplanation]) -> None:
        """Store explanations.

        Raises:
            OutputError: The folder can't be written.
        """
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {self.folder} can't be made: {error.strerror}."
            ) from error
        with whole_file(self._file(network, picture)) as file:
            file.write(_packed(answers))

    def forget(self) -> None:
        """Delete the stored files, and the folder unless it holds anything else."""
        with suppress(OSError):
            for file in list(self.folder.iterdir()):
                if _OWN.fullmatch(file.name):
                    file.unlink()
            self.folder.rmdir()

    def _file(self, network: str, picture: str) -> Path:
        about = "\0".join([_FORM, network, picture, self._question])
        return self.folder / f"{hashlib.sha256(about.encode()).hexdigest()[:40]}.npz"


def _packed(answers: Sequence[StoredExplanation]) -> bytes:
    arrays: dict[str, Any] = {}
    about = []
    for index, stored in enumerate(answers):
        plain = {**vars(stored), "seen": asdict(stored.seen), "values": list(stored.values)}
        about.append(plain)
        arrays |= {f"{index}/{method}": values for method, values in stored.values.items()}
    arrays[_META] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(data: bytes) -> list[StoredExplanation]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        about = json.loads(arrays[_META].tobytes())
        answers = []
        for index, plain in enumerate(about):
            values = {method: arrays[f"{index}/{method}"] for method in plain["values"]}
            answers.append(
                StoredExplanation(**{**plain, "seen": Box(**plain["seen"]), "values": values})
            )
    return answers
