"""The page of a comparison: what it shows, and in which words."""
