"""Objects of classes written in Python: their attributes and slots, and what they hold as a container."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from functools import lru_cache
from types import MemberDescriptorType
from typing import Any

from abm.market.snapshot.kind import Kind, Rebuilt, Walk

_CONTAINERS: tuple[type, ...] = (list, deque, OrderedDict, defaultdict, dict, set)
_BASES: tuple[type, ...] = (tuple, *_CONTAINERS, object)
_WRITTEN_IN_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_IMMUTABLE_TYPE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE, of classes written in C
_POINTER_BYTES = 8
_MOST_POINTERS = 2  # to the attributes and to the weak references


@lru_cache(maxsize=1024)
def slots_of(kind: Any) -> dict[str, MemberDescriptorType]:
    """Return the slots of a class and its bases by name."""
    return {
        name: slot
        for base in reversed(kind.__mro__)
        if base.__flags__ & _WRITTEN_IN_PYTHON
        for name, slot in vars(base).items()
        if isinstance(slot, MemberDescriptorType)
    }


@lru_cache(maxsize=1024)
def base_of(kind: Any) -> Any:
    """Return what an object of a class is made with: ``object`` or a container; None if that is not known."""
    base = next(base for base in kind.__mro__ if base in _BASES)
    for each in kind.__mro__:
        if each in _BASES:
            continue
        if not each.__flags__ & _WRITTEN_IN_PYTHON or each.__flags__ & _IMMUTABLE_TYPE:
            return None
    if base is tuple:
        return base if not slots_of(kind) else None
    most = base.__basicsize__ + _POINTER_BYTES * (len(slots_of(kind)) + _MOST_POINTERS)
    return base if kind.__basicsize__ <= most else None  # more is state of a class written in C


def parts_of(thing: Any) -> dict[str, Any]:
    """Return the attributes and filled slots of an object by name."""
    parts = dict(getattr(thing, "__dict__", None) or {}) if not isinstance(thing, type) else {}
    kind: Any = type(thing)
    for name, slot in slots_of(kind).items():
        try:
            parts[name] = slot.__get__(thing)
        except AttributeError:
            continue
    return parts


def set_parts(thing: Any, parts: dict[str, Any]) -> None:
    """Set attributes and slots as they were, past whatever the class does when one is set."""
    kind: Any = type(thing)
    slots = slots_of(kind)
    if slots:
        for name in [name for name in parts if name in slots]:
            slots[name].__set__(thing, parts.pop(name))
    if parts:
        thing.__dict__.update(parts)


class ObjectKind(Kind):
    """An object with attributes, slots, or both."""

    name = "object"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of its class and those of its parts, by name."""
        parts = parts_of(thing)
        return [walk.number(type(thing)), list(parts), walk.numbers(parts.values())]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an object on which no method was called."""
        return object.__new__(rebuilt.thing(content[0]))

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Set all parts."""
        _, names, numbers = content
        set_parts(thing, dict(zip(names, rebuilt.all(numbers), strict=True)))


class SubclassKind(Kind):
    """An object of a subclass of a list, deque, dict or set: what it holds, and its parts."""

    name = "container"
    is_filled_last = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return class, parts, what it is made with, and the numbers of what it holds."""
        parts = parts_of(thing)
        kind: Any = type(thing)
        base = base_of(kind)
        assert base is not None
        made_with = thing.maxlen if base is deque else None
        if base is defaultdict:
            parts["default_factory"] = thing.default_factory
        is_dict = isinstance(thing, dict)
        held = [each for pair in dict.items(thing) for each in pair] if is_dict else list(thing)
        return [
            walk.number(kind),
            list(parts),
            walk.numbers(parts.values()),
            made_with,
            walk.numbers(held),
        ]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return an empty one."""
        kind = rebuilt.thing(content[0])
        base = base_of(kind)
        assert base is not None
        thing = base.__new__(kind)
        if base is deque:
            deque.__init__(thing, (), content[3])
        return thing

    def fill(self, rebuilt: Rebuilt, thing: Any, content: Any) -> None:
        """Set all parts and put in what it holds."""
        _, names, numbers, _, held = content
        parts = dict(zip(names, rebuilt.all(numbers), strict=True))
        if isinstance(thing, defaultdict):
            thing.default_factory = parts.pop("default_factory")
        set_parts(thing, parts)
        things = rebuilt.all(held)
        if isinstance(thing, dict):
            for key, value in zip(things[::2], things[1::2], strict=True):
                dict.__setitem__(thing, key, value)
        elif isinstance(thing, set):
            set.update(thing, things)
        elif isinstance(thing, deque):
            deque.extend(thing, things)
        else:
            list.extend(thing, things)
