"""Links between speculators, read from a file."""

from __future__ import annotations

import re
from pathlib import Path

from abm.core.errors import ScenarioError
from abm.core.settings.toml_files import read_text
from abm.core.settings.wording import MOST_CHARACTERS, printable

EDGE_LIST = "agents.sentiment.graph.edge_list"
"""The field that names the file."""

MOST_BYTES = 50_000_000
"""Largest file of links; judgement: four million lines."""

_NUMBER = re.compile(r"[0-9]{1,9}")


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
    text = read_text(path, f"{EDGE_LIST}: {printable(str(path))}", most_bytes=MOST_BYTES)
    links = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        ends = [int(word) for word in words if _NUMBER.fullmatch(word)]
        if len(words) != 2 or len(ends) != 2 or max(ends) >= traders or ends[0] == ends[1]:
            written = printable(line.strip(), MOST_CHARACTERS)
            raise ScenarioError(
                f"{EDGE_LIST}: {printable(str(path))}: line {number}: {written!r} is not two different "
                f"traders from 0 to {traders - 1}"
            )
        links.append((ends[0], ends[1]))
    return links
