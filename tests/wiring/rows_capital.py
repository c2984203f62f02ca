"""Where the fields of capital over time arrive."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from field_table import Group, Row
from probes import traders

from abm import CustomAgents, TokenFuturesMarket, TraderAgent
from abm.market.day.capital_desk import price_ratio_millionths


def _terms(market):
    return market.clearing.parts.owners._terms


def _beta(*names):
    return lambda m: np.concatenate([_terms(m).price_beta[traders(m, name).accounts] for name in names])


def _lag_of_one_month_in_ten(market):
    """Look at the ratio of prices after 40 months, each a tenth of the first fixing but the last 30 days."""
    days = [100] + [10] * 369 + [20] * 30
    desk = SimpleNamespace(fixings=[SimpleNamespace(usd_micro=price) for price in days])
    return price_ratio_millionths(
        SimpleNamespace(desk=desk, scenario=market.market_scenario, clock=market.clock)
    )


class _Still(TraderAgent):
    def decide(self, view):
        pass


def _of_custom_agents(market):
    own = TokenFuturesMarket(market.market_scenario, rng=1, custom_agents=[CustomAgents(_Still)])
    return _terms(own).has_owner.tolist().count(False)


GROUPS = [
    Group(
        "owners and wealth outside",
        [
            Row("agents.capital.rule", "follows_notional",
                (lambda m: _terms(m).has_owner.all(), True),
                (lambda m: m.clearing.chart.n_owners == len(m.equity_usd_micro), True)),
            # Six months of ten days: 30 days at 10 and 30 days at 20.
            Row("agents.capital.lag_months", 6, (_lag_of_one_month_in_ten, 150_000)),
            Row("agents.capital.refill_share", 0.07, (lambda m: _terms(m).refill_share_bps, 700)),
            Row("agents.capital.purse", 1.3, (lambda m: _terms(m).purse_bps, 13_000)),
            Row("agents.capital.kept_margin", 1.9, (lambda m: _terms(m).kept_margin_bps, 19_000)),
            Row("agents.capital.custom_agents", False, (_of_custom_agents, 1)),
            Row("agents.capital.price_beta.enterprises", -0.31, (_beta("enterprise"), -0.31)),
            Row("agents.capital.price_beta.providers", 0.82, (_beta("provider"), 0.82)),
            Row("agents.capital.price_beta.market_makers", 0.23, (_beta("dmm"), 0.23)),
            Row("agents.capital.price_beta.others", 0.44,
                (_beta("noise", "fundamentalist", "chartist"), 0.44)),
            Row("clearing.member_capital_price_beta", 0.67,
                (lambda m: _terms(m).member_price_beta, 0.67)),
        ],
    ),
]  # fmt: skip
