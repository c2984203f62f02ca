"""What is not copied alone (arrays that share memory, ties to a whole market), and what copies may share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from abm.core.errors import CopyError

_ClassT = TypeVar("_ClassT", bound=type)
_ItemT = TypeVar("_ItemT")


class FixedItems(list[_ItemT]):
    """A list whose items never change once they are in it, so that copies of it share them."""


def never_copied(remedy: str) -> Callable[[_ClassT], _ClassT]:
    """Make ``copy.copy``, ``copy.deepcopy`` and pickling of a class raise ``CopyError``.

    The arrays of a deep copy share no memory any more, not even where the original relies on it: a compiled
    engine then writes beyond its own arrays, or goes on with numbers that stand still. A market is copied
    with all its parts by ``TokenFuturesMarket.fork``.

    Parameters
    ----------
    remedy : str
        What to do instead, the end of the message.
    """

    def refuse(self: Any, protocol: Any) -> NoReturn:
        raise CopyError(f"{type(self).__name__} cannot be copied or pickled: {remedy}")

    def mark(cls: _ClassT) -> _ClassT:
        cls.__reduce_ex__ = refuse  # type: ignore[method-assign, assignment]
        return cls

    return mark
