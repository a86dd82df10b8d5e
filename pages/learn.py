"""What the methods ask, and four short lessons with a question each."""

import streamlit as st

from cactiviz.ui import learn, navigation
from cactiviz.ui.components import styles

navigation.enter()
st.html(styles.sheets("learn"))
learn.show()
