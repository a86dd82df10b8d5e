"""One picture before several networks, side by side."""

import streamlit as st

from cactiviz.ui import choices, comparing, styles

choice = choices.ask()
st.html(styles.sheets())
comparing.show(choice)
