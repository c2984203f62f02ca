"""What two markets have in common, found without the code that copies: a walk over both at once.

Python's garbage collector says what each object refers to; attributes, slots and array memory are read
directly.
"""

from __future__ import annotations

import gc
import random
import weakref
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from abm.core.copying import FixedItems
from abm.core.settings.fields import Section

PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic)
SHARED = (type, ModuleType, BuiltinFunctionType, FunctionType, Section, Enum, np.dtype)
NEVER_CHANGES = (Section, np.dtype)
MAY_BE_SHARED = (*PLAIN, tuple, frozenset)


def assert_twins(first: Any, second: Any) -> int:
    """Assert that two things are equal and share nothing that changes; return the number of their parts."""
    twin_of: dict[int, Any] = {}
    arrays: list[tuple[np.ndarray, np.ndarray]] = []
    waiting = [(first, second, "market")]
    while waiting:
        one, other, path = waiting.pop()
        if isinstance(one, BuiltinFunctionType) and hasattr(other, "py_func"):
            assert one.__name__ == other.__name__, path  # of a file: looked up anew at the first call
            continue
        assert type(one) is type(other), path
        if isinstance(one, PLAIN):
            assert one == other or one != one, f"{path}: {one!r} is not {other!r}"
            continue
        if isinstance(one, SHARED) or hasattr(one, "py_func"):
            is_closure = isinstance(one, FunctionType) and one.__closure__
            assert one is other or is_closure or (isinstance(one, NEVER_CHANGES) and one == other), path
            if not is_closure:
                continue
        if id(one) in twin_of:
            assert twin_of[id(one)] is other, f"{path}: two twins"
            continue
        twin_of[id(one)] = other
        assert one is not other or isinstance(one, MAY_BE_SHARED), f"{path}: shared"
        if isinstance(one, FixedItems):
            assert len(one) == len(other), path
            assert all(map(_is_same_item, one, other)), path
            continue
        if isinstance(one, np.ndarray):
            assert one.dtype is other.dtype or one.dtype == other.dtype, path
            assert one.dtype.isalignedstruct == other.dtype.isalignedstruct, path
            assert one.shape == other.shape, path
            assert one.size == 0 or one.strides == other.strides, path
            assert one.flags.writeable == other.flags.writeable, path
            if one.dtype != object:
                assert one.tobytes() == other.tobytes(), path
                arrays.append((one, other))
        elif isinstance(one, random.Random):
            assert one.getstate() == other.getstate(), path
        elif isinstance(one, np.random.BitGenerator):
            assert repr(one.state) == repr(other.state), path
            continue
        parts, others = _parts(one), _parts(other)
        assert len(parts) == len(others), path
        waiting += [(a, b, f"{path}.{type(one).__name__}") for a, b in zip(parts, others, strict=True)]
    _assert_memory_alike(arrays)
    return len(twin_of)


def _is_same_item(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one is other or (one.dtype == other.dtype and repr(one.tolist()) == repr(other.tolist()))
    return one is other or (type(one) is type(other) and repr(one) == repr(other))


def _parts(thing: Any) -> list[Any]:
    if isinstance(thing, weakref.ref):
        return [thing()]
    if isinstance(thing, weakref.WeakKeyDictionary | weakref.WeakSet):
        return list(thing)
    if isinstance(thing, set | frozenset):
        return sorted(thing, key=repr) if all(isinstance(each, PLAIN) for each in thing) else []
    if isinstance(thing, dict | list):
        inside = [*thing, *thing.values()] if isinstance(thing, dict) else list(thing)
        return [*inside, *_attributes(thing)]
    if hasattr(thing, "__dict__") and not isinstance(thing, FunctionType):
        return _attributes(thing) + (list(thing) if isinstance(thing, tuple) else [])
    return [each for each in gc.get_referents(thing) if not isinstance(each, type)]


def _attributes(thing: Any) -> list[Any]:
    slots = [name for kind in type(thing).__mro__ for name in vars(kind).get("__slots__", ())]
    filled = [getattr(thing, name) for name in slots if name[0] != "_" and hasattr(thing, name)]
    return [*getattr(thing, "__dict__", {}).values(), *filled]


def _assert_memory_alike(arrays: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Assert that no array of one market reaches into the other, and that views overlap alike in both."""
    filled = [(one, other) for one, other in arrays if one.size]
    ones, others = (np.array([_ends(each) for each in side]) for side in zip(*filled, strict=True))
    assert not _overlaps(ones, others).any()
    assert (_overlaps(ones, ones) == _overlaps(others, others)).all()


def _ends(array: np.ndarray) -> tuple[int, int]:
    spans = [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)]
    first = array.ctypes.data + sum(span for span in spans if span < 0)
    return first, array.ctypes.data + sum(span for span in spans if span > 0) + array.itemsize


def _overlaps(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (some[:, None, 0] < others[None, :, 1]) & (others[None, :, 0] < some[:, None, 1])


def assert_same_tables(first: Any, second: Any) -> None:
    for name in first.recorder.table_names:
        assert first.recorder.table(name).equals(second.recorder.table(name)), name
