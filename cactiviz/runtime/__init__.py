"""The app's worker: one job queue per device, and caches of networks and results.

Both caches are bounded by the size of what they hold.
"""
