"""Start with ``streamlit run app.py``, or ``make app``."""

import contextlib
import sys

import streamlit as st

if __name__ == "__main__":  # a page is asked for
    # Once for each server torch takes some seconds to load, while the page would be empty. The
    # words stand here since `texts` comes with all the rest.
    first = "cactiviz.types" not in sys.modules
    with st.spinner("cactiviz is starting…") if first else contextlib.nullcontext():
        from cactiviz.ui import navigation

    navigation.run()
else:  # the server starts: Streamlit finds the application that it is to serve
    from cactiviz.ui import server
    from cactiviz.ui.session import private_folders

    private_folders.remove_left_behind()
    app = st.App(__file__, middleware=server.middleware())
