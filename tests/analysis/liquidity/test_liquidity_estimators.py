"""Estimators of liquidity against the models they come from, closed forms and published formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from liquidity_market import ROUNDS, measures, quotes_at, tables_of

import analysis
from abm.core.errors import ParameterError


def test_rolls_estimator_finds_the_spread_of_rolls_model():
    rng = np.random.default_rng(3)
    efficient = np.cumsum(rng.normal(0.0, 1.0, 100_000))
    price = efficient + rng.choice([-2.0, 2.0], len(efficient))
    assert analysis.roll_spread(price).value == pytest.approx(4.0, abs=0.08)
    assert analysis.roll_spread([10.0, 12.0, 10.0, 12.0]).value == pytest.approx(4.0)  # pairs (2,-2), (-2,2)
    assert analysis.roll_spread([5.0, 5.0, 5.0, 5.0]) == (0.0, 2, "")


def test_no_price_change_is_taken_from_one_series_to_the_next():
    apart = analysis.roll_spread([10.0, 12.0, 10.0, 12.0, 900.0, 902.0, 900.0, 902.0], [0] * 4 + [1] * 4)
    assert (apart.value, apart.observations) == (pytest.approx(4.0), 4)
    assert (
        analysis.roll_spread([1.0, 2.0, 4.0, 8.0]).reason
        == "successive price changes are correlated positively"
    )
    for few in ([], [1.0], [1.0, 2.0, 1.0]):
        assert math.isnan(analysis.roll_spread(few).value)
        assert "fewer than 2 pairs" in analysis.roll_spread(few).reason
    with pytest.raises(ParameterError, match=r"series: shape \(1,\) is not \(2,\)"):
        analysis.roll_spread([1.0, 2.0], [0])


def published_corwin_schultz(h0: float, l0: float, h1: float, l1: float) -> float:
    """Equations 9, 14 and 18 of the paper, with the numbers in plain Python."""
    beta = math.log(h0 / l0) ** 2 + math.log(h1 / l1) ** 2
    gamma = math.log(max(h0, h1) / min(l0, l1)) ** 2
    k = 3 - 2 * math.sqrt(2)
    alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / k - math.sqrt(gamma / k)
    return 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha))


def test_corwin_schultz_is_the_published_formula():
    high, low = [105.0, 103.0, 108.0, 108.0], [100.0, 101.0, 102.0, 108.0]
    expected = [published_corwin_schultz(high[i], low[i], high[i + 1], low[i + 1]) for i in range(3)]
    found = analysis.corwin_schultz_spread(high, low)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert expected[0] > 0.0 > expected[1]


HIGH = [105.0, 103.0, 108.0, 107.0, 104.0, 106.0, 110.0, 109.0]
LOW = [100.0, 101.0, 102.0, 103.0, 99.0, 101.0, 104.0, 103.0]
CLOSE = [102.0, 102.0, 106.0, 104.0, 101.0, 105.0, 107.0, 104.0]
OF_R = [0.0091566604666007, -0.0158910700435697, 0.0278443521908812, -0.0372361066605368, 0.0016666015488786,
        -0.0273465309632086, 0.0336662816150760]  # fmt: skip


def test_both_estimators_give_what_the_formulas_of_the_r_package_bidask_give():
    """Its formulas (Guidotti, github.com/eguidotti/bidask) worked in R 4.2, without its rolling windows.

    The Python package of that name has neither of the two.

    It divides a covariance by n - 1 and takes logs of prices for Roll. Where it moves a day to touch the
    close before, it leaves the ranges of Corwin and Schultz's beta as they were: no day here has to be moved.
    """
    np.testing.assert_allclose(analysis.corwin_schultz_spread(HIGH, LOW, CLOSE), OF_R, rtol=1e-11)
    assert np.maximum(OF_R, 0.0).mean() == pytest.approx(0.0103334136887766, rel=1e-13)
    found = analysis.roll_spread(np.log(CLOSE))
    assert found.value * math.sqrt(6 / 5) == pytest.approx(0.0318826938634982, rel=1e-12)


def test_corwin_schultz_finds_the_spread_of_a_price_that_does_not_move():
    """Then alpha is ln(high / low), and the spread (high - low) over their mean."""
    assert analysis.corwin_schultz_spread([102.0, 102.0], [98.0, 98.0])[0] == pytest.approx(0.04, rel=1e-12)


def test_a_step_over_night_is_no_spread():
    plain = analysis.corwin_schultz_spread([105.0, 105.0], [100.0, 101.0])
    for shift in (20.0, -30.0):
        touching = shift - 1.0 if shift > 0 else shift + 3.0  # lowest or highest at the close before, 102
        high, low = [105.0, 105.0 + shift], [100.0, 101.0 + shift]
        moved = analysis.corwin_schultz_spread(high, low, [102.0, 0.0])
        gap = (101.0 + shift - 102.0) if shift > 0 else (105.0 + shift - 102.0)
        expected = published_corwin_schultz(105.0, 100.0, 105.0 + shift - gap, 101.0 + shift - gap)
        assert moved[0] == pytest.approx(expected, rel=1e-12), touching
    assert analysis.corwin_schultz_spread([105.0, 105.0], [100.0, 101.0], [103.0, 103.0])[0] == plain[0]


def test_corwin_schultz_of_a_run_is_of_two_days_in_a_row_of_one_month_and_never_negative():
    prices = {(5, 0): (98, 102), (5, 1): (98, 102), (5, 3): (98, 102), (6, 4): (98, 102)}
    prices |= {(7, 0): (101, 103), (7, 1): (102, 108)}  # the published estimate is negative
    trades = [
        {"month": month, "day": day, "price_ticks": price}
        for (month, day), ends in prices.items()
        for price in ends
    ]
    table = analysis.liquidity_summary(tables_of([{}], trades), (), horizons_days=[1.0])
    found = table.set_index("measure").loc["corwin_schultz_spread"]
    assert (found["value"], found["observations"]) == (pytest.approx(0.02, rel=1e-12), 2)


def test_corwin_schultz_without_two_days_above_zero_is_no_number():
    assert analysis.corwin_schultz_spread([5.0], [4.0]).shape == (0,)
    assert analysis.corwin_schultz_spread([], []).shape == (0,)
    assert np.isnan(analysis.corwin_schultz_spread([5.0, 5.0], [4.0, -1.0])).all()
    with pytest.raises(ParameterError, match=r"high: 3\.0 on day 1 is below the low, 4\.0"):
        analysis.corwin_schultz_spread([5.0, 3.0], [4.0, 4.0])


def test_amihud_of_normal_returns_is_their_mean_absolute_size_over_the_turnover():
    """A half-normal law has mean sd x sqrt(2 / pi) and variance sd^2 (1 - 2 / pi); 4 standard errors."""
    sd, days, turnover = 0.03, 20_000, 2.5e6
    returns = np.random.default_rng(12).normal(0.0, sd, days)
    expected = sd * math.sqrt(2.0 / math.pi) / turnover
    error = sd * math.sqrt((1.0 - 2.0 / math.pi) / days) / turnover
    found = analysis.amihud_illiquidity(returns, np.full(days, turnover))
    assert abs(found.value - expected) < 4.0 * error


def test_resiliency_by_hand():
    """Depths 14, 12, 8, 6 are 4, 2, -2, -4 from their mean: half a deviation is left after a step."""
    found = analysis.resiliency([14.0, 12.0, 8.0, 6.0], step_days=0.25)
    assert found.value == pytest.approx(math.log(2.0) / 0.25, rel=1e-12)


def test_amihud_is_the_mean_of_absolute_return_over_turnover():
    found = analysis.amihud_illiquidity([0.02, -0.03, math.nan, 0.5], [2.0, 1.0, 5.0, 0.0])
    assert (found.value, found.observations) == (pytest.approx(0.02), 2)
    assert analysis.amihud_illiquidity([0.1], [0.0]).reason == "no day with both a return and trades"
    days = [{"day": 0}, {"day": 1, "settlement_ticks": 110, "volume_lots": 50}]
    by_table = measures(tables_of([{}], daily=[*days, {"day": 2, "settlement_ticks": 900, "final": True}]))
    # 50 lots at 110 ticks of one dollar are 5,500 dollars.
    assert by_table["amihud"][0] == pytest.approx(math.log(1.1) / 5_500e-6, rel=1e-12)


def test_depth_that_halves_in_three_steps_has_that_half_life():
    rng = np.random.default_rng(4)
    kept, depth = 0.5 ** (1 / 3), np.zeros(40_000)
    for t in range(1, len(depth)):
        depth[t] = kept * depth[t - 1] + rng.normal()
    found = analysis.resiliency(depth + 50.0, step_days=0.25)
    half_life = math.log(2.0) / found.value
    error = math.sqrt((1 - kept**2) / len(depth))  # of the coefficient; d(half-life) = 0.75 / ln 2 / kept
    assert half_life == pytest.approx(0.75, abs=4 * error * half_life * half_life / 0.25 / kept / math.log(2))


def test_months_of_other_depth_refill_at_the_rate_of_each():
    depth = [10, 14, 12, 11, 10, 10, 16, 13, 11, 12, 10, 10]
    quotes = [
        quote | {"month": tenor, "tenor": tenor, "bid_lots": lots + 1_000 * tenor}
        for tenor in (1, 2)
        for lots, quote in zip(depth, quotes_at([100] * 12), strict=True)
    ]
    both, alone = measures(tables_of(quotes)), measures(tables_of(quotes[:12]))
    assert both["resiliency"][0] == pytest.approx(alone["resiliency"][0], rel=1e-12)
    day = np.repeat([0, 1, 2], ROUNDS)
    plain = analysis.resiliency(depth, day, step_days=1 / ROUNDS)
    assert alone["resiliency"][0] == pytest.approx(plain.value, rel=1e-12)
    assert alone["depth_half_life"][0] == pytest.approx(math.log(2.0) / plain.value, rel=1e-12)


def test_depth_that_cannot_be_fitted_gives_a_reason_not_a_rate():
    assert analysis.resiliency([7.0] * 9).reason == "depth does not vary"
    assert "nothing of a deviation" in analysis.resiliency([1.0, 9.0] * 9).reason
    growing = analysis.resiliency([1.0, 3.0, -1.0, -3.0], [0, 0, 1, 1])
    assert (growing.reason, growing.observations) == ("deviations of depth do not decay", 2)
    assert "fewer than 2 steps" in analysis.resiliency([1.0, math.nan, 2.0]).reason
    assert "fewer than 2 steps" in analysis.resiliency([1.0, 2.0, 3.0], [0, 1, 2]).reason
    with pytest.raises(ParameterError, match="step_days: 0 is not a finite number > 0"):
        analysis.resiliency([1.0], step_days=0)
