"""The margin account of many paths against one that keeps every contract of one firm in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.agents.hedgers.treasury import AbandonmentRule
from abm.hedging import (
    LIQUIDITY_CONVENTIONS,
    Frictions,
    FuturesHedge,
    HedgeStudy,
    Listing,
    Need,
    ProviderBasis,
    observed_paths,
)
from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

PROCESS = MeanRevertingJumpDiffusion(
    6.0, 0.9, 12.0, DoubleExponentialJumps(0.4, 6.0, 4.0), Level(3.0, 1.0), 0.2
)
LISTING = Listing(4, 3, 5, contract_size_msit=10.0)
NEED = (400.0, 170.0, 260.0, 330.0)
BASIS = ProviderBasis(0.1, 20.0, multiple=1.2)


class Firm:
    """One firm's futures account: a dictionary of contracts, marked every day, in USD."""

    def __init__(self, spot, bills, expected, terms: Frictions, wants):
        self.spot, self.terms, self.wants = spot, terms, wants
        self.held: dict[int, float] = {}
        self.marks: dict[int, float] = {}
        self.first: dict[int, float] = {}
        self.gain = dict.fromkeys(range(1, 5), 0.0)
        self.spread = dict.fromkeys(range(1, 5), 0.0)
        self.fees = dict.fromkeys(range(1, 5), 0.0)
        self.funding = dict.fromkeys(range(1, 5), 0.0)
        self.received = self.paid = self.margin = self.excess = 0.0
        self.peak = dict.fromkeys(LIQUIDITY_CONVENTIONS, -math.inf)
        self.short_day = self.gone_day = -1
        for day in range(21):
            self.close(day, bills, expected)

    def price(self, day, month):
        fixed = [month * 5 + k - 4 for k in range(5)]
        known = [self.spot[d] for d in fixed if d <= day]
        x = math.log(self.spot[day]) - float(PROCESS.level.log_usd(day / 60))
        return PROCESS.average_price_forward(day / 60, [d / 60 for d in fixed if d > day], x, known)

    def initial_margin(self, held, prices, day):
        front, left = (day + 4) // 5, 4 - (day + 4) % 5
        return (
            0.1
            * 10.0
            * sum(
                abs(lots) * prices[month] * (left / 5 if month == front else 1.0)
                for month, lots in held.items()
            )
        )

    def close(self, day, bills, expected):
        front, of_month = (day + 4) // 5, (day + 4) % 5
        last = min(front + 2 + (of_month == 4), 4)
        months = [m for m in range(front, last + 1) if m >= 1]
        prices = {m: self.price(day, m) for m in months}
        for m in months:
            self.first.setdefault(m, prices[m])
        charged = max(front, 1)
        if day > 0:
            tied = self.margin - sum(self.gain[m] for m in months)
            self.funding[charged] += self.terms.funding_rate / 60 * tied
        for m, lots in self.held.items():
            moved = lots * 10.0 * (prices[m] - self.marks[m])
            self.gain[m] += moved
            self.received += moved
        if of_month == 4 and front >= 1:
            self.held.pop(front, None)
            self.excess += bills[front - 1] - expected[front - 1]
        self.marks = prices
        wanted = dict(self.held)
        for m in months:
            if m > front:
                target = self.wants(m - front, m)
                if self.terms.whole_lots:
                    target = round(target)
                wanted[m] = target
        self.go_to(self.allowed(wanted, prices, day), prices, charged)
        self.margin = self.initial_margin(self.held, prices, day)
        constant = self.initial_margin(self.held, self.first, day)
        needs = {
            "variation": -self.received,
            "margin_at_marks": self.margin - self.received,
            "constant_margin": constant - self.received,
            "net_of_bills": self.margin - self.received + self.excess,
        }
        for name, need in needs.items():
            self.peak[name] = max(self.peak[name], need)

    def allowed(self, wanted, prices, day):
        money = self.terms.cash_usd + self.terms.credit_usd + self.received - self.paid
        kind = self.terms.liquidity
        if kind == "net_of_bills":
            money -= self.excess
        used = self.first if kind == "constant_margin" else prices
        margin = 0.0 if kind == "variation" else self.initial_margin(wanted, used, day)
        short = margin > money + 1e-6 and (any(wanted.values()) or any(self.held.values()))
        if short and self.gone_day < 0 and self.short_day < 0:
            self.short_day = day
        if self.terms.when_out == "reduce" and short:
            scale = max(money, 0.0) / margin if margin > 0.0 else 0.0
            wanted = {m: lots * min(scale, 1.0) for m, lots in wanted.items()}
            if self.terms.whole_lots:
                wanted = {m: math.trunc(lots + math.copysign(1e-9, lots)) for m, lots in wanted.items()}
        if self.terms.when_out == "abandon":
            if short and self.gone_day < 0:
                self.gone_day = day
            if self.gone_day >= 0:
                kept = 1.0 - 1.0 / max(self.terms.abandonment.unwind_days - (day - self.gone_day), 1)
                wanted = {m: lots * kept for m, lots in self.held.items()}
                if self.terms.whole_lots:
                    wanted = {m: math.trunc(lots + math.copysign(1e-9, lots)) for m, lots in wanted.items()}
        return wanted

    def go_to(self, wanted, prices, charged):
        for m in prices:
            bought = abs(wanted.get(m, 0.0) - self.held.get(m, 0.0))
            spread = bought * 10.0 * prices[m] * self.terms.half_spread
            fee = bought * self.terms.fee_usd_per_lot
            self.spread[m] += spread
            self.fees[charged] += fee
            self.paid += spread + fee
        self.held = {m: lots for m, lots in wanted.items() if lots != 0.0}


