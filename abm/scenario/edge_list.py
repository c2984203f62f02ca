"""Links between speculators, read from a file."""

from __future__ import annotations

from pathlib import Path

from abm.core.errors import ScenarioError

EDGE_LIST = "agents.sentiment.graph.edge_list"
"""The field that names the file."""


def read_links(path: Path, traders: int) -> list[tuple[int, int]]:
    """Return the links of a file: two trader numbers a line, apart by blanks or a comma; # begins a comment.

    Parameters
    ----------
    path : Path
        A file of UTF-8 text.
    traders : int
        Number of traders; they are numbered from 0.

    Raises
    ------
    ScenarioError
        Naming the file, and the line if there is one.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{EDGE_LIST}: {path}: not UTF-8 text (byte {error.start})") from None
    links = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        ends = [int(word) for word in words if word.isdecimal()]
        if len(words) != 2 or len(ends) != 2 or max(ends) >= traders or ends[0] == ends[1]:
            raise ScenarioError(
                f"{EDGE_LIST}: {path}: line {number}: {line.strip()!r} is not two different traders "
                f"from 0 to {traders - 1}"
            )
        links.append((ends[0], ends[1]))
    return links
