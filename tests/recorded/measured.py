"""Files, arrays, pictures and texts as small plain values that can be kept and compared."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

Value = Any  # what JSON holds

#: Of a JSON file: what differs from run to run, from version to version, or from place to place.
LEFT_OUT = {"cactiviz", "seconds", "pictures_per_second"}
_WHOLE = 1200  # numbers of an array that is kept as it is
_SIDE = 8  # of a larger one, so many rows and columns are kept
_CELL = 8  # pixels of a picture whose mean grey is kept
_LONG_NUMBER = re.compile(r"\d+\.\d{5,}(e-?\d+)?")
_PATCH = 32  # pixels of a picture whose mean colour is kept


def of_file(path: Path) -> Value:
    """What a file holds, by its ending."""
    return _BY_ENDING[path.suffix.lower()](path.read_bytes())


def of_json(value: Value) -> Value:
    """Plain values without what may differ; a picture's file by its name alone."""
    if isinstance(value, Mapping):
        kept = {str(key): of_json(one) for key, one in value.items() if key not in LEFT_OUT}
        if isinstance(origin := kept.get("from"), str) and ":" not in origin:
            kept["from"] = Path(origin).name
        return kept
    return [of_json(one) for one in value] if isinstance(value, list | tuple) else value


def of_array(array: NDArray[Any]) -> Value:
    """Its shape, dtype, range and mean; all of its numbers, or some on a regular grid."""
    some = np.asarray(array, np.float32)
    if some.size > _WHOLE:
        rows, columns = (max(1, side // _SIDE) for side in some.shape[-2:])
        some = some[..., rows // 2 :: rows, columns // 2 :: columns]
    wide = np.asarray(array, np.float64)
    figures = [wide.min(), wide.max(), wide.mean(), np.abs(wide).mean()]
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "figures": [float(f"{one:.7g}") for one in figures],
        "numbers": _packed(some),
    }


def of_picture(image: Image.Image) -> Value:
    """Its size, the mean grey of each small cell, the mean colour of each large one."""
    rgb = np.asarray(image.convert("RGB"))
    grey = rgb.mean(2, keepdims=True)
    return {
        "size": list(rgb.shape[:2]),
        "greys": _packed(_means(grey, _CELL)[..., 0]),
        "colours": _packed(_means(rgb, _PATCH)),
    }


def of_drawing(image: Image.Image) -> Value:
    """A picture in which no network takes part: its pixels' hash."""
    rgb = np.asarray(image.convert("RGB"))
    return {"size": list(rgb.shape[:2]), "sha256": hashlib.sha256(rgb.tobytes()).hexdigest()}


def of_small_picture(data: bytes) -> Value:
    """Its size, and the mean colour of nine parts."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    colours = np.asarray(image.resize((3, 3), Image.Resampling.BOX))
    return {"size": [image.height, image.width], "colours": _packed(colours)}


def words(text: str) -> list[str]:
    """A text's words and numbers, without lines, columns, signs and markup; long numbers rounded.

    >>> words("CactiNet   4.1 M | on disk: a.pth")
    ['CactiNet', '4.1', 'M', 'on', 'disk', 'a.pth']
    """
    found = re.findall(r"\w+(?:[.,:/'’-]\w+)*", text)
    return [f"{float(word):.4g}" if _LONG_NUMBER.fullmatch(word) else word for word in found]


def recipe_of(data: bytes) -> Value:
    """The recipe that an exported file holds, or None."""
    if data[:1] == b"{":
        return json.loads(data)
    if data[:1] == b"<":
        found = re.search(r'id="recipe">(.*?)</script>', data.decode(), re.DOTALL)
        return json.loads(found[1]) if found else None
    if data[:2] == b"PK":
        return json.loads(zipfile.ZipFile(io.BytesIO(data)).read("recipe.json"))
    found = re.search(rb"<dc:description>(.*?)</dc:description>", data, re.DOTALL)
    if found:
        return json.loads(html.unescape(found[1].decode()))
    info = Image.open(io.BytesIO(data)).info
    said = info.get("recipe") or info.get("comment") or b""
    text = said.decode() if isinstance(said, bytes) else str(said)
    return json.loads(text) if text.startswith("{") else None


def images_in(text: str) -> Iterable[bytes]:
    """The images that a text holds in data addresses."""
    for found in re.finditer(r"data:image/(?:png|jpeg|webp|gif);base64,([A-Za-z0-9+/=]+)", text):
        yield base64.b64decode(found[1])


def _of_npz(data: bytes) -> Value:
    with np.load(io.BytesIO(data)) as arrays:
        return {name: of_array(arrays[name]) for name in arrays.files}


def _of_image(data: bytes) -> Value:
    """Also of an animation: how many frames, how long, and the first and the last of them."""
    image = Image.open(io.BytesIO(data))
    frames = [frame.copy() for frame in ImageSequence.Iterator(image)]
    if len(frames) == 1:
        return of_picture(frames[0])
    times = {key: image.info[key] for key in ("duration", "loop") if key in image.info}
    return {
        "frames": len(frames),
        **times,
        "ends": [of_picture(f) for f in (frames[0], frames[-1])],
    }


def _of_export(data: bytes) -> Value:
    return {"shows": _of_image(data), "recipe": of_json(recipe_of(data))}


def _of_html(data: bytes) -> Value:
    """Its words, images and recipe; its markup is left out, and what is laid out as code."""
    text = data.decode()
    said = re.sub(r"(?s)<(script|style|pre)\b.*?</\1>|<[^>]*>", " ", text)
    return {
        "words": sorted(words(html.unescape(said))),
        "images": [_of_image(image) for image in images_in(text)],
        "recipe": of_json(recipe_of(data)),
    }


def _of_zip(data: bytes) -> Value:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        return {
            name: _BY_ENDING[Path(name).suffix](archive.read(name))
            for name in names
            if Path(name).suffix in _BY_ENDING
        }


_BY_ENDING = {
    ".json": lambda data: of_json(json.loads(data)),
    ".npz": _of_npz,
    ".png": _of_image,
    ".gif": _of_export,
    ".webp": _of_export,
    ".html": _of_html,
    ".zip": _of_zip,
}


def _means(values: NDArray[Any], cell: int) -> NDArray[np.uint8]:
    """uint8 means of (h, w, c) over square cells; those at the lower and right edge are smaller."""
    height, width = values.shape[:2]
    rows, columns = np.arange(0, height, cell), np.arange(0, width, cell)
    sums = np.add.reduceat(np.add.reduceat(values.astype(float), rows, 0), columns, 1)
    tall, wide = np.diff([*rows, height]), np.diff([*columns, width])
    return np.rint(sums / (tall[:, None, None] * wide[None, :, None])).astype(np.uint8)


def _packed(array: NDArray[Any]) -> Value:
    data = np.ascontiguousarray(array)
    text = base64.b85encode(zlib.compress(data.tobytes(), 9)).decode()
    return {"shape": list(data.shape), "dtype": str(data.dtype), "packed": text}


def unpacked(value: Mapping[str, Any]) -> NDArray[Any]:
    """The array that was packed."""
    data = zlib.decompress(base64.b85decode(value["packed"]))
    return np.frombuffer(data, value["dtype"]).reshape(value["shape"])
