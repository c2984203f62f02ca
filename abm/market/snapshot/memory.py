"""The memory that arrays share: each stretch is copied once, and every view on it made again.

A view may begin anywhere in the memory of another array, and both must see what either writes. So arrays are
grouped by the object that owns their memory; of it the stretch that they span is kept.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CACHE_LINE = 64
"""Bytes; a copied stretch begins as far into a cache line as its original, for the speed of the kernels."""

Bytes = NDArray[np.uint8]


class Memory:
    """Stretches of memory by number, some of them views of a living market's."""

    def __init__(self) -> None:
        self._owners: dict[int, int] = {}
        self._kept: list[Any] = []
        self._low: list[int] = []
        self._high: list[int] = []

    def __len__(self) -> int:
        return len(self._low)

    def take(self, array: NDArray[Any]) -> tuple[int, int]:
        """Take in the memory of an array that is not empty; return the stretch's number and the address."""
        owner: Any = array
        while isinstance(owner, np.ndarray) and owner.base is not None:
            owner = owner.base
        low = high = address = array.ctypes.data
        for length, stride in zip(array.shape, array.strides, strict=True):
            span = (length - 1) * stride
            low, high = (low, high + span) if span > 0 else (low + span, high)
        high += array.itemsize
        number = self._owners.setdefault(id(owner), len(self._low))
        if number == len(self._low):
            self._kept.append(owner)
            self._low.append(low)
            self._high.append(high)
        else:
            self._low[number] = min(self._low[number], low)
            self._high[number] = max(self._high[number], high)
        return number, address

    def offset(self, number: int, address: int) -> int:
        """Return how far into a stretch an address lies, once all arrays are taken in."""
        return address - self._low[number]

    def sizes(self) -> list[tuple[int, int]]:
        """Return the bytes of each stretch, and how far into a cache line it begins."""
        return [(high - low, low % CACHE_LINE) for low, high in zip(self._low, self._high, strict=True)]

    def contents(self) -> Iterator[bytes]:
        """Yield the content of each stretch."""
        for low, high in zip(self._low, self._high, strict=True):
            yield ctypes.string_at(low, high - low)

    def copies(self) -> list[Bytes]:
        """Return a copy of every stretch."""
        copied = []
        for low, high in zip(self._low, self._high, strict=True):
            room, address = room_for(high - low, low % CACHE_LINE)
            ctypes.memmove(address, low, high - low)
            copied.append(room)
        return copied


def room_for(n_bytes: int, start: int) -> tuple[Bytes, int]:
    """Return fresh memory that begins so far into a cache line, and its address."""
    room: Bytes = np.empty(n_bytes + CACHE_LINE - 1, dtype=np.uint8)
    address = room.ctypes.data
    skipped = (start - address) % CACHE_LINE
    return room[skipped : skipped + n_bytes], address + skipped
