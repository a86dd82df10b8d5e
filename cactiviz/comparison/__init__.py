"""Several networks before one picture, side by side, and the reports of it.

Maps stay raw; how they are painted is handed to `cactiviz.rendering`.
"""
