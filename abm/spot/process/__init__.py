"""The spot price: laws, moments, forward curve and paths."""
