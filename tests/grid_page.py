"""A page with nothing but the grid, on a comparison made by hand; it counts its runs."""

import streamlit as st
from grid_case import HOSTILE, NETWORKS, comparison

from cactiviz.ui import grid
from cactiviz.ui.networks.offers import Offer

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
made = st.cache_resource(comparison)(tuple(st.query_params.get("networks", "").split()) or NETWORKS)
offers = [Offer("xception", HOSTILE, "Add"), Offer("resnet50", "ResNet50", "Add")]
event = grid.show(
    made,
    offers=offers,
    download=st.session_state.get("file"),
    cannot_travel="Your picture stays here.",
    waiting="second in the queue",
)
if event is not None and event.kind == "export":
    count = st.session_state.runs
    st.session_state.file = grid.Download("maps.npz", "application/zip", b"\0made", count)
    st.session_state.said = event
    st.rerun()
st.text(f"{st.session_state.runs} runs")
st.text(f"pressed: {event or st.session_state.get('said')}")
st.button("run again")
