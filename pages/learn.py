"""What the methods ask, and four short lessons with a question each."""

import streamlit as st

from cactiviz.ui import learn, navigation, styles

navigation.enter()
st.html(styles.sheets("learn"))
learn.show()
