"""The table of methods, and what can be shown of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cactiviz.errors import MethodError
from cactiviz.methods import maps

if TYPE_CHECKING:
    from torch import Tensor

    from cactiviz.engine.backprop import Need
    from cactiviz.engine.class_pass import Pass


@dataclass(frozen=True)
class Method:
    """One attribution method.

    Attributes:
        name: Registry key, snake_case.
        title: Display name.
        function: Maps a pass over B pictures to unscaled maps, (B, h, w) or (B, 3, H, W).
        needs: Gradients that the function reads from the pass.
        kind: "positive" if no value is below 0, else "signed".
        display: How it is painted: "overlay", a heat map; "diverging", a two-coloured one;
            "magnitude", the size of each pixel's value; "signed", each channel's value.
        asks: The question that it answers, for a person who doesn't program.
        limit: Its main limitation, one sentence.
        source: Authors, year and arXiv id of the paper.
        signed: The function without its final ReLU, used with a contrast class; None for none.
    """

    name: str
    title: str
    function: Callable[[Pass], Tensor]
    needs: frozenset[Need]
    kind: Literal["positive", "signed"]
    display: Literal["overlay", "magnitude", "signed", "diverging"]
    asks: str
    limit: str
    source: str
    signed: Callable[[Pass], Tensor] | None = None


METHODS: dict[str, Method] = {}

_COARSE = "Rough: one value for each square of the layer's grid, blurred to look smooth."


def register(method: Method) -> None:
    """Add a row to :data:`METHODS`.

    Raises:
        ValueError: The name is taken.
    """
    if method.name in METHODS:
        raise ValueError(f"the method {method.name} is registered already")
    METHODS[method.name] = method


def get_method(name: str) -> Method:
    """The row of this name.

    Raises:
        MethodError: There is none; the sentence names those there are.
    """
    if name not in METHODS:
        raise MethodError(f"There is no method “{name}”; there are {', '.join(METHODS)}.")
    return METHODS[name]


for _row in (
    Method(
        name="grad_cam",
        title="Grad-CAM",
        function=maps.grad_cam,
        needs=frozenset({"activations"}),
        kind="positive",
        display="overlay",
        asks="Which region spoke for the answer?",
        limit=_COARSE,
        source="Selvaraju et al. 2017, arXiv:1610.02391",
        signed=maps.signed_grad_cam,
    ),
    Method(
        name="saliency",
        title="Saliency",
        function=maps.saliency,
        needs=frozenset({"input_gradients"}),
        kind="signed",
        display="magnitude",
        asks="Which pixels would change the score most?",
        limit="Local and noisy: it tells of tiny changes, not of what was needed.",
        source="Simonyan et al. 2013, arXiv:1312.6034",
    ),
    Method(
        name="guided_backprop",
        title="Guided backprop",
        function=maps.guided_backprop,
        needs=frozenset({"guided_gradients"}),
        kind="signed",
        display="signed",
        asks="Which fine detail does the network react to?",
        limit="It hardly depends on the class or on what was learnt "
        "(Nie 2018, arXiv:1805.07039; Adebayo 2018, arXiv:1810.03292).",
        source="Springenberg et al. 2014, arXiv:1412.6806; on SiLU generalised by this project",
    ),
    Method(
        name="guided_grad_cam",
        title="Guided Grad-CAM",
        function=maps.guided_grad_cam,
        needs=frozenset({"activations", "guided_gradients"}),
        kind="signed",
        display="signed",
        asks="Which fine detail lies in the region that spoke for the answer?",
        limit="Its detail is guided backprop's, which hardly depends on what was learnt.",
        source="Selvaraju et al. 2017, arXiv:1610.02391",
    ),
    Method(
        name="hires_cam",
        title="HiResCAM",
        function=maps.hires_cam,
        needs=frozenset({"activations"}),
        kind="signed",
        display="diverging",
        asks="Which region spoke for the answer, and which against it?",
        limit=_COARSE,
        source="Draelos and Carin 2020, arXiv:2011.08891",
    ),
    Method(
        name="layer_cam",
        title="LayerCAM",
        function=maps.layer_cam,
        needs=frozenset({"activations"}),
        kind="positive",
        display="overlay",
        asks="Which places of the layer spoke for the answer, each by itself?",
        limit="It leaves out whatever speaks against the answer.",
        source="Jiang et al. 2021, IEEE Transactions on Image Processing 30",
    ),
    Method(
        name="grad_cam_plus_plus",
        title="Grad-CAM++",
        function=maps.grad_cam_plus_plus,
        needs=frozenset({"activations"}),
        kind="positive",
        display="overlay",
        asks="Which regions spoke for the answer, also where there are several?",
        limit=_COARSE,
        source="Chattopadhay et al. 2018, arXiv:1710.11063",
    ),
    Method(
        name="x_grad_cam",
        title="XGrad-CAM",
        function=maps.x_grad_cam,
        needs=frozenset({"activations"}),
        kind="positive",
        display="overlay",
        asks="Which region spoke for the answer, weighed by how active it is?",
        limit=_COARSE,
        source="Fu et al. 2020, arXiv:2008.02312",
        signed=maps.signed_x_grad_cam,
    ),
    Method(
        name="eigen_grad_cam",
        title="Eigen-Grad-CAM",
        function=maps.eigen_grad_cam,
        needs=frozenset({"activations"}),
        kind="signed",
        display="diverging",
        asks="What is the strongest pattern among the regions that mattered?",
        limit="A pattern's sign is arbitrary; here it goes with HiResCAM's.",
        source="Muhammad and Yeasin 2020, arXiv:2008.00299",
    ),
):
    register(_row)

#: The view that shows the first layer's kernels; no method, since it depends on no picture.
FILTERS = "filters"
VIEWS = (*METHODS, FILTERS)


def method_of(view: str) -> str:
    """The method's name in a view's name.

    >>> method_of("grad_cam@layer2")
    'grad_cam'
    """
    return view.partition("@")[0]


def describe(view: str) -> tuple[str, str]:
    """Title of a view, and the question that it answers."""
    if view == FILTERS:
        return "First-layer filters", "What does the network look for first, in any picture?"
    method, _, layer = view.partition("@")
    title = METHODS[method].title
    return f"{title} at {layer}" if layer else title, METHODS[method].asks
