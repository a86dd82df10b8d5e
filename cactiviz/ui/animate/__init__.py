"""The page Animate: frames as networks answer, and the file made of them."""
