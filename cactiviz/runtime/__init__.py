"""Where the work of the app runs: one queue for the device, and what memory holds.

Networks and results are kept by their size.
"""
