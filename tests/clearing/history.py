"""Random histories of a clearing house, beside plain-Python books that know what each should have borne."""

import numpy as np
from clearing_room import AUCTION, N_SLOTS, USD, mark, net_worth, room, settlement, ticks, trade, usd
from hypothesis import strategies as st

N_ACCOUNTS, N_MEMBERS = 5, 3
PRICE = st.integers(-600, 2_000)
STEP = st.one_of(
    st.tuples(
        st.just("trade"),
        st.integers(0, N_ACCOUNTS - 1),
        st.integers(1, N_ACCOUNTS - 1),
        st.integers(1, 12),
        PRICE,
        st.integers(0, N_SLOTS - 1),
        st.sampled_from([1, -1, AUCTION]),
    ),
    st.tuples(st.just("cycle"), PRICE, PRICE, PRICE),
    st.tuples(st.just("cycle"), PRICE, PRICE, PRICE),
    st.tuples(st.just("close_out"), PRICE),
    st.tuples(st.just("end_of_day"), PRICE, PRICE, PRICE),
    st.tuples(st.just("settle"), st.integers(0, N_SLOTS - 1), PRICE),
    st.tuples(st.just("size_fund"), st.integers(-300, 300)),
    st.tuples(st.just("pay"), st.integers(0, N_ACCOUNTS - 1), st.integers(0, 5)),
    st.tuples(st.just("levy"), st.lists(st.integers(0, 40), min_size=N_ACCOUNTS, max_size=N_ACCOUNTS)),
    st.tuples(st.just("new_fees"), st.integers(0, 8)),
)
TAKER, MAKER, AUCTION_FEE = 1, -0.25, 0.5
RULE_BOOKS = {
    "as it was": {},
    "recovery": {
        "assessment_bps": 15_000,
        "variation_haircut_bps": 6_000,
        "tear_up": True,
        "replenish_rounds": 6,
        "collateral_rate_per_year_bps": 400,
        "fund_floor_usd_micro": 50 * USD,
    },
    "auction": {
        "close_out_method": "auction",
        "assessment_bps": 27_500,
        "variation_haircut_bps": 10_000,
        "replenish_rounds": 4,
    },
    "reduction": {
        "reduction_grace_rounds": 2,
        "close_out_participation": 0.3,
        "tear_up": True,
        "fund_floor_usd_micro": 10 * USD,
    },
}


