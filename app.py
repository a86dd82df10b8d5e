"""Start with ``streamlit run app.py``, or ``make app``."""

from cactiviz.ui import navigation

navigation.page().run()
