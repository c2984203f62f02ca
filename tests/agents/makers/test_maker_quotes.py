"""How market makers quote: two models, two horizons, the whole curve, and only where it pays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, habit_rows, maker_rows, quote_terms

from abm.agents.makers.kernel import decide_makers
from abm.agents.makers.learning import blank_mind
from abm.agents.makers.quoting import flat_half_spread_ticks, glft_skew_ticks
from abm.agents.makers.strategy import plan_month
from abm.agents.makers.style import MakerStyle
from abm.core.orders import NO_PRICE

STYLES = {
    "glft": MakerStyle(glft=1),
    "session": MakerStyle(to_session_end=1),
    "by distance": MakerStyle(by_distance=1),
    "own": MakerStyle(own_estimates=1),
    "strategic": MakerStyle(strategic=1),
    "everything": MakerStyle(1, 1, 1, 1, 1),
}


def wide_months(**fields):
    """Months whose own quotes and limits are out of the way."""
    months = months_around(**fields)
    months["best_bid_ticks"] = months["best_ask_ticks"] = NO_PRICE
    months["low_ticks"], months["high_ticks"] = -100_000, 100_000
    return months


def expert(makers=8, rate=40.0, distance=0.004, cost=0.0):
    """A mind that has seen enough: fill rate, fill distance and adverse selection as given."""
    mind = blank_mind(makers, 12, 3)
    mind.fill_rate[:], mind.fill_distance[:] = rate, distance
    mind.cost[:], mind.cost_lots[:] = cost * 1e12, 1e12
    mind.variance[:] = 0.02**2
    return mind


def quotes(months, maker=None, held=None, **terms):
    """Return bids, asks, and lots of one maker's quotes by tenor."""
    sent = decide(
        decide_makers, maker_rows(1) if maker is None else maker, keys(1), *quote_terms(**terms), months,
        no_positions(1) if held is None else held, DAY_SHARE,
    )  # fmt: skip
    assert len(sent) == 12
    return sent


def skew_of(sent, months):
    return months["model_ticks"] - (sent["price_ticks"] + sent["ask_ticks"]) / 2


@pytest.mark.parametrize("name", STYLES)
def test_every_style_compiled_does_what_its_plain_original_does(name):
    streams, written = keys(4), []
    for compiled in (True, False):
        mind = expert(4)
        terms = quote_terms(makers=4, style=STYLES[name], mind=mind, habits=habit_rows(4), left_of_day=0.5)
        held = no_positions(4) + np.arange(12) - 3
        sent = decide(
            decide_makers, maker_rows(), streams.copy(), *terms, months_around(), held, DAY_SHARE,
            compiled=compiled,
        )  # fmt: skip
        written.append((sent, mind))
    (fast, fast_mind), (plain, plain_mind) = written
    for field in fast.dtype.names:
        np.testing.assert_allclose(fast[field], plain[field], rtol=1e-12, err_msg=field)
    for fast_part, plain_part in zip(fast_mind, plain_mind, strict=True):
        np.testing.assert_allclose(fast_part, plain_part, rtol=1e-12)


def test_glft_quotes_are_the_closed_form_around_the_inventory():
    """Half spread (1/gamma) ln(1 + gamma/k) + c/2 and skew c a lot, by the formula of the paper."""
    gamma, sigma, k, rate = 4e-5, 60.0, 1 / 12.0, 40.0
    c = math.sqrt(sigma**2 * gamma / (2 * k * rate) * (1 + gamma / k) ** (1 + k / gamma))
    assert glft_skew_ticks(gamma, sigma**2, 1 / k, rate) == pytest.approx(c, rel=1e-12)
    months, held = wide_months(), no_positions(1)
    held[0, months["slot"][0]] = 100
    maker = maker_rows(1, risk_aversion=gamma, curve_correlation=0.0)
    sent = quotes(months, maker, held, widest=1.0, style=MakerStyle(glft=1))
    half = flat_half_spread_ticks(gamma, 12.0) + 0.5 * c
    assert sent["price_ticks"][0] == math.ceil(3_000 - 100 * c - half)
    assert sent["ask_ticks"][0] == math.floor(3_000 - 100 * c + half)


