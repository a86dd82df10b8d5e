"""What makes a comparison again, as a person would type it: a command, and Python."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from cactiviz import cam_layers
from cactiviz.datasets import is_address
from cactiviz.models import Checkpoint, LoadedModel
from cactiviz.recipes.network import Given
from cactiviz.recipes.recipe import FOLDERS, picture_recipe
from cactiviz.recipes.request import Asked
from cactiviz.recipes.style import Style

_FIRST = Style()


def as_command(asked: Asked, style: Style) -> str:
    """A line for a shell; empty where the command line can't ask for it.

    >>> as_command(Asked("cat.jpg", ("alexnet",), ("grad_cam",)), Style())
    'cactiviz compare cat.jpg --models alexnet --methods grad_cam --out sheet.png'

    Where something of the picture's origin stays out, such as the query of its address, a remark
    behind the line says so.
    """
    asked, left_out = _told(asked)
    if not isinstance(asked.untrained, bool):
        return ""  # some with random weights and some not
    words = ["cactiviz", "compare", asked.origin]
    if any(isinstance(network, LoadedModel) for network in asked.networks):
        return ""  # it was made in Python, and no file holds it
    names = [n if isinstance(n, str) else n.name for n in asked.networks]
    words += ["--models", ",".join(names), "--methods", ",".join(asked.methods)]
    for own in asked.networks:
        if isinstance(own, Checkpoint):
            given = own.classes.name if isinstance(own.classes, Path) else own.classes
            classes = f":{given}" if given else ""
            words += ["--checkpoint", f"{own.name}={own.architecture}:{own.file.name}{classes}"]
            if own.preprocessing_text:
                words += ["--preprocessing", f"{own.name}={own.preprocessing_text}"]
    said = {
        "--class": _class(asked.target.class_),
        "--against": _class(asked.target.contrast),
        "--cover": _covering(asked) if asked.cover else None,
        "--layer": asked.layer if isinstance(asked.layer, str) else None,
        "--resize": asked.resize,
        "--scale": style.scale if style.scale != _FIRST.scale else None,
        "--palette": style.palette if style.palette != _FIRST.palette else None,
    }
    for option, value in said.items():
        if value is not None:
            words += [option, str(value)] if str(value)[:1] != "-" else [f"{option}={value}"]
    if isinstance(asked.layer, tuple):
        words += [word for pair in asked.layer for word in ("--layer", "=".join(pair))]
    if asked.untrained:
        words.append("--untrained")
    return shlex.join([*words, "--out", "sheet.png"]) + left_out


def as_python(asked: Asked, style: Style) -> str:
    """Lines for Python.

    >>> print(as_python(Asked("cat.jpg", ("alexnet",), ("grad_cam",)), Style("shared")))
    import cactiviz as cv
    <BLANKLINE>
    comparison = cv.compare(
        'cat.jpg',
        ['alexnet'],
        ['grad_cam'],
    )
    comparison.sheet(scale='shared').save('sheet.png')
    """
    asked, left_out = _told(asked)
    networks = ", ".join(map(_network, asked.networks))
    target = asked.target
    options: dict[str, object] = {
        "layer": cam_layers.to_json(asked.layer),
        "resize": asked.resize,
        "untrained": asked.untrained
        if isinstance(asked.untrained, bool)
        else list(asked.untrained),
    }
    lines = [_picture(asked), f"[{networks}]", repr(list(asked.methods))]
    if target.contrast is not None:
        lines.append(f"target=cv.Target({target.class_!r}, {target.contrast!r})")
    elif target.class_ is not None:
        lines.append(f"target={target.class_!r}")
    lines += [f"{name}={value!r}" for name, value in options.items() if value]
    chosen = {k: v for k, v in style.of_maps.items() if v != getattr(_FIRST, k)}
    painted = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
    own = any(isinstance(network, Checkpoint) for network in asked.networks)
    made = any(isinstance(network, LoadedModel) for network in asked.networks)
    paths = "from pathlib import Path\n\n" if own else ""
    covering = "from cactiviz.pictures.occlusion import cover\nfrom cactiviz.types import Box\n"
    covering = covering if asked.cover else ""
    covering += "\nmodule = ...  # the network that was made in Python\n" if made else ""
    asking = "".join(f"    {line},{left_out if not n else ''}\n" for n, line in enumerate(lines))
    return (
        f"{paths}import cactiviz as cv\n{covering}\ncomparison = cv.compare(\n{asking})\n"
        f"comparison.sheet({painted}).save('sheet.png')"
    )


def _told(asked: Asked) -> tuple[Asked, str]:
    """What was asked without what stays here of the picture's origin, and a remark on that.

    >>> _told(Asked("https://example.org/a.jpg?token=1", (), ()))[1]
    '  # the query of its address is left out'
    """
    said = picture_recipe("", asked.origin, "", "", "", left_out=asked.left_out)
    left_out = f"  # {said['left_out']} is left out" if "left_out" in said else ""
    return replace(asked, origin=said["from"]), left_out.replace(f"{FOLDERS} is", f"{FOLDERS} are")


def _picture(asked: Asked) -> str:
    """A data set's item is opened by its address; a file by its name."""
    origin = asked.origin
    opened = f"cv.open_item({origin!r})" if is_address(origin) else repr(origin)
    if asked.cover is None:
        return opened
    box, how = asked.cover
    opened = opened if is_address(origin) else f"cv.open_picture({origin!r})"
    return f"cover({opened}, {box!r}, {how!r})"


def _covering(asked: Asked) -> str:
    """As ``--cover`` takes it."""
    assert asked.cover is not None
    box, how = asked.cover
    return ",".join(f"{edge:.10g}" for edge in vars(box).values()) + f":{how}"


def _class(wanted: int | str | None) -> str | None:
    """As ``--class`` takes it, where a number alone may be a class's name."""
    return f"index:{wanted}" if isinstance(wanted, int) else wanted


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
