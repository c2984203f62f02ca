"""Where analysis begins: opening finished runs."""

from __future__ import annotations

from pathlib import Path

from abm.recording import RunFolder, read_run

Run = RunFolder | str | Path
"""A run: opened already, or the place of its folder."""


def load(run: Run) -> RunFolder:
    """Return the opened run folder.

    Raises
    ------
    RunFolderError
        If the folder is missing, incomplete or of another format.
    """
    return run if isinstance(run, RunFolder) else read_run(run)
