"""Text of the commands in lines as wide as the terminal."""

from __future__ import annotations

import re
import textwrap

_HELD = "\N{NO-BREAK SPACE}"


def wrapped(text: str, room: int) -> list[str]:
    """Return text in lines, no number of it apart from its unit."""
    kept = re.sub(r"(?<=\d) (?=%|bp\b|m\b)|(?<=USD) (?=\d)", _HELD, text)
    return [line.replace(_HELD, " ") for line in textwrap.wrap(kept, room, break_on_hyphens=False)]
