"""A small stage for decision rules: twelve quoted months, and kernels called in both their forms."""

from __future__ import annotations

import numpy as np

from abm.agents.base.view import MONTH_DTYPE
from abm.core.orders import NO_PRICE, ORDER_DTYPE
from abm.core.randomness import RandomStreams


def months_around(
    price_ticks: float = 3_000.0, spread_ticks: int = 10, *, first_month: int = 5, listed: int = 12
):
    """Months in tenor order, each 5 % below the one before, quoted symmetrically around the model."""
    months = np.zeros(listed, dtype=MONTH_DTYPE)
    months["month"] = first_month + np.arange(listed)
    months["slot"] = months["month"] % listed
    model = np.rint(price_ticks * 0.95 ** np.arange(listed))
    months["model_ticks"] = months["reference_ticks"] = model
    months["scale_ticks"] = np.maximum(np.abs(model), 100.0)
    months["settlement_ticks"] = model
    months["best_bid_ticks"] = model - spread_ticks // 2
    months["best_ask_ticks"] = model + spread_ticks // 2
    months["bid_lots"] = months["ask_lots"] = 20
    months["last_trade_ticks"] = months["indicative_ticks"] = NO_PRICE
    months["low_ticks"] = model - 300
    months["high_ticks"] = model + 300
    months["volatility_per_day"] = 0.02
    return months


def decide(kernel, columns, streams, *middle, capacity=20_000, compiled=True):
    """Call a decision kernel, or its plain-Python original, and return the messages it wrote."""
    out = np.zeros(capacity, dtype=ORDER_DTYPE)
    if compiled:
        count = kernel(columns, streams, *middle, out, 0, 1)
    else:
        as_records = [
            part.view(np.recarray) if isinstance(part, np.ndarray) and part.dtype.names else part
            for part in (columns, streams, *middle)
        ]
        count = kernel.py_func(*as_records, out.view(np.recarray), 0, 1)
    return out[:count].copy()


def keys(count: int, seed: int = 11):
    return RandomStreams(seed).keys("test", count)


def no_positions(accounts: int, slots: int = 12):
    return np.zeros((accounts, slots), dtype=np.int64)
