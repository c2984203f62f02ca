"""Which program a saved market belongs to: its attributes mean something to that one alone."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_NO_PART_OF_A_MARKET = frozenset({"cli", "experiments", "hedging"})


@cache
def program() -> dict[str, str]:
    """Return version and source digest of this program, and the version of Mesa, whose model a market is."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        place = path.relative_to(_PACKAGE)
        if place.parts[0] not in _NO_PART_OF_A_MARKET:
            digest.update(place.as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return {"sitsim": version("sitsim"), "source": digest.hexdigest()[:12], "mesa": version("mesa")}


def in_words(about: dict[str, str]) -> str:
    """Return a program as messages name it."""
    return f"sitsim {about.get('sitsim')} (source {about.get('source')}) with Mesa {about.get('mesa')}"
