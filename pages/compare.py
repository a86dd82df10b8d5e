"""One picture before several networks, side by side."""

import streamlit as st

from cactiviz.ui.compare import page
from cactiviz.ui.components import loader
from cactiviz.ui.sidebar import sidebar

st.html(loader.sheets())  # before all that can end a run
choice = sidebar.ask()
page.show(choice)
