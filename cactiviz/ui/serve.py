"""Streamlit's own command, with one word where Ctrl+C comes early: ``cactiviz app`` becomes it."""

from __future__ import annotations

from cactiviz.interrupts import ends_on_interrupt

if __name__ == "__main__":
    with ends_on_interrupt():
        from streamlit.web.cli import main
    main(prog_name="streamlit")
