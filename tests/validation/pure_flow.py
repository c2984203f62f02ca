"""A market in which nothing happens but a Poisson order flow: no other trader, no limit, no lack of money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

_ENDLESS = {
    "calendar.days_per_month": 31,
    "contract.contract_size_msit": 1,
    "exchange.daily_limit": 1.0,
    "exchange.halts.expanded_limits": (),
    "exchange.market_protection": 1.0,
    "exchange.sessions.opening_auction": 0.0,
    "exchange.market_data.trades_shown": 0,
    "clearing.intraday_cycles": 0,
    "spot.initial_price_usd": 10.0,
    "spot.trend_per_year": 0.0,
    "spot.jump_intensity": 0.0,
}


def market_of_flow(
    flow: Mapping[str, Any], *, months: int, rounds_per_day: int, tick_usd: float, seed: int
) -> TokenFuturesMarket:
    """Return a market whose listed months, all near USD 10, each have this ``agents.order_flow`` alone.

    Prices may move by USD 10 either way in a day, which takes memory in inverse proportion to the tick.
    """
    changes = {
        "calendar.rounds_per_day": rounds_per_day,
        "contract.listed_months": months,
        "contract.tick_size_usd": tick_usd,
        "agents.order_flow.tenors": tuple(range(months)),
    } | {f"agents.order_flow.{name}": value for name, value in flow.items()}
    market = TokenFuturesMarket(Scenario().replace(_ENDLESS | changes), rng=seed)
    for population in market.populations:
        if population.name != "poisson_flow":
            for name in population.activity_columns:
                population.columns[name][:] = 0.0
    return market
