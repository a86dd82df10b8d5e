"""Pictures to pick from: data sets, their classes, a draw by chance, one of them larger."""

import streamlit as st

from cactiviz.ui import gallery, navigation, texts
from cactiviz.ui.components import styles
from cactiviz.ui.pictures import obtain
from cactiviz.ui.session import state

navigation.enter()
st.html(styles.sheets("gallery"))
st.title(texts.GALLERY_TITLE, anchor=False)

dataset = obtain.open_or_offer(gallery.ask_dataset())
state.say_once()
if dataset is not None:
    chosen = gallery.ask_classes(dataset)
    if len(chosen):
        items = gallery.ask_items(chosen)
        gallery.show(chosen, items)
        gallery.ask_page(chosen)
    elif chosen.classes:
        st.info(texts.NO_PICTURES)
