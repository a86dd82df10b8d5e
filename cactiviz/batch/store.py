"""What networks said of many pictures, kept on disk, so that stopped work goes on where it was."""

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
from cactiviz.methods.views import method_of
from cactiviz.models import LoadedModel
from cactiviz.recipes.fields import REQUEST, of_export, to_json
from cactiviz.recipes.request import Request
from cactiviz.types import Box, Cancel, Picture, Target

_META = "meta.json"
_FORM = "2"  # of what is kept; answers of another one aren't found
_OWN = re.compile(r"[0-9a-f]{40}\.npz|\.[0-9a-f]{40}\.npz\.\w+")  # the second while it is written


@dataclass(frozen=True, eq=False)
class StoredExplanation:
    """What one network said of one picture, for one class or at one layer.

    Attributes:
        title: The network's heading.
        untrained: True if its weights are random.
        revision: What its weights are.
        seen: The part of the picture that it saw.
        answer: The class explained.
        probability: Its probability.
        label: The layer, where several are asked for; else empty.
        values: Method -> raw map.
        kinds: Method -> "positive" or "signed".
        layers: Method -> where it was taken, or empty.
        failures: Method -> why there is none.
        preprocessing: How the picture became the network's input, as plain values.
        places: Method -> its layer and that layer's grid in words, or empty.
        own: The network's own answer, whatever is explained, and
        own_probability: its probability.
        is_own: Whether nothing else than that is explained.
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
    """Put a question to a network: one answer for each layer or class that is asked for.

    Raises:
        CactivizError: As for ``explain``.
    """

    def reading_of(target: Target) -> Explanation:
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

    first = reading_of(question.target)
    if question.layers:
        found = [view.partition("@")[2] for view in first.attributions]
        chosen = [place for place in dict.fromkeys(found) if place] or [""]
        return [_said(model, first, question, label) for label in chosen]
    others = [reading_of(Target(a.class_index)) for a in first.predictions[1 : question.top]]
    return [_said(model, explanation, question) for explanation in (first, *others)]


def _said(
    model: LoadedModel, explanation: Explanation, question: Request, label: str = ""
) -> StoredExplanation:
    found: dict[str, Attribution] = {}
    for view, attribution in explanation.attributions.items():
        if "@" not in view or view.endswith(f"@{label}"):
            found[method_of(view)] = attribution
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
        values={method: e.values for method, e in found.items()},
        kinds={method: e.kind for method, e in found.items()},
        layers={method: e.layer for method, e in found.items()},
        failures={m: failures.get(m, "") for m in question.methods if m not in found},
        preprocessing=asdict(model.spec.preprocessing),
        places={method: e.place for method, e in found.items()},
        own=best.class_name,
        own_probability=best.probability,
        is_own=explained.class_index == best.class_index,
    )


class ResultStore:
    """A folder of answers, one file for each network and picture.

    Args:
        folder: Made when the first answer is kept.
        question: Part of each file's name, so that another question finds nothing.
    """

    def __init__(self, folder: Path, question: Request) -> None:
        self.folder = folder
        self._question = json.dumps(
            to_json(question, of_export(REQUEST, "animation")), sort_keys=True
        )

    def get(self, network: str, picture: str) -> list[StoredExplanation] | None:
        """What was kept, or None; a file that can't be read counts as none."""
        file = self._file(network, picture)
        if not file.is_file():
            return None
        try:
            return _unpacked(file.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None

    def put(self, network: str, picture: str, answers: Sequence[StoredExplanation]) -> None:
        """Keep answers.

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
        """Remove what was kept, and the folder unless something else is in it."""
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
    for index, said in enumerate(answers):
        plain = {**vars(said), "seen": asdict(said.seen), "values": list(said.values)}
        about.append(plain)
        arrays |= {f"{index}/{method}": values for method, values in said.values.items()}
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
