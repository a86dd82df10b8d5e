"""Comparisons of several networks on one picture, and their reports.

Maps stay raw; painting is left to `cactiviz.rendering`.
"""
