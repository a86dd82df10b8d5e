"""A page of its own for "What if" and "Why A and not B": as Compare has them, without the rest.

The address says which sample and networks; networks have random weights where none are here.
"""

import time
from typing import Any

import streamlit as st

from cactiviz.datasets import open_dataset
from cactiviz.pictures.open import open_picture
from cactiviz.runtime import runner
from cactiviz.types import Picture, Target
from cactiviz.ui import texts
from cactiviz.ui.compare import contrast, occlusion
from cactiviz.ui.compare import progress as explanations
from cactiviz.ui.components import styles
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.sidebar import Choice

HOSTILE = "<img src=x onerror=alert(1)>"


def chosen() -> Choice:
    said = st.query_params
    if "sample" in said:
        picture = open_picture(f"sample:{said['sample']}", name=said.get("name", HOSTILE))
    else:
        picture = open_dataset("scenes").open(library.first_item())
    against = st.session_state.get(state.AGAINST, said.get("against"))
    class_ = st.session_state.get(state.TARGET, said.get("class"))
    return Choice(
        picture,
        tuple(said.get("networks", "cactinet").split()),
        ("grad_cam", "saliency"),
        untrained=True,
        target=Target(class_, against) if class_ or against else None,
    )


@st.cache_resource
def explained() -> list[str]:
    """Grows by one name with each pass through a network."""
    names: list[str] = []
    real = runner.explain

    def explain(model: Any, picture: Picture, *args: Any, **options: Any) -> Any:
        names.append(model.name)
        if picture.name == "slow":
            time.sleep(1)
        return real(model, picture, *args, **options)

    runner.explain = explain
    return names


def show(choice: Choice, timed: bool) -> None:
    progress = explanations.compared(occlusion.applied(choice), first=choice)
    if timed != bool(progress.waiting):
        st.rerun()
    with st.container(horizontal=True):
        occlusion.button()
        contrast.button(choice, progress.comparison)
    occlusion.panel(choice, progress)
    contrast.show(choice, progress.comparison)
    st.caption(f"{len(explained())} computations")


st.set_page_config(layout="wide")
explained()
choice = chosen()
st.html(styles.sheets())
st.title(texts.COMPARE_TITLE, anchor=False)
waiting = bool(explanations.compared(occlusion.applied(choice), 0.15, first=choice).waiting)
st.fragment(show, run_every=0.25 if waiting else None)(choice, waiting)
