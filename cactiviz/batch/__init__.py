"""Many pictures before several networks: animations and the on-disk store of their results.

One network and one picture are held in memory at a time.
"""
