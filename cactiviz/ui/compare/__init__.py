"""The page Compare: the grid of answers and maps, what if, why not, exports."""
