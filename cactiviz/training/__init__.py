"""Training of CactiNet, and evaluation of any network on labelled pictures."""
