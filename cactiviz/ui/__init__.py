"""What the pages show: choices, the grid, texts. All of Streamlit is here and above."""
