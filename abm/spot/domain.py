"""One form for every complaint about an argument outside its domain."""

from __future__ import annotations

from abm.core.errors import ParameterError


def require(holds: bool, field: str, value: object, allowed: str) -> None:
    """Raise ``ParameterError`` naming field, value and what is allowed, unless the condition holds.

    State the condition positively (``x > 0``): a NaN then fails it.
    """
    if not holds:
        raise ParameterError(f"{field}: {value} is not {allowed}")
