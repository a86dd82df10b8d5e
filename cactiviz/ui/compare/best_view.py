"""A press for the map that was the best one of a network when measured."""

from __future__ import annotations

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.methods import METHODS
from cactiviz.models import MODELS
from cactiviz.ui import texts as shared
from cactiviz.ui.compare import texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state


def offer(comparison: Comparison) -> None:
    """A button for each trained network whose best map isn't shown."""
    for name, explanation in comparison.explanations.items():
        if not explanation.untrained and name in MODELS:
            _offer(name, comparison.methods)


def _offer(network: str, methods: tuple[str, ...]) -> None:
    """The map that was the best one when measured, unless it is shown already."""
    best = MODELS[network].best_view
    if best is None:
        return
    view, layer = best[0], str(best[1])
    if view in methods and dict(catalog.layers_of([network])).get(network) == layer:
        return
    title = texts.BEST_VIEW.format(
        network=catalog.title(network), view=METHODS[view].title, layer=layer
    )
    st.button(
        shared.plain(title),
        key=f"best view of {network}",
        on_click=_choose,
        args=(network, view, layer),
    )


def _choose(network: str, view: str, layer: str) -> None:
    """In the place of Grad-CAM where that is all that one network shows, else beside the others."""
    chosen = list(st.session_state.get(state.METHODS) or ())
    alone = chosen == ["grad_cam"] and st.session_state.get(state.MODELS) == [network]
    st.session_state[state.METHODS] = [view] if alone else [*dict.fromkeys([*chosen, view])]
    catalog.choose_layer(network, layer)
