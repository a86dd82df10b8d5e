"""The table of methods. Adding one: a function here below, its row, and a reference-value test."""

from __future__ import annotations

from cactiviz.errors import MethodError
from cactiviz.methods.cam import grad_cam
from cactiviz.methods.gradients import guided_backprop, saliency
from cactiviz.methods.method import Method

METHODS: dict[str, Method] = {}


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


register(
    Method(
        name="grad_cam",
        title="Grad-CAM",
        function=grad_cam,
        needs="activations",
        kind="positive",
        display="overlay",
        asks="Which region spoke for the answer?",
        limit="Coarse: one value for each square of the layer's grid.",
        source="Selvaraju et al. 2017, arXiv:1610.02391",
    )
)
register(
    Method(
        name="saliency",
        title="Saliency",
        function=saliency,
        needs="input_gradients",
        kind="signed",
        display="magnitude",
        asks="Which pixels would change the score most?",
        limit="Local and noisy: it tells of tiny changes, not of what was needed.",
        source="Simonyan et al. 2013, arXiv:1312.6034",
    )
)
register(
    Method(
        name="guided_backprop",
        title="Guided backprop",
        function=guided_backprop,
        needs="guided_gradients",
        kind="signed",
        display="signed",
        asks="Which fine detail does the network react to?",
        limit="It hardly depends on the class or on what was learnt "
        "(Nie 2018, arXiv:1805.07039; Adebayo 2018, arXiv:1810.03292).",
        source="Springenberg et al. 2014, arXiv:1412.6806; on SiLU generalised by this project",
    )
)

__all__ = ["METHODS", "Method", "get_method", "register"]
