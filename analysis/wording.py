"""How numbers read in the summary and the report: thousands set apart, units named, ``n/a`` for NaN."""

from __future__ import annotations

import math

NOT_AVAILABLE = "n/a"


def whole(number: float) -> str:
    """Return a count, e.g. ``12,345``."""
    return NOT_AVAILABLE if math.isnan(number) else f"{number:,.0f}"


def decimal(number: float, places: int = 2) -> str:
    """Return a number with a fixed count of decimals."""
    return NOT_AVAILABLE if math.isnan(number) else f"{number:,.{places}f}"


def percent(share: float, places: int = 1) -> str:
    """Return a share of one as a percentage, e.g. ``97.5 %``."""
    return NOT_AVAILABLE if math.isnan(share) else f"{100.0 * share:.{places}f} %"


def usd(amount: float) -> str:
    """Return an amount of money, in millions from one million up, e.g. ``USD 3.25 m``."""
    if math.isnan(amount):
        return NOT_AVAILABLE
    if abs(amount) >= 1e6:
        return f"USD {amount / 1e6:,.2f} m"
    return f"USD {amount:,.0f}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number, e.g. ``1 client`` or ``2 clients``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
