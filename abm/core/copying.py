"""What is not copied alone: parts whose arrays share memory or that are tied to a market; and what is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from abm.core.errors import CopyError

_ClassT = TypeVar("_ClassT", bound=type)
_ItemT = TypeVar("_ItemT")


class FixedItems(list[_ItemT]):
    """A list whose items never change once they are in it, so that the lists of two markets may share them."""


def never_copied(remedy: str) -> Callable[[_ClassT], _ClassT]:
    """Make ``copy.copy``, ``copy.deepcopy`` and pickling of a class raise ``CopyError``.

    A market with all its parts is copied by ``TokenFuturesMarket.fork``. The arrays of a deep copy share no memory any more, not even where the original relies on it: a compiled
    engine then writes beyond its own arrays, or goes on with numbers that stand still.

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
