"""The console that benchmarks print to: wide enough for their tables also where there is no terminal."""

from __future__ import annotations

from rich.console import Console

_LEAST_WIDTH = 100


def wide_console() -> Console:
    """Return a console of the terminal's width, and of at least 100 columns where output is redirected."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, _LEAST_WIDTH))