@pytest.mark.parametrize("left", [1.0, 0.25, 0.005])
def test_towards_the_end_of_the_session_inventory_matters_less(left):
    months, held = wide_months(), no_positions(1) + 100
    maker = maker_rows(1, risk_aversion=4e-5, curve_correlation=0.0, horizon_days=7.0, max_skew=1.0)
    sent = quotes(months, maker, held, style=MakerStyle(to_session_end=1), left_of_day=left)
    expected = 100 * 4e-5 * (0.02 * months["model_ticks"]) ** 2 * left
    np.testing.assert_allclose(skew_of(sent, months), expected, atol=1.0)


def test_inventory_along_the_curve_counts_by_its_covariance():
    months, held = wide_months(), no_positions(1)
    months["volatility_per_day"] = 0.03 * 0.9 ** np.arange(12)
    held[0, months["slot"][4]] = 50
    maker = maker_rows(1, risk_aversion=4e-5, curve_correlation=0.8, max_skew=1.0)
    sent = quotes(months, maker, held, style=MakerStyle(by_distance=1))
    sigma = months["volatility_per_day"] * months["scale_ticks"]
    correlation = 0.8 ** np.abs(np.arange(12) - 4)
    expected = 4e-5 * correlation * sigma * sigma[4] * 50  # gamma times the covariance times the lots
    np.testing.assert_allclose(skew_of(sent, months), expected, atol=1.0)


def test_own_estimates_take_the_place_of_the_public_ones():
    months, mind = wide_months(), expert(distance=0.008)
    mind.variance[:] = 0.04**2
    held = no_positions(1) + 100
    maker = maker_rows(1, risk_aversion=4e-5, curve_correlation=0.0, max_skew=1.0)
    sent = quotes(months, maker, held, mind=mind, style=MakerStyle(own_estimates=1), widest=1.0)
    np.testing.assert_allclose(
        skew_of(sent, months), 100 * 4e-5 * (0.04 * months["model_ticks"]) ** 2, atol=1.0
    )
    assert (sent["ask_ticks"][0] - sent["price_ticks"][0]) / 2 > 0.008 * 3_000 - 1


STRATEGIC = MakerStyle(strategic=1)


def offer(months, widest=0.05, cost=0.0, rate=40.0, distance=0.004, duty=0.0, fixed=0.0, **changes):
    """Return half spread and lots of a strategic maker in the front month; gamma is as good as zero."""
    mind = expert(rate=rate, distance=distance, cost=cost)
    mind.duty_value_usd[:] = duty
    terms = quote_terms(
        style=STRATEGIC, mind=mind, widest=widest, habits=habit_rows(8, quoting_cost_usd=fixed)
    )
    for name, value in changes.items():
        getattr(terms[2], name)[:] = value
    maker = maker_rows(1, risk_aversion=1e-12)
    sent = decide(decide_makers, maker, keys(1), *terms, months, no_positions(1), DAY_SHARE)
    return (sent["ask_ticks"][0] - sent["price_ticks"][0]) / 2, int(sent["lots"][0])


@pytest.mark.parametrize(
    ("fee", "cost", "half"),
    [(0.0, 0.0, 12), (3.0, 0.0, 15), (-3.0, 0.0, 9), (0.0, 0.002, 18), (0.0, -0.002, 6)],
)
def test_its_own_optimum_adds_what_a_fill_costs_to_the_fill_distance(fee, cost, half):
    assert offer(wide_months(), maker_fee_usd=fee, cost=cost) == (pytest.approx(half, abs=1), 20)


