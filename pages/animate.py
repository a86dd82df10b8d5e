"""Many pictures before several networks, as an animation to take home."""

import streamlit as st

from cactiviz.ui import navigation
from cactiviz.ui.animate import page
from cactiviz.ui.components import styles

navigation.enter()
st.html(styles.sheets("animate"))
page.show()
