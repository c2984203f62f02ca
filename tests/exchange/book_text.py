"""A market in words: books as text tables, orders as sentences, events as lists of sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
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
    TradingPhase,
)
from abm.exchange.interface import FIFO_BOOKS, BookRules

ACCOUNTS = "ABCDEF"
HALT, AUCTION, CONTINUOUS = TradingPhase.HALT, TradingPhase.AUCTION, TradingPhase.CONTINUOUS


class Desk:
    """A small market whose accounts are letters; every order is one batch, and its events are sentences.

    Trades come first, then cancellations, then what rests; a refusal is the only event of its order and
    changes nothing, which the desk asserts. Months but the front one, and spreads, are named in a sentence.
    """

    def __init__(
        self,
        engine: Callable[..., Any],
        *,
        n_slots: int = 1,
        low: int = 1,
        high: int = 200,
        rules: BookRules = FIFO_BOOKS,
        **terms: Any,
    ) -> None:
        self.exchange = engine(n_accounts=len(ACCOUNTS), n_slots=n_slots, rules=rules)
        self.n_slots = n_slots
        self.next_id = 1
        self.open_day(low=low, high=high, **terms)

    def open_day(
        self,
        *,
        low: int | Sequence[int],
        high: int | Sequence[int],
        first_month: int = 0,
        protection: int = 5,
        is_daily_limit: bool = True,
        reference: int | Sequence[int] | None = None,
        band: int = 0,
        interruption: int = 0,
        day: int = 0,
    ) -> list[str]:
        months = np.arange(first_month, first_month + self.n_slots)
        lows, highs = (np.broadcast_to(np.array(end), self.n_slots) for end in (low, high))
        cancelled = self.exchange.open_day(
            months=np.sort(months)[np.argsort(months % self.n_slots)],
            reference_ticks=np.broadcast_to(
                (lows + highs) // 2 if reference is None else np.array(reference), self.n_slots
            ),
            low_ticks=lows,
            high_ticks=highs,
            is_daily_limit=np.full(self.n_slots, is_daily_limit),
            protection_ticks=np.full(self.n_slots, protection),
            band_ticks=np.full(self.n_slots, band),
            interruption_ticks=np.full(self.n_slots, interruption),
            day=day,
        )
        return cancellation_sentences(cancelled)

    def load_risk(
        self,
        funds: dict[str, int],
        margin_per_lot: int,
        suspended: str = "",
        limit: int | None = None,
        exempt: str = "",
        **lots: int,
    ) -> None:
        position = np.zeros((len(ACCOUNTS), self.n_slots), dtype=np.int64)
        for account, net_lots in lots.items():
            position[ACCOUNTS.index(account), 0] = net_lots
        self.exchange.load_risk(
            position_lots=position,
            funds_usd_micro=np.array([funds.get(account, 10**12) for account in ACCOUNTS]),
            margin_per_lot_usd_micro=np.full(self.n_slots, margin_per_lot),
            may_trade=np.array([account not in suspended for account in ACCOUNTS]),
            position_limit_lots=None if limit is None else np.full(self.n_slots, limit),
            limit_exempt=np.array([account in exempt for account in ACCOUNTS]) if exempt else None,
        )

    def buy(self, account: str, lots: int, price: int, **terms: int) -> list[str]:
        return self.send(account, Side.BUY, lots, price, **terms)

    def sell(self, account: str, lots: int, price: int, **terms: int) -> list[str]:
        return self.send(account, Side.SELL, lots, price, **terms)

    def market_buy(self, account: str, lots: int, **terms: int) -> list[str]:
        return self.send(account, Side.BUY, lots, 0, kind=MessageKind.MARKET, **terms)

    def market_sell(self, account: str, lots: int, **terms: int) -> list[str]:
        return self.send(account, Side.SELL, lots, 0, kind=MessageKind.MARKET, **terms)

    def stop_buy(
        self, account: str, lots: int, stop: int, limit: int | None = None, **terms: int
    ) -> list[str]:
        return self._stop(account, Side.BUY, lots, stop, limit, **terms)

    def stop_sell(
        self, account: str, lots: int, stop: int, limit: int | None = None, **terms: int
    ) -> list[str]:
        return self._stop(account, Side.SELL, lots, stop, limit, **terms)

    def modify(self, account: str, order_id: int, lots: int, price: int, **terms: int) -> list[str]:
        terms = {"order_id": order_id, **terms}
        return self.send(account, 0, lots, price, kind=MessageKind.MODIFY, **terms)

    def quote(
        self, account: str, bid: tuple[int, int] | None, ask: tuple[int, int] | None, **terms: int
    ) -> list[str]:
        """Send a quote whose sides are (lots, price) or ``None``."""
        (bid_lots, bid_price), (ask_lots, ask_price) = bid or (0, NO_PRICE), ask or (0, NO_PRICE)
        terms = {"kind": MessageKind.QUOTE, "ask_lots": ask_lots, "ask_ticks": ask_price, **terms}
        return self.send(account, 0, bid_lots, bid_price, **terms)

    def cancel(self, account: str, order_id: int) -> list[str]:
        return self.send(account, Side.BUY, 0, 0, kind=MessageKind.CANCEL, order_id=order_id)

    def cancel_all(self, account: str, month: int = ALL_MONTHS, spread_months: int = 0) -> list[str]:
        terms = {"month": month, "spread_months": spread_months}
        return self.send(account, Side.BUY, 0, 0, kind=MessageKind.CANCEL_ALL, **terms)

    def phase(self, phase: int, month: int = 0) -> None:
        phases = self.exchange.phases
        phases[month % self.n_slots] = phase
        self.exchange.set_phases(phases)

    def uncross(self, *months: int) -> list[str]:
        result = self.exchange.uncross(np.array(months or (0,), dtype=np.int64))
        assert len(result.outcomes) == 0
        self.exchange.check()
        return trade_sentences(result.trades) + cancellation_sentences(result.cancellations)

    def send(self, account: str, side: int, lots: int, price: int, **terms: int) -> list[str]:
        """Send one message of an account."""
        fields = {"side": side, "lots": lots, "price_ticks": price, "account": ACCOUNTS.index(account)}
        return self.send_fields(**fields, **terms)

    def send_fields(self, **fields: int) -> list[str]:
        """Send one message; the next free order id is taken unless ``order_id`` is given."""
        order = np.zeros(1, dtype=ORDER_DTYPE)
        order["order_id"] = self.next_id
        for name, value in fields.items():
            order[name] = value
        used = 2 if order["kind"][0] == MessageKind.QUOTE else 1
        self.next_id = max(self.next_id, int(order["order_id"][0]) + used)
        message, digest = order.copy(), self.digest()
        result = self.exchange.match(order)
        assert np.array_equal(message, order), "the exchange changed a message"
        self.exchange.check()
        return self._sentences(order[0], result, digest)

    def digest(self) -> str:
        """Return a digest of everything that a refused message may not change."""
        state = hashlib.sha256()
        self.exchange.update_digest(state)
        state.update(self.exchange.position_lots.tobytes())
        state.update(self.exchange.open_order_lots.tobytes())
        return state.hexdigest()

    def book(self, month: int = 0, spread_months: int = 0) -> str:
        """Return the book of a month or spread in the form that ``book_from`` reads, stops left out."""
        resting = self.exchange.resting_orders()
        resting = resting[(resting["month"] == month) & (resting["spread_months"] == spread_months)]
        resting = resting[resting["stop_ticks"] == NO_PRICE]
        rows = []
        for price in sorted(set(resting["price_ticks"].tolist()), reverse=True):
            cells = []
            for side in (Side.BUY, Side.SELL):
                queue = resting[(resting["price_ticks"] == price) & (resting["side"] == int(side))]
                cells.append(", ".join(_in_queue(order) for order in queue))
            rows.append(f"{cells[0]} | {price} | {cells[1]}".strip())
        return "\n".join(rows)

    def stops(self) -> list[str]:
        """Return the waiting stops: account, side, lots, trigger and limit price."""
        resting = self.exchange.resting_orders()
        return [
            f"{ACCOUNTS[o['account']]} {Side(o['side']).name.lower()} {o['lots']} @ {o['stop_ticks']}"
            + (f" limit {o['price_ticks']}" if o["price_ticks"] != NO_PRICE else "")
            for o in resting[resting["stop_ticks"] != NO_PRICE]
        ]

    def best(self, month: int = 0) -> tuple[int | None, int | None]:
        top, slot = self.exchange.top_of_book(), month % self.n_slots
        return _price(top.best_bid_ticks[slot]), _price(top.best_ask_ticks[slot])

    def last(self, month: int = 0) -> int | None:
        return _price(self.exchange.top_of_book().last_trade_ticks[month % self.n_slots])

    def _stop(
        self, account: str, side: Side, lots: int, stop: int, limit: int | None, **terms: int
    ) -> list[str]:
        kind = MessageKind.STOP if limit is None else MessageKind.STOP_LIMIT
        price = NO_PRICE if limit is None else limit
        return self.send(account, side, lots, price, kind=kind, stop_ticks=stop, **terms)

    def _sentences(self, order: Any, result: Any, digest: str) -> list[str]:
        (outcome,) = result.outcomes
        assert outcome["order_id"] == order["order_id"]
        lots = outcome["filled_lots"] + outcome["resting_lots"] + outcome["cancelled_lots"]
        events = trade_sentences(result.trades) + cancellation_sentences(result.cancellations)
        kind = order["kind"]
        if outcome["reason"] != RejectReason.NONE:
            if kind != MessageKind.QUOTE:
                assert lots == 0
            if lots == 0 and not events:
                assert digest == self.digest(), "a refused message changed something"
            events.append(f"refused: {RejectReason(outcome['reason']).name}")
        elif kind in (MessageKind.CANCEL, MessageKind.CANCEL_ALL):
            assert outcome["cancelled_lots"] == result.cancellations["lots"].sum()
        elif kind != MessageKind.QUOTE:
            assert lots == order["lots"]
        if outcome["resting_lots"]:
            price = "" if kind == MessageKind.QUOTE else f" at {self._resting_price(order)}"
            events.append(f"{ACCOUNTS[order['account']]} rests {outcome['resting_lots']}{price}")
        return events

    def _resting_price(self, order: Any) -> int:
        resting = self.exchange.resting_orders()
        own = resting[resting["order_id"] == order["order_id"]]
        if len(own) == 0:  # it rested, and was executed or triggered since
            return int(order["price_ticks"])
        (row,) = own
        return int(row["price_ticks"] if row["stop_ticks"] == NO_PRICE else row["stop_ticks"])


def trade_sentences(trades: Any) -> list[str]:
    return [
        f"{ACCOUNTS[t['buyer']]} bought {t['lots']} from {ACCOUNTS[t['seller']]} at {t['price_ticks']}"
        + _where(t)
        for t in trades
    ]


def cancellation_sentences(cancellations: Any) -> list[str]:
    return [
        f"{ACCOUNTS[c['account']]} lost {c['lots']}{_where(c)}: {CancelCause(c['cause']).name}"
        for c in cancellations
    ]


def _where(event: Any) -> str:
    month = f" of month {event['month']}" if event["month"] else ""
    return month + (f" in spread {event['spread_months']}" if event["spread_months"] else "")


def _in_queue(order: Any) -> str:
    hidden = f"+{order['hidden_lots']}" if order["hidden_lots"] else ""
    return f"{ACCOUNTS[order['account']]} {order['lots']}{hidden}"


def _price(ticks: int) -> int | None:
    return None if ticks == NO_PRICE else int(ticks)


def book_from(
    engine: Callable[..., Any], table: str, *, time_in_force: int = TimeInForce.DAY, **terms: Any
) -> Desk:
    """Return a market whose front month holds the orders of a table ``buys | price | sells``."""
    desk = Desk(engine, **terms)
    fill_book(desk, table, time_in_force=time_in_force)
    return desk


def fill_book(desk: Desk, table: str, **terms: int) -> None:
    """Send the orders of a table to a month or, with ``spread_months``, a spread.

    A cell lists the queue of its price, oldest first: ``A 5, B 2+6``, where B shows 2 lots and hides 6. Order
    ids count from 1 in reading order, rows downwards, buys before sells.
    """
    for row in table.strip().splitlines():
        buys, price, sells = (cell.strip() for cell in row.split("|"))
        for side, cell in ((Side.BUY, buys), (Side.SELL, sells)):
            for order in filter(None, cell.split(",")):
                account, lots = order.split()
                shown, _, hidden = lots.partition("+")
                display = int(shown) if hidden else 0
                total = int(shown) + int(hidden or 0)
                desk.send(account, side, total, int(price), display_lots=display, **terms)
    where = {name: terms[name] for name in ("month", "spread_months") if name in terms}
    assert desk.book(**where) == text(table), "the table is a crossed book"


def text(table: str) -> str:
    """Return a table without indentation and alignment, as ``Desk.book`` writes it."""
    rows = (" | ".join(cell.strip() for cell in row.split("|")).strip() for row in table.strip().splitlines())
    return "\n".join(rows)
