"""Steps small markets with every kind of trader; prints the state hash of each, whatever runs the kernels."""

from __future__ import annotations

import json
from typing import Any

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

ROUNDS_PER_DAY, DAYS = 5, 2
FEW = {
    "run.days": DAYS,
    "calendar.rounds_per_day": ROUNDS_PER_DAY,
    "agents.noise.count": 5,
    "agents.fundamentalists.count": 3,
    "agents.chartists.count": 3,
    "agents.enterprises.count": 4,
    "agents.providers.count": 4,
    "agents.market_makers.count": 2,
}
MARKETS: dict[str, dict[str, Any]] = {
    "plain": {},
    "every class": {
        "agents.mixture.count": 3,
        "agents.switching.count": 3,
        "agents.arbitrageurs.count": 2,
        "agents.informed.count": 2,
        "agents.noise.limits.stop_out": 0.5,
        "exchange.spreads.lengths": [1, 3],
    },
    "order flow": {
        "agents.order_flow.tenors": [1],
        "agents.order_flow.limits_per_day": [20.0, 10.0],
        "agents.order_flow.cancels_per_day": [4.0],
        "agents.order_flow.markets_per_day": 10.0,
    },
    "pro rata": {"exchange.matching": "pro_rata", "exchange.spreads.lengths": [1]},
    "filtered_historical": {"clearing.margin.model": "filtered_historical"},
}


def hashes() -> dict[str, str]:
    """Return the state hash of each market after its rounds."""
    found = {}
    for name, changes in MARKETS.items():
        market = TokenFuturesMarket(Scenario.load("plain").replace(FEW | changes), rng=1)
        for _ in range(ROUNDS_PER_DAY * DAYS):
            market.step()
        found[name] = market.state_hash()
    return found


if __name__ == "__main__":
    print(json.dumps(hashes()))
