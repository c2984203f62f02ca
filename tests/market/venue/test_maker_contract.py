"""The market-maker contract on quotes made by hand: scores, levels, pay."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.base.view import MONTH_DTYPE
from abm.agents.makers.contract import MakerTerms, PayTerms
from abm.agents.makers.style import plain_duties
from abm.market.venue.maker_contract import MakerScores
from abm.market.venue.maker_pay import MonthOutlook, announced_pay, level_share_bps, monthly_pay

STIPEND = PayTerms(stipend_usd_micro=100, levels=((0.8, 10_000),))
LEVELS = PayTerms(stipend_usd_micro=1_000, levels=((0.80, 6_000), (0.95, 10_000)))


def months_at(scale: float, best=(0, 0)):
    months = np.zeros(2, dtype=MONTH_DTYPE)
    months["slot"] = np.arange(2)
    months["scale_ticks"] = scale
    months["best_bid_ticks"], months["best_ask_ticks"] = best
    return months


def scores(required: float = 0.8, makers: int = 1) -> MakerScores:
    terms = MakerTerms(
        max_spread=np.array([0.01, 0.01]),
        quote_lots=np.array([20, 20]),
        min_lots=np.array([10, 10]),
        presence_required=required,
        pay=STIPEND,
    )
    return MakerScores(terms, makers)


def quote(bid, ask, bid_lots=10, ask_lots=10, makers=1):
    ticks, lots = np.zeros((makers, 2, 2), dtype=np.int64), np.zeros((makers, 2, 2), dtype=np.int64)
    ticks[:] = (bid, ask)
    lots[:] = (bid_lots, ask_lots)
    return ticks, lots


GOOD, BAD = quote(995, 1_005), quote(995, 1_005, bid_lots=0)


@pytest.mark.parametrize(
    ("quoted", "present", "tight", "large", "kept"),
    [
        (quote(995, 1_005), 1, 1, 1, True),
        (quote(995, 1_006), 1, 0, 1, False),  # eleven ticks are more than 1 % of 1,000
        (quote(995, 1_005, ask_lots=9), 1, 1, 0, False),
        (quote(995, 1_005, bid_lots=0), 0, 0, 0, False),
    ],
)
def test_a_quote_is_measured_by_presence_spread_and_size(quoted, present, tight, large, kept):
    contract = scores()
    contract.observe(*quoted, months_at(1_000.0))
    day = contract.close_day()
    assert (day.presence[0], day.spread_compliance[0], day.size_compliance[0]) == (present, tight, large)
    assert bool(day.obligation_met[0]) is kept


def test_a_spread_of_one_tick_is_tight_at_any_price():
    contract = scores()
    contract.observe(*quote(10, 11), months_at(20.0))
    assert contract.close_day().spread_compliance[0] == 1.0


def test_a_maker_owes_nothing_while_a_month_is_halted_or_in_an_auction():
    contract, months = scores(), months_at(1_000.0)
    contract.observe(*GOOD, months)
    months["phase"] = [2, 1]
    contract.observe(*BAD, months)
    assert contract.close_day().presence.tolist() == [1.0]
    contract.observe(*BAD, months)
    assert contract.close_day().obligation_met.tolist() == [True]  # a day without continuous trading
    assert contract.close_month().score.tolist() == [1.0]  # of the one day on which something was asked


@pytest.mark.parametrize(
    ("best", "share"), [((995, 1_005), 1.0), ((995, 1_004), 0.5), ((996, 1_005), 0.5), ((996, 1_004), 0.0)]
)
def test_each_side_is_at_best_or_not(best, share):
    contract = scores()
    contract.observe(*GOOD, months_at(1_000.0, best))
    assert contract.close_day().at_best.tolist() == [share]


def test_an_empty_side_is_never_at_best():
    contract = scores()
    contract.observe(*BAD, months_at(1_000.0, (995, 1_005)))
    assert contract.close_day().at_best.tolist() == [0.5]


def in_stress(makers=1, spread=2.0):
    duties = plain_duties(np.array([20, 20]), np.array([10, 10]), np.array([0.01, 0.01]), makers=makers)
    duties.stressed[1] = True
    duties.max_spread[1] *= spread
    duties.min_lots[1] = 5
    return duties


def test_relaxed_terms_count_for_the_stressed_month_only():
    contract, wide = scores(), quote(990, 1_010, 5, 5)  # 2 %, half the size
    contract.observe(*wide, months_at(1_000.0), in_stress())
    day = contract.close_day()
    assert (day.spread_compliance[0], day.size_compliance[0]) == (0.5, 0.5)
    assert (day.stress_presence[0], day.stress_share[0]) == (1.0, 0.5)


def test_stress_presence_is_the_share_of_stressed_rounds_with_a_complying_quote():
    contract = scores(makers=2)
    for round_of_day in range(4):
        ticks, lots = quote(995, 1_005, makers=2)
        lots[1] = 10 if round_of_day == 0 else 0
        contract.observe(ticks, lots, months_at(1_000.0), in_stress(2))
    assert contract.close_day().stress_presence.tolist() == [1.0, 0.25]
    contract.observe(*quote(995, 1_005, makers=2), months_at(1_000.0))
    assert np.isnan(contract.close_day().stress_presence).all()
    assert contract.close_month().stress_rounds.tolist() == [4, 1]


def test_suspended_duties_leave_the_denominator():
    contract, duties = scores(), in_stress()
    duties.suspended[:] = [True, False]
    ticks, lots = quote(995, 1_005)
    lots[0, 0] = 0  # nothing in the month whose duties are suspended
    contract.observe(ticks, lots, months_at(1_000.0), duties)
    assert contract.close_day().presence.tolist() == [1.0]


def kept_month(contract: MakerScores, good_days: int, rounds: int = 5):
    for day in range(10):
        for _ in range(rounds):
            contract.observe(*(GOOD if day < good_days else BAD), months_at(1_000.0))
        contract.close_day()
    return contract.close_month()


def pay(terms: PayTerms, score, *, stress_rounds=None, fees=10**9, signed=None, revenue=10**9):
    count = len(score)
    due = monthly_pay(
        terms,
        score=np.array(score, dtype=float),
        stress_rounds=np.array(stress_rounds or [0] * count),
        rounds_per_day=4,
        entitled=np.array(signed or [True] * count),
        net_fees_usd_micro=fees,
        revenue_usd_micro=revenue,
    )
    return due.month.tolist(), due.stress.tolist()


def test_invariant_34_no_pay_for_a_month_in_which_the_level_was_missed():
    contract = scores(required=0.8)
    assert pay(STIPEND, kept_month(contract, 8).score)[0] == [100]  # exactly 80 %
    assert pay(STIPEND, kept_month(contract, 7).score)[0] == [0]


@pytest.mark.parametrize(
    ("score", "share"), [(0.79, 0), (0.80, 6_000), (0.9499, 6_000), (0.95, 10_000), (1.0, 10_000)]
)
def test_the_highest_level_reached_sets_the_share_of_the_pay(score, share):
    assert level_share_bps(LEVELS, np.array([score])).tolist() == [share]
    assert pay(LEVELS, [score])[0] == [share // 10]


def test_nothing_of_any_kind_is_paid_below_the_lowest_level_or_without_the_status():
    terms = PayTerms(stipend_usd_micro=1_000, levels=((0.8, 10_000),), stress_usd_micro=400)
    assert pay(terms, [0.7, 0.9, 0.9], stress_rounds=[8, 8, 8], signed=[True, True, False]) == (
        [0, 1_000, 0],
        [0, 800, 0],  # eight rounds of four a day: two days
    )


def test_revenue_is_shared_by_level_times_score_and_never_given_away_twice():
    terms = PayTerms(stipend_usd_micro=0, levels=LEVELS.levels, revenue_share_bps=1_000)
    month, _ = pay(terms, [1.0, 0.8, 0.5], fees=14_800)
    assert month == [1_000, 480, 0]  # a tenth, split 1.0 : 0.6 x 0.8 : 0
    assert sum(pay(terms, [0.97, 0.91, 0.88], fees=99_999)[0]) <= 9_999
    assert pay(terms, [0.1, 0.1], fees=10_000)[0] == [0, 0]
    assert pay(terms, [1.0], fees=-5)[0] == [0]  # a month whose rebates exceed its fees


def test_pay_out_of_fees_stops_at_the_fees_and_is_cut_in_proportion():
    terms = PayTerms(
        stipend_usd_micro=1_000, levels=((0.8, 10_000),), stress_usd_micro=1_000, limited_to_fees=True
    )
    assert pay(terms, [1.0, 1.0], stress_rounds=[8, 0], fees=2_000) == ([500, 500], [1_000, 0])
    assert pay(terms, [1.0, 1.0], fees=2_000)[0] == [1_000, 1_000]
    assert pay(terms, [1.0], fees=-1)[0] == [0]
    assert pay(PayTerms(1_000, ((0.8, 10_000),)), [1.0], fees=0)[0] == [1_000]  # the exchange has savings


@pytest.mark.parametrize("limited", [False, True])
def test_revenue_that_is_short_is_shared_in_proportion_to_what_each_is_due(limited):
    terms = PayTerms(1_000, LEVELS.levels, stress_usd_micro=100, limited_to_fees=limited)
    score, stress_rounds = [1.0, 0.9, 0.1, 1.0], [40, 0, 40, 0]
    assert pay(terms, score, stress_rounds=stress_rounds, revenue=3_600) == (
        [1_000, 600, 0, 1_000],
        [1_000, 0, 0, 0],  # forty rounds of four a day
    )
    assert pay(terms, score, stress_rounds=stress_rounds, revenue=1_800) == (
        [500, 300, 0, 500],
        [500, 0, 0, 0],
    )
    assert pay(terms, score, revenue=-7)[0] == [0] * 4  # after rebates above fees


def test_a_cut_pays_no_more_than_there_is_and_the_order_of_the_makers_does_not_matter():
    """Amounts are rounded down, so each of eight makers leaves less than one unit of each kind of pay."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        stipend, extra, revenue, fees = rng.integers(0, 10**6, 4).tolist()
        share = [None, 2_500][rng.integers(2)]
        terms = PayTerms(stipend, LEVELS.levels, share, extra, limited_to_fees=bool(rng.integers(2)))
        score, rounds = rng.choice([0.1, 0.85, 0.97, 1.0], 8), rng.integers(0, 9, 8)
        order = rng.permutation(8)
        given = {"fees": fees, "revenue": revenue}
        month, stress = pay(terms, score, stress_rounds=rounds.tolist(), **given)
        again = pay(terms, score[order], stress_rounds=rounds[order].tolist(), **given)
        assert again == ([month[row] for row in order], [stress[row] for row in order])
        most = min(revenue, fees) if terms.limited_to_fees else revenue
        paid = sum(month) + sum(stress)
        assert paid <= most
        uncut = pay(terms, score, stress_rounds=rounds.tolist(), fees=fees, revenue=10**9)
        if not terms.limited_to_fees and sum(map(sum, uncut)) > revenue:
            assert paid > most - 16


