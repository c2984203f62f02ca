"""How a command fails: a user's mistake is one line on stderr, a fault of ours keeps its traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import typer

from abm.core.errors import ParameterError, SitsimError

MISTAKE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_Parameters = ParamSpec("_Parameters")


def one_line_failures(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Exit with 2 and one line on stderr for a ``SitsimError`` or ``OSError``, with 130 for Ctrl-C."""

    @wraps(command)
    def guarded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
            _flush()
        except SitsimError as error:
            fail(str(error), MISTAKE)
        except KeyboardInterrupt as stop:
            fail(f"interrupted: {stop}" if str(stop) else "interrupted", INTERRUPTED)
        except OSError as error:
            fail(told(error), MISTAKE)
        except SystemExit as stop:  # how Rich ends a command whose reader is gone
            if not isinstance(stop.__context__, BrokenPipeError):
                raise
            fail(told(stop.__context__), MISTAKE)

    return guarded


def fail(line: str, code: int) -> NoReturn:
    """Say one line on stderr and end the command."""
    _leave_output()
    with suppress(OSError):
        typer.echo(f"sitsim: {' '.join(line.splitlines())}", err=True)
    raise typer.Exit(code) from None


def told(error: OSError) -> str:
    """Return a failure of the system as a line that begins with the path; without one it is the output's."""
    where = "standard output" if error.filename is None else os.fsdecode(error.filename)
    return f"{where}: {error.strerror or error}"


def path_given(text: str, option: str) -> Path:
    """Return a path that the user gave, which is not empty: that would be the folder one is in."""
    if not text:
        raise ParameterError(f"{option}: '' is not a path")
    return Path(text)


def _flush() -> None:
    """Write what is still held back, so that a failure is met here."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _leave_output() -> None:
    """Write what is held back if that can be done, else lead it nowhere: the end would stumble over it."""
    try:
        _flush()
    except OSError:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
