"""Tables that a study of hedging reads: prices of providers, bills of the day, and positions by month."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.market.parts import MarketParts


def record_bills(market: MarketParts, bills: dict[str, Any]) -> None:
    """Add the day's rows of ``provider_prices`` and of ``bills``."""
    if market.recorder is None:
        return
    day, prices_usd = market.clock.day, market.desk.provider_prices_usd
    market.recorder.append(
        "provider_prices", day=day, provider=np.arange(len(prices_usd)), price_usd=prices_usd
    )
    market.recorder.append("bills", day=day, **bills)


def record_positions(market: MarketParts) -> None:
    """Add the positions at the close to ``positions``: one row an account and month that it holds."""
    if market.recorder is None or not market.recorder.keeps("positions"):
        return
    held = market.clearing.position_lots
    account, slot = np.nonzero(held)
    listed = market.curve.months  # on a month's last day its slot is empty by now
    month_of_slot = np.empty(len(listed), dtype=np.int64)
    month_of_slot[listed["slot"]] = listed["month"]
    market.recorder.append(
        "positions",
        day=market.clock.day,
        account=account,
        month=month_of_slot[slot],
        lots=held[account, slot],
    )
