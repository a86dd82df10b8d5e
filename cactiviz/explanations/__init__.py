"""One network, one picture: predictions, attributions, filters and single neurons.

This is the floor that joins pictures, networks and methods.
"""
