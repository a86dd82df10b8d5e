"""``models``, ``methods`` and ``doctor``: what there is, and what this machine has."""

from __future__ import annotations

import argparse
import json
import socket
import textwrap

from cactiviz.cli.outputs import path
from cactiviz.errors import ModelError
from cactiviz.methods import METHODS, VIEWS, describe
from cactiviz.models import MODELS, find_weights, search, weights_folders

_TIMEOUT_SECONDS = 3


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands to the command line."""
    models = commands.add_parser("models", help="list the networks and what is on disk")
    models.add_argument("--weights-dir", type=path, help="a folder to look for weights in first")
    models.add_argument(
        "--all", metavar="PATTERN", help="search torchvision and timm, e.g. resnet or 'convnext*'"
    )
    models.set_defaults(run=_models)
    methods = commands.add_parser("methods", help="list the methods")
    methods.set_defaults(run=_methods)
    check = commands.add_parser("doctor", help="what this machine has and lacks, and what to do")
    check.add_argument("--weights-dir", type=path, help="a folder to look for weights in first")
    check.add_argument("--offline", action="store_true", help="don't ask whether hosts answer")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.set_defaults(run=_doctor)


def _models(options: argparse.Namespace) -> int:
    if options.all is not None:
        found = search(options.all)
        if not found:
            raise ModelError(f"Neither torchvision nor timm has a network like “{options.all}”.")
        print("\n".join(found))
        return 0
    for name, spec in MODELS.items():
        file = find_weights(spec, options.weights_dir)
        if file is not None:
            state = f"on disk: {file}"
        elif spec.weights is not None:
            state = f"to be downloaded, about {spec.download_megabytes} MB"
        else:
            state = "no trained weights yet, only --untrained"
        print(f"{name:20} {spec.title:18} {spec.parameters / 1e6:5.1f} M parameters  {state}")
    folders = ", then ".join(str(folder) for folder in weights_folders(options.weights_dir))
    print(f"Weights are looked for in {folders}.")
    print("Any other classifier: torchvision:NAME or timm:NAME; `cactiviz models --all resnet`.")
    return 0


def _methods(_: argparse.Namespace) -> int:
    for view in VIEWS:
        title, asks = describe(view)
        print(f"{view:18} {title}: {asks}")
        if view in METHODS:
            method = METHODS[view]
            for line in (method.limit, method.source):
                print(textwrap.indent(textwrap.fill(line, 80), " " * 19))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from cactiviz.cli import doctor  # torch and the data sets, which the lists need not

    found = doctor.examine(options.weights_dir, None if options.offline else _answers)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(doctor.in_words(found)))
    return 0


def _answers(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
