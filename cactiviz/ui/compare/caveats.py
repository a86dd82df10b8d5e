"""Below the comparison: what its maps can't say, a line a method and a line a network."""

from __future__ import annotations

from html import escape

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.models import MODELS
from cactiviz.rendering.figures.sheet import Remark
from cactiviz.ui import texts


def show(comparison: Comparison) -> None:
    """Show the remarks as a list, and where to choose what they advise."""
    remarks = comparison.limits()
    if remarks:
        title, lines = escape(texts.KEEP_IN_MIND), "".join(map(_line, remarks))
        st.html(f'<section class="cv-mind"><h2>{title}</h2><dl>{lines}</dl></section>')


def _line(remark: Remark) -> str:
    where = {
        MODELS[network].cautions[view]: place
        for (network, view), place in texts.WHERE_TO_CHOOSE.items()
    }
    said = (f"{sentence} {where.get(sentence, '')}" for sentence in remark.says)
    says = "".join(f"<dd>{escape(one)}</dd>" for one in said)
    return f"<div><dt>{escape(remark.about)}</dt>{says}</div>"
