"""What makes an export again, as plain values: said in its file, and read from it."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from cactiviz._version import __version__
from cactiviz.errors import CactivizError, RecipeError
from cactiviz.files import read_stream
from cactiviz.models import Checkpoint, LoadedModel, is_named
from cactiviz.models.checkpoint import IMAGENET
from cactiviz.recipes.fields import REQUEST, STYLE, Makes, of_export, to_json
from cactiviz.recipes.locate import Resolved
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.schema import check
from cactiviz.redaction import is_web, told_paths, told_sentence, told_text, without_secrets
from cactiviz.rendering.formats.metadata import recipe_in

_MOST_BYTES = 500_000_000
_MOST_RECIPE_BYTES = 50_000_000  # of what is packed in a ZIP
_MOST_DIGITS = 20  # of a whole number; Python refuses those of more than 4,300

#: What is left out of a path that began elsewhere than in the working folder.
FOLDERS = "the folders that it lies in"


class Answer(Protocol):
    """What a recipe tells of a network that gave an explanation."""

    @property
    def untrained(self) -> bool:
        """Whether its weights are random."""

    @property
    def revision(self) -> str:
        """Identifies its weights."""

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """How it was given pictures, as plain values."""

    @property
    def layers(self) -> Mapping[str, str]:
        """Method -> its layer, or empty."""


def picture_recipe(
    title: str, origin: str, sha256: str, name: str, credit: str, told: str = "", left_out: str = ""
) -> dict[str, Any]:
    """A picture: where it is read from, and how it is known again.

    What may be secret in a web address (a user's name, a query) is left out, and that is said; so
    are folders, unless they were typed from the working folder.

    Args:
        title: Written above it.
        origin: As it was typed.
        sha256: Of its pixels.
        name: What it is called.
        credit: Whose it is.
        told: Its origin as :func:`told_origins` says it; found out if not given.
        left_out: What is left out of its origin already.
    """
    told, secret = without_secrets(origin) if is_web(origin) else (told, "")
    told = told or told_origins([origin])[0]
    titles = {"title": told_text(title, [origin]), "name": told_text(name, [origin])}
    entry = {**titles, "from": told, "sha256": sha256, "credit": told_text(credit, [origin])}
    if told != origin or left_out:
        entry["left_out"] = left_out or secret or FOLDERS
    return entry


def told_origins(origins: Sequence[str], folder: Path | None = None) -> list[str]:
    """Where pictures are read from as an export tells of it.

    Args:
        origins: As they were typed.
        folder: The export's; None where it has none.

    >>> told_origins(["https://u:p@example.org/a.jpg?token=1", "/data/a.png", "sample:chelsea"])
    ['https://example.org/a.jpg', 'a.png', 'sample:chelsea']
    """
    told = told_paths(origins, folder)
    return [without_secrets(origin)[0] if is_web(origin) else origin for origin in told]


def network_recipe(
    name: str,
    network: str | Checkpoint | LoadedModel,
    untrained: bool,
    answer: Answer | None,
    failure: str = "",
    folder: Path | None = None,
) -> dict[str, Any]:
    """A network: its weights' hash, how it was given pictures, and where maps were taken.

    Args:
        name: What it is called.
        network: As it was asked for.
        untrained: Whether it has random weights.
        answer: An answer of it, if it gave one.
        failure: Why it gave none.
        folder: The export's; None where it has none.
    """
    own = network if isinstance(network, Checkpoint) else None
    return {
        "name": name,
        "checkpoint": _as_typed(own, folder) if own else None,
        "in_memory": isinstance(network, LoadedModel) and not is_named(network.name),
        "untrained": answer.untrained if answer else untrained,
        "weights": answer.revision if answer else "",
        "preprocessing": dict(answer.preprocessing) if answer else {},
        "layers": dict(answer.layers) if answer else {},
        "failure": told_sentence(failure, paths_of([network])),
    }


def _as_typed(own: Checkpoint, folder: Path | None) -> dict[str, str]:
    """A checkpoint with its paths as an export tells of them."""
    left_out = own.left_out if isinstance(own, Resolved) else ""
    own = own.typed or own if isinstance(own, Resolved) else own
    plain = {key: str(getattr(own, key) or "") for key in ("name", "architecture", "file")}
    listed = isinstance(own.classes, Path)
    typed = [plain["file"], *([str(own.classes)] if listed else [])]
    file, *classes = told_paths(typed, folder)
    entry = {**plain, "file": file, "classes": classes[0] if classes else str(own.classes or "")}
    entry["preprocessing"] = own.preprocessing_text
    if [file, *classes] != typed or left_out:
        entry["left_out"] = left_out or FOLDERS
    return entry


def export_recipe(
    makes: Makes,
    pictures: Sequence[Mapping[str, Any]],
    networks: Sequence[Mapping[str, Any]],
    request: Request,
    style: Style,
) -> dict[str, Any]:
    """An export's recipe. There is no date in it: the same choices make the same bytes."""
    return {
        "cactiviz": __version__,
        "makes": makes,
        "pictures": list(pictures),
        "networks": list(networks),
        "question": to_json(request, of_export(REQUEST, makes)),
        "look": to_json(style, of_export(STYLE, makes)),
        "device": request.device,
        "seed": 0,
    }


def paths_of(networks: Iterable[object]) -> list[Path]:
    """The files of the checkpoints among networks: what a sentence about them may name."""
    own = [network for network in networks if isinstance(network, Checkpoint)]
    typed = [c.typed for c in own if isinstance(c, Resolved) and c.typed is not None]
    several = [path for c in (*own, *typed) for path in (c.file, c.classes)]
    return [path for path in several if isinstance(path, Path)]


def checkpoint_in(network: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint of a network in a recipe, or None."""
    entry = network.get("checkpoint")
    if not entry:
        return None
    named = IMAGENET if entry["classes"] else None
    return Checkpoint(
        entry["name"],
        entry["architecture"],
        Path(entry["file"]),
        Path(entry["classes"]) if entry["classes"] not in ("", None, IMAGENET) else named,
        entry.get("preprocessing") or None,  # which those of older versions lack
    )


def read_recipe(path: Path) -> dict[str, Any]:
    """The recipe of a JSON file, or of an exported picture, film, report or folder.

    What a file is, is judged by its content; pipes are read. Each of its fields is checked; what
    it lacks is said where it is made again.

    Raises:
        RecipeError: There is no recipe in it, or a field isn't what it should be.
        CactivizError: There is no such file.
    """
    path = Path(os.path.expanduser(path))
    file = path / "0001.png" if os.path.isdir(path) else path
    try:
        content = _content(file)
    except (OSError, ValueError) as error:
        raise CactivizError(f"The file {path} can't be read.") from error
    try:
        # Strictly: what isn't a finite number stays a text, which no number's place takes.
        recipe = json.loads(
            _text_in(content),
            object_pairs_hook=_once,
            parse_constant=str,
            parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else digits,
            parse_float=lambda digits: float(digits) if isfinite(float(digits)) else digits,
        )
    except RecipeError:
        raise
    except Exception as error:  # a damaged file can raise anything in a reader
        raise RecipeError(f"There is no recipe in {path}.") from error
    if not isinstance(recipe, dict) or "makes" not in recipe:
        raise RecipeError(f"There is no recipe in {path}.")
    check(recipe, whole=False)
    return recipe


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counted.items() if count > 1)
        raise RecipeError(f"The recipe has two fields “{twice[:60]}” in one place.")
    return fields


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
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as some editors save it
        return data.decode("utf-16")
    start = data[:1024].removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"{"):
        return data.decode("utf-8-sig")
    if start.startswith(b"<"):
        script = re.search(r'id="recipe">(.*?)</script>', data.decode("utf-8"), re.DOTALL)
        return script[1] if script else ""
    if start.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo("recipe.json")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                return ""  # Python unpacks others without a bound, and no export is packed so
            with archive.open(entry) as file:  # what it says of its size isn't believed
                text = file.read(_MOST_RECIPE_BYTES + 1)
            return text.decode() if len(text) <= _MOST_RECIPE_BYTES else ""
    if start[4:8] == b"ftyp" or start[8:12] == b"WEBP" or start.startswith(b"\xff\xd8"):
        return recipe_in(data)
    with Image.open(io.BytesIO(data), formats=("PNG", "GIF")) as image:
        embedded = image.info.get("recipe") or image.info.get("comment") or ""
    return embedded.decode() if isinstance(embedded, bytes) else str(embedded)