class History:
    """A clearing house beside plain-Python books of what each trader, member and layer should have borne."""

    def __init__(self, rules=None, *, free=False):
        # Account 0 is deep-pocketed and takes the close-outs; the others default easily. ``free``: no fees.
        self.rules = rules or {}
        self.fee_schedule = (0, 0, 0) if free else (TAKER, MAKER, AUCTION_FEE)
        taker, maker, auction = self.fee_schedule
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
            taker=taker,
            maker=maker,
            auction=auction,
            is_client=[self.rules.get("close_out_method") != "auction", True, True, True, False],
            rules=self.rules,
        )
        self.round = 0
        self.start = net_worth(self.house)
        self.gain = [0] * N_ACCOUNTS
        self.fees = [0] * N_ACCOUNTS
        self.interest = [0] * N_ACCOUNTS
        self.paid = [0] * N_ACCOUNTS
        self.covered = [0] * N_ACCOUNTS
        self.levied = [0] * N_ACCOUNTS
        self.cut = [0] * N_ACCOUNTS
        self.unsettled_gain = [0] * N_ACCOUNTS
        self.cut_of_unsettled = [0] * N_ACCOUNTS
        self.assessed = [0] * N_MEMBERS
        self.results = []
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
        taker_fee, maker_fee, auction_fee = self.fee_schedule
        if side == AUCTION:
            self.fees[buyer] += round(auction_fee * lots * USD)
            self.fees[seller] += round(auction_fee * lots * USD)
            return
        taker, maker = (buyer, seller) if side == 1 else (seller, buyer)
        self.fees[taker] += round(taker_fee * lots * USD)
        self.fees[maker] += round(maker_fee * lots * USD)

    def cycle(self, *prices):
        self.round += 1
        self._gains_are_final_if_nobody_owes()
        variation = mark(self.house, *prices, now_round=self.round)
        assert variation.sum() == 0
        self._note_gains(variation)
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

    def _gains_are_final_if_nobody_owes(self):
        if min(self.house.collateral_usd_micro.tolist()) >= 0:
            self.unsettled_gain = [0] * N_ACCOUNTS
            self.cut_of_unsettled = [0] * N_ACCOUNTS

    def _note_gains(self, variation):
        for account, gained in enumerate(variation.tolist()):
            self.unsettled_gain[account] += gained
        self._gains_are_final_if_nobody_owes()

    def _finish(self):
        capital = self.house.member_capital_usd_micro.tolist()
        fund = self.house.member_fund_usd_micro.tolist()
        skin, failed = self.house.skin_in_the_game_usd_micro, self.house.member_in_default.tolist()
        required = self.house.required_fund_usd_micro.tolist()
        for result in self.house.finish_close_outs(now_round=self.round):
            self.results.append(result)
            self.covered[result.account] += result.loss_usd_micro
            assert min(result.loss_usd_micro, result.surplus_usd_micro) == 0
            assert self.house.collateral_usd_micro[result.account] == 0
            assert not self.house.position_lots[result.account].any()
            skin = self._walk_down(result, capital, fund, skin, failed, required)
            self._check_cuts(result)
        for row in self.house.drain_transfers().tolist():
            price, lots, _, _, buyer, seller, slot, side, _ = row
            assert side == 0
            self.open[slot].append((buyer, seller, lots, price))

    def _walk_down(self, result, capital, fund, skin, failed, required):
        """Take the loss from plain-Python books, layer by layer, and return the house's capital left."""
        member, layers, left = result.member, result.layers, result.loss_usd_micro
        alive = [other for other in range(N_MEMBERS) if other != member and not failed[other]]
        caps = [required[k] * self.rules.get("assessment_bps", 0) // 10_000 - self.assessed[k] for k in alive]
        payable = sum(min(cap, capital[k]) for cap, k in zip(caps, alive, strict=True))
        held = (capital[member], fund[member], skin, sum(fund[k] for k in alive), payable)
        for borne, there in zip(layers, held, strict=False):
            assert borne == min(left, there)
            left -= borne
        assert sum(layers[5:]) == left
        assert sum(result.survivors_paid_usd_micro) == layers.survivors_fund_usd_micro
        assert sum(result.assessments_paid_usd_micro) == layers.assessments_usd_micro
        capital[member] -= layers.member_capital_usd_micro
        fund[member] -= layers.member_fund_usd_micro
        for other in range(N_MEMBERS):
            from_fund, assessed = (
                result.survivors_paid_usd_micro[other],
                result.assessments_paid_usd_micro[other],
            )
            assert (from_fund, assessed) == (0, 0) or other in alive
            fund[other] -= from_fund
            capital[other] -= assessed
            self.assessed[other] += assessed
            assert fund[other] >= 0
            assert capital[other] >= 0
        for cap, k in zip(caps, alive, strict=True):
            assert result.assessments_paid_usd_micro[k] <= cap
        for gone in result.member_defaults:
            assert capital[gone.member] == 0
            assert not failed[gone.member]
            failed[gone.member] = True
        assert failed[member] == (failed[member] or result.loss_usd_micro > layers.member_capital_usd_micro)
        return skin - layers.skin_in_the_game_usd_micro

    def _check_cuts(self, result):
        """Gains are cut, by no more than what was gained while somebody owed the house; losers keep all."""
        layers = result.layers
        cut = sum(amount for _, amount in result.gains_cut_usd_micro)
        assert cut == layers.variation_haircut_usd_micro + layers.tear_up_usd_micro
        for account, amount in result.gains_cut_usd_micro:
            self.cut[account] += amount
            self.cut_of_unsettled[account] += amount
            assert account != result.account
            assert self.house.collateral_usd_micro[account] >= 0
            if self.rules.get("close_out_method") != "auction":  # whose gains the books here do not see
                assert self.cut_of_unsettled[account] <= self.unsettled_gain[account]

    def close_out(self, price):
        bounds = ticks(-10_000, -10_000, -10_000), ticks(10_000, 10_000, 10_000)
        orders = self.house.close_out_orders(
            best_bid_ticks=ticks(price, price, price),
            best_ask_ticks=ticks(price + 1, price + 1, price + 1),
            low_ticks=bounds[0],
            high_ticks=bounds[1],
            months=np.arange(N_SLOTS),
            first_order_id=0,
            bid_lots=np.array([9, 9, 9]),
            ask_lots=np.array([9, 9, 9]),
        )
        for order in orders:
            account, lots, slot = int(order["account"]), int(order["lots"]), int(order["month"])
            held = int(self.house.position_lots[account, slot])
            assert 0 < lots <= abs(held)
            assert np.sign(held) == -order["side"]
            if account != 0 and not self.house.in_default[0]:
                sides = (0, account) if held > 0 else (account, 0)
                self._execute(*sides, lots, price, slot, int(order["side"]))

    def end_of_day(self, *prices):
        self.house.set_margin(settlement(*prices))
        self.cycle(*prices)
        self.house.charge_fees()
        interest = self.house.daily_interest()
        self.house.sweep_excess()
        used, fund = self.house.parts.fund.used_round, self.house.member_fund_usd_micro.copy()
        paid_in = self.house.replenish_fund(now_round=self.round)
        assert (self.house.member_fund_usd_micro - fund == paid_in).all()
        if used is not None and self.house.parts.fund.used_round is None:
            self.assessed = [0] * N_MEMBERS
        for account in range(N_ACCOUNTS):
            self.interest[account] += int(interest[account])

    def settle(self, slot, price):
        for buyer, seller, lots, traded in self.open[slot]:
            self.gain[buyer] += lots * (price - traded) * USD
            self.gain[seller] -= lots * (price - traded) * USD
        self.open[slot].clear()
        self._gains_are_final_if_nobody_owes()
        last = self.house.final_settlement(slot, price)
        assert last.sum() == 0
        self._note_gains(last)
        assert not self.house.position_lots[:, slot].any()
        self._finish()

    def size_fund(self, move):
        sizing = self.house.size_fund(np.full((1, N_SLOTS), move), now_round=self.round)
        self.assessed = [0] * N_MEMBERS
        surviving = ~self.house.member_in_default
        fund = int(self.house.member_fund_usd_micro[surviving].sum())
        assert not surviving.any() or fund >= sizing.cover_two.loss_usd_micro

    def pay(self, account, dollars):
        revenue = max(0, self.house.fee_revenue_usd_micro)
        paid = self.house.pay(account, dollars * USD)
        assert paid <= min(revenue, dollars * USD)
        self.paid[account] += paid

    def levy(self, dollars):
        before = self.house.parts.books.ledger.cash_usd_micro()
        taken = self.house.levy(usd(*dollars), now_round=self.round).tolist()
        assert before - self.house.parts.books.ledger.cash_usd_micro() == sum(taken)
        for account in range(N_ACCOUNTS):
            closed_out = (
                self.house.in_default[account] and not self.house.parts.books.register.closing[account]
            )
            assert taken[account] == (0 if closed_out else dollars[account] * USD)
            self.levied[account] += taken[account]

    def new_fees(self, eighths):
        self.fee_schedule = (TAKER - eighths / 16, MAKER + eighths / 8, AUCTION_FEE - eighths / 8)
        taker, maker, auction = ([fee] * N_ACCOUNTS for fee in self.fee_schedule)
        self.house.set_fees(
            maker_fee_usd_micro=usd(*maker),
            taker_fee_usd_micro=usd(*taker),
            auction_fee_usd_micro=usd(*auction),
        )
