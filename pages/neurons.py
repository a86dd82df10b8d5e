"""What in the picture drives single neurons of a layer."""

import streamlit as st

from cactiviz.ui import choices, navigation, neurons, styles, texts

navigation.enter()
st.html(styles.sheets("inside"))  # before all that can end a run
st.title(texts.NEURONS_TITLE, anchor=False)
st.caption(f"{texts.NEURONS_WHAT}  \n{texts.NEURONS_LIMIT}")
choice = choices.ask("neurons")
neurons.show(choice)
