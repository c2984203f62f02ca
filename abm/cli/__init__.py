"""Command line ``sitsim``: run, validate, explain and list scenarios, report on runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; Ctrl-C is one line from the first import on."""
    try:
        from abm.cli.commands import main as run_commands

        run_commands()
    except KeyboardInterrupt:
        sys.stderr.write("sitsim: interrupted\n")
        sys.exit(130)


def __getattr__(name: str) -> Any:
    if name == "app":
        from abm.cli.commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
