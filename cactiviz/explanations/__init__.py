"""One network, one picture: predictions, attributions, filters and single neurons.

This package joins pictures, networks and methods.
"""
