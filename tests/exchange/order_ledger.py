"""A ledger of every order's life, written from messages and events alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.core.orders import CancelCause, MessageKind, RejectReason, Side


@dataclass
class Life:
    """What an order was for and what became of it so far."""

    account: int
    side: int
    month: int
    spread_months: int
    price: int | None
    entered: int = 0
    filled: int = 0
    cancelled: int = 0

    @property
    def leaves(self) -> int:
        return self.entered - self.filled - self.cancelled


class Ledger:
    """Keeps the lives of all orders and the positions that their trades build."""

    def __init__(self, n_accounts: int, n_slots: int) -> None:
        self.lives: dict[int, Life] = {}
        self.positions = np.zeros((n_accounts, n_slots), dtype=np.int64)
        self.n_slots = n_slots

    def book_message(self, message: Any, result: Any, after: Any) -> None:
        """Enter the order or orders of a message, then its events; ``after`` is what rests then."""
        (outcome,) = result.outcomes
        if message["kind"] == MessageKind.QUOTE:
            self._enter_quote(message, result, after)
        elif outcome["reason"] == RejectReason.NONE:
            if message["kind"] == MessageKind.MODIFY:
                self._enter_modification(message, result)
            elif message["kind"] not in (MessageKind.CANCEL, MessageKind.CANCEL_ALL):
                self._enter(message, int(message["order_id"]), int(message["side"]), int(message["lots"]))
        self.book_events(result.trades, result.cancellations)

    def book_events(self, trades: Any, cancellations: Any) -> None:
        """Book fills, positions and cancellations."""
        for trade in trades:
            month, lots = int(trade["month"]), int(trade["lots"])
            self.positions[trade["buyer"], month % self.n_slots] += lots
            self.positions[trade["seller"], month % self.n_slots] -= lots
            for order_id in (int(trade["maker_order_id"]), int(trade["taker_order_id"])):
                life = self.lives[order_id]
                assert life.account in (trade["buyer"], trade["seller"])
                if life.month == month:  # the near leg stands for a spread order
                    life.filled += lots
        for row in cancellations:
            life = self.lives[int(row["order_id"])]
            assert (life.account, life.month) == (row["account"], row["month"])
            assert life.spread_months == row["spread_months"]
            life.cancelled += int(row["lots"])

    def assert_it_is_the_book(self, resting: Any) -> None:
        """Assert that filled, leaving and cancelled lots are the original ones, order by order."""
        leaves = {order_id: life.leaves for order_id, life in self.lives.items() if life.leaves}
        booked = {int(o["order_id"]): int(o["lots"] + o["hidden_lots"]) for o in resting}
        assert len(booked) == len(resting)
        assert leaves == booked

    def _enter(self, message: Any, order_id: int, side: int, lots: int, price: int | None = None) -> None:
        kind = message["kind"]
        if price is None and kind in (MessageKind.LIMIT, MessageKind.STOP_LIMIT):
            price = int(message["price_ticks"])
        life = Life(
            int(message["account"]), side, int(message["month"]), int(message["spread_months"]), price
        )
        old = self.lives.get(order_id)
        assert old is None or old.leaves == 0, "two live orders of one id"
        life.entered = lots
        self.lives[order_id] = life

    def _enter_modification(self, message: Any, result: Any) -> None:
        """Enter anew an order that lost all its lots; one that keeps some stays in its place."""
        life = self.lives[int(message["order_id"])]
        cancelled = result.cancellations
        mine = (cancelled["order_id"] == message["order_id"]) & (cancelled["cause"] == CancelCause.MODIFIED)
        if cancelled["lots"][mine].sum() == life.leaves:
            life.entered += int(message["lots"])
            life.price = int(message["price_ticks"])

    def _enter_quote(self, message: Any, result: Any, after: Any) -> None:
        """Enter the sides whose ids, which are new, occur: a kept or refused side never does."""
        seen = {int(i) for name in ("maker_order_id", "taker_order_id") for i in result.trades[name]}
        seen.update(int(i) for records in (result.cancellations, after) for i in records["order_id"])
        sides = ((Side.BUY, "price_ticks", "lots"), (Side.SELL, "ask_ticks", "ask_lots"))
        for step, (side, price, lots) in enumerate(sides):
            order_id = int(message["order_id"]) + step
            if order_id in seen:
                self._enter(message, order_id, int(side), int(message[lots]), int(message[price]))
