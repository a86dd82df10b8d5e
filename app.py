"""Start with ``streamlit run app.py``, or ``make app``."""

import streamlit as st

from cactiviz.ui import texts

st.set_page_config(page_title=texts.APP, page_icon="🌵", layout="wide")
st.navigation([st.Page("pages/compare.py", title=texts.COMPARE, icon="🔍", default=True)]).run()
