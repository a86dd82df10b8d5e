"""The networks that a page can choose among: those of the table, and the session's own."""

from __future__ import annotations

from cactiviz.models import MODELS, Checkpoint, ModelSpec, find_weights
from cactiviz.runner import Network


def names() -> list[str]:
    """All of them, the table's first."""
    return [*MODELS, *own()]


def own() -> dict[str, Checkpoint]:
    """The session's own networks by name."""
    return {}


def title(name: str) -> str:
    """How a network is called on a page."""
    return MODELS[name].title if name in MODELS else name


def network(name: str, untrained: bool) -> Network:
    """Which network exactly a name stands for now.

    Args:
        name: One of :func:`names`.
        untrained: Random weights will do where no trained ones are here.
    """
    if name not in MODELS:
        checkpoint = own()[name]
        return Network(name, revision=_changed(checkpoint), checkpoint=checkpoint)
    weights = find_weights(MODELS[name])
    if weights is not None:
        return Network(name, revision=f"{weights} {weights.stat().st_mtime_ns}")
    return Network(name, untrained=untrained or not can_be_fetched(MODELS[name]))


def missing() -> list[ModelSpec]:
    """The networks whose published weights aren't here, and can be fetched."""
    return [s for s in MODELS.values() if find_weights(s) is None and can_be_fetched(s)]


def can_be_fetched(spec: ModelSpec) -> bool:
    """Whether its weights have an address."""
    return spec.weights is not None and bool(spec.weights.url)


def _changed(checkpoint: Checkpoint) -> str:
    files = filter(None, (checkpoint.file, checkpoint.classes))
    return " ".join(f"{file} {file.stat().st_mtime_ns}" for file in files)
