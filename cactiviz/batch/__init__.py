"""Many pictures: animations, and the results that are kept so that stopped work goes on.

One network and one picture are in memory at a time.
"""
