"""Traders that switch between optimist, pessimist and value."""
