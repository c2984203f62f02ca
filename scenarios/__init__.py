"""Packaged scenarios: TOML files, scripts and the input tables they read."""
