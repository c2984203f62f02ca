"""A market with money for everybody and no fees, in which the scenario's own traders keep still."""

from __future__ import annotations

from abm.market import CustomAgents, TokenFuturesMarket
from abm.scenario import Scenario

DEEP = 1e11
BARE = {
    "calendar.days_per_month": 31,
    "spot.initial_price_usd": 2.5,
    "spot.trend_per_year": 0.0,
    "spot.sigma": 0.01,
    "spot.jump_intensity": 0.0,
    "exchange.daily_limit": 2.0,
    "exchange.final_day_band": 2.0,
    "exchange.sessions.opening_auction": 0.0,
    "exchange.taker_fee_usd": 0.0,
    "exchange.maker_fee_usd": 0.0,
    "exchange.dmm_maker_fee_usd": 0.0,
    "exchange.auction_fee_usd": 0.0,
    "exchange.halts.expanded_limits": [],
    "clearing.intraday_cycles": 0,
}


def bare_market(agent_classes, rules, seed, **fields):
    """Return a market of custom agents, one of each class; a field's name has ``__`` for ``.``."""
    changes = BARE | {name.replace("__", "."): value for name, value in fields.items()}
    market = TokenFuturesMarket(
        Scenario().replace(changes),
        rng=seed,
        custom_agents=[CustomAgents(agent_class, cash_usd=DEEP) for agent_class in agent_classes],
        rules=rules,
    )
    for population in market.populations[: -len(agent_classes)]:
        for name in population.activity_columns:
            population.columns[name][:] = 0.0
    return market, [market.agents_by_type[agent_class][0] for agent_class in agent_classes]
