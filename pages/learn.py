"""What the methods ask, and four short lessons with a question each."""

import streamlit as st

from cactiviz.ui import navigation
from cactiviz.ui.components import loader
from cactiviz.ui.learn import page

navigation.enter()
st.html(loader.sheets("learn"))
page.show()