def test_where_its_optimum_breaks_the_contract_it_does_the_minimum_if_that_pays():
    """Optimum 12 ticks, contract 6: 80 e^-0.5 x 6 = 291 USD a day against 80 e^-1 x 12 = 353."""
    months = wide_months()
    income_bound, income_free = 80 * math.exp(-0.5) * 6, 80 * math.exp(-1) * 12
    missing = income_free - income_bound
    assert offer(months, widest=12 / 3_000, duty=0.99 * missing) == (pytest.approx(12, abs=1), 20)
    assert offer(months, widest=12 / 3_000, duty=1.01 * missing) == (pytest.approx(6, abs=1), 10)


def test_it_leaves_where_nothing_pays_and_stays_for_a_duty_that_is_worth_it():
    months, income = wide_months(), 80 * math.exp(-1) * 12
    assert offer(months, fixed=income * 0.99)[1] == 20
    assert offer(months, fixed=income * 1.01)[1] == 0
    assert offer(months, fixed=income * 1.01, duty=0.02 * income)[1] == 20
    assert offer(months, fixed=income * 1.01, duty=0.02 * income, under_contract=False)[1] == 0
    assert offer(months, fixed=income * 1.01, duty=math.inf, suspended=True)[1] == 0


def test_stress_pay_counts_in_stress_only():
    months, income = wide_months(), 80 * math.exp(-1) * 12
    dear = {"fixed": income + 10.0, "stress_pay_usd": 11.0}
    assert offer(months, **dear)[1] == 0
    assert offer(months, stressed=True, **dear)[1] == 20


def test_the_size_of_the_quotes_bounds_what_can_trade():
    """Fill rates far beyond what the quotes hold: income falls with every tick, so leaving is cheaper."""
    months = wide_months()
    slow = maker_rows(1, risk_aversion=1e-12, requotes_per_day=1.0)
    mind = expert(rate=1e6)
    terms = quote_terms(style=STRATEGIC, mind=mind, habits=habit_rows(8, quoting_cost_usd=2 * 20 * 12 * 1.1))
    sent = decide(decide_makers, slow, keys(1), *terms, months, no_positions(1), 1e9)
    assert (sent["lots"] == 0).all()


def plan(full_pay, *, scored=0.0, left=20, month=20, levels=((0.8, 1.0),), widest=12 / 3_000):
    """Return how many of twelve months the plan counts on, when complying in any costs 62 USD a day."""
    months = wide_months()
    months["model_ticks"] = months["scale_ticks"] = 3_000.0
    mind = expert(1)
    terms = quote_terms(makers=1, mind=mind, widest=widest, habits=habit_rows(1))
    duties = terms[2]._replace(
        level_score=np.array([level for level, _ in levels]),
        level_share=np.array([share for _, share in levels]),
    )
    duties.full_pay_usd[:], duties.score_days[:], duties.days[:] = full_pay, scored, (left, month)
    plan_month(maker_rows(1, risk_aversion=1e-12), terms[0], mind, STRATEGIC, duties, 1.0, 0.5, months)
    return int(np.isinf(mind.duty_value_usd[0]).sum()), float(mind.stress_value_usd[0])


LOSS = 80 * math.exp(-1) * 12 - 80 * math.exp(-0.5) * 6


@pytest.mark.parametrize(
    ("pay_over_cost", "scored", "left", "months"),
    [
        (1.01, 0.0, 20, 10),  # 80 % of twelve months is ten of them, every day
        (0.99, 0.0, 20, 0),  # and not for less than that costs
        (1.01, 8.0, 10, 10),
        (1.01, 6.0, 10, 12),
        (1e6, 5.9, 10, 0),  # 80 % can no longer be reached
        (1e6, 16.0, 4, 0),  # 80 % is already there
    ],
)
def test_the_plan_keeps_as_many_months_as_the_level_still_needs_if_the_pay_covers_them(
    pay_over_cost, scored, left, months
):
    needed = math.ceil((16 - scored) / left * 12 - 1e-9)
    pay = pay_over_cost * max(needed, 1) * left * LOSS
    assert plan(pay, scored=scored, left=left)[0] == months


