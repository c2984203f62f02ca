"""Message streams to measure matching with; the same for a seed.

`steady_stream` keeps a quick order book while it draws, so that cancels and modifications aim at orders
which rest at that moment, and the books neither grow nor dry up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from abm.core.orders import ORDER_DTYPE, MessageKind, Side, TimeInForce
from bench.peers import DictBook

SLOTS, ACCOUNTS, MAKERS = 12, 500, 24
REFERENCE_TICKS = 3_000
TARGET_RESTING = 20_000

_CHUNK = 10_000
_FAIR_EVERY = 100
_NO_SUCH_ID = 10**12
_NO_FIELDS = dict.fromkeys(ORDER_DTYPE.names or (), 0)

_LIMIT_OR_CANCEL, _MARKET, _IOC, _MODIFY, _QUOTE, _RARE, _MALFORMED = range(7)
_MIXED_SHARES = (0.88, 0.03, 0.03, 0.02, 0.02, 0.01, 0.01)
_PLAIN_SHARES = (0.94, 0.06)
_CANCEL_SHARE = 0.38 / 0.88
_CANCELS_OF_NEWEST, _NEWEST = 0.5, 400
_CANCELS_MISSED = 0.02
_POST_ONLY, _GOOD_TILL_CANCELLED = 0.1, 0.3
_STOP_STANDS_OFF = 250  # our own books keep a waiting stop as a limit order far from the market
_WRONG = (
    {"kind": 99}, {"side": 0}, {"time_in_force": 77}, {"account": ACCOUNTS + 7}, {"month": SLOTS + 5},
    {"lots": 0}, {"price_ticks": 10 * REFERENCE_TICKS}, {"self_match": 9},
)  # fmt: skip

Row = tuple[float, ...]


class Stream(NamedTuple):
    """Orders that fill the books first, then the messages to measure, both of ORDER_DTYPE."""

    opening: np.ndarray
    messages: np.ndarray


class RestingOrder(NamedTuple):
    """What the writer must know of an order that it may cancel or modify."""

    order_id: int
    account: int
    month: int


def steady_stream(count: int, *, plain: bool, seed: int = 1) -> Stream:
    """Return messages that leave about 20,000 orders resting in 12 months, as many at the end as at first.

    Mixed: 50 % limit orders, 38 % cancels, 6 % market and IOC orders, 2 % modifications, 2 % two-sided
    quotes, 1 % icebergs, FOK orders, orders with a minimum and stops together, 1 % malformed. Plain: limit
    orders, market orders and cancels only, and an account only buys or only sells in a month, so that books
    without self-match prevention trade the same.
    """
    writer = _StreamWriter(count, plain, seed)
    opening = [writer.opening_order() for _ in range(TARGET_RESTING)]
    messages = np.zeros(count, dtype=ORDER_DTYPE)
    for start in range(0, count, _CHUNK):
        rows = [writer.message(i) for i in range(start, min(start + _CHUNK, count))]
        messages[start : start + _CHUNK] = np.array(rows, dtype=ORDER_DTYPE)
    return Stream(np.array(opening, dtype=ORDER_DTYPE), messages)


def growing_stream(count: int, seed: int = 1) -> np.ndarray:
    """Return 66 % limit orders near 3,000 ticks, 10 % market orders, 24 % cancels: the books keep growing."""
    rng = np.random.default_rng(seed)
    orders = _limit_orders(count, rng, distances=(-3, 30))
    kind = rng.random(count)
    orders["kind"] = np.select(
        [kind < 0.66, kind < 0.76], [MessageKind.LIMIT, MessageKind.MARKET], MessageKind.CANCEL
    )
    orders["time_in_force"][orders["kind"] == MessageKind.MARKET] = TimeInForce.IOC
    cancel = np.flatnonzero(orders["kind"] == MessageKind.CANCEL)
    aimed_at = np.maximum(cancel - rng.integers(1, 2_000, len(cancel)), 0)
    orders["order_id"][cancel] = orders["order_id"][aimed_at]
    orders["account"][cancel] = orders["account"][aimed_at]
    return orders


def resting_batches(count: int, size: int, seed: int = 1) -> Iterator[np.ndarray]:
    """Yield batches of limit orders none of which crosses another, drawn one batch at a time: all rest."""
    rng = np.random.default_rng(seed)
    for start in range(0, count, size):
        orders = _limit_orders(min(size, count - start), rng, distances=(1, 100))
        orders["order_id"] += start
        yield orders


def _limit_orders(count: int, rng: np.random.Generator, distances: tuple[int, int]) -> np.ndarray:
    orders = np.zeros(count, dtype=ORDER_DTYPE)
    orders["order_id"] = np.arange(1, count + 1)
    orders["account"] = rng.integers(0, ACCOUNTS, count)
    orders["month"] = rng.integers(0, SLOTS, count)
    orders["side"] = rng.choice([Side.BUY, Side.SELL], count)
    orders["price_ticks"] = REFERENCE_TICKS - orders["side"] * rng.integers(*distances, count)
    orders["lots"] = rng.integers(1, 20, count)
    orders["time_in_force"] = TimeInForce.DAY
    return orders


class _StreamWriter:
    """Draws one message after another and keeps books of what rests: exact for plain streams, else nearly.

    A fair value wanders about 3,000 ticks in each month, and prices scatter around it. Half of the cancels
    aim at any resting order, half at the newest few hundred: many short lives and some long ones.
    """

    def __init__(self, count: int, plain: bool, seed: int) -> None:
        rng = np.random.default_rng(seed)
        shares = _PLAIN_SHARES if plain else _MIXED_SHARES
        self._groups = rng.choice(len(shares), count, p=shares).tolist()
        noise = rng.normal(0.0, 0.4, (SLOTS, count // _FAIR_EVERY + 1))
        wandering = lfilter([1.0], [1.0, -0.998], noise, axis=1)
        self._fair = np.rint(REFERENCE_TICKS + wandering).astype(np.int64).tolist()
        self._plain = plain
        self._random = random.Random(seed)
        self._next_id = 1
        self._books = [DictBook() for _ in range(SLOTS)]
        self._open = [book.orders for book in self._books]
        self._cancellable: list[RestingOrder] = []
        self._cancelled = RestingOrder(_NO_SUCH_ID, 0, 0)
        self._quotes: dict[tuple[int, int], int] = {}

    def opening_order(self) -> Row:
        """Return a limit order that rests."""
        fields = self._drawn(0)
        fields["price_ticks"] -= fields["side"] * (2 + self._distance())
        return self._entered(fields)

    def message(self, i: int) -> Row:
        """Return message number ``i``."""
        group = self._groups[i]
        if group == _LIMIT_OR_CANCEL:
            resting = sum(map(len, self._open))
            cancels = self._random.random() < _CANCEL_SHARE * resting / TARGET_RESTING
            return self._cancel() if cancels else self._limit(i)
        if group == _MARKET:
            fields = self._drawn(i) | {"kind": int(MessageKind.MARKET), "time_in_force": int(TimeInForce.IOC)}
            return self._entered(fields)
        if group == _MODIFY:
            return self._modify()
        if group == _QUOTE:
            return self._quote(i)
        if group == _MALFORMED:
            return _row(self._drawn(i) | self._random.choice(_WRONG))
        return self._ioc(i) if group == _IOC else self._rare(i)

    def _drawn(self, i: int) -> dict[str, int]:
        """Draw the fields of an order at the fair value."""
        draw = self._random.random
        month, account = int(draw() * SLOTS), MAKERS + int(draw() * (ACCOUNTS - MAKERS))
        buys = (account + month) % 2 == 0 if self._plain else draw() < 0.5
        order_id = self._next_id
        self._next_id += 1
        return {
            "kind": 0, "order_id": order_id, "account": account, "month": month, "side": 1 if buys else -1,
            "price_ticks": self._fair[month][i // _FAIR_EVERY],
            "lots": 1 + int(min(self._random.expovariate(0.12), 99)),
        }  # fmt: skip

    def _distance(self) -> int:
        return int(self._random.expovariate(0.1))

    def _entered(self, fields: dict[str, int]) -> Row:
        """Enter an order into our books and return its message."""
        order_id, month, side = fields["order_id"], fields["month"], fields["side"]
        price = None if fields["kind"] == MessageKind.MARKET else fields["price_ticks"]
        rests = fields.get("time_in_force") not in (TimeInForce.IOC, TimeInForce.FOK)
        book = self._books[month]
        book.enter(order_id, side, price, fields["lots"], rests)
        if order_id in book.orders:
            self._cancellable.append(RestingOrder(order_id, fields["account"], month))
        return _row(fields)

    def _resting(self) -> RestingOrder:
        """Draw an order that rests and strike it off the list."""
        listed, draw = self._cancellable, self._random.random
        while True:
            newest = draw() < _CANCELS_OF_NEWEST
            i = len(listed) - 1 - int(draw() * (min(_NEWEST, len(listed)) if newest else len(listed)))
            order, listed[i] = listed[i], listed[-1]
            listed.pop()
            if order.order_id in self._open[order.month]:
                return order

    def _cancel(self) -> Row:
        if self._random.random() >= _CANCELS_MISSED:
            self._cancelled = self._resting()
            self._books[self._cancelled.month].cancel(self._cancelled.order_id)
        return _row(self._cancelled._asdict() | {"kind": int(MessageKind.CANCEL)})

    def _limit(self, i: int) -> Row:
        fields = self._drawn(i)
        distance = self._distance()
        if not self._plain:
            draw = self._random.random
            fields["time_in_force"] = int(
                TimeInForce.GTC if draw() < _GOOD_TILL_CANCELLED else TimeInForce.DAY
            )
            if draw() < _POST_ONLY:
                fields["post_only"] = 1
                distance += 2
        fields["price_ticks"] -= fields["side"] * distance
        return self._entered(fields)

    def _ioc(self, i: int) -> Row:
        fields = self._drawn(i) | {"time_in_force": int(TimeInForce.IOC)}
        fields["price_ticks"] += 2 * fields["side"]
        return self._entered(fields)

    def _modify(self) -> Row:
        """Fewer lots in the same place, or another price."""
        order = self._resting()
        _, lots, side, price = self._open[order.month][order.order_id]
        lots_change = self._random.random() < 0.5
        if lots_change:
            lots = 1 + int(self._random.random() * lots)
            self._open[order.month][order.order_id][1] = lots
        else:
            price -= side * self._random.randint(-2, 4)
        fields = {"kind": int(MessageKind.MODIFY), "price_ticks": price, "lots": lots} | order._asdict()
        if lots_change:
            self._cancellable.append(order)
            return _row(fields)
        self._books[order.month].cancel(order.order_id)
        return self._entered(fields | {"side": side})

    def _quote(self, i: int) -> Row:
        """Both sides of a maker's quote in place of its last."""
        fields = self._drawn(i)
        account, month, order_id = fields["account"] % MAKERS, fields["month"], fields["order_id"]
        self._next_id += 1
        fair, half = fields["price_ticks"], 1 + int(self._random.random() * 4)
        book, last = self._books[month], self._quotes.get((account, month), _NO_SUCH_ID)
        for quote_id, new_id, side in ((last, order_id, 1), (last + 1, order_id + 1, -1)):
            book.cancel(quote_id)
            book.enter(new_id, side, fair - side * half, fields["lots"])
        self._quotes[account, month] = order_id
        return _row(
            fields
            | {"kind": int(MessageKind.QUOTE), "account": account, "price_ticks": fair - half}
            | {"ask_ticks": fair + half, "ask_lots": fields["lots"]}
        )

    def _rare(self, i: int) -> Row:
        """An iceberg, a FOK order, an order with a minimum, or a stop."""
        fields, which = self._drawn(i), self._random.randrange(5)
        side, price, lots = fields["side"], fields["price_ticks"], fields["lots"]
        if which == 0:
            iceberg = {"lots": 4 * lots, "display_lots": lots, "price_ticks": price - side * 4}
            return self._entered(fields | iceberg)
        if which == 1:
            fok = {"time_in_force": int(TimeInForce.FOK), "price_ticks": price + side * 2}
            return self._entered(fields | fok)
        if which == 2:
            return self._entered(fields | {"minimum_lots": (lots + 1) // 2, "price_ticks": price + side})
        trigger = price + side * (4 + self._distance())
        kind = int(MessageKind.STOP if which == 3 else MessageKind.STOP_LIMIT)
        self._entered(fields | {"price_ticks": price - side * _STOP_STANDS_OFF})
        return _row(fields | {"kind": kind, "stop_ticks": trigger, "price_ticks": trigger + side * 5})


def _row(fields: dict[str, int]) -> Row:
    return tuple((_NO_FIELDS | fields).values())
