"""Invariants 9 to 15, 18 and 37 of any market, whatever is sent to it, on each engine by itself.

A state machine of Hypothesis sends messages and changes phases; the invariants are read off messages and
events alone, without either engine's help.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from order_ledger import Ledger

from abm.core.orders import (
    NO_PRICE,
    ORDER_DTYPE,
    CancelCause,
    MatchingRule,
    MessageKind,
    RejectReason,
    SelfMatch,
    Side,
    TimeInForce,
    TradingPhase,
)
from abm.exchange.interface import BookRules

N_ACCOUNTS, N_SLOTS = 4, 3
LOW, HIGH, INTERRUPTION = -8, 8, 6
REFERENCES = (0, 7, -7)  # so that legs of spread trades must be moved into the range
CONTINUOUS, AUCTION, HALT = (int(phase) for phase in TradingPhase)
PRO_RATA = MatchingRule.PRO_RATA
RULES = {
    "fifo": BookRules(),
    "pro-rata": BookRules(matching=PRO_RATA),
    "implied": BookRules(spread_lengths=(1, 2), implied_in=True),
    "pro-rata spreads": BookRules(matching=PRO_RATA, spread_matching=PRO_RATA, spread_lengths=(1,)),
}

prices = st.integers(LOW - 1, HIGH + 1)
near_prices = st.integers(-3, 3)
lots, accounts = st.integers(1, 9), st.integers(0, N_ACCOUNTS - 1)
months = st.sampled_from([0, 0, 1, 2])
sides, modes = st.sampled_from([1, -1]), st.sampled_from([0, 0, 1, 2])


class AnyMarket(RuleBasedStateMachine):
    """Sends one message at a time and checks what it caused."""

    engine: Any
    rules_name: str

    def __init__(self) -> None:
        super().__init__()
        self.rules_of_books = RULES[self.rules_name]
        self.exchange = self.engine(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS, rules=self.rules_of_books)
        self.ledger = Ledger(N_ACCOUNTS, N_SLOTS)
        self.next_id, self.day = 1, 0
        self._open()
        self.exchange.load_risk(
            position_lots=np.zeros((N_ACCOUNTS, N_SLOTS), dtype=np.int64),
            funds_usd_micro=np.array([60, 200, 10**9, 10**9]),
            margin_per_lot_usd_micro=np.full(N_SLOTS, 1),
            may_trade=np.ones(N_ACCOUNTS, dtype=np.bool_),
            position_limit_lots=np.full(N_SLOTS, 90),
        )

        self._fill()

    def _fill(self) -> None:
        """Let some orders rest in every book, so that short stories trade as well."""
        instruments = [(month, 0) for month in range(N_SLOTS)]
        for length in self.rules_of_books.spread_lengths:
            instruments += [(month, length) for month in range(N_SLOTS - length)]
        for month, length in instruments:
            for side, account, price in (
                (1, 2, -1),
                (1, 3, -1),
                (1, 2, -3),
                (-1, 3, 1),
                (-1, 2, 1),
                (-1, 3, 3),
            ):
                terms = {"month": month, "spread_months": length, "account": account, "side": side}
                self._send(price_ticks=price, lots=5, display_lots=0 if length else 2, **terms)

    def _open(self) -> None:
        self.range = (LOW, HIGH)
        cancelled = self.exchange.open_day(
            months=np.arange(N_SLOTS),
            reference_ticks=np.array(REFERENCES),
            low_ticks=np.full(N_SLOTS, LOW),
            high_ticks=np.full(N_SLOTS, HIGH),
            is_daily_limit=np.full(N_SLOTS, True),
            protection_ticks=np.full(N_SLOTS, 3),
            interruption_ticks=np.array([INTERRUPTION, 0, 0]),
            day=self.day,
        )
        self.ledger.book_events([], cancelled)

    @rule(
        account=accounts,
        month=months,
        side=sides,
        lots=lots,
        price=st.one_of(near_prices, near_prices, prices),
        life=st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
        kind=st.sampled_from([0, 0, 0, 0, 1]),
        display=st.sampled_from([0, 0, 1, 3]),
        minimum=st.sampled_from([0, 0, 0, 2]),
        post_only=st.sampled_from([0, 0, 0, 1]),
        mode=modes,
    )
    def order(self, account, month, side, lots, price, life, kind, display, minimum, post_only, mode):
        self._send(
            kind=kind,
            account=account,
            month=month,
            side=side,
            lots=lots,
            price_ticks=price,
            time_in_force=life,
            display_lots=display,
            minimum_lots=minimum,
            post_only=post_only,
            self_match=mode,
            expiry_day=self.day + 1,
        )

    @rule(
        account=accounts,
        legs=st.sampled_from([(0, 1), (0, 1), (1, 1), (0, 2), (1, 2)]),
        side=sides,
        lots=lots,
        price=near_prices,
        mode=modes,
    )
    def spread_order(self, account, legs, side, lots, price, mode):
        terms = {"account": account, "side": side, "lots": lots, "price_ticks": price}
        self._send(month=legs[0], spread_months=legs[1], self_match=mode, **terms)

    @rule(
        account=accounts,
        month=months,
        side=sides,
        lots=lots,
        distance=st.integers(0, 3),
        limited=st.booleans(),
    )
    def stop(self, account, month, side, lots, distance, limited):
        kind = MessageKind.STOP_LIMIT if limited else MessageKind.STOP
        terms = {"account": account, "month": month, "side": side, "lots": lots, "kind": kind}
        stop = side * distance
        self._send(stop_ticks=stop, price_ticks=stop + side * 2 if limited else NO_PRICE, **terms)

    @rule(
        account=accounts,
        month=months,
        bid=st.integers(-3, 1),
        width=st.integers(0, 3),
        lots=st.tuples(st.integers(0, 5), st.integers(0, 5)),
        mode=modes,
        post_only=st.booleans(),
    )
    def quote(self, account, month, bid, width, lots, mode, post_only):
        terms = {"account": account, "month": month, "self_match": mode, "post_only": post_only}
        ask = {"ask_ticks": bid + width, "ask_lots": lots[1]}
        self._send(kind=MessageKind.QUOTE, price_ticks=bid, lots=lots[0], **ask, **terms)

    @rule(pick=st.integers(0, 99), lots=lots, move=st.sampled_from([0, 0, 1, -1, 3]), mode=modes)
    def modify(self, pick, lots, move, mode):
        order = self._pick(pick)
        if order is not None:
            price = order["price_ticks"] + move if order["price_ticks"] != NO_PRICE else 0
            terms = {"account": order["account"], "lots": lots, "price_ticks": price, "self_match": mode}
            self._send(kind=MessageKind.MODIFY, order_id=order["order_id"], **terms)

    @rule(pick=st.integers(0, 99))
    def cancel(self, pick):
        order = self._pick(pick)
        if order is not None:
            self._send(kind=MessageKind.CANCEL, account=order["account"], order_id=order["order_id"])

    @rule(account=accounts, month=st.integers(-1, 2))
    def cancel_all(self, account, month):
        self._send(kind=MessageKind.CANCEL_ALL, account=account, month=month)

    @rule(month=st.integers(0, 2), phase=st.sampled_from([CONTINUOUS, AUCTION, HALT]))
    def set_phase(self, month, phase):
        phases = self.exchange.phases
        if phase == CONTINUOUS and phases[month] != CONTINUOUS:
            return
        phases[month] = phase
        self.exchange.set_phases(phases)

    @rule()
    def uncross_all(self):
        phases = self.exchange.phases
        phases[phases == HALT] = AUCTION
        self.exchange.set_phases(phases)
        for month in np.flatnonzero(phases == AUCTION):
            self._uncross(int(month))

    @rule(wider=st.integers(0, 3))
    def widen(self, wider):
        self.range = (self.range[0] - wider, self.range[1] + wider)
        low, high = (np.full(N_SLOTS, end) for end in self.range)
        self.exchange.widen_range(low_ticks=low, high_ticks=high)

    @rule()
    def next_day(self):
        while np.any(self.exchange.phases != CONTINUOUS):
            self.uncross_all()
        self.ledger.book_events([], self.exchange.close_day())
        assert not np.any(self.exchange.resting_orders()["time_in_force"] == TimeInForce.DAY)
        self.day += 1
        self._open()

    @invariant()
    def books_are_uncrossed_in_continuous_trading(self):
        """Invariant 9."""
        top = self.exchange.top_of_book()
        both = (top.bid_lots > 0) & (top.ask_lots > 0) & (top.phase == CONTINUOUS)
        assert np.all(top.best_bid_ticks[both] < top.best_ask_ticks[both])

    @invariant()
    def orders_and_lots_are_what_the_events_say(self):
        """Invariants 12, 13 and 37: filled, leaving and cancelled lots are the original; index is book."""
        self.exchange.check()
        resting = self.exchange.resting_orders()
        self.ledger.assert_it_is_the_book(resting)
        assert np.array_equal(self.exchange.position_lots, self.ledger.positions)
        open_lots = np.zeros((N_ACCOUNTS, N_SLOTS, 2), dtype=np.int64)
        for order in resting:
            size = order["lots"] + order["hidden_lots"]
            open_lots[order["account"], order["month"], 0 if order["side"] == 1 else 1] += size
            if order["spread_months"]:
                far = order["month"] + order["spread_months"]
                open_lots[order["account"], far, 1 if order["side"] == 1 else 0] += size
        assert np.array_equal(self.exchange.open_order_lots, open_lots)
        assert set(resting["time_in_force"].tolist()) <= {0, 1, 4}, "invariant 15: IOC and FOK never rest"

    def _pick(self, number: int) -> Any:
        resting = self.exchange.resting_orders()
        return resting[number % len(resting)] if len(resting) else None

    def _send(self, **fields: Any) -> None:
        message = np.zeros(1, dtype=ORDER_DTYPE)
        message["order_id"] = self.next_id
        for name, value in fields.items():
            message[name] = value
        self.next_id += 2
        before, phases = self.exchange.resting_orders(), self.exchange.phases
        result = self.exchange.match(message)
        resting = self.exchange.resting_orders()
        self._check_trades(message[0], result, phases)
        self._check_conditions(message[0], result, phases)
        if not (before["stop_ticks"] != NO_PRICE).any() and not self.rules_of_books.implied_in:
            self._check_who_gave_way(message[0], result)
            self._check_priority(message[0], result, before)
        self.ledger.book_message(message[0], result, resting)

    def _check_trades(self, message: Any, result: Any, phases: Any) -> None:
        """Invariants 10, 14 and 18: price of the maker, inside the range, never in a halt or with oneself."""
        trades = result.trades
        assert np.all(trades["buyer"] != trades["seller"])
        assert np.all(phases[trades["month"]] == CONTINUOUS)
        low, high = self.range
        assert np.all((low <= trades["price_ticks"]) & (trades["price_ticks"] <= high))
        for row, trade in enumerate(trades):
            maker = self.ledger.lives.get(int(trade["maker_order_id"]))
            if maker is None or trade["maker_order_id"] == message["order_id"]:
                continue  # it came to rest, or to its new price, within this very step
            if trade["spread_months"] == 0:
                assert trade["price_ticks"] == maker.price
            elif trade["month"] == maker.month:
                far = trades[row + 1]
                assert trade["price_ticks"] - far["price_ticks"] == maker.price
                assert (trade["buyer"], trade["seller"]) == (far["seller"], far["buyer"])
                assert far["month"] == trade["month"] + trade["spread_months"]
                assert trade["aggressor_side"] == -far["aggressor_side"]

    def _check_conditions(self, message: Any, result: Any, phases: Any) -> None:
        """Invariant 15: FOK all or none, IOC never rests, post-only never takes, a minimum is met."""
        (outcome,) = result.outcomes
        kind, life = message["kind"], message["time_in_force"]
        if outcome["reason"] != RejectReason.NONE and kind != MessageKind.QUOTE:
            assert outcome["filled_lots"] == outcome["resting_lots"] == outcome["cancelled_lots"] == 0
            return
        if kind not in (MessageKind.LIMIT, MessageKind.MARKET):
            return
        assert phases[message["month"]] != HALT, "a halted month took an order"
        fates = outcome["filled_lots"] + outcome["resting_lots"] + outcome["cancelled_lots"]
        assert fates == message["lots"]
        assert outcome["filled_lots"] >= message["minimum_lots"]
        if life == TimeInForce.FOK:
            assert outcome["filled_lots"] == message["lots"]
        if life == TimeInForce.IOC and phases[message["month"]] == CONTINUOUS:
            assert outcome["resting_lots"] == 0
        if message["post_only"]:
            assert outcome["filled_lots"] == 0

    def _check_who_gave_way(self, message: Any, result: Any) -> None:
        """Invariant 14: only the instructed side goes. Nobody else entered, so the message's is the mode."""
        rows = result.cancellations[result.cancellations["cause"] == CancelCause.SELF_MATCH]
        assert np.all(rows["account"] == message["account"])
        incoming = np.isin(rows["order_id"], message["order_id"] + np.array([0, 1]))
        if message["kind"] != MessageKind.QUOTE:
            incoming = rows["order_id"] == message["order_id"]
            assert np.count_nonzero(incoming) <= 1
            if message["self_match"] == SelfMatch.CANCEL_BOTH:
                assert len(rows) in (0, 2)
                assert not len(rows) or incoming.tolist() == [False, True]
        if message["self_match"] == SelfMatch.CANCEL_RESTING:
            assert not incoming.any()
        if message["self_match"] == SelfMatch.CANCEL_AGGRESSOR:
            assert incoming.all()

    def _check_priority(self, message: Any, result: Any, before: Any) -> None:
        """Invariant 11: nobody ahead of a maker goes without, but by self-match prevention."""
        if message["kind"] in (MessageKind.QUOTE, MessageKind.MODIFY) or not len(result.trades):
            return
        spread = message["spread_months"]
        trades = result.trades[result.trades["month"] == message["month"]]
        book = before[(before["month"] == message["month"]) & (before["spread_months"] == spread)]
        book = book[book["side"] == -message["side"]]
        queue = book["order_id"].tolist()
        makers = list(dict.fromkeys(trades["maker_order_id"].tolist()))
        ranks = [queue.index(maker) for maker in makers]
        traded = {maker: trades["lots"][trades["maker_order_id"] == maker].sum() for maker in makers}
        gone = set(result.cancellations["order_id"].tolist())
        rule = self.rules_of_books.spread_matching if spread else self.rules_of_books.matching
        last_price = book["price_ticks"][max(ranks)]
        for rank, order in enumerate(book[: max(ranks)]):
            is_full = traded.get(int(order["order_id"]), 0) >= order["lots"]
            shares_price = rule == PRO_RATA and order["price_ticks"] == last_price
            assert is_full or order["order_id"] in gone or shares_price, f"order {rank} was passed over"
        if rule == MatchingRule.FIFO:
            assert ranks == sorted(ranks)
        for maker, rank in zip(makers, ranks, strict=True):
            assert traded[maker] <= book["lots"][rank] + book["hidden_lots"][rank]
        if message["kind"] == MessageKind.LIMIT:
            worst = message["side"] * book["price_ticks"][ranks]
            assert np.all(worst <= message["side"] * message["price_ticks"])
        assert trades["lots"].sum() == result.outcomes["filled_lots"][0]

    def _uncross(self, month: int) -> None:
        """Invariant 10 in an auction: one price, which maximises the volume among all ticks."""
        book = self.exchange.resting_orders()
        book = book[
            (book["month"] == month) & (book["spread_months"] == 0) & (book["stop_ticks"] == NO_PRICE)
        ]
        sizes = book["lots"] + book["hidden_lots"]
        volumes = []
        for tick in range(self.range[0], self.range[1] + 1):
            buys = (book["side"] == int(Side.BUY)) & (book["price_ticks"] >= tick)
            sells = (book["side"] == int(Side.SELL)) & (book["price_ticks"] <= tick)
            volumes.append(min(sizes[buys].sum(), sizes[sells].sum()))
        result = self.exchange.uncross(np.array([month]))
        auction = result.trades[result.trades["aggressor_side"] == 0]
        assert auction["lots"].sum() == max(volumes)
        if len(auction):
            price = int(auction["price_ticks"][0])
            assert np.all(auction["price_ticks"] == price)
            assert volumes[price - self.range[0]] == max(volumes)
            limits = dict(zip(book["order_id"].tolist(), book["price_ticks"].tolist(), strict=True))
            assert all(limits[buy] >= price for buy in auction["maker_order_id"].tolist())
            assert all(limits[sell] <= price for sell in auction["taker_order_id"].tolist())
        assert np.all(result.trades["buyer"] != result.trades["seller"])
        self.ledger.book_events(result.trades, result.cancellations)


def run(engine: type, rules: str, *, n_markets: int, n_steps: int) -> None:
    machine = type("Market", (AnyMarket,), {"engine": engine, "rules_name": rules})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=n_markets,
            stateful_step_count=n_steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("rules", RULES)
def test_invariants_hold_in_any_market_under(engine, rules):
    run(engine, rules, n_markets=20, n_steps=40)


@pytest.mark.verify
@pytest.mark.parametrize("rules", RULES)
def test_invariants_hold_in_very_many_markets_under(engine, rules):
    run(engine, rules, n_markets=250, n_steps=60)
