"""Tables of made-up books and trades, as a run would have recorded them, for tests of liquidity."""

from __future__ import annotations

import numpy as np
import pandas as pd

import analysis
from analysis.liquidity.gathering import LiquidityTables, with_mids

ROUNDS = 4
QUOTE = {
    "run": 0, "seed": 1, "day": 0, "round": 0, "month": 1, "tenor": 1, "best_bid_ticks": 99,
    "best_ask_ticks": 101, "bid_lots": 10, "ask_lots": 10, "volume_lots": 0, "phase": 0,
}  # fmt: skip
TRADE = {
    "run": 0, "seed": 1, "day": 0, "round": 0, "month": 1, "tenor": 1, "price_ticks": 101, "lots": 1,
    "buyer": 0, "seller": 1, "aggressor_side": 1, "taker_order_id": 0, "spread_months": 0,
    "mid_before_ticks": 100.0, "mid_after_ticks": 100.0, "aggressor_class": "noise",
}  # fmt: skip
DAILY = {
    "run": 0, "seed": 1, "day": 0, "month": 1, "tenor": 1, "settlement_ticks": 100, "volume_lots": 1,
    "final": False,
}  # fmt: skip
LEVEL = {
    "run": 0, "seed": 1, "day": 0, "round": 0, "moment": 0, "month": 1, "tenor": 1, "level": 1,
    "bid_ticks": 99, "ask_ticks": 101, "bid_lots": 10, "ask_lots": 10,
}  # fmt: skip


def rows_like(usual: dict, rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame([usual | row for row in rows], columns=list(usual))
    prices = [name for name in table if name.startswith(("best_", "bid_t", "ask_t", "settlement"))]
    return table.astype(dict.fromkeys(prices, "Int64"))


def tables_of(
    quotes: list[dict],
    trades: list[dict] = (),
    *,
    daily: list[dict] = ({},),
    depth: list[dict] | None = None,
    rounds: int = ROUNDS,
) -> LiquidityTables:
    """Tables with one row a dictionary, which names what is not as usual."""
    agents = {"run": [0, 0, 0], "account": [0, 1, 2], "agent_class": ["noise", "dmm", "enterprise"]}
    return LiquidityTables(
        trades=rows_like(TRADE, list(trades)),
        quotes=with_mids(rows_like(QUOTE, quotes), rounds),
        daily=rows_like(DAILY, list(daily)),
        agents=pd.DataFrame(agents),
        depth=None if depth is None else rows_like(LEVEL, depth),
        rounds_per_day=rounds,
        tick_value_usd=1.0,
    )


def quotes_at(mids: list[float], half_spread: int = 1, **other) -> list[dict]:
    """One quote a round, day after day, around some mids."""
    return [
        {
            "day": step // ROUNDS,
            "round": step % ROUNDS,
            "best_bid_ticks": int(mid - half_spread),
            "best_ask_ticks": int(mid + half_spread),
            **other,
        }
        for step, mid in enumerate(mids)
    ]


def kyle_market(n: int, impact: float, half_spread: float, seed: int) -> LiquidityTables:
    """A market where every lot that is bought moves the mid by ``impact`` for good, one order a round."""
    rng = np.random.default_rng(seed)
    side, lots = rng.choice([-1, 1], n), rng.integers(1, 20, n)
    after = 100_000 + np.cumsum(impact * side * lots + rng.normal(0.0, 3.0, n)).round() * 2.0
    before = np.concatenate([[100_000.0], after[:-1]])
    day, number = np.divmod(np.arange(n), 50)
    place = {"run": 0, "seed": 1, "day": day, "round": number, "month": 1, "tenor": 1}
    quotes = {
        **place, "best_bid_ticks": (after - 1).astype(int), "best_ask_ticks": (after + 1).astype(int),
        "bid_lots": 9, "ask_lots": 9, "volume_lots": lots, "phase": 0,
    }  # fmt: skip
    trades = {
        **place, "price_ticks": before + side * half_spread, "lots": lots, "buyer": 0, "seller": 1,
        "aggressor_side": side, "taker_order_id": np.arange(n), "spread_months": 0,
        "mid_before_ticks": before, "mid_after_ticks": after, "aggressor_class": "noise",
    }  # fmt: skip
    plain = tables_of([{}], rounds=50)
    return plain._replace(quotes=with_mids(pd.DataFrame(quotes), 50), trades=pd.DataFrame(trades))


def measures(tables, by=(), **options):
    """Value and reason of each measure of one group."""
    table = analysis.liquidity_summary(tables, by, **{"horizons_days": [1.0], "levels": [1]} | options)
    return {row.measure: (row.value, row.reason) for row in table.itertuples()}
