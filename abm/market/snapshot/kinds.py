"""The table of kinds, and which one a thing is of."""

from __future__ import annotations

import datetime
import itertools
import logging
import random
import re
import weakref
from collections import OrderedDict, defaultdict, deque
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, CellType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from abm.core.copying import FixedItems
from abm.core.settings.fields import Section
from abm.market.snapshot import arrays, callables, containers, named, objects
from abm.market.snapshot.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        containers.PlainKind(),
        containers.PlainListKind(),
        containers.ListKind(),
        containers.FixedItemsKind(),
        containers.DequeKind(),
        containers.TupleKind(),
        containers.DictKind(),
        containers.ProxyKind(),
        containers.SetKind(),
        containers.FrozenSetKind(),
        objects.ObjectKind(),
        objects.SubclassKind(),
        arrays.ArrayKind(),
        arrays.ObjectArrayKind(),
        arrays.ScalarKind(),
        arrays.DtypeKind(),
        arrays.BitGeneratorKind(),
        arrays.SeedSequenceKind(),
        arrays.GeneratorKind(),
        arrays.PlainRandomKind(),
        callables.MethodKind(),
        callables.PartialKind(),
        callables.ClosureKind(),
        callables.CellKind(),
        callables.CountKind(),
        callables.WeakReferenceKind(),
        callables.WeakMethodKind(),
        callables.WeakContainerKind(),
        named.SharedKind(),
        named.NamedKind(),
        named.CompiledKind(),
        named.MemberKind(),
        named.BytesKind(),
        named.PathKind(),
        named.RangeKind(),
    )
}
"""Every kind by the name that records call it."""

_OF_TYPE: dict[type, str] = {
    **dict.fromkeys(containers.PLAIN_TYPES, "plain"),
    **dict.fromkeys(callables.WeakContainerKind.types, "weak container"),
    list: "list",
    FixedItems: "fixed items",
    deque: "deque",
    tuple: "tuple",
    dict: "dict",
    MappingProxyType: "mapping proxy",
    set: "set",
    frozenset: "frozen set",
    OrderedDict: "container",
    defaultdict: "container",
    np.random.SeedSequence: "seed sequence",
    np.random.Generator: "generator",
    random.Random: "random",
    MethodType: "method",
    partial: "partial",
    CellType: "cell",
    itertools.count: "count",
    weakref.ref: "weak reference",
    weakref.WeakMethod: "weak method",
    bytes: "bytes",
    range: "range",
    slice: "range",
}
_ONLY_SHARED = (
    complex,
    Decimal,
    Fraction,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    re.Pattern,
    logging.Logger,
    ModuleType,
    np.ufunc,
    type(Ellipsis),
    type(NotImplemented),
)
"""Besides classes and functions, what a copy shares; a file cannot hold it."""
_BY_BASE: tuple[tuple[type, str], ...] = (
    (Enum, "member"),
    (PurePath, "path"),
    (np.dtype, "dtype"),
    (np.generic, "scalar"),
    (np.random.BitGenerator, "bit generator"),
)
_SHARED_IN_COPIES = frozenset({"member", "path", "bytes", "range", "named", "compiled code"})


def kind_of(thing: Any, *, is_file: bool) -> Kind | None:
    """Return the kind that a thing is of, or None if no kind knows it.

    Parameters
    ----------
    thing : object
        Any thing.
    is_file : bool
        Whether it is for a file, or for a copy, which shares what never changes.
    """
    kind = type(thing)
    if kind is list and containers.PLAIN_TYPES.issuperset(map(type, thing)):
        return KINDS["plain list"]
    name = _OF_TYPE.get(kind) or _name_of(thing, kind, is_file=is_file)
    if name is None:
        return None
    return KINDS["shared" if name in _SHARED_IN_COPIES and not is_file else name]


def _name_of(thing: Any, kind: type, *, is_file: bool) -> str | None:
    if kind is np.ndarray or kind is np.recarray:
        return "array of objects" if thing.dtype == np.object_ else "array"
    if isinstance(thing, type) or named.is_kernel(thing):
        return "named"
    if kind is BuiltinFunctionType and named.kernel_of(thing) is not None:
        return "compiled code"
    if kind is FunctionType:
        return "closure" if thing.__closure__ else "named"
    if not is_file and (isinstance(thing, Section) or _is_shared(thing)):
        return "shared"
    for base, name in _BY_BASE:
        if isinstance(thing, base):
            return name
    base_class = objects.base_of(kind)
    if base_class is None:
        return None
    if base_class is tuple:
        return "tuple"
    return "object" if base_class is object else "container"


def _is_shared(thing: Any) -> bool:
    """Say whether it never changes; a built-in method does not, unless it is one of a thing that does."""
    if isinstance(thing, BuiltinFunctionType):
        return thing.__self__ is None or isinstance(thing.__self__, ModuleType)
    return isinstance(thing, _ONLY_SHARED)
