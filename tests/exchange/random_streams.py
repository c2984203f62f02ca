"""Random but reproducible message streams: mostly sensible flow, some of it malformed, from few accounts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import ORDER_DTYPE, MessageKind, RejectReason

N_ACCOUNTS = 6
N_SLOTS = 3

ORDER_KINDS = [MessageKind.LIMIT] * 5 + [MessageKind.MARKET, MessageKind.CANCEL, MessageKind.CANCEL]
MALFORMED = {
    "kind": [-1, 4, 100],
    "account": [-1, N_ACCOUNTS, 2**31 - 1, -(2**31)],
    "month": [-1, -2, 3_000, 2**31 - 1, -(2**31)],
    "side": [0, 2, -128],
    "time_in_force": [-1, 4],
    "lots": [0, -3, 100_001, 2**62, -(2**63)],
    "price_ticks": [2**62, -(2**63), 2**63 - 1],
}


def messages(
    rng: np.random.Generator, count: int, *, first_month: int, middle: int, first_id: int
) -> NDArray[np.void]:
    """Return ``count`` messages around a price; an order id tells its account, so cancels often hit."""
    batch = np.zeros(count, dtype=ORDER_DTYPE)
    batch["kind"] = rng.choice(ORDER_KINDS, count)
    batch["kind"][rng.random(count) < 0.004] = int(MessageKind.CANCEL_ALL)
    batch["account"] = rng.integers(0, N_ACCOUNTS, count)
    batch["month"] = first_month + rng.integers(0, N_SLOTS, count)
    batch["side"] = rng.choice([1, -1], count)
    batch["time_in_force"] = rng.choice(4, count, p=[0.6, 0.2, 0.1, 0.1])
    batch["post_only"] = rng.random(count) < 0.15
    batch["close_out"] = rng.random(count) < 0.02
    batch["lots"] = rng.geometric(0.2, count)
    distance = np.rint(rng.normal(2, 5, count)).astype(np.int64)
    far = rng.random(count) < 0.05
    batch["price_ticks"] = middle - batch["side"] * np.where(far, distance * 40, distance)
    batch["order_id"] = (first_id + np.arange(count)) * N_ACCOUNTS + batch["account"]
    refers_back = (batch["kind"] == MessageKind.CANCEL) | (rng.random(count) < 0.01)
    back = rng.integers(0, 400, count)
    batch["order_id"] = np.where(refers_back, batch["order_id"] - back * N_ACCOUNTS, batch["order_id"])
    stranger = rng.random(count) < 0.02
    batch["account"][stranger] = rng.integers(0, N_ACCOUNTS, int(stranger.sum()))
    all_months = (batch["kind"] == MessageKind.CANCEL_ALL) & (rng.random(count) < 0.5)
    batch["month"] = np.where(all_months, -1, batch["month"])
    for field, values in MALFORMED.items():
        hit = rng.random(count) < 0.004
        batch[field][hit] = rng.choice(np.array(values, dtype=np.int64), int(hit.sum()))
    return batch


class Duel:
    """Two exchanges that must stay the same whatever they are sent."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second
        self.reasons: set[RejectReason] = set()
        self.n_trades = 0

    def both(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of both, assert equal results, and return one."""
        one = getattr(self.first, method)(*arguments, **named)
        other = getattr(self.second, method)(*arguments, **named)
        parts = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
        for mine, its in parts:
            assert np.array_equal(mine, its), f"{method} differs:\n{mine}\n{its}"
        return one

    def match(self, batch: NDArray[np.void]) -> None:
        """Send a batch to both."""
        result = self.both("match", batch)
        self.reasons.update(RejectReason(reason) for reason in result.outcomes["reason"])
        self.n_trades += len(result.trades)
        assert_every_lot_is_accounted_for(batch, result)
        assert np.array_equal(self.first.position_lots, self.second.position_lots)
        assert np.array_equal(self.first.open_order_lots, self.second.open_order_lots)

    def compare_books(self, months: list[int]) -> None:
        """Assert equal books, bests and depths, and that each engine's own check passes."""
        self.both("resting_orders")
        self.both("top_of_book")
        for month in months:
            self.both("depth", month, 3)
        self.first.check()
        self.second.check()

    def open_day(self, *, first_month: int, middle: int, width: int, is_daily_limit: bool) -> None:
        """Open a day of consecutive months around one price."""
        months = first_month + np.arange(N_SLOTS)
        self.both(
            "open_day",
            months=months[np.argsort(months % N_SLOTS)],
            reference_ticks=np.full(N_SLOTS, middle),
            low_ticks=np.full(N_SLOTS, middle - width),
            high_ticks=np.full(N_SLOTS, middle + width),
            is_daily_limit=np.full(N_SLOTS, is_daily_limit),
            protection_ticks=np.array([0, 4, 1_000]),
        )

    def load_risk(self, rng: np.random.Generator) -> None:
        """Give every account its present position, tight funds and, rarely, a suspension."""
        self.both(
            "load_risk",
            position_lots=self.first.position_lots.copy(),
            funds_usd_micro=rng.integers(0, 60, N_ACCOUNTS) * 1_000_000,
            margin_per_lot_usd_micro=rng.integers(0, 1_000_000, N_SLOTS),
            may_trade=rng.random(N_ACCOUNTS) < 0.9,
        )


def assert_every_lot_is_accounted_for(batch: NDArray[np.void], result: Any) -> None:
    """Assert that filled, resting and cancelled lots sum to each accepted order's quantity."""
    accepted = (result.outcomes["reason"] == RejectReason.NONE) & (batch["kind"] <= MessageKind.MARKET)
    fates = (
        result.outcomes["filled_lots"] + result.outcomes["resting_lots"] + result.outcomes["cancelled_lots"]
    )
    assert np.array_equal(fates[accepted], batch["lots"][accepted])
    assert result.outcomes["filled_lots"].sum() == result.trades["lots"].sum()
    assert np.all(result.trades["buyer"] != result.trades["seller"])
