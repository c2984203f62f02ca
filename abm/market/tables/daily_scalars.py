"""What Mesa's data collector takes from a market at the close of each day.

Functions with names, which a saved market can refer to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def day(market: Any) -> float:
    """Return the trading day."""
    return float(market.clock.day)


def index_usd(market: Any) -> float:
    """Return the price index of the day, USD per mSIT."""
    return float(market.desk.index_usd)


def front_settlement_usd(market: Any) -> float:
    """Return the settlement price of the front month, USD per mSIT."""
    return float(market.contract.ticks_to_usd(float(market.curve.settlement_ticks[0])))


def volume_lots(market: Any) -> float:
    """Return the lots traded on the day."""
    return float(market.today.volume_lots.sum())


def open_interest_lots(market: Any) -> float:
    """Return the open interest of all months, lots."""
    return float(market.clearing.open_interest_lots.sum())


def margin_calls(market: Any) -> float:
    """Return the margin calls since day 0."""
    return float(market.margin_calls_made)


def defaults(market: Any) -> float:
    """Return the accounts in default."""
    return float(market.clearing.in_default.sum())


DAILY_SCALARS: dict[str, Callable[[Any], float]] = {
    reporter.__name__: reporter
    for reporter in (
        day,
        index_usd,
        front_settlement_usd,
        volume_lots,
        open_interest_lots,
        margin_calls,
        defaults,
    )
}
"""Each by the name of its column."""
