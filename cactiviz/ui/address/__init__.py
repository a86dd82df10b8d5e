"""The address of each page and what is chosen, kept in step; "Copy link"."""
