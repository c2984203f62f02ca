"""A market in words: books as text tables, orders as sentences, events as lists of sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from abm.core.orders import (
    ALL_MONTHS,
    NO_PRICE,
    ORDER_DTYPE,
    CancelCause,
    MessageKind,
    RejectReason,
    Side,
    TimeInForce,
)

ACCOUNTS = "ABCDEF"


class Desk:
    """A small market whose accounts are letters; every order is one batch, and its events are sentences.

    Trades come first, then cancellations, then what rests; a refusal is the only event of its order.
    """

    def __init__(
        self, engine: Callable[..., Any], *, n_slots: int = 1, low: int = 1, high: int = 200, **terms: Any
    ) -> None:
        self.exchange = engine(n_accounts=len(ACCOUNTS), n_slots=n_slots)
        self.n_slots = n_slots
        self.next_id = 1
        self.open_day(low=low, high=high, **terms)

    def open_day(
        self, *, low: int, high: int, first_month: int = 0, protection: int = 5, is_daily_limit: bool = True
    ) -> list[str]:
        months = np.arange(first_month, first_month + self.n_slots)
        cancelled = self.exchange.open_day(
            months=np.sort(months)[np.argsort(months % self.n_slots)],
            reference_ticks=np.full(self.n_slots, (low + high) // 2),
            low_ticks=np.full(self.n_slots, low),
            high_ticks=np.full(self.n_slots, high),
            is_daily_limit=np.full(self.n_slots, is_daily_limit),
            protection_ticks=np.full(self.n_slots, protection),
        )
        return cancellation_sentences(cancelled)

    def load_risk(self, funds: dict[str, int], margin_per_lot: int, suspended: str = "", **lots: int) -> None:
        position = np.zeros((len(ACCOUNTS), self.n_slots), dtype=np.int64)
        for account, net_lots in lots.items():
            position[ACCOUNTS.index(account), 0] = net_lots
        self.exchange.load_risk(
            position_lots=position,
            funds_usd_micro=np.array([funds.get(account, 10**12) for account in ACCOUNTS]),
            margin_per_lot_usd_micro=np.full(self.n_slots, margin_per_lot),
            may_trade=np.array([account not in suspended for account in ACCOUNTS]),
        )

    def buy(self, account: str, lots: int, price: int, **terms: int) -> list[str]:
        return self.send(account, Side.BUY, lots, price, **terms)

    def sell(self, account: str, lots: int, price: int, **terms: int) -> list[str]:
        return self.send(account, Side.SELL, lots, price, **terms)

    def market_buy(self, account: str, lots: int, **terms: int) -> list[str]:
        return self.send(account, Side.BUY, lots, 0, kind=MessageKind.MARKET, **terms)

    def market_sell(self, account: str, lots: int, **terms: int) -> list[str]:
        return self.send(account, Side.SELL, lots, 0, kind=MessageKind.MARKET, **terms)

    def cancel(self, account: str, order_id: int) -> list[str]:
        return self.send(account, Side.BUY, 0, 0, kind=MessageKind.CANCEL, order_id=order_id)

    def cancel_all(self, account: str, month: int = ALL_MONTHS) -> list[str]:
        return self.send(account, Side.BUY, 0, 0, kind=MessageKind.CANCEL_ALL, month=month)

    def send(self, account: str, side: int, lots: int, price: int, **terms: int) -> list[str]:
        order = np.zeros(1, dtype=ORDER_DTYPE)
        fields = {"order_id": self.next_id, "side": side, "lots": lots, "price_ticks": price, **terms}
        fields["account"] = ACCOUNTS.index(account)
        for name, value in fields.items():
            order[name] = value
        self.next_id = max(self.next_id, int(order["order_id"][0])) + 1
        before = order.copy()
        result = self.exchange.match(order)
        assert np.array_equal(before, order), "the exchange changed a message"
        self.exchange.check()
        return self._sentences(order[0], result)

    def _sentences(self, order: Any, result: Any) -> list[str]:
        (outcome,) = result.outcomes
        assert outcome["order_id"] == order["order_id"]
        lots = outcome["filled_lots"] + outcome["resting_lots"] + outcome["cancelled_lots"]
        if outcome["reason"] != RejectReason.NONE:
            assert lots == len(result.trades) == len(result.cancellations) == 0
            return [f"refused: {RejectReason(outcome['reason']).name}"]
        events = [
            f"{ACCOUNTS[t['buyer']]} bought {t['lots']} from {ACCOUNTS[t['seller']]} at {t['price_ticks']}"
            for t in result.trades
        ]
        events += cancellation_sentences(result.cancellations)
        if order["kind"] in (MessageKind.CANCEL, MessageKind.CANCEL_ALL):
            assert outcome["cancelled_lots"] == result.cancellations["lots"].sum()
            return events
        assert lots == order["lots"]
        if outcome["resting_lots"]:
            who = ACCOUNTS[order["account"]]
            events.append(f"{who} rests {outcome['resting_lots']} at {order['price_ticks']}")
        return events

    def book(self, month: int = 0) -> str:
        """Return the book of a month in the form that ``book_from`` reads."""
        resting = self.exchange.resting_orders()
        resting = resting[resting["month"] == month]
        rows = []
        for price in sorted(set(resting["price_ticks"].tolist()), reverse=True):
            cells = []
            for side in (Side.BUY, Side.SELL):
                queue = resting[(resting["price_ticks"] == price) & (resting["side"] == int(side))]
                cells.append(", ".join(f"{ACCOUNTS[o['account']]} {o['lots']}" for o in queue))
            rows.append(f"{cells[0]} | {price} | {cells[1]}".strip())
        return "\n".join(rows)

    def best(self) -> tuple[int | None, int | None]:
        top = self.exchange.top_of_book()
        bid, ask = int(top.best_bid_ticks[0]), int(top.best_ask_ticks[0])
        return (None if bid == NO_PRICE else bid), (None if ask == NO_PRICE else ask)


def cancellation_sentences(cancellations: Any) -> list[str]:
    return [
        f"{ACCOUNTS[c['account']]} lost {c['lots']}: {CancelCause(c['cause']).name}" for c in cancellations
    ]


def book_from(
    engine: Callable[..., Any], table: str, *, time_in_force: int = TimeInForce.DAY, **terms: Any
) -> Desk:
    """Return a market whose front month holds the orders of a table ``buys | price | sells``.

    A cell lists the queue of its price, oldest first: ``A 5, B 2``. Order ids count from 1 in reading order,
    rows downwards, buys before sells.
    """
    desk = Desk(engine, **terms)
    for row in table.strip().splitlines():
        buys, price, sells = (cell.strip() for cell in row.split("|"))
        for side, cell in ((Side.BUY, buys), (Side.SELL, sells)):
            for order in filter(None, cell.split(",")):
                account, lots = order.split()
                desk.send(account, side, int(lots), int(price), time_in_force=time_in_force)
    assert desk.book() == text(table), "the table is a crossed book"
    return desk


def text(table: str) -> str:
    """Return a table without indentation and alignment, as ``Desk.book`` writes it."""
    rows = (" | ".join(cell.strip() for cell in row.split("|")).strip() for row in table.strip().splitlines())
    return "\n".join(rows)
