"""What makes a comparison again, as a person would type it: a command, and Python."""

from __future__ import annotations

import shlex

from cactiviz import places
from cactiviz.datasets import is_address
from cactiviz.models import Checkpoint
from cactiviz.remake import Asked
from cactiviz.report import Paint

_FIRST = Paint()


def as_command(asked: Asked, paint: Paint) -> str:
    """A line for a shell; empty where the command line can't ask for it.

    >>> as_command(Asked("cat.jpg", ("alexnet",), ("grad_cam",)), Paint())
    'cactiviz compare cat.jpg --models alexnet --methods grad_cam --out sheet.png'
    """
    if not isinstance(asked.untrained, bool):
        return ""  # some with random weights and some not
    words = ["cactiviz", "compare", asked.origin]
    names = [n.name if isinstance(n, Checkpoint) else n for n in asked.networks]
    words += ["--models", ",".join(names), "--methods", ",".join(asked.methods)]
    for own in asked.networks:
        if isinstance(own, Checkpoint):
            classes = f":{own.classes.name}" if own.classes else ""
            words += ["--checkpoint", f"{own.name}={own.architecture}:{own.file.name}{classes}"]
    said = {
        "--class": asked.target.class_,
        "--against": asked.target.contrast,
        "--cover": _covering(asked) if asked.cover else None,
        "--layer": asked.layer if isinstance(asked.layer, str) else None,
        "--resize": asked.resize,
        "--scale": paint.scale if paint.scale != _FIRST.scale else None,
        "--palette": paint.palette if paint.palette != _FIRST.palette else None,
    }
    for option, value in said.items():
        if value is not None:
            words += [option, str(value)]
    if isinstance(asked.layer, tuple):
        words += [word for pair in asked.layer for word in ("--layer", "=".join(pair))]
    if asked.untrained:
        words.append("--untrained")
    return shlex.join([*words, "--out", "sheet.png"])


def as_python(asked: Asked, paint: Paint) -> str:
    """Lines for Python.

    >>> print(as_python(Asked("cat.jpg", ("alexnet",), ("grad_cam",)), Paint("shared")))
    import cactiviz as cv
    <BLANKLINE>
    comparison = cv.compare(
        'cat.jpg',
        ['alexnet'],
        ['grad_cam'],
    )
    comparison.sheet(scale='shared').save('sheet.png')
    """
    networks = ", ".join(map(_network, asked.networks))
    target = asked.target
    options: dict[str, object] = {
        "layer": places.to_json(asked.layer),
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
    look = {k: v for k, v in vars(paint).items() if v != getattr(_FIRST, k)}
    painted = ", ".join(f"{name}={value!r}" for name, value in look.items())
    own = any(isinstance(network, Checkpoint) for network in asked.networks)
    paths = "from pathlib import Path\n\n" if own else ""
    covering = "from cactiviz.cover import cover\nfrom cactiviz.types import Box\n"
    covering = covering if asked.cover else ""
    asking = "".join(f"    {line},\n" for line in lines)
    return (
        f"{paths}import cactiviz as cv\n{covering}\ncomparison = cv.compare(\n{asking})\n"
        f"comparison.sheet({painted}).save('sheet.png')"
    )


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


def _network(network: str | Checkpoint) -> str:
    if isinstance(network, str):
        return repr(network)
    classes = f", Path({network.classes.name!r})" if network.classes else ""
    given = f"{network.name!r}, {network.architecture!r}, Path({network.file.name!r}){classes}"
    return f"cv.Checkpoint({given})"
