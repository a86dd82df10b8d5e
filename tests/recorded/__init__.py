"""What the commands, the pages, links and recipes gave on the day they were recorded.

``python -m tests.recorded.make`` writes the record; ``tests/test_recorded.py`` makes everything
again and compares. Only what stays is used: the command line, ``app.py`` with addresses, files.
"""
