"""What the filters of a convolution look for, and what they find in the picture."""

import streamlit as st

from cactiviz.ui import choices, filters, navigation, styles, texts

navigation.enter()
st.html(styles.sheets("inside"))  # before all that can end a run
st.title(texts.FILTERS_TITLE, anchor=False)
st.caption(f"{texts.FILTERS_WHAT}  \n{texts.FILTERS_LIMIT}")
choice = choices.ask("filters")
filters.show(choice)
