"""Traders with a physical business: enterprises, providers, and companies that a scenario names."""
