"""One picture before several networks, side by side."""

import streamlit as st

from cactiviz.ui import choices, downloads, grid, readings, styles, texts

choice = choices.ask()
st.html(styles.sheets("grid"))
st.title(texts.COMPARE_TITLE, anchor=False)
st.caption(texts.subtitle(choice.picture, len(choice.models), len(choice.methods)))

place, progress = st.empty(), st.empty()
comparison = readings.nothing_yet(choice)
place.html(grid.table(comparison, choice))
for name in choice.models:
    progress.progress(readings.share_done(comparison), texts.working_on(name))
    comparison = readings.add(comparison, choice, name)
    place.html(grid.table(comparison, choice))
progress.empty()

downloads.offer(comparison)
st.caption(texts.plain(comparison.limits()))
st.caption(texts.HATCHED)
