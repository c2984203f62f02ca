"""Makers that are paid for risk to delivery, and whose quotes thin out as their budget of margin fills."""

from __future__ import annotations

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, DAYS_TO_DELIVERY, maker_risk, maker_rows, quote_terms

from abm.agents.makers.kernel import decide_makers
from abm.agents.makers.risk_budget import lots_within, used_share
from abm.agents.makers.style import MakerStyle
from abm.core.orders import NO_PRICE
from abm.market import TokenFuturesMarket
from abm.market.run import run
from abm.scenario import Scenario

TO_DELIVERY = MakerStyle(to_delivery=1)


def wide_months():
    """Months whose own quotes and limits are out of the way."""
    months = months_around(30_000.0)
    months["best_bid_ticks"] = months["best_ask_ticks"] = NO_PRICE
    months["low_ticks"], months["high_ticks"] = -100_000, 100_000
    return months


def holding(months, lots):
    """Return positions of one maker; ``lots`` by tenor."""
    positions = no_positions(1)
    for tenor, held in lots.items():
        positions[0, months["slot"][tenor]] = held
    return positions


def quotes(months, positions, maker=None, **terms):
    maker = maker_rows(1, max_skew=1.0) if maker is None else maker
    sent = decide(
        decide_makers, maker, keys(1), *quote_terms(makers=1, **terms), months, positions, DAY_SHARE
    )
    assert len(sent) == 12
    return sent


def mids(sent):
    return (sent["price_ticks"] + sent["ask_ticks"]) / 2


def test_compiled_makers_with_risk_do_what_their_plain_originals_do():
    written = []
    for compiled in (True, False):
        risk = maker_risk(4, aversion=2.0, budget=0.002, widening=1.5)
        terms = quote_terms(makers=4, style=TO_DELIVERY, risk=risk)
        sent = decide(
            decide_makers, maker_rows(), keys(4), *terms, months_around(),
            no_positions(4) + np.arange(12) - 3, DAY_SHARE, compiled=compiled,
        )  # fmt: skip
        written.append(sent)
    for field in written[0].dtype.names:
        np.testing.assert_allclose(written[0][field], written[1][field], rtol=1e-12, err_msg=field)


def test_a_maker_long_of_one_month_quotes_below_value_there_and_less_so_beside_it():
    months = wide_months()
    risk = maker_risk(1, aversion=2.0, correlation=0.8)
    below = months["model_ticks"] - mids(
        quotes(months, holding(months, {6: 100}), style=TO_DELIVERY, risk=risk)
    )
    deviation = 0.02 * months["scale_ticks"]
    own = 2.0 / 1e6 * 100 * deviation[6] * DAYS_TO_DELIVERY[6]
    assert below[6] == pytest.approx(own * deviation[6], abs=1.0)
    # Tenor 5 is delivered sooner and shares less time; both neighbours share by the correlation.
    assert below[7] == pytest.approx(0.8 * own * deviation[7], abs=1.0)
    shorter = DAYS_TO_DELIVERY[5] / DAYS_TO_DELIVERY[6]
    assert below[5] == pytest.approx(0.8 * own * deviation[5] * shorter, abs=1.0)
    assert below[6] > below[7] > below[5] > 500


def test_the_premium_takes_the_place_of_the_skew_and_keeps_its_bound():
    months = wide_months()
    held = holding(months, {3: 100})
    without = quotes(months, held, style=TO_DELIVERY, risk=maker_risk(1, aversion=0.0))
    np.testing.assert_allclose(mids(without), months["model_ticks"], atol=1.0)
    bounded = quotes(
        months, held, maker_rows(1, max_skew=0.01), style=TO_DELIVERY, risk=maker_risk(1, aversion=50.0)
    )
    np.testing.assert_allclose(mids(bounded), 0.99 * months["model_ticks"], atol=1.0)


def test_an_empty_budget_changes_nothing_and_a_fuller_one_shows_less_farther_away():
    """A million in equity and a budget of a tenth of it: 1,000 lots at 100 USD fill it."""
    months = wide_months()
    maker = maker_rows(1, max_position_lots=10_000, risk_aversion=1e-9)
    free = quotes(months, no_positions(1), maker, widest=1.0)
    idle = quotes(months, no_positions(1), maker, widest=1.0, risk=maker_risk(1, budget=0.1, widening=2.0))
    assert (free == idle).all()
    held = holding(months, {0: 200, 1: -200})
    half = quotes(months, held, maker, widest=1.0, risk=maker_risk(1, budget=0.1, widening=2.0))
    bid_away, ask_away = (
        months["model_ticks"] - half["price_ticks"], half["ask_ticks"] - months["model_ticks"]
    )  # fmt: skip
    usual = 0.004 * months["scale_ticks"]
    flat = slice(2, 12)
    # 400 of 1,000 lots: 0.6 of 20 lots and 1 + 2 x 0.4 times the half spread, on both sides where it is flat.
    assert (half["lots"][flat] == 12).all()
    assert (half["ask_lots"][flat] == 12).all()
    np.testing.assert_allclose(bid_away[flat], 1.8 * usual[flat], atol=1.5)
    np.testing.assert_allclose(ask_away[flat], 1.8 * usual[flat], atol=1.5)
    # Where it is long the ask only closes, where it is short the bid does: these stay as they were.
    assert (half["lots"][0], half["ask_lots"][0]) == (12, 20)
    assert (half["lots"][1], half["ask_lots"][1]) == (20, 12)
    assert ask_away[0] == pytest.approx(usual[0], abs=1.5)
    assert bid_away[1] == pytest.approx(usual[1], abs=1.5)
    assert bid_away[0] == pytest.approx(1.8 * usual[0], abs=1.5)


