"""Scan margin by hand: net position, calendar spreads, delivery month."""

import numpy as np
import pytest
from margin_days import basis, day, lots, observed, one_account, usd

from abm.clearing.margin_models import FlatMargin, ScanMargin
from abm.clearing.margin_models.scan import risk_scenarios
from abm.core.errors import ParameterError


def scan(*prices, rates=((2, 1_000),), **charges):
    """Scan ranges are a tenth of the price by default."""
    on = basis(slots=len(prices))
    model = ScanMargin(FlatMargin(on, buckets=rates), **charges)
    model.observe(day(*prices))
    return model


def test_a_portfolio_of_three_months_by_hand():
    # Ranges 500, 400 and 300 dollars a lot. Front and second month are one tier, the third is another.
    model = scan(
        5_000,
        4_000,
        3_000,
        tiers=(1, 2),
        spread_charge_bps=2_000,
        tier_charge_bps=3_000,
        delivery_charge_bps=1_000,
    )
    # +10 front, -8 second, -5 third: values +5,000, -3,200, -1,500.
    #   scan risk            |5,000 - 3,200 - 1,500|                   =   300
    #   spreads in the tier  3,200 of front against second x 20 %      =   640
    #   across tiers         1,500 of front against third  x 30 %      =   450
    #   delivery             5,000 of the front month      x 10 %      =   500
    assert usd(model.per_account_usd_micro(lots([10, -8, -5]))) == [1_890]
    # Outright: ten front lots and their delivery charge, short or long.
    assert usd(model.per_account_usd_micro(lots([10, 0, 0], [-10, 0, 0], [0, 0, 5]))) == [5_500, 5_500, 1_500]
    assert usd(model.per_lot_usd_micro()) == [550, 400, 300]
    # Only half of the offset granted: (5,000 + 3,200 + 1,500 - 300) / 2 = 4,700 more.
    half = scan(
        5_000,
        4_000,
        3_000,
        tiers=(1, 2),
        spread_charge_bps=2_000,
        tier_charge_bps=3_000,
        spread_credit_bps=5_000,
        delivery_charge_bps=1_000,
    )
    assert usd(half.per_account_usd_micro(lots([10, -8, -5]))) == [1_890 + 4_700]


def test_calendar_spreads_as_in_the_cmes_public_example():
    """Outright rates 500, 500, 750; spread charges 200, 50 and 0: margins 200, 300 and 250."""
    rates = ((0, 500), (1, 500), (2, 750))
    charged = scan(
        10_000,
        10_000,
        10_000,
        rates=rates,
        spread_charge_bps=4_000,
        tier_charge_bps=4_000,
        delivery_charge_bps=0,
    )
    assert usd(charged.per_account_usd_micro(lots([1, -1, 0]))) == [200]
    # 50 dollars on a spread of which 500 dollars a leg offset each other: 10 %
    cheaper = scan(
        10_000,
        10_000,
        10_000,
        rates=rates,
        spread_charge_bps=1_000,
        tier_charge_bps=1_000,
        delivery_charge_bps=0,
    )
    assert usd(cheaper.per_account_usd_micro(lots([1, 0, -1]))) == [300]
    free = scan(
        10_000, 10_000, 10_000, rates=rates, spread_charge_bps=0, tier_charge_bps=0, delivery_charge_bps=0
    )
    assert usd(free.per_account_usd_micro(lots([0, 1, -1]))) == [250]


def test_without_charges_margin_is_the_worst_of_the_sixteen_scenarios():
    model = scan(5_000, 4_000, 3_000, spread_charge_bps=0, tier_charge_bps=0, delivery_charge_bps=0)
    ranges = np.array([500.0, 400.0, 300.0])
    scenarios = risk_scenarios(3.0, 0.33)
    assert len(scenarios) == 16
    for position in ([10, -8, -5], [1, 1, 1], [-3, 2, 0], [0, 0, 7]):
        worst = max(-move * cover * (np.array(position) @ ranges) for move, cover in scenarios)
        assert usd(model.per_account_usd_micro(lots(position))) == pytest.approx([worst])


def test_an_extreme_move_counts_where_its_covered_part_is_more_than_the_scan_range():
    assert (
        usd(scan(5_000, 4_000, 3_000, extreme_multiple=2.0, extreme_cover=0.35).per_lot_usd_micro())[1] == 400
    )
    assert (
        usd(scan(5_000, 4_000, 3_000, extreme_multiple=3.0, extreme_cover=0.40).per_lot_usd_micro())[1] == 480
    )


def test_tiers_and_the_delivery_month_go_with_the_tenor():
    model = ScanMargin(FlatMargin(basis(), buckets=[(2, 1_000)]), tiers=(1, 2))
    model.observe(day(5_000, 5_000, 5_000, tenor=(2, 0, 1), months=(3, 1, 2)))
    assert usd(model.per_lot_usd_micro()) == [500, 625, 500]
    near, far = one_account(model, 0, 1, -1), one_account(model, -1, 0, 1)
    assert near == (75 + 125) * 10**6  # 15 % within the tier, and delivery
    assert far == 150 * 10**6  # 30 % across


def test_spreads_are_formed_in_the_nearest_months_first():
    charges = {
        "tiers": (1, 3),
        "spread_charge_bps": 1_000,
        "tier_charge_bps": 4_000,
        "delivery_charge_bps": 0,
    }
    model = observed(
        ScanMargin(FlatMargin(basis(slots=4), buckets=[(3, 1_000)]), **charges),
        [day(5_000, 5_000, 5_000, 5_000)],
    )
    # One spread in each tier at 50 dollars, not two across at 200.
    assert one_account(model, 1, -1, -1, 1) == 100 * 10**6


@pytest.mark.parametrize(
    ("charges", "message"),
    [
        ({"tiers": ()}, "tiers"),
        ({"tiers": (2, 2)}, "tiers"),
        ({"spread_charge_bps": 3_001}, "spread_charge_bps: 3001 is not in 0..3000"),
        ({"spread_credit_bps": 10_001}, "spread_credit_bps"),
        ({"spread_credit_bps": 1_499}, "tier_charge_bps: 3000 is more than 2998"),
        ({"delivery_charge_bps": -1}, "delivery_charge_bps"),
        ({"extreme_cover": 1.1}, "extreme_cover"),
    ],
)
def test_charges_that_would_reward_splitting_an_account_are_refused(charges, message):
    with pytest.raises(ParameterError, match=message):
        scan(5_000, 4_000, 3_000, **charges)