def test_the_plan_aims_for_the_level_that_pays_best():
    levels = ((0.5, 0.6), (1.0, 1.0))
    every_day = 20 * 12 * LOSS
    assert plan(1.0 * every_day, levels=levels)[0] == 6  # 0.6 - 0.5 against 1.0 - 1.0
    assert plan(1.5 * every_day, levels=levels)[0] == 12  # 0.9 - 0.5 against 1.5 - 1.0
    assert plan(0.8 * every_day, levels=levels)[0] == 0


def test_in_stress_a_planned_month_is_worth_its_share_of_the_pay():
    pay = 2 * 20 * 10 * LOSS
    assert plan(pay)[1] == pytest.approx(pay / (16 * 12))


def test_a_contract_that_its_own_quotes_keep_costs_nothing():
    assert plan(1.0, widest=0.05)[0] == 10


def test_without_the_status_there_is_no_plan():
    mind, terms = expert(1), quote_terms(makers=1, habits=habit_rows(1))
    terms[2].under_contract[:], terms[2].full_pay_usd[:] = False, 1e9
    plan_month(maker_rows(1), terms[0], mind, STRATEGIC, terms[2], 1.0, 0.5, wide_months())
    assert (mind.duty_value_usd == 0).all()


@pytest.mark.parametrize("horizon_days", [0.01, 30.0])
@pytest.mark.parametrize("pay_over_cost", [0.99, 1.01])
def test_a_plan_of_sessions_costs_what_their_rounds_cost_whatever_the_rolling_horizon(
    horizon_days, pay_over_cost
):
    """Quoting never pays by itself here, so a month costs the loss of its rounds, each at what is left then.

    A round that begins with the share H of the day left loses 1,000 - 2 A e^(-6/12) (6 - gamma sigma^2 H/2).
    """
    gamma, rounds, months = 1e-2, 48, wide_months()
    months["model_ticks"] = months["scale_ticks"] = 3_000.0
    left = 1.0 - np.arange(rounds) / rounds
    risk = 0.5 * gamma * (months["volatility_per_day"][0] * 3_000.0) ** 2 * left
    loss = np.mean(1_000.0 - 80 * math.exp(-0.5) * (6 - risk))
    assert loss > 1_050.0  # risk over the session is a good part of it
    mind, maker = expert(1), maker_rows(1, risk_aversion=gamma, horizon_days=horizon_days)
    terms = quote_terms(
        makers=1, mind=mind, widest=12 / 3_000, habits=habit_rows(1, quoting_cost_usd=1_000.0)
    )
    duties = terms[2]._replace(level_score=np.array([0.8]))
    duties.full_pay_usd[:], duties.days[:] = pay_over_cost * 20 * 10 * loss, (20, 20)
    style = MakerStyle(strategic=1, to_session_end=1)
    plan_month(maker, terms[0], mind, style, duties, 1.0, 0.5 * (1 + 1 / rounds), months)
    assert np.isinf(mind.duty_value_usd[0]).sum() == (10 if pay_over_cost > 1 else 0)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("field", ["model_ticks", "scale_ticks", "volatility_per_day"])
def test_no_style_makes_a_price_of_a_belief_that_is_no_number(style, field):
    months = months_around()
    months[field] = math.nan
    mind = expert(4)
    mind.variance[:] = math.nan
    sent = decide(
        decide_makers, maker_rows(), keys(4), *quote_terms(style=style, mind=mind), months,
        no_positions(4) + 30, DAY_SHARE,
    )  # fmt: skip
    assert len(sent) == 48
    quoted = sent[(sent["lots"] > 0) | (sent["ask_lots"] > 0)]
    limits = months[quoted["month"] - months["month"][0]]
    assert (quoted["price_ticks"] >= limits["low_ticks"]).all()
    assert (quoted["ask_ticks"] <= limits["high_ticks"]).all()
