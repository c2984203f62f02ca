"""Lists, tuples, dicts, sets and deques."""

from __future__ import annotations

from collections import deque
from types import MappingProxyType
from typing import Any

import numpy as np

from abm.core.copying import FixedItems
from abm.market.snapshot.kind import Kind, Rebuilt, Walk
from abm.market.snapshot.objects import parts_of, set_parts

PLAIN_TYPES = frozenset({type(None), bool, int, float, str})
"""Values that records hold as they are."""


class PlainKind(Kind):
    """A value that never changes and that JSON knows."""

    name = "plain"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the value."""
        return thing

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the value."""
        return content


class PlainListKind(Kind):
    """A list of plain values only, which may be long."""

    name = "plain list"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the values."""
        return list(thing)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return them in a list of its own."""
        return list(content)


class ListKind(Kind):
    """A list."""

    name = "list"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of its items."""
        return walk.numbers(thing)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty list."""
        return []

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        thing.extend(rebuilt.all(content))


class FixedItemsKind(Kind):
    """A list whose items a copy shares; a file joins those of one type to one array."""

    name = "fixed items"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the items themselves in a list of their own; for a file what they are joined to."""
        if not walk.is_file:
            return FixedItems(thing)
        if PLAIN_TYPES.issuperset(map(type, thing)):
            return ["plain", list(thing)]
        types = {(type(item), getattr(item, "dtype", None), getattr(item, "ndim", None)) for item in thing}
        kind, _, dimensions = types.pop()
        if kind is np.ndarray and dimensions == 1 and not types:
            return ["joined", walk.number(np.concatenate(thing)), [len(item) for item in thing]]
        return ["each", walk.numbers(thing)]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the copy, or an empty list to be filled from a file."""
        return content if isinstance(content, FixedItems) else FixedItems()

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        if thing is content:
            return
        way, items, *lengths = content
        if way == "plain":
            thing.extend(items)
        elif way == "joined":
            rebuilt.fill(items)
            thing.extend(np.split(rebuilt.thing(items), np.cumsum(lengths[0])[:-1]))
        else:
            thing.extend(rebuilt.all(items))


class DequeKind(ListKind):
    """A deque, with its greatest length."""

    name = "deque"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return that length and the numbers of its items."""
        return [thing.maxlen, walk.numbers(thing)]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty deque."""
        return deque(maxlen=content[0])

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        thing.extend(rebuilt.all(content[1]))


class TupleKind(Kind):
    """A tuple, or a named one."""

    name = "tuple"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of its class, those of its items, and its parts if it has any."""
        parts = parts_of(thing)
        content: list[Any] = [walk.number(type(thing)), walk.numbers(thing)]
        return [*content, list(parts), walk.numbers(parts.values())] if parts else content

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it with its items."""
        return tuple.__new__(rebuilt.thing(content[0]), rebuilt.all(content[1]))

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Set its parts."""
        if len(content) > 2:
            set_parts(thing, dict(zip(content[2], rebuilt.all(content[3]), strict=True)))


class DictKind(Kind):
    """A dict, in its order."""

    name = "dict"
    is_filled_last = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of keys and of values."""
        return [walk.numbers(thing), walk.numbers(thing.values())]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty dict."""
        return {}

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        thing.update(zip(rebuilt.all(content[0]), rebuilt.all(content[1]), strict=True))


class ProxyKind(Kind):
    """A read-only face of a dict."""

    name = "mapping proxy"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of its dict."""
        return walk.number(thing | {})

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a face of the copied dict."""
        return MappingProxyType(rebuilt.thing(content))


class SetKind(Kind):
    """A set."""

    name = "set"
    is_filled_last = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of its items."""
        return walk.numbers(thing)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty set."""
        return set()

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in the items."""
        thing.update(rebuilt.all(content))


class FrozenSetKind(SetKind):
    """A set that never changes."""

    name = "frozen set"
    is_made_whole = True
    is_filled_last = False

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it with its items, which are filled first, as they are asked for their hash."""
        items = rebuilt.all(content)
        for number in content:
            rebuilt.fill(number)
        return frozenset(items)

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Do nothing: it is whole."""