def strip(tenor, month):
    return 0.9 * NEED[month - 1] * 1.2 / 10.0


def layered(tenor, month):
    return (0.75 if tenor == 1 else 0.5 if tenor == 2 else 0.25) * NEED[month - 1] * 1.2 / 10.0


LAYERED = FuturesHedge("layered", first_mid_tenor=2, first_far_tenor=3)
STRIP = FuturesHedge("strip", coverage=0.9)
COSTS = {"half_spread": 0.01, "fee_usd_per_lot": 0.7, "funding_rate": 0.06}
CASES = {
    "free of charge": (LAYERED, layered, Frictions()),
    "costs and whole lots": (STRIP, strip, Frictions(whole_lots=True, **COSTS)),
    "money that runs out": (STRIP, strip, Frictions(cash_usd=450.0, credit_usd=50.0, **COSTS)),
    "closed over three days": (
        STRIP, strip,
        Frictions(cash_usd=480.0, whole_lots=True, abandonment=AbandonmentRule(unwind_days=3), **COSTS),
    ),
    "cut to what the money carries": (
        LAYERED, layered, Frictions(cash_usd=240.0, when_out="reduce", whole_lots=True, **COSTS)
    ),
    "variation alone": (STRIP, strip, Frictions(cash_usd=150.0, liquidity="variation")),
    "constant margin": (STRIP, strip, Frictions(cash_usd=600.0, liquidity="constant_margin")),
    "net of bills": (STRIP, strip, Frictions(cash_usd=600.0, liquidity="net_of_bills")),
}  # fmt: skip


@pytest.mark.parametrize(("hedge", "wants", "terms"), CASES.values(), ids=CASES.keys())
def test_many_paths_keep_the_account_of_every_single_firm(hedge, wants, terms):
    study = HedgeStudy(
        PROCESS, [hedge], need=Need(NEED), basis=BASIS, listing=LISTING, frictions=terms, paths=12,
        mark_every_days=1, seed=3,
    )  # fmt: skip
    spot = PROCESS.simulate(LISTING.years, 12, np.random.default_rng(5)).price_usd.T
    result = study.run(observed_paths(PROCESS, LISTING, spot))
    mine, unlimited = result[hedge.name], terms.without("cash_usd")
    ran_out = 0
    for path in range(12):
        bills, expected = result.bill_usd[:, path], result.expected_bill_usd[:, path]
        firm = Firm(spot[:, path], bills, expected, terms, wants)
        for name in ("gain", "spread", "fees", "funding"):
            own = [getattr(firm, name)[month] for month in range(1, 5)]
            np.testing.assert_allclose(getattr(mine, f"{name}_usd")[:, path], own, rtol=1e-8, atol=1e-6)
        costs = sum(
            np.array([part[m] for m in range(1, 5)]) for part in (firm.spread, firm.fees, firm.funding)
        )
        gains = np.array([firm.gain[m] for m in range(1, 5)])
        np.testing.assert_allclose(mine.bill_usd[:, path], bills - gains + costs, rtol=1e-8)
        assert (mine.short_day[path], mine.given_up_day[path]) == (firm.short_day, firm.gone_day)
        ran_out += firm.short_day >= 0
        for_ever = Firm(spot[:, path], bills, expected, unlimited, wants)
        for name in LIQUIDITY_CONVENTIONS:
            assert mine.peak_usd[name][path] == pytest.approx(for_ever.peak[name], rel=1e-8)
    assert result.out_of_money_share(hedge.name) == ran_out / 12
    if terms.cash_usd < math.inf:
        assert 0 < ran_out < 12, "the case shows both"


