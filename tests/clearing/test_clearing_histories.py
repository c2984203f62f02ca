"""Random histories of trading, marking, calls, defaults and settlement keep the books exact."""

import hashlib

import numpy as np
import pytest
from clearing_room import N_SLOTS, USD, mark, net_worth, room, ticks, trade
from hypothesis import given, settings
from hypothesis import strategies as st

N_ACCOUNTS = 5
PRICE = st.integers(-600, 2_000)
STEP = st.one_of(
    st.tuples(
        st.just("trade"),
        st.integers(0, N_ACCOUNTS - 1),
        st.integers(1, N_ACCOUNTS - 1),
        st.integers(1, 12),
        PRICE,
        st.integers(0, N_SLOTS - 1),
        st.sampled_from([1, -1]),
    ),
    st.tuples(st.just("cycle"), PRICE, PRICE, PRICE),
    st.tuples(st.just("cycle"), PRICE, PRICE, PRICE),
    st.tuples(st.just("close_out"), PRICE),
    st.tuples(st.just("end_of_day"), PRICE, PRICE, PRICE),
    st.tuples(st.just("settle"), st.integers(0, N_SLOTS - 1), PRICE),
    st.tuples(st.just("pay"), st.integers(0, N_ACCOUNTS - 1), st.integers(0, 5)),
)
TAKER, MAKER = 1, -0.25


class History:
    """A clearing house beside plain-Python accounts of what each trader should have gained and paid."""

    def __init__(self):
        # Account 0 is deep-pocketed and takes the close-outs; the others default easily.
        self.house = room(
            [10**7, 900, 900, 900, 900],
            deposit=[10**5, 600, 600, 600, 600],
            credit=[0, 100, 0, 300, 0],
            credit_rate_bps=900,
            member=[0, 1, 1, 2, 2],
            capital=(2_000, 400, 300),
            fund=(500, 300, 200),
            skin=250,
            deadline=1,
            taker=TAKER,
            maker=MAKER,
            is_client=[True, True, True, True, False],
        )
        self.round = 0
        self.start = net_worth(self.house)
        self.gain = [0] * N_ACCOUNTS
        self.fees = [0] * N_ACCOUNTS
        self.interest = [0] * N_ACCOUNTS
        self.paid = [0] * N_ACCOUNTS
        self.covered = [0] * N_ACCOUNTS
        self.open = [[] for _ in range(N_SLOTS)]

    def run(self, steps):
        for step in steps:
            getattr(self, step[0])(*step[1:])
            self.house.check()
        return self

    def trade(self, buyer, distance, lots, price, slot, side):
        seller = (buyer + distance) % N_ACCOUNTS
        if self.house.may_trade[[buyer, seller]].all():
            self._execute(buyer, seller, lots, price, slot, side)

    def _execute(self, buyer, seller, lots, price, slot, side):
        trade(self.house, buyer, seller, lots, price, slot, side)
        self.open[slot].append((buyer, seller, lots, price))
        taker, maker = (buyer, seller) if side == 1 else (seller, buyer)
        self.fees[taker] += round(TAKER * lots * USD)
        self.fees[maker] += round(MAKER * lots * USD)

    def cycle(self, *prices):
        self.round += 1
        assert mark(self.house, *prices, now_round=self.round).sum() == 0
        equity = self.house.collateral_usd_micro.tolist()
        initial, maintenance = self.house.initial_margin(), self.house.maintenance_margin()
        in_default = self.house.in_default.copy()
        called = {call.account: call for call in self.house.margin_cycle(now_round=self.round)}
        for account in range(N_ACCOUNTS):
            due = equity[account] < maintenance[account] and not in_default[account]
            assert (account in called) == due
            if due:
                call = called[account]
                assert call.amount_usd_micro == initial[account] - equity[account]
                met = call.met_cash_usd_micro + call.met_credit_usd_micro
                assert self.house.collateral_usd_micro[account] == equity[account] + met
                assert call.outstanding_usd_micro == call.amount_usd_micro - met
        for event in self.house.process_deadlines(now_round=self.round):
            assert self.house.bank_cash_usd_micro[event.account] == 0
            assert self.house.collateral_usd_micro[event.account] < maintenance[event.account]
        self._finish()

    def _finish(self):
        funds, members = self.house.member_fund_usd_micro.copy(), self.house.member_in_default.copy()
        for result in self.house.finish_close_outs(now_round=self.round):
            self.covered[result.account] += result.loss_usd_micro
            assert min(result.loss_usd_micro, result.surplus_usd_micro) == 0
            assert self.house.collateral_usd_micro[result.account] == 0
            assert not self.house.position_lots[result.account].any()
            for member, paid in enumerate(result.survivors_paid_usd_micro):
                assert 0 <= paid <= funds[member]
                assert paid == 0 or not members[member]

    def close_out(self, price):
        bounds = ticks(-10_000, -10_000, -10_000), ticks(10_000, 10_000, 10_000)
        orders = self.house.close_out_orders(
            best_bid_ticks=ticks(price, price, price),
            best_ask_ticks=ticks(price + 1, price + 1, price + 1),
            low_ticks=bounds[0],
            high_ticks=bounds[1],
            months=np.arange(N_SLOTS),
            first_order_id=0,
        )
        for order in orders:
            account, lots, slot = int(order["account"]), int(order["lots"]), int(order["month"])
            held = int(self.house.position_lots[account, slot])
            assert 0 < lots <= abs(held)
            assert np.sign(held) == -order["side"]
            if account != 0:
                sides = (0, account) if held > 0 else (account, 0)
                self._execute(*sides, lots, price, slot, int(order["side"]))

    def end_of_day(self, *prices):
        self.house.set_margin(ticks(*prices), np.arange(N_SLOTS))
        self.cycle(*prices)
        self.house.charge_fees()
        interest = self.house.daily_interest()
        self.house.sweep_excess()
        for account in range(N_ACCOUNTS):
            self.interest[account] += int(interest[account])

    def settle(self, slot, price):
        for buyer, seller, lots, traded in self.open[slot]:
            self.gain[buyer] += lots * (price - traded) * USD
            self.gain[seller] -= lots * (price - traded) * USD
        self.open[slot].clear()
        assert self.house.final_settlement(slot, price).sum() == 0
        assert not self.house.position_lots[:, slot].any()
        self._finish()

    def pay(self, account, dollars):
        revenue = max(0, self.house.fee_revenue_usd_micro)
        paid = self.house.pay(account, dollars * USD)
        assert paid <= min(revenue, dollars * USD)
        self.paid[account] += paid


