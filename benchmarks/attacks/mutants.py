"""Mutated pictures and checkpoints, brought as a page brings them."""

from __future__ import annotations

import asyncio
import io
import itertools
import pickle
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save

from tests.fixtures.hostile_files import bombs, mutants, mutated

from .person import LIGHT, Person
from .table import Table
from .target import ROOT, Target, started

Named = tuple[str, bytes]
_OF_ONE_SESSION = 1  # the field for pictures goes once one has come
_AT_ONCE = 3
_CACTINET = ROOT / "cactiviz/models/weights/cactinet.safetensors"


def pictures(seed: int, count: int) -> Iterator[Named]:
    """Pictures with something broken, and among them some that are made to fill the memory."""
    many = itertools.chain(itertools.islice(bombs(), count // 10), mutants(seed, count))
    for number, (_, data) in enumerate(itertools.islice(many, count)):
        yield f"{number}.png", data  # what a file is, is judged by its content


def checkpoints(seed: int, count: int) -> Iterator[Named]:
    """Files of weights with something broken, in each of the formats that are read."""
    random = np.random.default_rng(seed)
    whole_network = load_file(_CACTINET).items()
    weights = {name: value[:4].clone() if value.ndim else value for name, value in whole_network}
    file = io.BytesIO()
    torch.save(weights, file)
    old = io.BytesIO()
    torch.save(weights, old, _use_new_zipfile_serialization=False)
    whole = _CACTINET.read_bytes()
    good = {
        "small.safetensors": save(weights),
        "new.pth": file.getvalue(),
        "old.pt": old.getvalue(),
        "pickle.pkl.pth": pickle.dumps({name: [1.0] * 8 for name in weights}),
        "whole.safetensors": whole,
    }
    yield "sound.safetensors", whole
    yield "calls.pth", pickle.dumps({"a": _Calls()}, 2)
    for number in range(count - 2):
        name = list(good)[number % len(good)]
        yield f"{number}-{name}", mutated(good[name], random)


class _Calls:
    def __reduce__(self) -> object:
        return bytearray, (3_000_000_000,)


async def bring_pictures(target: Target, files: list[Named]) -> Counter[str]:
    """Each through the upload field of the first page; how often what was said."""
    return await _bring(target, files, lambda person, name, data: person.open_picture(name, data))


async def bring_checkpoints(target: Target, files: list[Named]) -> Counter[str]:
    """Each through the form for networks of one's own."""

    def bring(person: Person, name: str, data: bytes) -> object:
        return person.open_network(name, data, "cactinet")

    return await _bring(target, files, bring)


async def _bring(target: Target, files: list[Named], bring: Callable[..., object]) -> Counter[str]:
    said: Counter[str] = Counter()
    batches = [files[at : at + _OF_ONE_SESSION] for at in range(0, len(files), _OF_ONE_SESSION)]
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(batch: list[Named]) -> None:
        async with free, Person.visit(target.address, LIGHT) as person:
            for name, data in batch:
                answer = await bring(person, name, data)  # type: ignore[misc]
                said[_kind(answer)] += 1

    await asyncio.gather(*(one(batch) for batch in batches))
    return said


def _kind(answer: str) -> str:
    """A sentence without what belongs to this file."""
    return re.sub(r'"[^"]*"|\S*\d\S*|\S+\\?\.\S+', "…", answer)[:60] if answer else "taken"


def run_mutants(
    table: Table,
    what: str,
    count: int,
    seed: int,
    wait: float,
) -> None:
    """Bring a tenth as a warm-up, wait, bring all, and wait again."""
    make, bring = {
        "pictures": (pictures, bring_pictures),
        "checkpoints": (checkpoints, bring_checkpoints),
    }[what]
    with started() as target:
        levels = []
        for some in (max(_OF_ONE_SESSION * _AT_ONCE, count // 4), count):
            files = list(make(seed + len(levels), some))
            said = asyncio.run(bring(target, files))
            files.clear()
            peak = target.peak_megabytes()
            time.sleep(wait)
            levels.append(target.megabytes())
        taken = said["taken"]
        table.holds(f"{count} mutated {what} are taken or refused", sum(said.values()) == count)
        unsaid = [one for one in said if "encountered an error" in one or one.startswith("nothing")]
        table.holds("each that is refused with a sentence", not unsaid, str(unsaid))
        table.holds(
            "nothing unforeseen in the log", not target.complaints(), str(target.complaints()[:2])
        )
        note = f"{taken} taken; peak {peak:.0f} MB"
        after = f"memory {wait:.0f} s after, against that after a warm-up"
        table.add(after, 100 * levels[1] / levels[0], 110, "%", f"{levels[1]:.0f} MB, {note}")
        left = [path.name for path in Path(target.temporary).glob("*")]
        table.add("folders that are kept for half an hour", len(left), count)
        for sentence, number in said.most_common(6):
            print(f"    {number:4}  {sentence}")
