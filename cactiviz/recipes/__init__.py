"""What is asked, as plain values that travel: requests, styles, recipes, snippets.

A recipe is read, checked and located here; making it again is `cactiviz.replay`.
"""
