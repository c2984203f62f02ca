"""Traders with risk limits, the days they open and the orders they send, for the tests of those limits."""

from __future__ import annotations

import math

import numpy as np
from stage import keys, no_positions
from traders import DAY_SHARE, WEIGHTS, noise_rows

from abm.agents.base.population import DayOpening, Funding
from abm.agents.base.view import NO_SPREADS, Depth, MarketView
from abm.agents.limits.shell import LIMITS_DTYPE, RiskLimits
from abm.agents.speculators.shell import NoiseTraders
from abm.core.orders import ORDER_DTYPE, MessageKind

USD = 1_000_000
TICK_VALUE = 1.0


def limits_of(count, **values):
    rows = np.zeros(count, dtype=LIMITS_DTYPE)
    rows["account"] = np.arange(count)
    rows["latency_ms"], rows["jitter"], rows["closing_per_day"], rows["cooling_days"] = 20.0, 0.5, 1e9, 3
    for name, value in values.items():
        rows[name] = value
    return rows


def view_of(months, day=0, round_of_day=0):
    none = np.zeros(0, dtype=np.int64)
    return MarketView(
        day, round_of_day, DAY_SHARE, 3.0, months, lambda: none, lambda tenor: Depth(none, none, none, none),
        lambda: NO_SPREADS,
    )  # fmt: skip


def opening(day, *equity_usd, held=None, lot_margin_usd=1e-6, flow_usd=0, day_of_month=None):
    equity = np.array(equity_usd, dtype=np.int64) * USD
    margin = np.rint(np.broadcast_to(lot_margin_usd, 12) * USD).astype(np.int64)
    flow = np.zeros_like(equity) + np.array(flow_usd, dtype=np.int64) * USD
    return DayOpening(
        day=day,
        days_open=day,
        day_of_month=day if day_of_month is None else day_of_month,
        log_level_ratio=0.0,
        log_price_surprise=0.0,
        provider_prices_usd=np.ones(3),
        front_month=5,
        settlement_usd=np.ones(12),
        expired_final_usd=math.nan,
        margin_per_lot_usd_micro=margin,
        free_funds_usd_micro=equity,
        initial_margin_usd_micro=0 * equity,
        position_lots=no_positions(len(equity)) if held is None else held,
        equity_usd_micro=equity,
        target_equity_usd_micro=equity,
        owner_flow_usd_micro=flow,
        days_to_delivery=np.arange(1.0, 13.0),
        log_level_ahead=np.zeros(12),
    )


def noise(count=3, results=None, **limits):
    money = np.full(count, 1_000 * USD)
    traders = NoiseTraders(
        noise_rows(count), keys(count), WEIGHTS, first_account=0, funding=Funding(money, 0 * money, 0)
    )
    traders.limits = RiskLimits(limits_of(count, **limits), tick_value_usd=TICK_VALUE, results=results)
    return traders


def orders(*terms, first_id=101):
    """Messages of (account, arrival, month, side, lots[, spread_months]), market orders."""
    batch = np.zeros(len(terms), dtype=ORDER_DTYPE)
    for row, (account, arrival, month, side, lots, *spread) in zip(batch, terms, strict=True):
        row["account"], row["arrival"], row["month"], row["side"], row["lots"] = (
            account, arrival, month, side, lots
        )  # fmt: skip
        row["kind"] = MessageKind.LIMIT if spread else MessageKind.MARKET
        row["spread_months"] = spread[0] if spread else 0
    batch["order_id"] = first_id + 2 * np.arange(len(terms))
    return batch
