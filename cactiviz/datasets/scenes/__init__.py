"""Drawn aerial scenes of a desert, with the exact mask of each cactus.

The same seed draws the same scene.
"""
