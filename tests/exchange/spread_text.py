"""Markets with calendar spreads in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from book_text import ACCOUNTS, Desk, fill_book

from abm.core.orders import NO_PRICE, ORDER_DTYPE
from abm.exchange.interface import BookRules

REAL_ONLY = BookRules(spread_lengths=(1, 2))
IMPLIED = BookRules(spread_lengths=(1,), implied_in=True)


def spread_desk(
    engine: Callable[..., Any], rules: BookRules = REAL_ONLY, n_slots: int = 3, **terms: Any
) -> Desk:
    return Desk(engine, n_slots=n_slots, rules=rules, **{"low": 1, "high": 10_000, **terms})


def implied_desk(engine: Callable[..., Any], near: str, far: str, **terms: Any) -> Desk:
    """Return a market of two months with implied trades, their outright books as tables."""
    desk = spread_desk(engine, terms.pop("rules", IMPLIED), n_slots=2, **terms)
    fill_book(desk, near)
    fill_book(desk, far, month=1)
    return desk


def spread_top(desk: Desk, row: int = 0, slot: int = 0) -> list[int | None]:
    """Return bid, bid lots, ask, ask lots of a spread."""
    top = desk.exchange.spread_top()
    columns = (top.best_bid_ticks, top.bid_lots, top.best_ask_ticks, top.ask_lots)
    return [None if c[row, slot] == NO_PRICE else int(c[row, slot]) for c in columns]


def order(desk: Desk, account: str, side: int, lots: int, price: int, **terms: int) -> Any:
    """Return a batch of one limit order, to look at its records."""
    batch = np.zeros(1, dtype=ORDER_DTYPE)
    fields = {"order_id": desk.next_id, "account": ACCOUNTS.index(account), "side": side, "lots": lots}
    for name, value in {**fields, "price_ticks": price, **terms}.items():
        batch[name] = value
    return batch
