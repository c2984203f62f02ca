"""Fees by month-to-date volume, and the fee of an auction."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, sells, together

TIERS = (
    {"from_lots": 100, "maker_fee_usd": 0.15, "taker_fee_usd": 0.40},
    {"from_lots": 300, "maker_fee_usd": 0.05, "taker_fee_usd": 0.30},
)


def fees_by_day(lots_by_day, days, tenor=1, **fields):
    """Bob rests, Ann takes so many lots on each day; return what each paid that day, in USD."""
    market, (ann, bob), _ = quiet(
        exchange__fee_tiers=TIERS, calendar__days_per_month=4, exchange__maker_fee_usd=0.20, **fields
    )
    for day, lots in lots_by_day.items():
        bob.script[day, 0] = sells(at_settlement(tenor), lots, tenor)
        ann.script[day, 1] = buys(at_settlement(tenor), lots, tenor)
    paid, before = [], np.zeros(2)
    for _ in range(days):
        play(market, 12)
        now = market.clearing.fees_usd_micro[[ann.account, bob.account]] / 1e6
        paid.append(tuple(np.round(now - before, 6).tolist()))
        before = now
    return paid


def test_a_tier_holds_from_the_day_after_its_volume_is_reached():
    assert fees_by_day({0: 99, 1: 1, 2: 10}, 3) == [
        (pytest.approx(99 * 0.50), pytest.approx(99 * 0.20)),
        (0.50, 0.20),  # the hundredth lot is traded at the fee of the day before
        (pytest.approx(10 * 0.40), pytest.approx(10 * 0.15)),
    ]


def test_the_highest_tier_reached_counts_and_a_new_month_starts_without_volume():
    assert fees_by_day({0: 300, 1: 10, 3: 500, 4: 10, 5: 10}, 6) == [
        (150.0, 60.0),
        (pytest.approx(3.0), pytest.approx(0.5)),
        (0.0, 0.0),
        (150.0, 25.0),  # 500 lots at 0.30 and 0.05
        (5.0, 2.0),  # day 4 is the first of the next month
        (5.0, 2.0),
    ]


def test_each_account_has_its_own_volume():
    market, (ann, bob, cat), _ = quiet(3, exchange__fee_tiers=TIERS)
    bob.script[0, 0] = sells(at_settlement(1), 100, 1)
    ann.script[0, 1] = buys(at_settlement(1), 100, 1)
    bob.script[1, 0] = sells(at_settlement(1), 10, 1)
    cat.script[1, 1] = buys(at_settlement(1), 10, 1)
    play(market, 24)
    paid = market.clearing.fees_usd_micro[[ann.account, bob.account, cat.account]] / 1e6
    assert paid.tolist() == pytest.approx([50.0, 20.0 + 1.5, 5.0])


def test_a_tier_never_raises_what_somebody_pays():
    """A market maker's rebate is better than the first tier's maker fee and stays."""
    market, _, _ = quiet(exchange__fee_tiers=TIERS)
    tiers = next(rule for rule in market.rules if type(rule).__name__ == "FeeTiers")
    maker = market.makers.first_account
    tiers._month_lots[:] = 150
    tiers.close_day(market)
    house = market.clearing
    assert house.parts.books.charges.schedule.maker_fee_usd_micro[maker] == -50_000
    assert house.parts.books.charges.schedule.taker_fee_usd_micro[maker] == 400_000
    assert house.parts.books.charges.schedule.maker_fee_usd_micro[0] == 150_000
    assert (house.parts.books.charges.schedule.auction_fee_usd_micro == 350_000).all()


@pytest.mark.parametrize(("fee", "paid"), [(0.35, 3.5), (0.0, 0.0), (1.25, 12.5)])
def test_both_sides_of_an_auction_pay_the_auction_fee(fee, paid):
    market, (ann, bob), _ = quiet(
        exchange__sessions__opening_auction=0.1, exchange__auction_fee_usd=fee, exchange__fee_tiers=()
    )
    bob.script[0, 0] = sells(at_settlement(), 10)
    ann.script[0, 0] = buys(at_settlement(), 10)
    play(market, 12)
    both = market.clearing.fees_usd_micro[[ann.account, bob.account]] / 1e6
    assert both.tolist() == pytest.approx([paid, paid])


def test_the_auction_fee_falls_with_the_tiers_when_it_would_be_above_both():
    market, (ann, bob), _ = quiet(
        exchange__sessions__opening_auction=0.1,
        exchange__fee_tiers=({"from_lots": 10, "maker_fee_usd": 0.05, "taker_fee_usd": 0.30},),
    )
    for day in (0, 1):
        bob.script[day, 0] = sells(at_settlement(), 10)
        ann.script[day, 0] = buys(at_settlement(), 10)
    play(market, 24)
    assert market.clearing.fees_usd_micro[ann.account] == 10 * 350_000 + 10 * 300_000


def test_lots_of_both_legs_of_a_spread_count_once_each():
    market, (ann, bob), _ = quiet(exchange__fee_tiers=TIERS, exchange__spreads__lengths=(1,))
    ann.script[0, 0] = buys(5, 50, 1, far_tenor=2)
    bob.script[0, 0] = sells(5, 50, 1, far_tenor=2)
    play(market, 12)
    ann.script[1, 0] = together(buys(at_settlement(1), 10, 1))
    bob.script[1, 1] = sells(at_settlement(1), 10, 1)
    before = market.clearing.fees_usd_micro.copy()
    play(market, 12)
    after = market.clearing.fees_usd_micro - before
    assert after[[ann.account, bob.account]].tolist() == [10 * 150_000, 10 * 400_000]
