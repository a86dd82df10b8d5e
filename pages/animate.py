"""Many pictures before several networks, as an animation to take home."""

import streamlit as st

from cactiviz.ui import animating, navigation
from cactiviz.ui.components import styles

navigation.enter()
st.html(styles.sheets("film"))
animating.show()
