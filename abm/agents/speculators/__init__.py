"""Noise traders, fundamentalists and chartists."""
