"""What a snapshot is made of: numbered records, each of a kind that takes and makes its things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from abm.market.snapshot.memory import Memory

if TYPE_CHECKING:
    from abm.market.snapshot.rebuild import Rebuilt
    from abm.market.snapshot.walk import Walk


class Kind:
    """Things of one kind: how each becomes a record, and a record a thing again.

    A record refers to other things by their numbers. Things that can be made empty are made first and filled
    when all are there, so that they may refer to each other in a circle.

    Attributes
    ----------
    name : str
        As records call it.
    is_made_whole : bool
        Whether its things cannot be made empty, because they never change.
    is_filled_last : bool
        Whether filling asks things for their hash, which those must be filled for.
    """

    name = ""
    is_made_whole = False
    is_filled_last = False

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the content of a thing's record."""
        raise NotImplementedError

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a new thing, empty unless it is made whole."""
        raise NotImplementedError

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put into a new thing what it holds."""


class Record(NamedTuple):
    """One thing: its kind's name and what the kind says of it."""

    kind: str
    content: Any


class Snapshot(NamedTuple):
    """Things by number, the first of which holds all others, and the memory of their arrays."""

    records: list[Record]
    memory: Memory
