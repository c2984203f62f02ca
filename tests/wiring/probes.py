"""Ways to look into a built market, for the table of fields."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from field_table import SEED, Probe, Row

from abm.agents.base.population import Population
from abm.clearing import AccountTerms
from abm.core.randomness import RandomStreams
from abm.market import MarketRule, TokenFuturesMarket, run
from abm.recording import Recorder

COARSE = {"calendar.rounds_per_day": 2, "exchange.sessions.opening_auction": 0.0}
"""What makes a day short where nothing but its close is looked at."""

_SEEN: WeakKeyDictionary[TokenFuturesMarket, Any] = WeakKeyDictionary()


def tables_of_a_run(market: TokenFuturesMarket) -> dict[str, pd.DataFrame]:
    """Run the scenario of a market, and return the tables that its profile keeps."""
    if market not in _SEEN:
        _SEEN[market] = dict(run(market.market_scenario, seed=SEED).tables)
    return _SEEN[market]


def two_days(market: TokenFuturesMarket) -> Recorder:
    """Trade two coarse days of the scenario of a market, and return what a recorder has kept of them."""
    if market not in _SEEN:
        _SEEN[market] = Recorder("daily")
        trading = TokenFuturesMarket(market.market_scenario.replace(COARSE), rng=SEED, recorder=_SEEN[market])
        for _ in range(4):
            trading.step()
    return _SEEN[market]


def terms(market: TokenFuturesMarket) -> AccountTerms:
    """Return the terms of all accounts, as the clearing house has them."""
    return market.clearing.parts.funding.terms


def traders(market: TokenFuturesMarket, name: str) -> Population:
    """Return the population of a class."""
    return next(population for population in market.populations if population.name == name)


def column(name: str, column_name: str) -> Probe:
    """Look at a column of a class: every trader's."""
    return lambda market: traders(market, name).columns[column_name]


def equity_usd(name: str) -> Probe:
    """Look at what each trader of a class has with the clearing house and in the bank on day 0, USD."""
    return lambda market: market.equity_usd_micro[traders(market, name).accounts] / 1e6


def limit(name: str, column_name: str) -> Probe:
    """Look at a column of the risk limits of a class."""
    return lambda market: traders(market, name).limits.rows[column_name]


def result_rule(name: str, key: str) -> Probe:
    """Look at a rule by which a class is judged for its results."""
    return lambda market: getattr(traders(market, name).limits.results.rules, key)


def rule(market: TokenFuturesMarket, kind: type[MarketRule]) -> Any:
    """Return the market's rule of a kind."""
    return next(rule for rule in market.rules if isinstance(rule, kind))


def draws(seed: int, agent_class: str, parameter: str, count: int) -> np.ndarray:
    """Return the standard normal draws of a parameter of a class."""
    return RandomStreams(seed).generator("population", agent_class, parameter).standard_normal(count)


def class_rows(table: str, name: str, **columns: Any) -> list[Row]:
    """Return one row for each parameter that is a column of the same name."""
    return [Row(f"{table}.{key}", value, (column(name, key), value)) for key, value in columns.items()]


def limit_rows(table: str, name: str, first: float) -> list[Row]:
    """Return the rows of the risk limits of a class, with values of their own for each class."""
    values = {
        "max_leverage": 3.0 + first,
        "margin_to_equity": 0.5 + first / 10.0,
        "shrink_above": 1.5 + first,
        "stop_out": 0.2 + first / 100.0,
        "cooling_days": 6.0 + first,
        "closing_per_day": 30.5 + first,
    }
    results = {
        "memory_months": 4.0 + first,
        "exit_below": -0.05 + first / 100.0,
        "enter_above": 0.15 + first / 100.0,
        "turnover_per_month": 0.25 + first / 100.0,
    }
    return [
        Row(
            f"{table}.limits.{key}",
            value,
            (limit(name, key), round(value) if key == "cooling_days" else value),
        )
        for key, value in values.items()
    ] + [
        Row(f"{table}.limits.results.{key}", value, (result_rule(name, key), value))
        for key, value in results.items()
    ]
