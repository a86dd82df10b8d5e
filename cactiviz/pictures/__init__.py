"""Opens pictures from bytes, arrays and web addresses; converts and occludes them.

Nothing here knows of networks or of torch.
"""
