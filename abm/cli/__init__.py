"""Command line ``sitsim``: run, validate, explain and list scenarios, report on runs."""

from abm.cli.commands import app, main

__all__ = ["app", "main"]
