"""Columns of arbitrageurs and informed traders, and quoted calendar spreads for them to look at."""

from __future__ import annotations

import numpy as np
from traders import rows

from abm.agents.arbitrage.kernel import ARBITRAGEUR_DTYPE
from abm.agents.base.view import SPREAD_DTYPE
from abm.agents.informed.kernel import INFORMED_DTYPE
from abm.core.orders import NO_PRICE

FEE_TICKS = 0.5


def arbitrageur_rows(count=40, **values):
    return rows(
        ARBITRAGEUR_DTYPE, count,
        **{"actions_per_day": 1e9, "quotes_per_day": 0.0, "threshold": 0.001, "slice_lots": 10,
           "max_position_lots": 60} | values,
    )  # fmt: skip


def informed_rows(count=100, **values):
    return rows(
        INFORMED_DTYPE, count,
        **{"actions_per_day": 48.0, "signal_sd": 0.0, "threshold": 0.002, "mean_lots": 4.0,
           "max_position_lots": 50} | values,
    )  # fmt: skip


def spreads_of(months, lengths=(1,), lots=20):
    """Calendar spreads of those months, their books empty."""
    spreads = np.zeros(sum(len(months) - length for length in lengths), dtype=SPREAD_DTYPE)
    spreads["tenor"] = np.concatenate([np.arange(len(months) - length) for length in lengths])
    spreads["spread_months"] = np.repeat(lengths, [len(months) - length for length in lengths])
    spreads["month"] = months["month"][spreads["tenor"]]
    spreads["best_bid_ticks"] = spreads["best_ask_ticks"] = NO_PRICE
    spreads["bid_lots"] = spreads["ask_lots"] = lots
    return spreads


def shift(months, tenor, ticks):
    """Move the quotes of one month."""
    for name in ("best_bid_ticks", "best_ask_ticks", "reference_ticks"):
        months[name][tenor] += ticks
    return months
