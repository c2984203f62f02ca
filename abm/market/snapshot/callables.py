"""Functions with what they remember: bound methods, partial functions, closures; and weak references."""

from __future__ import annotations

import itertools
import weakref
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from abm.market.snapshot.kind import Kind, Rebuilt, Walk


class MethodKind(Kind):
    """A method of one object."""

    name = "method"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of function and object."""
        return walk.numbers((thing.__func__, thing.__self__))

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the method of the new object."""
        return MethodType(*rebuilt.all(content))


class PartialKind(Kind):
    """A function with some arguments given."""

    name = "partial"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of the function and of its arguments."""
        if vars(thing):
            walk.refuse(f"it has attributes of its own: {', '.join(vars(thing))}")
        return [
            walk.number(thing.func),
            walk.numbers(thing.args),
            list(thing.keywords),
            walk.numbers(thing.keywords.values()),
        ]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it with the new arguments."""
        function, arguments, names, named = content
        keywords = dict(zip(names, rebuilt.all(named), strict=True))
        return partial(rebuilt.thing(function), *rebuilt.all(arguments), **keywords)


class ClosureKind(Kind):
    """A function that remembers variables of the one it was made in."""

    name = "closure"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the function, and the numbers of what it remembers and of its defaults."""
        if walk.is_file:
            walk.refuse("it remembers variables of the function it was made in; use a class with attributes")
        parts = (thing.__defaults__, thing.__kwdefaults__, vars(thing))
        return [thing, walk.numbers(thing.__closure__), walk.numbers(parts)]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a function of the same code that remembers the new things."""
        function, cells, (defaults, *_) = content
        made = FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            rebuilt.thing(defaults),
            tuple(rebuilt.all(cells)),
        )
        made.__qualname__, made.__module__ = function.__qualname__, function.__module__
        return made

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Set its named defaults and attributes."""
        _, named, attributes = content[2]
        rebuilt.fill(attributes)
        thing.__kwdefaults__ = rebuilt.thing(named)
        thing.__dict__.update(rebuilt.thing(attributes))


class CellKind(Kind):
    """A variable that a function remembers."""

    name = "cell"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of its value, if it has one."""
        try:
            return [walk.number(thing.cell_contents)]
        except ValueError:
            return []

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a variable without value."""
        return CellType()

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Set its value."""
        if content:
            thing.cell_contents = rebuilt.thing(content[0])


class CountKind(Kind):
    """An endless count: of whole numbers, as Mesa numbers its agents."""

    name = "count"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the next number."""
        said = repr(thing).removeprefix("count(").removesuffix(")")
        if not said.lstrip("-").isdigit():
            walk.refuse("it counts other than whole numbers in steps of one")
        return int(said)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a count that goes on there."""
        return itertools.count(content)


class WeakReferenceKind(Kind):
    """A reference that does not keep its thing."""

    name = "weak reference"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of the thing, or of nothing if it is gone."""
        if thing.__callback__ is not None:
            walk.refuse("it calls a function when its thing is gone")
        return walk.number(thing())

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a reference to the new thing."""
        thing = rebuilt.thing(content)
        return weakref.ref(_Gone() if thing is None else thing)


class _Gone:
    """Stands for what is no more."""

    def stay(self) -> None:
        """Do nothing."""


class WeakMethodKind(Kind):
    """A reference to a method of an object that it does not keep, as Mesa plans its steps."""

    name = "weak method"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the numbers of function and object, of which the method is made anew each time."""
        method = thing()
        return walk.numbers((method.__func__, method.__self__) if method else (None, None))

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return a reference to the method of the new object."""
        function, owner = rebuilt.all(content)
        return weakref.WeakMethod(_Gone().stay if owner is None else MethodType(function, owner))


class WeakContainerKind(Kind):
    """A dict or a set that does not keep its keys, values or items."""

    name = "weak container"
    is_filled_last = True
    types: tuple[type, ...] = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet)

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return which it is, and the numbers of keys and values, or of items."""
        place = self.types.index(type(thing))
        if isinstance(thing, weakref.WeakSet):
            return [place, walk.numbers(list(thing))]
        pairs = list(thing.items())
        return [place, walk.numbers(key for key, _ in pairs), walk.numbers(value for _, value in pairs)]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty one."""
        return self.types[content[0]]()

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Put in what is not gone."""
        if isinstance(thing, weakref.WeakSet):
            thing.update(rebuilt.all(content[1]))
            return
        for key, value in zip(rebuilt.all(content[1]), rebuilt.all(content[2]), strict=True):
            thing[key] = value
