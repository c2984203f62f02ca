"""Curve arbitrageurs: between months, and between calendar spreads and their legs."""
