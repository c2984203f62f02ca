"""Hedge ratios that an enterprise estimates from its own past bills."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.agents.hedgers.minimum_variance import LARGEST_RATIO, MinimumVarianceRatios

LISTED, BUDGET, NEED = 4, 10.0, 100.0


def estimator(enterprises=1, *, prior=1.0, days=0, window=0, with_quantity=False, multiple=1.0):
    return MinimumVarianceRatios(
        np.array([0.0, *[prior] * (LISTED - 1)]),
        multiples=np.full(enterprises, multiple),
        expected_need_msit=np.full(enterprises, NEED),
        estimation_days=days,
        window_months=window,
        with_quantity=with_quantity,
    )


def live(ratios, future, bills, need=None):
    """Pass months whose futures stand at 10 until they settle at 10 + future; yield the ratios before each.

    A month has one trading day; ``bills`` and ``need`` have the shape (months, enterprises).
    """
    for month, change in enumerate(future):
        ratios.see_settlement(month, np.full(LISTED, BUDGET))
        yield ratios.ratios.copy()
        bought = np.full(bills.shape[1], NEED) if need is None else need[month]
        ratios.see_month(month, BUDGET + change, bought, bills[month])


def after(ratios, *history):
    for _ in live(ratios, *history):
        pass
    return ratios.ratios


def history(months=400, enterprises=1, *, rho=1.0, slope=1.0, seed=5):
    """Futures changes and bills whose unit cost moves by slope x future, with correlation rho."""
    rng = np.random.default_rng(seed)
    future = rng.standard_normal(months)
    noise = rng.standard_normal((months, enterprises)) * slope * math.sqrt(1.0 / rho**2 - 1.0)
    return future, NEED * (BUDGET + slope * future[:, None] + noise)


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95])
def test_what_the_hedge_explains_of_the_cost_is_rho_squared(rho):
    """Ederington's effectiveness, on months that the estimate has not seen."""
    future, bills = history(2_000, 40, rho=rho, slope=0.7)
    held = np.array(list(live(estimator(40), future, bills)))[:, :, 1]
    cost = bills / NEED - BUDGET
    later = slice(200, None)
    net = cost[later] - held[later] * future[later, None]
    explained = 1.0 - net.var(axis=0) / cost[later].var(axis=0)
    assert explained.mean() == pytest.approx(rho**2, abs=0.02)
    assert held[-1].mean() == pytest.approx(0.7, abs=0.03)


def test_the_ratio_is_the_covariance_of_cost_and_future_over_the_variance_of_the_future():
    future, bills = history(30, rho=0.9, slope=0.8)
    found = after(estimator(), future, bills)[0]
    for tenor in range(1, LISTED):  # month 0 was never ahead, month 1 never two months ahead, and so on
        cost = bills[tenor:, 0] / NEED - BUDGET
        assert found[tenor] == pytest.approx(np.cov(cost, future[tenor:])[0, 1] / future[tenor:].var(ddof=1))


def test_a_dear_provider_is_hedged_in_index_terms():
    """Lots are reckoned at the provider's multiple of the index; the ratio on top of that is one."""
    future, bills = history(30)
    np.testing.assert_allclose(after(estimator(multiple=1.5), future, 1.5 * bills)[0, 1:], 1.0)


def test_an_estimate_uses_nothing_that_comes_later():
    future, bills = history(40, 3, rho=0.7)
    other_future, other_bills = future.copy(), bills.copy()
    other_future[25:] += 5.0
    other_bills[25:] *= 2.0
    one = list(live(estimator(3), future, bills))
    other = list(live(estimator(3), other_future, other_bills))
    np.testing.assert_array_equal(one[:26], other[:26])
    assert (one[26] != other[26]).any()


def test_the_prior_holds_without_data_and_fades_with_the_days_seen():
    future, bills = history(21, rho=0.9, slope=0.5)
    alone = after(estimator(days=0), future, bills)[0, 1]
    for days in (0, 10, 40):
        found = after(estimator(prior=1.3, days=days), future, bills)[0, 1]
        trust = min(1.0, 20 / max(days, 1))
        assert found == pytest.approx(trust * alone + (1.0 - trust) * 1.3)
    assert (estimator(prior=1.3).ratios[:, 1:] == 1.3).all()


def test_futures_that_never_move_teach_nothing():
    bills = np.full((9, 1), 1_234.0)
    np.testing.assert_array_equal(after(estimator(prior=0.6), np.full(9, 0.3), bills)[0, 1:], 0.6)


def test_a_window_forgets_what_is_older():
    future, bills = history(60, rho=0.9)
    recent = after(estimator(window=10), future, bills)[0, 1]
    cost = bills[-10:, 0] / NEED - BUDGET
    assert recent == pytest.approx(np.cov(cost, future[-10:])[0, 1] / future[-10:].var(ddof=1))


def test_few_months_of_data_cannot_give_any_ratio_at_all():
    future = np.array([0.0, 0.1, -0.1, 0.1])
    bills = NEED * (BUDGET + 50.0 * future[:, None])
    assert after(estimator(), future, bills)[0, 1] == LARGEST_RATIO
    assert after(estimator(), future, NEED * BUDGET - 50.0 * NEED * future[:, None])[0, 1] == 0.0


def test_need_that_follows_the_price_is_hedged_with_more_than_itself():
    """h* / Q = (e^(s_P^2 + 2c) - e^c) / (e^(s_P^2) - 1), c = rho s_P s_Q, if both are lognormal."""
    price_sd, need_sd, rho, months = 0.2, 0.15, 0.3, 5_000
    rng = np.random.default_rng(8)
    first, second = rng.standard_normal((2, months))
    price = BUDGET * np.exp(price_sd * first - price_sd**2 / 2)
    follows = rho * first + math.sqrt(1.0 - rho**2) * second
    need = NEED * np.exp(need_sd * follows - need_sd**2 / 2)[:, None]
    bills = need * price[:, None]
    c = rho * price_sd * need_sd
    expected = (math.exp(price_sd**2 + 2 * c) - math.exp(c)) / math.expm1(price_sd**2)
    assert expected == pytest.approx(1.242, abs=1e-3)
    found = after(estimator(with_quantity=True), price - BUDGET, bills, need)[0, 1]
    assert found == pytest.approx(expected, abs=0.03)
    some = slice(200)
    assert after(estimator(), price[some] - BUDGET, bills[some], need[some])[0, 1] == pytest.approx(1.0)


def test_a_month_without_need_costs_what_the_index_does():
    future, bills = history(30, rho=0.9)
    need = np.full((30, 1), NEED)
    need[4] = bills[4] = 0.0
    assert np.isfinite(after(estimator(), future, bills, need)).all()
