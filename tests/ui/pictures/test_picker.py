"""Drawing a picture of a class by chance."""

from __future__ import annotations

import pytest
import streamlit as st

from cactiviz.ui.pictures import picker
from cactiviz.ui.session import state


@pytest.mark.parametrize("many", [2, 3, 60, 1000])
def test_no_picture_comes_twice_before_all_others_have_come(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(number) for number in range(many)]
    monkeypatch.setattr(st, "session_state", {state.ITEM: names[0]})
    drawn = []
    for _ in range(many - 1):
        before = st.session_state[state.ITEM]
        picker._draw(names)
        drawn.append(st.session_state[state.ITEM])
        assert drawn[-1] != before
    assert len(set(drawn)) == many - 1
    assert drawn != sorted(drawn, key=int) or many < 4


def test_the_only_picture_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {state.ITEM: "alone"})
    picker._draw(["alone"])
    assert st.session_state[state.ITEM] == "alone"
