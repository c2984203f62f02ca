"""Sections of a scenario that are not about traders."""
