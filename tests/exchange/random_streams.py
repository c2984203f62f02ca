"""Random but reproducible message streams of every kind, from few accounts, some of them malformed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, ORDER_DTYPE, MessageKind, SelfMatch, TimeInForce

N_ACCOUNTS = 9
N_SLOTS = 3
ID_STEP = 2 * N_ACCOUNTS
"""Every message has two ids of its own, since a quote takes two."""

EVERY_KIND = {
    MessageKind.LIMIT: 54,
    MessageKind.MARKET: 7,
    MessageKind.CANCEL: 9,
    MessageKind.CANCEL_ALL: 0.5,
    MessageKind.STOP: 4,
    MessageKind.STOP_LIMIT: 4,
    MessageKind.MODIFY: 12,
    MessageKind.QUOTE: 10,
}
MALFORMED = {
    "kind": [-1, 8, 100],
    "account": [-1, N_ACCOUNTS, 2**31 - 1, -(2**31)],
    "month": [-1, -2, 3_000, 2**31 - 1, -(2**31)],
    "side": [0, 2, -128],
    "time_in_force": [-1, 5, 127],
    "lots": [0, -3, 100_001, 2**62, -(2**63)],
    "price_ticks": [2**62, NO_PRICE, 2**63 - 1, NO_PRICE],
    "stop_ticks": [2**62, NO_PRICE, 2**63 - 1, NO_PRICE],
    "ask_ticks": [2**62, NO_PRICE, 2**63 - 1, NO_PRICE],
    "ask_lots": [-1, 2**31 - 1, -(2**31)],
    "display_lots": [-1, 2**31 - 1, -(2**31)],
    "minimum_lots": [-1, 2**31 - 1, -(2**31)],
    "self_match": [-1, 3, 127],
    "spread_months": [1, 2, 3, -1, 127, -128],
    "expiry_day": [-(2**31), 2**31 - 1],
}


@dataclass(frozen=True)
class Flow:
    """What a stream is made of."""

    kinds: dict[MessageKind, float] = field(default_factory=lambda: dict(EVERY_KIND))
    price_deviation: float = 4.0
    edge_ticks: float = 3.0
    """How far from the middle, on the passive side, orders are on average."""
    malformed: float = 0.003
    """Probability that a field of a message is replaced by nonsense."""
    lots: float = 5.0
    """Mean lots of an order."""
    conditions: float = 1.0
    """Multiplies how often orders carry a display, a minimum, post-only, FOK or IOC."""


def messages(
    rng: np.random.Generator,
    count: int,
    *,
    first_month: int,
    middle: int,
    first_id: int,
    spread_lengths: tuple[int, ...] = (),
    today: int = 0,
    flow: Flow | None = None,
) -> NDArray[np.void]:
    """Return ``count`` messages around a price; cancels and modifications mostly name live orders."""
    flow = flow or Flow()
    batch = np.zeros(count, dtype=ORDER_DTYPE)
    number = first_id + np.arange(count)
    weights = np.array(list(flow.kinds.values()), dtype=float)
    batch["kind"] = rng.choice([int(kind) for kind in flow.kinds], count, p=weights / weights.sum())
    batch["month"] = first_month + rng.integers(0, N_SLOTS, count)
    batch["side"] = rng.choice([1, -1], count)
    batch["self_match"] = rng.choice(len(SelfMatch), count, p=[0.7, 0.15, 0.15])
    batch["lots"] = rng.geometric(1 / flow.lots, count)
    _set_lives(rng, batch, today, flow)
    _set_prices(rng, batch, middle, flow)
    _set_spreads(rng, batch, spread_lengths, first_month)
    _set_conditions(rng, batch, flow)
    _set_quotes(rng, batch, middle)
    _set_ids(rng, batch, number)
    everywhere = (batch["kind"] == MessageKind.CANCEL_ALL) & (rng.random(count) < 0.5)
    batch["month"] = np.where(everywhere, -1, batch["month"])
    for name, values in MALFORMED.items():
        hit = rng.random(count) < flow.malformed
        batch[name][hit] = rng.choice(np.array(values, dtype=np.int64), int(hit.sum()))
    return batch


def _set_lives(rng: np.random.Generator, batch: NDArray[np.void], today: int, flow: Flow) -> None:
    at_once = min(0.1 * flow.conditions, 0.15)
    lives = [0.45, 0.25, at_once, 0.6 * at_once]
    batch["time_in_force"] = rng.choice(len(TimeInForce), len(batch), p=[*lives, 1 - sum(lives)])
    batch["expiry_day"] = today + rng.choice([-1, 0, 1, 2, 5], len(batch), p=[0.04, 0.36, 0.3, 0.2, 0.1])


def _set_prices(rng: np.random.Generator, batch: NDArray[np.void], middle: int, flow: Flow) -> None:
    count = len(batch)
    distance = np.rint(rng.normal(flow.edge_ticks, flow.price_deviation, count)).astype(np.int64)
    far = rng.random(count) < 0.05
    batch["price_ticks"] = middle - batch["side"] * np.where(far, distance * 40, distance)
    away = np.rint(np.abs(rng.normal(0, flow.price_deviation, count))).astype(np.int64)
    batch["stop_ticks"] = middle + batch["side"] * away
    is_stop = batch["kind"] == MessageKind.STOP_LIMIT
    limit = batch["stop_ticks"] + batch["side"] * rng.integers(-2, 5, count)
    batch["price_ticks"] = np.where(is_stop, limit, batch["price_ticks"])


def _set_spreads(
    rng: np.random.Generator, batch: NDArray[np.void], lengths: tuple[int, ...], first_month: int
) -> None:
    """Send some limit orders to calendar spreads, mostly of listed far months, around a price of 0."""
    if not lengths:
        return
    count = len(batch)
    chosen = (rng.random(count) < 0.3) & (batch["kind"] == MessageKind.LIMIT)
    batch["spread_months"] = np.where(chosen, rng.choice(lengths, count), 0)
    last_near = np.maximum(N_SLOTS - batch["spread_months"], 1)
    near = first_month + rng.integers(0, N_SLOTS, count) % last_near
    batch["month"] = np.where(chosen, near, batch["month"])
    price = -batch["side"] * np.rint(rng.normal(1, 4, count)).astype(np.int64)
    batch["price_ticks"] = np.where(chosen, price, batch["price_ticks"])
    ordinary = np.isin(batch["time_in_force"], [TimeInForce.FOK]) & (rng.random(count) < 0.9)
    batch["time_in_force"] = np.where(chosen & ordinary, int(TimeInForce.DAY), batch["time_in_force"])


def _set_conditions(rng: np.random.Generator, batch: NDArray[np.void], flow: Flow) -> None:
    count = len(batch)
    # Stops and spreads refuse conditions: few of them carry one.
    likely = np.where(np.isin(batch["kind"], [MessageKind.STOP, MessageKind.STOP_LIMIT]), 0.1, 1.0)
    likely = np.where(batch["spread_months"] > 0, 0.1, likely) * flow.conditions
    batch["post_only"] = rng.random(count) < 0.12 * likely
    batch["close_out"] = rng.random(count) < 0.02
    batch["display_lots"] = np.where(
        rng.random(count) < 0.2 * likely, 1 + (batch["lots"] - 1) * rng.random(count) // 2, 0
    )
    batch["minimum_lots"] = np.where(
        rng.random(count) < 0.06 * likely, 1 + (batch["lots"] - 1) * rng.random(count) // 1, 0
    )


def _set_quotes(rng: np.random.Generator, batch: NDArray[np.void], middle: int) -> None:
    """Quote around the middle, from few prices, so that sides often keep their place."""
    count = len(batch)
    is_quote = batch["kind"] == MessageKind.QUOTE
    for name, side in (("price_ticks", -1), ("ask_ticks", 1)):
        price = middle + side * rng.choice([-1, 1, 2, 3], count, p=[0.1, 0.4, 0.3, 0.2])
        batch[name] = np.where(is_quote, price, batch[name])
    for name in ("lots", "ask_lots"):
        lots = rng.geometric(0.3, count) * (rng.random(count) < 0.9)
        batch[name] = np.where(is_quote, lots, batch[name])
    batch["post_only"] = np.where(is_quote, rng.random(count) < 0.3, batch["post_only"])


def _set_ids(rng: np.random.Generator, batch: NDArray[np.void], number: NDArray[np.int64]) -> None:
    """Number the messages; cancels and modifications take id and account of an earlier one."""
    count = len(batch)
    kind = batch["kind"]
    refers_back = (kind == MessageKind.CANCEL) | (kind == MessageKind.MODIFY) | (rng.random(count) < 0.01)
    back = np.where(rng.random(count) < 0.7, rng.geometric(0.04, count), rng.integers(0, 300, count))
    target = np.where(refers_back, number - back, number)
    account = (target * 2_654_435_761 >> 7) % N_ACCOUNTS  # a message's account is a hash of its number
    batch["account"] = account
    batch["order_id"] = target * ID_STEP + 2 * account
    batch["order_id"] += refers_back & (rng.random(count) < 0.12)  # the ask of a quote
    row = target - number[0] if count else target
    in_batch = (row >= 0) & (kind == MessageKind.MODIFY)
    same_price = in_batch & (rng.random(count) < 0.6)
    row = np.maximum(row, 0)
    batch["price_ticks"] = np.where(same_price, batch["price_ticks"][row], batch["price_ticks"])
    batch["lots"] = np.where(
        same_price, np.maximum(batch["lots"][row] - rng.integers(-1, 4, count), 1), batch["lots"]
    )
    stranger = rng.random(count) < 0.02
    batch["account"][stranger] = rng.integers(0, N_ACCOUNTS, int(stranger.sum()))
