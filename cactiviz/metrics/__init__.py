"""Numbers that say how far a map can be trusted, with the baselines beside them.

The function that asks a network is handed in.
"""
