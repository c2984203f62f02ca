"""A market that is played through with its tables, for experiments on crises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.agents.holders.shell import Holders
from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

FLAT_LEVEL = {
    "spot.trend_per_year": 0.0,
    "exchange.daily_limit": 1.0,
    "exchange.halts.expanded_limits": (),
}


class Played(NamedTuple):
    """A market after its days, and what was recorded of it."""

    market: TokenFuturesMarket
    tables: dict[str, pd.DataFrame]

    @property
    def holders(self) -> slice:
        """Accounts of the position holders."""
        return next(p for p in self.market.populations if isinstance(p, Holders)).accounts

    def holders_in_default(self, labels: str) -> NDArray[np.bool_]:
        """Return which holders whose label contains a word are in default."""
        population = next(p for p in self.market.populations if isinstance(p, Holders))
        wanted = np.array([labels in label for label in population.labels])
        return self.market.clearing.in_default[population.accounts][wanted]

    def usd(self, column: str) -> float:
        """Return the sum of a money column of ``defaults``."""
        return float(self.tables["defaults"][f"{column}_usd_micro"].sum()) / 1e6

    def above_model(self, tenor: int = 1) -> pd.Series:
        """Return the settlement price over the model price of a tenor by day."""
        rows = self.tables["daily"].query("tenor == @tenor").set_index("day")
        return rows["settlement_ticks"] / rows["model_ticks"]


def played(
    base: str, changes: Mapping[str, Any] | None = None, *, seed: int = 1, days: int = 0, silent: bool = False
) -> Played:
    """Return a market after some days, the scenario's own by default.

    ``silent`` keeps the built-in traders from trading.
    """
    recorder = Recorder("daily")
    market = TokenFuturesMarket(Scenario.load(base).replace(changes or {}), rng=seed, recorder=recorder)
    if silent:
        for population in market.populations:
            for name in population.activity_columns:
                population.columns[name][:] = 0.0
    for _ in range((days or market.market_scenario.run.days) * market.clock.calendar.rounds_per_day):
        market.step()
    market.tables.record_agents()
    return Played(market, {name: recorder.table(name) for name in recorder.table_names})
