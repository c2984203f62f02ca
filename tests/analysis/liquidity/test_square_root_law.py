"""The square-root law against laws that orders were made from, least squares of SciPy and cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from liquidity_market import measures, quotes_at, tables_of
from scipy.optimize import curve_fit
from statsmodels.regression.linear_model import OLS

import analysis
from abm.core.errors import ParameterError


def orders_of(exponent: float, prefactor: float, n: int, noise: float, seed: int):
    rng = np.random.default_rng(seed)
    share = np.exp(rng.uniform(math.log(0.001), math.log(0.3), n))
    return prefactor * share**exponent + rng.normal(0.0, noise, n), share


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.77, 1.0])
def test_a_law_without_noise_is_found(exponent):
    impact, share = orders_of(exponent, 0.8, 400, 0.0, 1)
    found = analysis.fit_square_root_law(impact, share)
    assert found.exponent == pytest.approx(exponent, abs=5e-4)
    assert found.free_prefactor == pytest.approx(0.8, rel=1e-3)
    assert (found.orders, found.reason, found.exponent_reason) == (400, "", "")
    if exponent == 0.5:
        assert found.prefactor == pytest.approx(0.8, rel=1e-12)


def test_the_fit_is_that_of_least_squares():
    impact, share = orders_of(0.5, 0.8, 500, 0.2, 2)
    found = analysis.fit_square_root_law(impact, share)
    (prefactor, exponent), _ = curve_fit(lambda x, y, power: y * x**power, share, impact, p0=(1.0, 0.7))
    assert found.exponent == pytest.approx(exponent, abs=5e-4)
    assert found.free_prefactor == pytest.approx(prefactor, rel=1e-3)
    assert found.prefactor == pytest.approx(OLS(impact, np.sqrt(share)).fit().params[0], rel=1e-12)


def test_noise_leaves_the_law_within_its_error():
    fits = [analysis.fit_square_root_law(*orders_of(0.5, 1.0, 1_000, 0.3, seed)) for seed in range(20)]
    for values, truth in (([f.exponent for f in fits], 0.5), ([f.prefactor for f in fits], 1.0)):
        assert np.mean(values) == pytest.approx(truth, abs=4 * np.std(values) / math.sqrt(20))


def test_what_cannot_be_fitted_has_a_reason():
    share = np.array([0.01, 0.04, 0.09, 0.16])
    root = np.sqrt(share)
    assert analysis.fit_square_root_law(root[:2], share[:2]).reason == "fewer than 3 parent orders"
    assert analysis.fit_square_root_law([], []).exponent_reason == "fewer than 3 parent orders"
    with_gaps = analysis.fit_square_root_law([math.nan, *root], [0.5, *share])
    assert (with_gaps.orders, with_gaps.prefactor) == (4, pytest.approx(1.0))
    one_size = analysis.fit_square_root_law([1.0, 2.0, 3.0], [0.04] * 3)
    assert (one_size.prefactor, one_size.exponent_reason) == (
        pytest.approx(10.0),
        "every order is the same share of the volume",
    )
    against = analysis.fit_square_root_law(-root, share)
    assert against.prefactor == pytest.approx(-1.0)
    assert (math.isnan(against.exponent), against.exponent_reason) == (
        True,
        "orders do not move the price their way",
    )
    steep = analysis.fit_square_root_law(share**4, share)
    assert steep.exponent_reason == "no exponent between 0.02 and 2 fits best"
    with pytest.raises(ParameterError, match=r"volume_share: shape \(1,\) is not \(4,\)"):
        analysis.fit_square_root_law(root, [0.1])


def test_a_parent_order_is_what_one_account_took_from_a_month_on_a_day():
    quotes = quotes_at([100, 102, 104, 103] * 2)
    trades = [
        {"buyer": 0, "lots": 2, "mid_before_ticks": 99.0, "mid_after_ticks": 100.0},
        {"buyer": 0, "lots": 4, "round": 2, "mid_before_ticks": 102.0, "mid_after_ticks": 104.0},
        {"buyer": 1, "seller": 2, "aggressor_side": -1, "lots": 6, "round": 3, "mid_before_ticks": 104.0,
         "mid_after_ticks": 103.0},
        {"buyer": 1, "lots": 1, "round": 1}, {"buyer": 2, "seller": 1, "aggressor_side": -1, "round": 3},
        {"buyer": 0, "lots": 90, "aggressor_side": 0}, {"buyer": 0, "lots": 90, "spread_months": 1},
    ]  # fmt: skip
    found = analysis.parent_orders(tables_of(quotes, trades)).set_index("account")
    assert found.index.tolist() == [0, 2]  # account 1 took from both sides
    volatility = math.sqrt(2**2 + 2**2 + 1)
    assert found["lots"].tolist() == [6, 6]
    np.testing.assert_allclose(found["volume_share"], [6 / 14, 6 / 14])
    np.testing.assert_allclose(found["impact"], [5 / volatility, 1 / volatility])


def test_orders_without_mids_or_in_a_still_market_have_no_impact():
    trades = [{"mid_before_ticks": math.nan}, {"day": 1, "buyer": 2}]
    still = analysis.parent_orders(tables_of(quotes_at([100] * 8), trades))
    assert still["impact"].isna().all()
    assert analysis.parent_orders(tables_of([{}])).empty
    reasons = measures(tables_of([{}]))
    for name in ("impact_prefactor", "impact_exponent"):
        assert reasons[name][1] == "fewer than 3 parent orders"
        assert math.isnan(reasons[name][0])
