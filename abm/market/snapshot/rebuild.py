"""The way back from a snapshot: new things, first empty, then filled."""

from __future__ import annotations

from typing import Any

from abm.market.snapshot.kind import Record
from abm.market.snapshot.kinds import KINDS
from abm.market.snapshot.memory import Bytes

_NOT_YET = object()


class RebuiltMarket:
    """Things made anew from records.

    Parameters
    ----------
    records : list of Record
        Of a snapshot.
    memory : list of array of uint8
        Fresh memory for its arrays.

    Attributes
    ----------
    things : list
        In the order of the records.
    """

    def __init__(self, records: list[Record], memory: list[Bytes]) -> None:
        self.memory = memory
        self._records = records
        self.things: list[Any] = [_NOT_YET] * len(records)
        self._is_filled = bytearray(len(records))
        kinds = [KINDS[kind] for kind, _ in records]
        for number, kind in enumerate(kinds):
            if not kind.is_made_whole:
                self.things[number] = kind.make(self, records[number].content)
        for number in range(len(records)):
            self.thing(number)
        for is_last in (False, True):
            for number, kind in enumerate(kinds):
                if kind.is_filled_last is is_last:
                    self.fill(number)

    def thing(self, number: int) -> Any:
        """Return a thing, which may not be filled yet."""
        thing = self.things[number]
        if thing is _NOT_YET:
            kind, content = self._records[number]
            thing = self.things[number] = KINDS[kind].make(self, content)
        return thing

    def all(self, numbers: list[int]) -> list[Any]:
        """Return several things."""
        thing = self.thing
        return [thing(number) for number in numbers]

    def fill(self, number: int) -> None:
        """Fill a thing if it is not filled yet."""
        if not self._is_filled[number]:
            self._is_filled[number] = 1
            kind, content = self._records[number]
            KINDS[kind].fill(self, self.things[number], content)