@pytest.mark.parametrize("risk", [
    maker_risk(1, budget=0.01), maker_risk(1, budget=0.01, equity_usd=-1.0),
    maker_risk(1, aversion=1.5, equity_usd=0.0),
], ids=["full budget", "no equity", "no equity to bear risk"])  # fmt: skip
def test_a_maker_that_may_take_no_more_only_closes_what_it_holds(risk):
    months = wide_months()
    sent = quotes(months, holding(months, {0: 150, 4: -7}), style=TO_DELIVERY, risk=risk)
    expected_bids, expected_asks = np.zeros(12), np.zeros(12)
    expected_asks[0], expected_bids[4] = 20, 7
    np.testing.assert_array_equal(sent["lots"], expected_bids)
    np.testing.assert_array_equal(sent["ask_lots"], expected_asks)


def test_a_maker_widens_beyond_what_its_contract_allows():
    """It is for the contract's keeper to see that: 3 % is asked, five times the half spread is quoted."""
    months = wide_months()
    risk = maker_risk(1, budget=0.1, widening=10.0)
    sent = quotes(
        months, holding(months, {0: 400}), maker_rows(1, risk_aversion=1e-9), widest=0.008, risk=risk
    )
    spread = (sent["ask_ticks"] - sent["price_ticks"])[2:] / months["model_ticks"][2:]
    np.testing.assert_allclose(spread, 5.0 * 0.008, rtol=0.01)


def test_the_budget_counts_the_requirement_at_the_open_and_every_lot_since():
    """Spread positions of 100 against 100 lots take 4,000 USD at the open; 50 more lots take 5,000 more."""
    months, risk = months_around(), maker_risk(1, budget=0.05)
    morning = np.zeros((1, 12), dtype=np.int64)
    morning[0, :2] = 100, -100
    risk.open_day(
        equity_usd_micro=np.array([10**12]),
        days_to_delivery=DAYS_TO_DELIVERY,
        initial_margin_usd_micro=np.array([4_000 * 10**6]),
        margin_per_lot_usd_micro=np.full(12, 100 * 10**6),
        position_lots=morning,
    )
    for lots, usd in (({0: 100, 1: -100}, 4_000), ({0: 150, 1: -100}, 9_000), ({0: 10}, 0.0)):
        assert used_share(risk, 0, months, holding(months, lots), 0) == pytest.approx(usd / 50_000)


def test_lots_that_close_a_position_are_not_touched():
    assert [lots_within(20, closing, 0.5) for closing in (-3, 0, 8, 20, 99)] == [10, 10, 14, 20, 20]
    assert [lots_within(20, 8, used) for used in (0.0, 0.25, 1.0, 7.0)] == [20, 17, 8, 8]


def maker_market(**fields):
    changes = {"calendar.rounds_per_day": 8, "run.days": 4, "contract.listed_months": 6}
    changes |= {f"agents.market_makers.{name}": value for name, value in fields.items()}
    return Scenario().replace(changes)


def test_the_contract_sees_what_a_full_budget_does_to_size_and_spread():
    """A budget of 0.01 % of 15 million USD is used up by the first lots."""
    kept, thin = (
        run(maker_market(**fields), seed=1).tables["dmm"]
        for fields in ({}, {"margin_to_equity": 0.0001, "budget_widening": 3.0})
    )
    for duty in ("size_compliance", "spread_compliance"):
        assert thin[duty].mean() < kept[duty].mean() - 0.1


def test_makers_with_risk_and_budget_go_on_the_same_after_a_fork():
    market = TokenFuturesMarket(
        maker_market(curve_risk="to_delivery", margin_to_equity=0.002, budget_widening=1.0), rng=2
    )
    for _ in range(12):
        market.step()
    other = market.fork()
    assert other.state_hash() == market.state_hash()
    for _ in range(12):
        market.step()
        other.step()
    assert other.state_hash() == market.state_hash()
    makers = next(group for group in market.populations if group.name == "dmm")
    assert np.abs(makers.risk.premium_ticks).max() > 0.0
    assert makers.risk.curve.days_to_delivery[0] == 9.5  # the third of 21 days