FINALS = st.tuples(PRICE, PRICE, PRICE)


@given(steps=st.lists(STEP, max_size=40), finals=FINALS)
@settings(max_examples=150, deadline=None)
def test_every_history_ends_with_each_trader_at_its_gains_less_fees_and_interest(steps, finals):
    play_to_the_end(steps, finals)


@pytest.mark.verify
@given(steps=st.lists(STEP, min_size=20, max_size=150), finals=FINALS)
@settings(max_examples=2_000, deadline=None)
def test_long_histories_end_with_each_trader_at_its_gains_less_fees_and_interest(steps, finals):
    play_to_the_end(steps, finals)


def play_to_the_end(steps, finals):
    history = History().run(steps)
    for slot, final in enumerate(finals):
        history.settle(slot, final)
    history.house.charge_fees()
    house = history.house
    assert house.variation_usd_micro.tolist() == history.gain
    assert house.fees_usd_micro.tolist() == history.fees
    expected = (
        history.start
        + np.array(history.gain)
        - np.array(history.fees)
        - np.array(history.interest)
        + np.array(history.paid)
        + np.array(history.covered)
    )
    assert net_worth(house).tolist() == expected.tolist()
    # Whoever is not in default bore no part of anybody's loss.
    for account in np.flatnonzero(house.may_trade).tolist():
        assert history.covered[account] == 0


def state_hash(house):
    digest = hashlib.sha256()
    house.update_digest(digest)
    return digest.hexdigest()


def stressed_history():
    """Return a fixed history in which accounts default, close out and fail a member."""
    steps = [("trade", a, 4, 12, 1_000, 0, 1) for a in (1, 2, 3, 4)]
    steps += [("trade", a, (5 - a) % 5, 12, 1_000, a % 3, 1) for a in (1, 2, 3, 4)]
    steps += [("cycle", price, price, price) for price in (950, 900, 850)]
    steps += [("close_out", 800)] * 4 + [("end_of_day", 800, 800, 800)]
    return steps


def test_a_stressed_history_really_meets_defaults_and_a_failed_member():
    house = History().run(stressed_history()).house
    assert house.in_default.sum() >= 2
    assert house.member_in_default.any()
    assert house.member_fund_usd_micro.sum() < 1_000 * USD


def test_the_same_history_has_the_same_state_hash_and_another_one_has_not():
    steps = stressed_history()
    once, again = History().run(steps).house, History().run(steps).house
    assert state_hash(once) == state_hash(again)
    trade(again, 0, 1, 1, 1_000, 0)
    assert state_hash(once) != state_hash(again)


def test_ever_new_sequences_reach_defaults_and_every_layer():
    rng = np.random.default_rng(11)
    layers = np.zeros(5, dtype=np.int64)
    surpluses = 0
    for _ in range(60):
        history = History()
        steps = [
            ("trade", int(a), int(d), 12, 1_000, int(s), 1) for a, d, s in rng.integers(1, [5, 5, 3], (8, 3))
        ]
        prices = 1_000 + np.cumsum(rng.normal(0, 70, 12)).astype(int)
        steps += [step for p in prices.tolist() for step in (("cycle", p, p, p), ("close_out", p))]
        original = history.house.finish_close_outs

        def recorded(*, now_round, original=original):
            nonlocal layers, surpluses
            results = original(now_round=now_round)
            for result in results:
                layers = layers + np.array(result.layers)
                surpluses += result.surplus_usd_micro > 0
            return results

        history.house.finish_close_outs = recorded
        history.run(steps)
    assert (layers > 0).all()
    assert surpluses > 0
