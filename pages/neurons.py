"""What in the picture drives single neurons of a layer."""

import streamlit as st

from cactiviz.ui import navigation, texts
from cactiviz.ui.address import copy_link
from cactiviz.ui.components import styles
from cactiviz.ui.layers import neurons
from cactiviz.ui.sidebar import sidebar

navigation.enter()
st.html(styles.sheets("layers"))  # before all that can end a run
copy_link.titled(texts.NEURONS_TITLE, "neurons")
st.caption(f"{texts.NEURONS_WHAT}  \n{texts.NEURONS_LIMIT}")
choice = sidebar.ask("neurons")
neurons.show(choice)
