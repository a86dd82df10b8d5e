"""What the page Learn is made of: the methods in words and pictures, and four short lessons."""
