"""One picture before several networks, side by side."""

import streamlit as st

from cactiviz.ui import choices, comparing
from cactiviz.ui.components import styles

st.html(styles.sheets())  # before all that can end a run
choice = choices.ask()
comparing.show(choice)
