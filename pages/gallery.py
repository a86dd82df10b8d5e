"""Pictures to pick from: data sets, their classes, a draw by chance, one of them larger."""

import streamlit as st

from cactiviz.ui import navigation, texts
from cactiviz.ui.components import loader
from cactiviz.ui.gallery import own, page
from cactiviz.ui.pictures import obtain
from cactiviz.ui.session import state

navigation.enter()
st.html(loader.sheets("gallery"))
st.title(texts.GALLERY_TITLE, anchor=False)

shown = page.ask_dataset()
dataset = None if shown == page.OWN else obtain.open_or_offer(shown)
state.say_once()
if shown == page.OWN:
    own.show()
elif dataset is not None:
    chosen = page.ask_classes(dataset)
    if len(chosen):
        items = page.ask_items(chosen)
        page.show(chosen, items)
        page.ask_page(chosen)
    elif chosen.classes:
        st.info(texts.NO_PICTURES)
