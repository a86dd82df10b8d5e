"""Whole figures of painted maps: sheets, frames, contact sheets, HTML and Plotly.

Each module lays one kind of figure out; none computes a map.
"""
