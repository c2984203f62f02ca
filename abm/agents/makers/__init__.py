"""Designated market makers: quotes, what they learn, and whether quoting pays."""
