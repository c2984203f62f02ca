"""Traders who weigh value, trend and noise in one forecast."""
