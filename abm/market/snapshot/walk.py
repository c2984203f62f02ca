"""The walk over a market: every thing that it holds becomes one record, however often it is referred to."""

from __future__ import annotations

from typing import Any, NoReturn

from abm.core.errors import CopyError
from abm.market.snapshot.kind import Record, Snapshot
from abm.market.snapshot.kinds import kind_of
from abm.market.snapshot.memory import Memory
from abm.market.snapshot.objects import parts_of


class MarketWalk:
    """Numbers of the things found so far, and where each was found.

    Parameters
    ----------
    is_file : bool
        Whether the records are for a file: then what a copy would share is named or spelt out.

    Attributes
    ----------
    memory : Memory
        Of all arrays found so far.
    """

    def __init__(self, *, is_file: bool) -> None:
        self.is_file = is_file
        self.memory = Memory()
        self.things: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._found_in: list[int] = []
        self._taking = -1

    def number(self, thing: Any) -> int:
        """Return the number of a thing that the one being taken refers to."""
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = len(self.things)
            self.things.append(thing)  # which also keeps its id from being given to another
            self._found_in.append(self._taking)
        return number

    def numbers(self, things: Any) -> list[int]:
        """Return the numbers of several things."""
        number = self.number
        return [number(thing) for thing in things]

    def take(self, root: Any) -> Snapshot:
        """Return the snapshot of a thing and of all that it holds.

        Raises
        ------
        CopyError
            If it holds something that cannot be copied, or not be saved; the message says what and where.
        """
        self.number(root)
        records: list[Record] = []
        for number, thing in enumerate(self.things):  # which grow under way
            self._taking = number
            kind = kind_of(thing, is_file=self.is_file)
            if kind is None:
                self.refuse("it is no plain value, array, or object of a class written in Python")
            records.append(Record(kind.name, kind.take(self, thing)))
        for kind_name, content in records:
            if kind_name == "array" and content["memory"] >= 0:
                content["offset"] = self.memory.offset(content["memory"], content.pop("address"))
        return Snapshot(records, self.memory)

    def refuse(self, why: str) -> NoReturn:
        """Refuse the thing that is being taken."""
        thing = self.things[self._taking]
        action = "saved" if self.is_file else "copied"
        kind = type(thing)
        raise CopyError(
            f"{self._path(self._taking)}: {kind.__module__}.{kind.__qualname__} cannot be {action}: {why}"
        )

    def _path(self, number: int) -> str:
        """Return how a thing is reached from the market."""
        steps: list[str] = []
        while number > 0:
            holder = self._found_in[number]
            steps.append(_step(self.things[holder], self.things[number]))
            number = holder
        return "market" + "".join(reversed(steps))


def _step(holder: Any, thing: Any) -> str:
    for name, part in parts_of(holder).items():
        if part is thing:
            return f".{name}"
    pairs = holder.items() if isinstance(holder, dict) else ()
    for key, part in pairs:
        if part is thing:
            return f"[{key!r}]"
    if isinstance(holder, list | tuple):
        for place, part in enumerate(holder):
            if part is thing:
                return f"[{place}]"
    return f".({type(thing).__name__})"
