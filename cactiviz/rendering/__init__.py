"""Arrays become colours and words: scales, colormaps, overlays, captions.

Nothing here knows of networks or of torch.
"""
