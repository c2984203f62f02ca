"""How numbers and names read in the summary and the report.

Thousands are set apart, units named, what is not known reads ``n/a``, and rounding never turns nearly all
into all, a few into none, or a value beside a threshold into one on its other side.
"""

from __future__ import annotations

import math
from typing import NamedTuple

NOT_AVAILABLE = "n/a"

_NOISE = 1e-12
"""Difference from a whole share that sums of floats leave; one in the largest count of a run is more."""
_CLASSES = {
    "enterprise": "enterprises",
    "provider": "providers",
    "noise": "noise traders",
    "fundamentalist": "fundamentalists",
    "chartist": "chartists",
    "dmm": "market makers",
    "holder": "position holders",
    "arbitrageur": "arbitrageurs",
    "informed": "informed traders",
    "mixture": "mixture traders",
    "switching": "switching traders",
    "poisson_flow": "Poisson order flow",
    "member": "clearing members",
}
_PHASES = {"set_up": "set-up", "write": "writing files", "finish": "closing tables"}


def whole(number: float) -> str:
    """Return a count, e.g. ``12,345``."""
    return NOT_AVAILABLE if not math.isfinite(number) else f"{number:,.0f}"


def decimal(number: float, places: int = 2) -> str:
    """Return a number with a fixed count of decimals."""
    return NOT_AVAILABLE if not math.isfinite(number) else f"{number + 0.0:,.{places}f}"


def percent(share: float, places: int = 1, *, threshold: float | None = None) -> str:
    """Return a share of one as a percentage, e.g. ``97.5 %``.

    A share below one is rounded down where it would read 100, a share above zero reads ``<0.1 %`` where it
    would read 0, and a share below a threshold is rounded down where it would seem to reach it.

    Parameters
    ----------
    share : float
        The share.
    places : int
        Decimals.
    threshold : float, optional
        What the share is held against.
    """
    if not math.isfinite(share):
        return NOT_AVAILABLE
    unit = 10.0**-places
    in_percent = 100.0 * float(share)  # NumPy's own numbers are rounded in another way
    shown = round(in_percent, places)
    if in_percent != 0.0 and abs(in_percent) > 100.0 * _NOISE and abs(shown) < unit / 2:
        return f"<{unit:.{places}f} %" if share > 0 else f">-{unit:.{places}f} %"
    for bar in (1.0, *((threshold,) if threshold is not None else ())):
        if share < bar - _NOISE and shown >= round(100.0 * bar, places):
            shown = math.floor(in_percent / unit) * unit
    return f"{shown + 0.0:,.{places}f} %"


def basis_points(share: float) -> str:
    """Return a share of a price in basis points, with a decimal where they are few, e.g. ``3.5 bp``."""
    if not math.isfinite(share):
        return NOT_AVAILABLE
    bps = 1e4 * share
    return f"{round(bps, 1) + 0.0:,.1f} bp" if abs(bps) < 9.95 else f"{bps:,.0f} bp"


def usd(amount: float) -> str:
    """Return an amount of money, in millions from one million up, e.g. ``USD 3.25 m``."""
    if not math.isfinite(amount):
        return NOT_AVAILABLE
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if size >= 999_500:
        return f"{sign}USD {size / 1e6:,.2f} m"
    if 0 < size < 0.5:
        return f"{sign}USD {size:.2g}"
    return f"{sign}USD {size:,.0f}"


class MoneyScale(NamedTuple):
    """How the amounts of one table or axis are written: divided by ``divisor``, in ``unit``."""

    divisor: float
    unit: str
    places: int

    def amount(self, usd: float) -> str:
        """Return an amount without its unit, e.g. ``-1,515.9``; one that would read 0 reads ``<0.1``."""
        return decimal_or_less(usd / self.divisor, self.places)


def money_scale(largest_usd: float) -> MoneyScale:
    """Return the scale that fits the largest of several amounts, with four digits of it or more."""
    size = abs(largest_usd) if math.isfinite(largest_usd) else 0.0
    divisor, unit = 1.0, "USD"
    for each, name in ((1e6, "USD million"), (1e3, "USD thousand")):
        if size >= 2.0 * each:
            divisor, unit = each, name
            break
    digits = len(str(int(size / divisor)))
    return MoneyScale(divisor, unit, min(2 if divisor == 1.0 else 3, max(0, 4 - digits)))


def decimal_or_less(number: float, places: int) -> str:
    """Return a number with a fixed count of decimals; one that is not 0 and would read 0 as ``<0.01``."""
    unit = 10.0**-places
    if math.isfinite(number) and abs(number) > _NOISE and round(abs(number), places) < unit / 2:
        return f"{'<' if number > 0 else '>-'}{unit:.{places}f}"
    shown = decimal(number, places)
    return shown.removeprefix("-") if not shown.strip("-0.,") else shown


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number, e.g. ``1 client`` or ``2 clients``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def class_name(name: str) -> str:
    """Return what a class of traders is called, from its name in the table ``agents``."""
    return _CLASSES.get(name, name.replace("_", " "))


def phase_name(name: str) -> str:
    """Return what a phase of ``cpu_seconds`` is called."""
    return _PHASES.get(name, name.replace("_", " "))
