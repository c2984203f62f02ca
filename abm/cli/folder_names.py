"""Names of the folders that commands make."""

from __future__ import annotations

import re


def plain_name(name: str) -> str:
    """Return a name without characters that a path gives meaning to."""
    return re.sub(r"[^\w.+-]+", "_", name)
