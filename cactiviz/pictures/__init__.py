"""Bytes, arrays and web addresses become pictures: opened, decoded, converted, covered.

Nothing here knows of networks or of torch.
"""
