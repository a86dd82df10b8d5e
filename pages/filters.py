"""What the filters of a convolution look for, and what they find in the picture."""

import streamlit as st

from cactiviz.ui import navigation, texts
from cactiviz.ui.address import copy_link
from cactiviz.ui.components import styles
from cactiviz.ui.layers import filters
from cactiviz.ui.sidebar import sidebar

navigation.enter()
st.html(styles.sheets("layers"))  # before all that can end a run
copy_link.titled(texts.FILTERS_TITLE, "filters")
st.caption(f"{texts.FILTERS_WHAT}  \n{texts.FILTERS_LIMIT}")
choice = sidebar.ask("filters")
filters.show(choice)
