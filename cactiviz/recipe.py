"""What makes an export again, as plain values: said in its file, and read from it."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from PIL import Image

from cactiviz import __version__
from cactiviz.errors import CactivizError
from cactiviz.export.notes import recipe_in
from cactiviz.kept import Question, Said
from cactiviz.look import Look
from cactiviz.models import Checkpoint, LoadedModel, is_named
from cactiviz.streams import read_stream

_MOST_BYTES = 500_000_000
_MOST_RECIPE_BYTES = 50_000_000  # of what is packed in a ZIP


def picture_recipe(title: str, origin: str, sha256: str, name: str, credit: str) -> dict[str, Any]:
    """A picture: where it is read from, and how it is known again.

    What may be secret in a web address (a user's name, a query) is left out, and that is said.
    """
    kept = _without_secrets(origin)
    found = {"title": title, "from": kept, "sha256": sha256, "name": name, "credit": credit}
    return found if kept == origin else {**found, "left_out": "the query of its address"}


def _without_secrets(origin: str) -> str:
    """A web address without query, fragment and user's name; anything else as it is.

    >>> _without_secrets("https://u:p@example.org:8000/a.jpg?token=1#x")
    'https://example.org:8000/a.jpg'
    """
    if not origin.lower().startswith(("http://", "https://")):
        return origin
    parts = urlsplit(origin)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def network_recipe(
    name: str,
    network: str | Checkpoint | LoadedModel,
    untrained: bool,
    said: Said | None,
    failure: str = "",
) -> dict[str, Any]:
    """A network: its weights' hash, how it was given pictures, and where maps were taken."""
    own = network if isinstance(network, Checkpoint) else None
    return {
        "name": name,
        "checkpoint": _as_typed(own) if own else None,
        "in_memory": isinstance(network, LoadedModel) and not is_named(network.name),
        "untrained": said.untrained if said else untrained,
        "weights": said.revision if said else "",
        "preprocessing": dict(said.preprocessing) if said else {},
        "layers": dict(said.layers) if said else {},
        "failure": failure,
    }


def _as_typed(own: Checkpoint) -> dict[str, str]:
    said = {key: str(value or "") for key, value in vars(own).items()}
    return {**said, "preprocessing": own.preprocessing_text}


def animation_recipe(
    pictures: Sequence[Mapping[str, Any]],
    networks: Sequence[Mapping[str, Any]],
    question: Question,
    look: Look,
    device: str,
) -> dict[str, Any]:
    """An animation. There is no date in it: the same choices make the same bytes."""
    return {
        "cactiviz": __version__,
        "makes": "animation",
        "pictures": list(pictures),
        "networks": list(networks),
        "question": question.to_json(),
        "look": asdict(look),
        "device": device,
        "seed": 0,
    }


def checkpoint_in(network: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint of a network in a recipe, or None."""
    found = network.get("checkpoint")
    if not found:
        return None
    return Checkpoint(
        found["name"],
        found["architecture"],
        Path(found["file"]),
        found["classes"] or None,
        found.get("preprocessing") or None,  # which those of older versions lack
    )


def read_recipe(path: Path) -> dict[str, Any]:
    """The recipe of a JSON file, or of an exported picture, film, report or folder.

    What a file is, is judged by its content; pipes are read.

    Raises:
        CactivizError: There is no such file, or no recipe in it.
    """
    path = Path(os.path.expanduser(path))
    file = path / "0001.png" if os.path.isdir(path) else path
    try:
        content = _content(file)
    except (OSError, ValueError) as error:
        raise CactivizError(f"The file {path} can't be read.") from error
    try:
        found = json.loads(_text_in(content))
    except Exception as error:  # a damaged file can raise anything in a reader
        raise CactivizError(f"There is no recipe in {path}.") from error
    if not isinstance(found, dict) or "makes" not in found:
        raise CactivizError(f"There is no recipe in {path}.")
    return found


def _content(file: Path) -> bytes:
    status = os.stat(file)
    if stat.S_ISREG(status.st_mode):
        data = file.read_bytes() if status.st_size <= _MOST_BYTES else None
    else:
        data = read_stream(file, _MOST_BYTES + 1)
    if data is None or len(data) > _MOST_BYTES:
        raise CactivizError(f"The file {file} is too large to look for a recipe in.")
    return data


def _text_in(data: bytes) -> str:
    start = data[:1024].removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"{"):
        return data.decode("utf-8-sig")
    if start.startswith(b"<"):
        found = re.search(r'id="recipe">(.*?)</script>', data.decode("utf-8"), re.DOTALL)
        return found[1] if found else ""
    if start.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            with archive.open("recipe.json") as file:  # what it says of its size isn't believed
                text = file.read(_MOST_RECIPE_BYTES + 1)
            return text.decode() if len(text) <= _MOST_RECIPE_BYTES else ""
    if start[4:8] == b"ftyp" or start[8:12] == b"WEBP":
        return recipe_in(data)
    with Image.open(io.BytesIO(data), formats=("PNG", "GIF")) as image:
        said = image.info.get("recipe") or image.info.get("comment") or ""
    return said.decode() if isinstance(said, bytes) else str(said)
