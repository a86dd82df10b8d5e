"""The commands beside ``compare``, one noun a file; each adds itself to the command line."""
