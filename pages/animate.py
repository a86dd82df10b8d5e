"""Many pictures before several networks, as an animation to take home."""

import streamlit as st

from cactiviz.ui import navigation
from cactiviz.ui.animate import page
from cactiviz.ui.components import loader

navigation.enter()
st.html(loader.sheets("animate"))
page.show()