def test_what_a_maker_can_expect():
    share = PayTerms(500, LEVELS.levels, revenue_share_bps=1_000)
    limited = PayTerms(500, LEVELS.levels, limited_to_fees=True)

    def expected(terms, **changes):
        usual = MonthOutlook(net_fees_usd_micro=4_000, revenue_usd_micro=10**6, stress_rounds=0, makers=4)
        return announced_pay(terms, usual._replace(**changes), rounds_per_day=4)

    assert expected(STIPEND) == (100, 0)
    assert expected(share) == (100, 0)
    assert expected(limited) == (500, 0)
    assert expected(limited, net_fees_usd_micro=1_000) == (250, 0)
    assert expected(limited, net_fees_usd_micro=-1) == (0, 0)
    assert announced_pay(share, None, rounds_per_day=4) == (500, 0)
    assert expected(STIPEND, makers=0) == (100, 0)


def test_nobody_can_expect_pay_that_the_exchange_will_not_have_earned():
    terms = PayTerms(1_000, LEVELS.levels, stress_usd_micro=100)

    def expected(revenue, stress_rounds=0):
        outlook = MonthOutlook(4_000, revenue_usd_micro=revenue, stress_rounds=stress_rounds, makers=4)
        return announced_pay(terms, outlook, rounds_per_day=4)

    assert expected(4_000) == (1_000, 100)
    assert expected(1_000) == (250, 25)
    assert expected(-1) == (0, 0)
    # forty stressed days of complying quotes are another 4,000
    assert expected(8_000, stress_rounds=160) == (1_000, 100)
    assert expected(4_000, stress_rounds=160) == (500, 50)
