"""What in the picture drives single neurons of a layer."""

import streamlit as st

from cactiviz.ui import choices, copy_link, navigation, neurons, texts
from cactiviz.ui.components import styles

navigation.enter()
st.html(styles.sheets("inside"))  # before all that can end a run
copy_link.titled(texts.NEURONS_TITLE, "neurons")
st.caption(f"{texts.NEURONS_WHAT}  \n{texts.NEURONS_LIMIT}")
choice = choices.ask("neurons")
neurons.show(choice)
