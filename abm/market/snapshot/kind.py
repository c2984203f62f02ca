"""What a snapshot is made of: numbered records, each of a kind that takes and makes its things."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn, Protocol

from abm.market.snapshot.memory import Bytes, Memory


class Walk(Protocol):
    """What a kind asks of the walk that takes things.

    Attributes
    ----------
    is_file : bool
        Whether the records are for a file: then what a copy would share is named or spelt out.
    memory : Memory
        Of all arrays found so far.
    """

    is_file: bool
    memory: Memory

    def number(self, thing: Any) -> int:
        """Return the number of a thing that the one being taken refers to."""

    def numbers(self, things: Any) -> list[int]:
        """Return the numbers of several things."""

    def refuse(self, why: str) -> NoReturn:
        """Refuse the thing that is being taken."""


class Rebuilt(Protocol):
    """What a kind asks of the way back.

    Attributes
    ----------
    memory : list of array of uint8
        Fresh memory for arrays.
    """

    memory: list[Bytes]

    def thing(self, number: int) -> Any:
        """Return a thing, which may not be filled yet."""

    def all(self, numbers: list[int]) -> list[Any]:
        """Return several things."""

    def fill(self, number: int) -> None:
        """Fill a thing if it is not filled yet."""


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
