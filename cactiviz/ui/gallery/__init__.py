"""The page Gallery: data sets as small pictures."""
