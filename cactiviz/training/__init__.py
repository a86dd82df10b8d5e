"""Train CactiNet, and say how good a network is."""
