"""Start with ``streamlit run app.py``, or ``make app``."""

import contextlib
import sys

import streamlit as st

# Once for each server torch takes some seconds to load, while the page would be empty. The words
# stand here since `texts` comes with all the rest.
first = "cactiviz" not in sys.modules
with st.spinner("cactiviz is starting…") if first else contextlib.nullcontext():
    from cactiviz.ui import navigation

navigation.run()
