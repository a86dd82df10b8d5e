"""One picture before several networks, side by side."""

import streamlit as st

from cactiviz.ui import choices, comparing, styles, texts

choice = choices.ask()
st.html(styles.sheets())
st.title(texts.COMPARE_TITLE, anchor=False)
st.caption(texts.subtitle(choice.picture, len(choice.models), len(choice.methods)))
comparing.show(choice)