def test_the_share_that_runs_out_is_read_off_the_peaks_strictly_or_at_least():
    result = HedgeStudy(PROCESS, ["strip"], need=Need(NEED), listing=LISTING, paths=300).run()
    margin = 0.1 * float(result.expected_bill_usd[:3, 0].sum())
    start = result.peak_liquidity_usd("strip", 0.0)
    assert start == pytest.approx(margin)  # what is asked on day 0 of the three months listed
    assert result.run_out_share("strip", start, at_least=True) == 1.0
    assert 0.0 < result.run_out_share("strip", start) < 1.0
    shares = [result.run_out_share("strip", start, name) for name in LIQUIDITY_CONVENTIONS]
    assert shares[0] < shares[1]
    peaks = result["strip"].peak_usd
    assert shares == [(peaks[name] > start + 1e-6).mean() for name in LIQUIDITY_CONVENTIONS]


def test_money_that_only_a_lender_adds_changes_no_bill():
    terms = Frictions(cash_usd=100.0, when_out="record")
    rich = HedgeStudy(PROCESS, [STRIP], need=Need(NEED), listing=LISTING, paths=200)
    noted = rich.replace(frictions=terms).run()
    np.testing.assert_array_equal(noted["strip"].bill_usd, rich.run()["strip"].bill_usd)
    assert noted.out_of_money_share("strip") == noted.run_out_share("strip", 100.0) > 0.0
    assert noted.abandonment_share("strip") == 0.0


def test_a_treasury_gives_up_before_its_money_is_gone_and_may_come_back():
    rule = AbandonmentRule(abandon_below=0.5, reenter_above=0.6, unwind_days=1, cooling_days=2)
    study = HedgeStudy(
        PROCESS, [STRIP], need=Need(NEED), listing=LISTING, paths=400, mark_every_days=1,
        frictions=Frictions(cash_usd=700.0, abandonment=rule),
    )  # fmt: skip
    careful, bold = study.run(), study.replace(frictions=Frictions(cash_usd=700.0)).run()
    assert careful.abandonment_share("strip") > bold.abandonment_share("strip") > 0.0
    assert careful.out_of_money_share("strip") < bold.out_of_money_share("strip")
    gave_up = (careful["strip"].given_up_day >= 0) & (careful["strip"].given_up_day < 10)
    assert (careful["strip"].lots_at_delivery[3, gave_up] > 0.0).any()  # taken up again


@settings(max_examples=6)
@given(
    ratio=st.floats(0.0, 2.0),
    half_spread=st.floats(0.0, 0.05),
    fee=st.floats(0.0, 5.0),
    funding=st.floats(0.0, 0.3),
)
def test_gains_and_costs_grow_in_proportion_to_the_position(ratio, half_spread, fee, funding):
    terms = Frictions(half_spread=half_spread, fee_usd_per_lot=fee, funding_rate=funding)
    hedges = [FuturesHedge("strip", "one"), FuturesHedge("strip", "some", coverage=ratio)]
    result = HedgeStudy(PROCESS, hedges, need=Need(NEED), listing=LISTING, paths=20, frictions=terms).run()
    for part in ("gain_usd", "spread_usd", "fees_usd", "funding_usd", "lots_at_delivery"):
        np.testing.assert_allclose(
            getattr(result["some"], part), ratio * getattr(result["one"], part), rtol=1e-9, atol=1e-9
        )
    for name in ("variation", "margin_at_marks", "constant_margin"):
        np.testing.assert_allclose(
            result["some"].peak_usd[name], ratio * result["one"].peak_usd[name], rtol=1e-9, atol=1e-9
        )
