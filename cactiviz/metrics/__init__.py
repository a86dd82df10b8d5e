"""Metrics of how far an attribution map can be trusted, and their baselines.

None imports a network: a function that runs it is passed in.
"""
