"""Read-only properties that say which part they are read from: the reading half of the house's face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NoReturn, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from abm.clearing.parts import Parts

ValueT = TypeVar("ValueT")
ScalarT = TypeVar("ScalarT", bound=np.generic)


class MadeOfParts(Protocol):
    """What has readings: a clearing house."""

    @property
    def parts(self) -> Parts:
        """Every part of it."""
        ...


class Reading(Generic[ValueT]):
    """A property that is read from the parts of a house and cannot be set.

    Parameters
    ----------
    read : callable
        Gets the parts, returns the value.
    """

    def __init__(self, read: Callable[[Parts], ValueT]) -> None:
        self._read = read
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, house: None, owner: type) -> Reading[ValueT]: ...
    @overload
    def __get__(self, house: MadeOfParts, owner: type) -> ValueT: ...
    def __get__(self, house: MadeOfParts | None, owner: type) -> Reading[ValueT] | ValueT:
        return self if house is None else self._read(house.parts)

    def __set__(self, house: MadeOfParts, value: object) -> NoReturn:
        raise AttributeError(f"{self._name} of a {type(house).__name__} can only be read")


def value(read: Callable[[Parts], ValueT]) -> Reading[ValueT]:
    """Return a reading of a number, or of an array made for the reader."""
    return Reading(read)


def array(read: Callable[[Parts], NDArray[ScalarT]]) -> Reading[NDArray[ScalarT]]:
    """Return a reading of an array that a part owns: the reader gets a view that cannot be written."""

    def read_only(parts: Parts) -> NDArray[ScalarT]:
        view = read(parts).view()
        view.flags.writeable = False
        return view

    return Reading(read_only)
