"""What makes a comparison again, as a person would type it: a command, and Python."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from cactiviz.datasets import is_address
from cactiviz.models import Checkpoint, LoadedModel
from cactiviz.recipes.fields import REQUEST, STYLE, Field, default_of, of_export
from cactiviz.recipes.kinds import LayerOf
from cactiviz.recipes.recipe import FOLDERS, picture_recipe
from cactiviz.recipes.request import Given, Request, Style


def as_command(request: Request, style: Style) -> str:
    """A line for a shell; empty where the command line can't ask for it.

    Where something of the picture's origin stays out, such as the query of its address, a remark
    behind the line says so.

    >>> as_command(Request(("cat.jpg",), ("alexnet",), ("grad_cam",)), Style())
    'cactiviz compare cat.jpg --models alexnet --methods grad_cam --out sheet.png'
    """
    request, left_out = _shareable(request)
    if not isinstance(request.untrained, bool):
        return ""  # some with random weights and some not
    if any(isinstance(network, LoadedModel) for network in request.networks):
        return ""  # it was made in Python, and no file holds it
    names = [n if isinstance(n, str) else n.name for n in request.networks]
    words = ["cactiviz", "compare", request.picture, "--models", ",".join(names)]
    for own in request.networks:
        if isinstance(own, Checkpoint):
            listed = own.classes.name if isinstance(own.classes, Path) else own.classes
            classes = f":{listed}" if listed else ""
            words += ["--checkpoint", f"{own.name}={own.architecture}:{own.file.name}{classes}"]
            if own.preprocessing_text:
                words += ["--preprocessing", f"{own.name}={own.preprocessing_text}"]
    for row, value in _chosen(request, style):
        if row.option:
            words += _option(row, value)
    return shlex.join([*words, "--out", "sheet.png"]) + left_out


def as_python(request: Request, style: Style) -> str:
    """Lines for Python.

    >>> print(as_python(Request(("cat.jpg",), ("alexnet",), ("grad_cam",)), Style("shared")))
    import cactiviz as cv
    <BLANKLINE>
    comparison = cv.compare(
        'cat.jpg',
        ['alexnet'],
        ['grad_cam'],
    )
    comparison.sheet(scale='shared').save('sheet.png')
    """
    request, left_out = _shareable(request)
    arguments: dict[str, str] = {}
    painted = []
    for row, value in _chosen(request, style):
        name = row.name.partition(".")[0]
        if row in STYLE:
            painted.append(f"{name}={value!r}")
        elif name == "target":
            target = request.target
            held = f"cv.Target({target.class_!r}, {target.contrast!r})"
            arguments[name] = f"target={repr(target.class_) if target.contrast is None else held}"
        elif name not in ("methods", "cover"):  # which stand before, and in the picture
            plain = row.kind.to_json(value)
            arguments[name] = f"{name}={plain!r}"
    networks = ", ".join(map(_network, request.networks))
    lines = [_picture(request), f"[{networks}]", repr(list(request.methods)), *arguments.values()]
    asking = "".join(f"    {line},{left_out if not n else ''}\n" for n, line in enumerate(lines))
    own = any(isinstance(network, Checkpoint) for network in request.networks)
    made = any(isinstance(network, LoadedModel) for network in request.networks)
    imports = "from pathlib import Path\n\n" if own else ""
    imports += "import cactiviz as cv\n"
    if request.cover:
        imports += "from cactiviz.pictures.occlusion import cover\nfrom cactiviz.types import Box\n"
    if made:
        imports += "\nmodule = ...  # the network that was made in Python\n"
    return (
        f"{imports}\ncomparison = cv.compare(\n{asking})\n"
        f"comparison.sheet({', '.join(painted)}).save('sheet.png')"
    )


def _chosen(request: Request, style: Style) -> list[tuple[Field, Any]]:
    """The rows of a comparison of which something else is chosen than the table says."""
    rows = of_export((*REQUEST, *STYLE), "comparison")
    values = [(row, row.of(style if row in STYLE else request)) for row in rows]
    return [
        (row, value)
        for row, value in values
        if row.name == "methods" or (value != default_of(row) and value != ())
    ]


def _option(row: Field, value: Any) -> list[str]:
    """A row's option with its value, as the command takes it."""
    if isinstance(value, bool):
        return [row.option]
    texts = row.kind.words(value) if isinstance(row.kind, LayerOf) else [row.kind.text(value)]
    return [
        word
        for text in texts
        for word in ([f"{row.option}={text}"] if text[:1] == "-" else [row.option, text])
    ]


def _shareable(request: Request) -> tuple[Request, str]:
    """The request without what stays here of the picture's origin, and a remark on that.

    >>> _shareable(Request(("https://example.org/a.jpg?token=1",)))[1]
    '  # the query of its address is left out'
    """
    shown = picture_recipe("", request.picture, "", "", "", left_out=request.left_out)
    remark = f"  # {shown['left_out']} is left out" if "left_out" in shown else ""
    remark = remark.replace(f"{FOLDERS} is", f"{FOLDERS} are")
    return replace(request, pictures=(shown["from"],)), remark


def _picture(request: Request) -> str:
    """A data set's item is opened by its address; a file by its name."""
    origin = request.picture
    opened = f"cv.open_item({origin!r})" if is_address(origin) else repr(origin)
    if request.cover is None:
        return opened
    box, how = request.cover
    opened = opened if is_address(origin) else f"cv.open_picture({origin!r})"
    return f"cover({opened}, {box!r}, {how!r})"


def _network(network: Given) -> str:
    if isinstance(network, str):
        return repr(network)
    if isinstance(network, LoadedModel):
        return f"cv.network(module, name={network.name!r})"
    words = [repr(network.name), repr(network.architecture), f"Path({network.file.name!r})"]
    if isinstance(network.classes, Path):
        words.append(f"Path({network.classes.name!r})")
    elif network.classes:
        words.append(repr(network.classes))
    if network.preprocessing_text:
        words.append(f"preprocessing={network.preprocessing_text!r}")
    return f"cv.Checkpoint({', '.join(words)})"
