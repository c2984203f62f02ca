"""How a command fails: a user's mistake is one line on stderr, a fault of ours keeps its traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from abm.core.errors import SitsimError

MISTAKE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_Parameters = ParamSpec("_Parameters")


def one_line_failures(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Exit with 2 and one line on stderr for a ``SitsimError``, with 130 for Ctrl-C."""

    @wraps(command)
    def guarded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except SitsimError as error:
            typer.echo(f"sitsim: {error}", err=True)
            raise typer.Exit(MISTAKE) from None
        except KeyboardInterrupt:
            typer.echo("sitsim: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return guarded
